"""A second process that wants what the first one has: one of them publishes, and nobody chases anybody."""

import os
import re
import shutil
import subprocess

from tests.integration.case import PVINVERTER, each
from tests.integration.program import SANITIZERS, binary, command, inverter, patience
from tests.integration.venus import VenusTest, setting
from tests.sim import Inverter

LIVE = "/api/livedata/status"
FIRST, SECOND = "116182000001", "1161820000ab"
P34, P35 = (PVINVERTER % n for n in (34, 35))
QUIET = 3.0  # seconds in which nothing may happen
# Two that chased each other wrote a thousand lines a second; a start, and what it finds, is some tens.
LINES_MAX = 40


class OneServiceTest(VenusTest):

    def scene(self):
        self.dtu = self.opendtu(Inverter(FIRST, "One", peak=400, base_kwh=100),
                                Inverter(SECOND, "Two", peak=800, base_kwh=500))
        return self.settings_service()

    def copy(self, place, **sections):
        """A copy of the program in a folder of its own, which asks the same DTU."""
        self.configure({"Host": self.dtu.host}, place, **sections)
        return self.start(place)

    def end(self, program, how=None):
        """One that is not to run at the end of the test."""
        (how or program.stop)()
        self.programs.remove(program)

    def serials(self):
        """(serial, instance) of each service."""
        return sorted(((self.peek(name, "/Serial"), self.peek(name, "/DeviceInstance"))
                       for name in self.services()), key=str)

    def assert_settled(self, settings, *programs):
        """Nothing is written any more, no service comes or goes, and the logs are those of people."""
        writes, owners = list(settings.writes), self.owners(*self.services())
        lines = [len(program.log().splitlines()) for program in programs]
        self.assert_stays("the services", lambda: self.owners(*self.services()) == owners, QUIET)
        self.assertEqual(writes, settings.writes)
        self.assertEqual(lines, [len(program.log().splitlines()) for program in programs])
        for count in lines:
            self.assertLess(count, LINES_MAX)

    # --- with one state file ------------------------------------------------------------------

    def test_the_same_folder(self):
        """It says so once, does nothing, and takes over when the first has ended."""
        settings = self.scene()
        first = self.copy("dbus-opendtu")
        self.wait_services(P34, P35)
        before, owners = self.serials(), self.owners(P34, P35)
        second = self.start("dbus-opendtu")
        self.wait("its word", lambda: second.lines("ERROR"))
        self.assertEqual(1, len(second.lines(str(first.process.pid), "state.json")), second.log())
        asked = self.dtu.counts.total
        second.send(1)  # SIGHUP: still nothing
        self.assert_settled(settings, first, second)
        self.assertEqual(1, len(second.log().splitlines()), second.log())
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertLess(self.dtu.counts.total - asked, 20)
        self.assertEqual(owners, self.owners(P34, P35))
        self.end(first)
        self.wait_services(P34, P35, timeout=10.0)
        self.wait("the same numbers", lambda: self.serials() == before)

    def test_killed(self):
        """A lock does not outlive its process."""
        self.scene()
        first = self.copy("dbus-opendtu")
        self.wait_services(P34, P35)
        self.end(first, first.kill)
        second = self.start("dbus-opendtu")
        self.wait_services(P34, P35)
        self.assertEqual([], second.lines("ERROR"))

    # --- with one inverter --------------------------------------------------------------------

    def test_two_folders(self):
        """The second leaves the inverters to the first, and the numbers in the settings as they are."""
        settings = self.scene()
        first = self.copy("dbus-opendtu")
        self.wait_services(P34, P35)
        owners, numbers = self.owners(P34, P35), [settings.value(setting(s)) for s in (FIRST, SECOND)]
        second = self.copy("garage")
        self.wait("both are told", lambda: len(second.lines("ERROR", "another process")) == 2)
        self.assertEqual(2, len(second.lines("ERROR")), second.log())
        for serial in (FIRST, SECOND):
            self.assertEqual(1, len(second.lines("ERROR", serial, "http_3")), second.log())
        self.assert_settled(settings, first, second)
        self.assertEqual(owners, self.owners(P34, P35))
        self.assertEqual(numbers, [settings.value(setting(s)) for s in (FIRST, SECOND)])
        self.assertEqual([], first.lines("ERROR"))

    def check(self, place):
        """(exit code, what it says) of `check` for a copy."""
        path = os.path.join(self.folder, place, "config.ini")
        done = subprocess.run([*command(), "check", "--config", path], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=20.0 * patience(), check=False,
                              env={"DBUS_SESSION_BUS_ADDRESS": self.bus.address, **SANITIZERS})
        return done.returncode, done.stdout

    def test_check_knows_it(self):
        """It does not say that all is well where another process has the inverters; of its own service it does."""
        self.scene()
        first = self.copy("dbus-opendtu")
        self.wait_services(P34, P35)
        self.configure({"Host": self.dtu.host}, "garage")
        told = rf"problem: another process \({first.process.pid}\) already publishes serial number "
        for second in (None, self.start):
            if second:
                program = second("garage")
                self.wait("both are told", lambda: len(program.lines("ERROR", "another process")) == 2)
            code, out = self.check("garage")
            self.assertEqual(3, code, out)
            self.assertEqual(2, len(re.findall(told, out)), out)
        code, out = self.check("dbus-opendtu")
        self.assertEqual(0, code, out)
        self.end(first)
        self.wait_services(P34, P35, timeout=30.0)
        self.assertEqual(0, self.check("garage")[0])
        self.assertEqual(3, self.check("dbus-opendtu")[0])

    @each(("claimed", {}, {}),
          ("explicit", {"INVERTER0": inverter(50), "INVERTER1": inverter(51)},
           {"INVERTER0": inverter(40), "INVERTER1": inverter(41)}),
          ("one_of_them", {"INVERTER0": inverter(34)}, {}))
    def test_two_folders_at_once(self, first, second):
        """Neither was there first: each inverter is published once all the same, in one round."""
        settings = self.scene()
        self.configure({"Host": self.dtu.host}, "dbus-opendtu", **first)
        self.configure({"Host": self.dtu.host}, "garage", **second)
        programs = [self.start("dbus-opendtu"), self.start("garage")]
        self.wait("both inverters, each once",
                  lambda: [serial for serial, _ in self.serials()] == [FIRST, SECOND])
        self.wait("each left once", lambda: sum(len(p.lines("ERROR", "another process"))
                                                for p in programs) == 2)
        self.assert_settled(settings, *programs)
        self.assertEqual([FIRST, SECOND], [serial for serial, _ in self.serials()])

    def test_two_folders_with_the_numbers_of_a_chase(self):
        """As they were left by a version that chased: two memories, one setting."""
        settings = self.scene()
        first = self.copy("dbus-opendtu")
        self.wait_services(P34, P35)
        self.end(first)
        for serial, number in ((FIRST, 116), (SECOND, 167)):
            settings.put(setting(serial), f"pvinverter:{number}")
        programs = [self.copy("garage"), self.start("dbus-opendtu")]
        self.wait("both inverters, each once",
                  lambda: self.serials() == [(FIRST, 116), (SECOND, 167)])
        self.wait("each left once", lambda: sum(len(p.lines("ERROR", "another process"))
                                                for p in programs) == 2)
        self.assert_settled(settings, *programs)
        self.assertEqual([(FIRST, 116), (SECOND, 167)], self.serials())

    def test_other_inverters_are_others(self):
        """Two copies side by side, each with an inverter of its own."""
        settings = self.scene()
        self.configure({"Host": self.dtu.host, "AutoAdd": 0}, "dbus-opendtu",
                       INVERTER0={"Serial": FIRST, "Phase": "L1"})
        self.configure({"Host": self.dtu.host, "AutoAdd": 0}, "garage",
                       INVERTER0={"Serial": SECOND, "Phase": "L2"})
        programs = [self.start("dbus-opendtu"), self.start("garage")]
        self.wait("both inverters", lambda: [s for s, _ in self.serials()] == [FIRST, SECOND])
        self.assert_settled(settings, *programs)
        for program in programs:
            self.assertEqual([], program.lines("ERROR"))

    # --- typed by its name --------------------------------------------------------------------

    def type(self, *arguments):
        """What the copy in the folder says."""
        done = subprocess.run([os.path.join(self.folder, "dbus-opendtu"), *arguments], timeout=20,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                              env={"DBUS_SESSION_BUS_ADDRESS": self.bus.address, **SANITIZERS})
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("Usage: dbus-opendtu COMMAND", done.stdout)
        return done.stdout

    def test_typed_by_its_name(self):
        """Help, and whether the service runs; not a second one."""
        if len(command()) > 1:
            self.skipTest("an emulator: the program is not beside its configuration")
        self.scene()
        shutil.copy(binary(), os.path.join(self.folder, "dbus-opendtu"))
        self.assertRegex(self.type(), r"(?s)does not run.*no configuration yet: .*/config\.ini")
        self.configure({"Host": self.dtu.host})
        self.assertNotIn("configuration yet", self.type())
        program = self.start()
        self.wait_services(P34, P35)
        owners, log = self.owners(P34, P35), program.log()
        self.assertRegex(self.type(), rf"The service runs \(process {program.process.pid}\), by "
                         + re.escape(program.config_path))
        self.assertEqual(owners, self.owners(P34, P35))
        self.assertEqual(log, program.log())
        self.end(program)
        self.assertIn("does not run", self.type())
