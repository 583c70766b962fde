"""The energy counters over power cuts and resets: nothing is lost, nothing falls."""

import json
import os
import random
import time

from tests.integration.case import PVINVERTER, each, on_every_model, slow
from tests.integration.program import inverter
from tests.integration.venus import AT_ONCE, VenusTest, setting
from tests.sim import Inverter

LIVE = "/api/livedata/status"
FIRST, SECOND = "116182000001", "1161820000ab"
P20, P34 = PVINVERTER % 20, PVINVERTER % 34


class CounterTest(VenusTest):

    def scene(self, **default):
        """One of a section, one added by itself; neither waits for anything when it is known."""
        settings = self.settings_service()
        settings.put(setting(SECOND), "pvinverter:34")
        self.dtu = self.opendtu(Inverter(FIRST, "One", base_kwh=100),
                                Inverter(SECOND, "Two", base_kwh=500))
        self.configure({"Host": self.dtu.host, **default}, INVERTER0=inverter(20))
        self.program = self.start()
        self.wait_live()

    def wait_live(self):
        for service, serial in ((P20, FIRST), (P34, SECOND)):
            self.wait_value(service, "/Ac/Energy/Forward",
                            self.dtu[serial].reading(self.sun.now()).yield_total, places=3)

    def energies(self):
        return [self.peek(service, "/Ac/Energy/Forward") for service in (P20, P34)]

    def stored(self):
        """What the state file, or where it is damaged its copy, says; the file is whole."""
        with open(self.program.state_path, encoding="utf-8") as file:
            entries = {e["id"]: e for e in json.load(file)["devices"]}
        return [entries[serial]["energy_kwh"] for serial in (FIRST, SECOND)]

    def assert_restored(self, least):
        """With the gateway off: what is published is what was stored, and the rest is as it was."""
        self.wait_services(P20, P34, timeout=AT_ONCE)
        self.wait("energies", lambda: None not in self.energies())
        for shown, stored, floor in zip(self.energies(), self.stored(), least):
            self.assertAlmostEqual(stored, shown, 6)
            self.assertGreaterEqual(stored, floor)
        for service, serial, name in ((P20, FIRST, "One"), (P34, SECOND, "Two")):
            self.assert_value(service, "/Serial", serial)
            self.assert_value(service, "/CustomName", name)
            self.assert_value(service, "/DeviceInstance", int(service.rsplit("_", 1)[1]))

    @slow
    def test_power_cuts(self):
        """At many moments around the writing of the state, while the counters rise."""
        self.scene()
        self.program.stop()
        least = self.stored()
        cut_short = 0
        for n in range(24):
            self.dtu.refuse_connections()
            self.program.start()
            self.assert_restored(least)
            least = self.stored()
            self.dtu.accept_connections()
            self.sun.advance(300)
            self.wait_live()
            self.program.process.terminate()  # it writes now
            time.sleep(random.uniform(0, 0.004) * (n % 4))
            cut_short += self.program.running
            self.program.kill()
        self.notes = [f"{cut_short} of 24 power cuts came before the program had ended"]
        self.assertEqual([], self.program.lines("WARNING", "state.json"))
        self.dtu.refuse_connections()
        self.program.start()
        self.assert_restored(least)

    def test_power_cut_after_settling(self):
        """What was learnt is on flash soon, without a stop."""
        self.scene()
        self.wait("the state file", lambda: os.path.exists(self.program.state_path))
        self.dtu.refuse_connections()
        self.program.kill()
        self.program.start()
        self.assert_restored([0, 0])

    @on_every_model("cut_off")
    @each(("cut_off", lambda text: text[:len(text) // 2]), ("empty", lambda text: ""),
          ("altered", lambda text: text.replace("116182000001", "116182000009", 1)),
          ("zeros", lambda text: "\0" * len(text)), ("gone", None))
    def test_damaged_with_a_copy(self, damage):
        """The copy of before is used, and that is said."""
        self.scene()
        self.program.stop()
        older = self.stored()
        self.program.start()
        self.wait_live()
        self.sun.advance(300)
        self.wait_live()
        self.program.stop()
        path = self.program.state_path
        self.assertTrue(os.path.exists(path + ".bak"))
        self.assertGreater(self.stored(), older)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        os.remove(path)
        if damage:
            with open(path, "w", encoding="utf-8") as file:
                file.write(damage(text))
        self.dtu.refuse_connections()
        self.program.start()
        self.wait_services(P20, P34, timeout=AT_ONCE)
        for shown, was in zip(self.energies(), older):
            self.assertAlmostEqual(was, shown, 6)
        self.assert_value(P20, "/Serial", FIRST)
        self.assertEqual(1, len(self.program.lines("WARNING", "state.json.bak")),
                         self.program.log())
        self.dtu.accept_connections()
        self.wait_live()

    @slow
    def test_keep_energy(self):
        """A counter that starts anew: followed, or with KeepEnergy=1 gone on from the old total.

        That takes three polls over a minute; until then the old value is held.
        """
        self.scene(KeepEnergy=1)
        self.edit({"Host": self.dtu.host, "KeepEnergy": 1},
                  INVERTER0=inverter(20, KeepEnergy=0))
        before = self.energies()
        for serial in (FIRST, SECOND):
            self.dtu[serial].fix(yield_total=2.0)
        self.wait_polls(self.dtu, LIVE, 3)
        self.assertEqual(before, self.energies())
        self.wait("a confirmed reset",
                  lambda: len(self.program.lines("WARNING", "went from", "to 2.000 kWh")) == 2, timeout=75.0)
        self.wait_value(P20, "/Ac/Energy/Forward", 2.0, places=3)
        self.assert_value(P34, "/Ac/Energy/Forward", before[1], 3)
        self.dtu[SECOND].fix(yield_total=2.25)
        self.wait_value(P34, "/Ac/Energy/Forward", before[1] + 0.25, places=3)
        self.program.stop()
        self.dtu[SECOND].fix(yield_total=2.5)
        self.program.start()
        self.wait_value(P34, "/Ac/Energy/Forward", before[1] + 0.5, places=3)
        self.assert_value(P20, "/Ac/Energy/Forward", 2.0, 3)
