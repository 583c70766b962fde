"""What happens again and again, as fast as it can: calls of other programs, edits of the configuration.

Ten minutes of each flood and a thousand edits:

    FLOOD_SECONDS=600 RELOADS=1000 DTU_BINARY=build/x86_64-release/dbus-opendtu \
        /usr/bin/python3 -m unittest -v tests.integration.test_floods
"""

import os
import time

from tests.integration.case import PVINVERTER
from tests.integration.endurance import Holdings, assert_no_growth, often
from tests.integration.program import template
from tests.integration.venus import VenusTest
from tests.sim import Generic, Inverter

ROOF = "116182000001"
SECONDS = often("FLOOD_SECONDS", 5.0)
RELOADS = often("RELOADS", 12)


class FloodTest(VenusTest):

    def scene(self):
        self.settings = self.settings_service()
        self.dtu = self.opendtu(Inverter(ROOF, "Roof"))
        self.configure({"Host": self.dtu.host, "Logging": "WARNING"})
        self.program = self.start()
        self.wait("the service", lambda: len(self.services()) == 1)
        self.wait_value(self.services()[0], "/StatusCode", 7)

    def state_file(self):
        try:
            return os.stat(self.program.state_path).st_ino
        except FileNotFoundError:
            return None

    def test_a_number_that_is_taken(self):
        """/DeviceInstance of another driver, set onto ours wherever that goes."""
        self.scene()
        other = self.other("pvinverter.other", 900)
        before, held = len(self.settings.writes), Holdings(self.program)
        deadline, flips = time.monotonic() + SECONDS, 0
        while time.monotonic() < deadline:
            names = self.services()
            if names:
                other.change(int(names[0].rsplit("_", 1)[1]))
            other.change(900)
            flips += 1
        self.assertGreater(flips, 100)
        self.assertLess(len(self.program.log().splitlines()), 100, self.program.log()[-2000:])
        self.assertLessEqual(len(self.settings.writes) - before, 101 + SECONDS * 150 / 86400)
        self.wait("its service", lambda: len(self.services()) == 1)
        self.wait_value(self.services()[0], "/StatusCode", 7)
        assert_no_growth(self, held, Holdings(self.program), f"{flips} numbers taken")

    def test_set_value(self):
        """A name that somebody sets for ever: everybody sees it, and flash hardly does."""
        self.scene()
        service = self.services()[0]
        before, files, held = len(self.settings.writes), {self.state_file()}, Holdings(self.program)
        deadline, sets = time.monotonic() + SECONDS, 0
        while time.monotonic() < deadline:
            self.assertEqual(0, self.client.set(service, "/CustomName", "s", f"Name {sets}"))
            sets += 1
            files.add(self.state_file())
        self.assertGreater(sets, 200)
        self.wait_value(service, "/CustomName", f"Name {sets - 1}")
        self.assertLessEqual(len(files), min(5 + SECONDS / 2, 32 + SECONDS * 192 / 86400))
        self.assertLessEqual(len(self.settings.writes) - before, 101 + SECONDS * 150 / 86400)
        self.assertEqual([], self.program.lines("ERROR"))
        assert_no_growth(self, held, Holdings(self.program), f"{sets} names, {len(files)} state files, "
                         f"{len(self.settings.writes) - before} settings")
        self.assertEqual(PVINVERTER % 34, service)


class ReloadTest(VenusTest):

    def edits(self):
        """Devices and DTUs that come, change and go; each is another file than the one before."""
        plain = {"Host": self.dtu.host, "NumberOfTemplates": 0}
        plug = {"TEMPLATE0": template(71, self.plug.host, "data.json", CUST_Power="power", CUST_Total="total")}
        return (
            (plain, {}),
            (plain, {"INVERTER0": {"Phase": "L2", "DeviceInstance": 40}}),
            ({**plain, "NumberOfTemplates": 1}, plug),
            ({**plain, "Username": "admin", "Password": "another"}, {"INVERTER0": {"Phase": "L3"}}),
            ({"DTU": "template", "NumberOfTemplates": 1}, plug),
        )

    def test_reloads(self):
        self.settings_service()
        self.dtu = self.opendtu(Inverter(ROOF, "Roof"))
        self.plug = self.gateway(Generic({"/data.json": {"power": 10.0, "total": 2.0}}))
        edits, held = self.edits(), None
        self.configure(edits[-1][0], **edits[-1][1])
        program, done = self.start(), 0
        while done < RELOADS:
            for default, sections in edits:
                self.edit(default, **sections)
                done += 1
            self.wait("only the plug", lambda: self.services() == [PVINVERTER % 71])
            self.wait_value(PVINVERTER % 71, "/Ac/Power", 10.0)
            held = held or Holdings(program)  # after the first round
        assert_no_growth(self, held, Holdings(program), f"{done} edits")
