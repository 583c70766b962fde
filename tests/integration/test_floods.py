"""Other programs that do the same again and again, as fast as they can."""

import os
import time

from tests.integration.case import PVINVERTER
from tests.integration.venus import VenusTest
from tests.sim import Inverter

ROOF = "116182000001"
SECONDS = 5.0


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
        before = len(self.settings.writes)
        deadline, flips = time.monotonic() + SECONDS, 0
        while time.monotonic() < deadline:
            names = self.services()
            if names:
                other.change(int(names[0].rsplit("_", 1)[1]))
            other.change(900)
            flips += 1
        self.assertGreater(flips, 100)
        self.assertLess(len(self.program.log().splitlines()), 100, self.program.log()[-2000:])
        self.assertLessEqual(len(self.settings.writes) - before, 100)
        self.wait("its service", lambda: len(self.services()) == 1)
        self.wait_value(self.services()[0], "/StatusCode", 7)

    def test_set_value(self):
        """A name that somebody sets for ever: everybody sees it, and flash hardly does."""
        self.scene()
        service = self.services()[0]
        before, files = len(self.settings.writes), {self.state_file()}
        deadline, sets = time.monotonic() + SECONDS, 0
        while time.monotonic() < deadline:
            self.assertEqual(0, self.client.set(service, "/CustomName", "s", f"Name {sets}"))
            sets += 1
            files.add(self.state_file())
        self.assertGreater(sets, 200)
        self.wait_value(service, "/CustomName", f"Name {sets - 1}")
        self.assertLessEqual(len(files), 5)
        self.assertLessEqual(len(self.settings.writes) - before, 101)
        self.assertEqual([], self.program.lines("ERROR"))
        self.assertEqual(PVINVERTER % 34, service)
