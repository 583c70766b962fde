"""What is known over a restart and a power cut."""

import json
import os
import signal

from tests.integration.bus import INVALID
from tests.integration.case import PVINVERTER, BusTest, each, on_every_model
from tests.integration.program import inverter, template
from tests.integration.venus import AT_ONCE
from tests.sim import Generic, Inverter

LIVE = "/api/livedata/status"


class RestartTest(BusTest):

    def scene(self):
        self.dtu = self.opendtu(Inverter("114182000001", "One", base_kwh=100),
                                Inverter("1361a0000002", "Two", strings=6, phases=3, base_kwh=500))
        self.configure({"Host": self.dtu.host},
                       INVERTER0=inverter(20), INVERTER1=inverter(21, "3P"))
        self.program = self.start()
        self.wait_live()

    def wait_live(self):
        for n, device in enumerate(self.dtu.inverters):
            self.wait_value(PVINVERTER % (20 + n), "/Ac/Power",
                            device.reading(self.sun.now()).power)

    def energies(self):
        return [self.client.value(PVINVERTER % i, "/Ac/Energy/Forward") for i in (20, 21)]

    def wait_remembered(self):
        """Settled knowledge is on disk: identities at least."""
        def settled():
            try:
                with open(self.program.state_path, encoding="utf-8") as file:
                    text = file.read()
                json.loads(text)
                return "114182000001" in text and "1361a0000002" in text
            except (FileNotFoundError, ValueError):
                return False
        self.wait("the state file", settled, 6.0)

    @on_every_model("power_cut")
    @each(("stopped", signal.SIGTERM), ("power_cut", signal.SIGKILL))
    def test_gateway_off(self, how):
        """Its services appear at once, whole, with their energy, and without watts."""
        self.scene()
        self.wait_remembered()
        energies = self.energies()
        paths = [set(self.client.items(PVINVERTER % i)) for i in (20, 21)]
        self.program.stop(how)
        self.dtu.refuse_connections()
        self.wait_names()
        self.program.start()
        self.wait_names(PVINVERTER % 20, PVINVERTER % 21, timeout=AT_ONCE)
        self.assertEqual(energies, self.energies())
        self.assertEqual(paths, [set(self.client.items(PVINVERTER % i)) for i in (20, 21)])
        self.assert_value(PVINVERTER % 21, "/Serial", "1361a0000002")
        self.assert_value(PVINVERTER % 21, "/CustomName", "Two")
        self.assert_value(PVINVERTER % 21, "/PhaseSetting", None)  # it is on three phases
        self.assertEqual(INVALID, self.client.typed(PVINVERTER % 20, "/Ac/L2/Power"))
        self.assertIn(self.peek(PVINVERTER % 20, "/Ac/Power"), (None, 0.0))
        self.assertIn(self.peek(PVINVERTER % 20, "/StatusCode"), (0, 10))
        self.dtu.accept_connections()
        self.wait_live()

    def test_energy_does_not_fall_over_a_restart(self):
        """The gateway was restarted as well, and tells less than before."""
        self.scene()
        before = self.energies()
        self.program.stop()
        self.dtu["114182000001"].fix(yield_total=1.0)
        self.program.start()
        self.wait_value(PVINVERTER % 20, "/StatusCode", 7)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(before, self.energies())

    def test_off_over_night(self):
        """Stopped at noon, started the next day: the counter has risen, as it may have."""
        self.scene()
        self.program.stop()
        self.sun.advance(24 * 3600)
        self.program.start()
        self.wait_live()
        for n, device in enumerate(self.dtu.inverters):
            self.wait_value(PVINVERTER % (20 + n), "/Ac/Energy/Forward",
                            device.reading(self.sun.now()).yield_total, places=3)

    @each(("cut_off", lambda text: text[:len(text) // 2]), ("empty", lambda text: ""),
          ("altered", lambda text: text.replace("114182000001", "114182000009")),
          ("nonsense", lambda text: "[" * 5000))
    def test_damaged_state(self, damage):
        """Not believed: said once, and the program works on."""
        self.scene()
        self.wait_remembered()
        self.program.stop()
        backup = self.program.state_path + ".bak"
        if os.path.exists(backup):
            os.remove(backup)
        with open(self.program.state_path, encoding="utf-8") as file:
            text = file.read()
        with open(self.program.state_path, "w", encoding="utf-8") as file:
            file.write(damage(text))
        self.program.start()
        self.wait_live()
        self.assertEqual(1, len(self.program.lines("WARNING", "state.json")), self.program.log())
        self.assert_value(PVINVERTER % 20, "/Serial", "114182000001")

    def test_state_that_cannot_be_written(self):
        """Said once; everything else works."""
        self.scene()
        self.program.stop()
        os.remove(self.program.state_path)
        self.program.state_path = os.path.join(self.folder, "nowhere", "state.json")
        self.program.start()
        self.wait_live()
        self.wait("a word about it", lambda: self.program.lines("nowhere"), 6.0)
        self.assertEqual(1, len(self.program.lines("nowhere")), self.program.log())

    def test_template(self):
        """A template device is remembered as well."""
        meter = self.gateway(Generic({"/state": {"p": 100.0, "e": 12.5}}))
        self.configure({"NumberOfTemplates": 1, "DTU": "template"},
                       TEMPLATE0=template(40, meter.host, "state", CUST_Power="p", CUST_Total="e"))
        program = self.start()
        self.wait_value(PVINVERTER % 40, "/Ac/Power", 100.0)
        program.stop()
        meter.refuse_connections()
        program.start()
        self.wait_names(PVINVERTER % 40, timeout=AT_ONCE)
        self.assert_value(PVINVERTER % 40, "/Ac/Energy/Forward", 12.5)
        self.assertIn(self.peek(PVINVERTER % 40, "/Ac/Power"), (None, 0.0))

    def test_flash_is_spared(self):
        """Values that move are not written while nothing else is learnt."""
        self.scene()
        self.wait_remembered()
        stamp = os.stat(self.program.state_path).st_mtime_ns
        for _ in range(3):
            self.sun.advance(300)
            self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(stamp, os.stat(self.program.state_path).st_mtime_ns)
