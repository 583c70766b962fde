"""The ESS limits what inverters make, and what it is told of that is so."""

import contextlib
import os
import signal
import subprocess
import time

from tests.integration.case import PVINVERTER, each, on_every_model
from tests.integration.command import CommandTest
from tests.integration.program import SANITIZERS, command, crowding, inverter, patience
from tests.integration.venus import VenusTest
from tests.sim import Ahoy, Basic, Digest, Fault, Inverter
from tests.sim.fault import FAULTS
from tests.sim.limits import Obedience

ONE, TWO = "116182000001", "1161820000ab"
ROOF, BARN = PVINVERTER % 20, PVINVERTER % 21
LIMIT, POWER = "/Ac/PowerLimit", "/Ac/Power"
LOGIN = {"Username": "admin", "Password": "openDTU42"}
PEAK = 800.0  # W, of each
ACCEPTED, REFUSED = 0, 2


class PowerLimitScene(VenusTest):

    def scene(self, serials=(ONE,), keys=None, **options):
        """Two inverters at noon on a fine day."""
        self.dtu = self.opendtu(*[Inverter(s, s[-2:]) for s in serials],
                                **{"limits": {"radio": 0.6}, **options})
        self.default = {"Host": self.dtu.host, "AutoAdd": 0, "PollingInterval": 1000,
                        "PowerLimit": 1, "Logging": "INFO", **LOGIN, **(keys or {})}
        self.sections = {f"INVERTER{n}": inverter(20 + n, Serial=s) for n, s in enumerate(serials)}
        self.configure(self.default, **self.sections)
        self.program = self.start()
        self.wait_value(ROOF, "/StatusCode", 7)

    def limitable(self, *arguments, **options):
        self.scene(*arguments, **options)
        for n, _ in enumerate(self.dtu.inverters):
            self.wait_value(PVINVERTER % (20 + n), LIMIT, PEAK, 8.0)

    def limit(self, watts, service=ROOF):
        return self.client.set(service, LIMIT, "d", watts)

    def obeyed(self, serial=ONE):
        """What the inverter has been told last, in W."""
        return self.dtu[serial].obedience.target

    def commands(self):
        return [(serial, watts) for _, serial, watts in self.dtu.limits.commands]

    def polls(self):
        return self.dtu.counts.requests["/api/livedata/status"]

    def wait_obeyed(self, watts, serial=ONE, timeout=6.0):
        self.wait(f"{watts} W", lambda: abs(self.obeyed(serial) - watts) < 0.1, timeout)


class PowerLimitTest(PowerLimitScene):

    # --- all is well --------------------------------------------------------------------------

    @on_every_model()
    def test_ess_limits(self):
        self.limitable()
        self.assertEqual([], self.commands(), "nothing unasked")
        self.assertEqual(ACCEPTED, self.limit(300.0))
        self.wait_value(ROOF, LIMIT, 300.0)
        self.wait_obeyed(300.0)
        self.wait_value(ROOF, POWER, 300.0, 8.0)
        self.wait_value(ROOF, "/StatusCode", 12)
        self.assertEqual([(ONE, 300.0)], self.commands())

    def test_repeated_writes_send_nothing(self):
        self.limitable()
        for _ in range(5):
            self.assertEqual(ACCEPTED, self.limit(300.0))
            time.sleep(0.5)
        self.assertEqual(ACCEPTED, self.limit(304.0))  # within the dead band
        self.wait_obeyed(300.0)
        self.assertEqual([(ONE, 300.0)], self.commands())
        self.assert_value(ROOF, LIMIT, 300.0)

    def test_a_fast_writer(self):
        """Whatever it writes, commands keep their distance, and the newest wins."""
        self.limitable()
        for n in range(40):
            self.assertEqual(ACCEPTED, self.limit(700.0 - 10 * n))
            time.sleep(0.05)
        self.assertEqual(ACCEPTED, self.limit(250.0))
        self.wait_obeyed(250.0, timeout=12.0)
        times = [when for when, *_ in self.dtu.limits.commands]
        self.assertLessEqual(len(times), 3)
        for before, after in zip(times, times[1:]):
            self.assertGreater(after - before, 2.9)

    @each(("floor", 0.0, 24.0), ("more_than_all", 5000.0, PEAK), ("ceiling", PEAK, PEAK))
    def test_bounds(self, written, shown):
        self.limitable()
        self.limit(400.0)
        self.wait_obeyed(400.0)
        self.assertEqual(ACCEPTED, self.limit(written))
        self.wait_obeyed(shown, timeout=14.0)
        self.assert_value(ROOF, LIMIT, shown)

    @each(("negative", "d", -1.0), ("not_a_number", "d", float("nan")), ("text", "s", "200"))
    def test_refused(self, kind, value):
        self.limitable()
        self.assertEqual(REFUSED, self.client.set(ROOF, LIMIT, kind, value))
        self.assert_value(ROOF, LIMIT, PEAK)
        self.assertEqual([], self.commands())

    def test_whole_numbers_are_numbers(self):
        self.limitable()
        self.assertEqual(ACCEPTED, self.client.set(ROOF, LIMIT, "i", 300))
        self.wait_obeyed(300.0)

    def test_two_inverters(self):
        """One command at a time, the largest reduction first."""
        self.limitable(serials=(ONE, TWO))
        self.limit(100.0, BARN)
        self.limit(500.0)
        self.wait_obeyed(500.0)
        self.wait_obeyed(100.0, TWO)
        self.assertEqual([(TWO, 100.0), (ONE, 500.0)], sorted(self.commands(), key=lambda c: c[1]))

    def test_keys_of_one_inverter(self):
        self.scene(keys={"PowerLimit": 0})
        self.configure(self.default, INVERTER0=inverter(20, Serial=ONE, PowerLimit=1, MaxPower=600,
                                                        PowerLimitMin=200))
        self.wait_value(ROOF, LIMIT, 600.0, 8.0)
        self.assert_value(ROOF, "/Ac/MaxPower", 600.0)
        self.limit(50.0)
        self.wait_obeyed(200.0)

    @each(("basic", Basic("admin", "openDTU42"), {}),
          ("digest", Digest("admin", "openDTU42", "MD5", realm="AsyncWebServer"), {"DigestAuth": 1}))
    def test_credentials(self, admin, keys):
        self.limitable(limits={"radio": 0.3, "admin": admin}, keys=keys)
        self.limit(300.0)
        self.wait_obeyed(300.0)

    def test_by_auto(self):
        self.limitable(keys={"DTU": "auto"})
        self.limit(300.0)
        self.wait_obeyed(300.0)

    def test_pushed(self):
        self.limitable(pushes=True, radio_seconds=0.5)
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.wait_value(ROOF, POWER, 300.0, 8.0)
        self.wait_value(ROOF, "/StatusCode", 12)

    def test_a_slow_ramp(self):
        """An output that is on its way down is no reason to send anything again."""
        self.limitable()
        self.dtu[ONE].obedience = Obedience(PEAK, delay=1.0, ramp=0.05)
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.wait_value(ROOF, LIMIT, 300.0)
        for _ in range(12):
            self.assertEqual(ACCEPTED, self.limit(300.0))
            time.sleep(1.0)
        self.wait_value(ROOF, POWER, 300.0, 8.0)
        self.assertEqual([(ONE, 300.0)], self.commands())

    def test_a_radio_that_is_kept_busy(self):
        """A DTU measures nothing while a command is under way: however fast the writer, that is the smaller part."""
        self.limitable(limits={"radio": 2.0, "starves": True})
        measured, last, gaps = None, time.monotonic(), []
        until = last + 25.0
        while time.monotonic() < until:
            self.limit(300.0 + 40 * (int(time.monotonic() * 3) % 9))
            now = self.client.value(ROOF, "/UpdateIndex")
            if now != measured:
                gaps.append(time.monotonic() - last)
                measured, last = now, time.monotonic()
            time.sleep(0.2)
        self.assertGreater(len(gaps), 4)
        self.assertLess(max(gaps), 6.0 * patience() * crowding())

    # --- where it is not possible -------------------------------------------------------------

    def test_off_by_default(self):
        self.scene(keys={"PowerLimit": 0})
        self.wait_polls(self.dtu, "/api/livedata/status", 3)
        self.assert_value(ROOF, LIMIT, None)
        self.assertEqual(REFUSED, self.limit(300.0))
        self.assertEqual([], self.commands())
        self.assertEqual(0, self.dtu.counts.requests["/api/inverter/list"])

    def test_wrong_password(self):
        self.scene(keys={"Password": "wrong"})
        self.wait("a word", lambda: self.program.lines("WARNING", "refuses the login"), 8.0)
        self.assert_value(ROOF, LIMIT, None)
        self.assertEqual(REFUSED, self.limit(300.0))
        self.configure({**self.default, **LOGIN}, **self.sections)
        self.wait_value(ROOF, LIMIT, PEAK, 8.0)

    def test_commands_disabled(self):
        self.scene(serials=(ONE, TWO), keys={"PowerLimit": 0})
        self.dtu.limits.disabled.add(ONE)
        self.configure({**self.default, "PowerLimit": 1}, **self.sections)
        self.wait_value(BARN, LIMIT, PEAK, 8.0)
        self.wait("a word", lambda: self.program.lines("WARNING", "INVERTER0", "sends it no commands"))
        self.assert_value(ROOF, LIMIT, None)

    # --- what goes wrong ----------------------------------------------------------------------

    def test_dropped(self):
        """Commands are switched off while they are in use, which only shows in what does not become of one."""
        self.limitable()
        self.dtu.limits.disabled.add(ONE)
        self.limit(300.0)
        self.wait("a word", lambda: self.program.lines("WARNING", "dropped it"), 8.0)
        self.assert_value(ROOF, LIMIT, PEAK)

    def test_refused_by_the_gateway(self):
        self.limitable()
        self.dtu.limits.warns = "Not now!"
        self.limit(300.0)
        self.wait("its words", lambda: self.program.lines("WARNING", "Not now!"), 8.0)
        self.assert_value(ROOF, LIMIT, PEAK)
        self.dtu.limits.warns = None
        self.wait_obeyed(300.0, timeout=14.0)

    @each(*[(kind.replace("-", "_"), kind) for kind in sorted(FAULTS)])
    def test_every_fault(self, kind):
        """In the middle of a limit; behind it, what is asked for is obeyed, and full power is full power."""
        self.limitable(keys={"RetryAfterSeconds": 2})
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.dtu.fault = Fault(kind)
        for watts in (500.0, 400.0, 500.0):
            self.limit(watts)  # taken or, where the fault has been too much by now, refused
            time.sleep(1.0)
        self.dtu.fault = None
        self.wait("a limit that is taken", lambda: self.limit(PEAK) == ACCEPTED, 12.0)
        self.wait_obeyed(PEAK, timeout=30.0)
        self.wait_value(ROOF, LIMIT, PEAK)
        self.limit(300.0)
        self.wait_obeyed(300.0, timeout=15.0)

    def test_deaf_inverter(self):
        self.limitable()
        self.dtu.limits.deaf.add(ONE)
        self.limit(300.0)
        self.wait("a word", lambda: self.program.lines("WARNING", "did not acknowledge"), 10.0)
        self.assert_value(ROOF, LIMIT, PEAK)
        self.assertEqual(PEAK, self.obeyed())
        self.dtu.limits.deaf.clear()  # so that it ends without waiting for it

    def test_gateway_restarts(self):
        self.limitable()
        self.limit(300.0)
        self.wait_value(ROOF, POWER, 300.0, 8.0)
        self.dtu.refuse_connections()
        self.dtu.limits.restart()
        self.dtu[ONE].restart()
        self.wait_value(ROOF, "/StatusCode", 10, 12.0)
        self.dtu.accept_connections()
        self.limit(300.0)
        self.wait_obeyed(300.0, timeout=14.0)

    # --- lifted -------------------------------------------------------------------------------

    @each(("switched_off", {"PowerLimit": 0}, True), ("section_removed", {}, False))
    def test_edit(self, keys, stays):
        self.limitable(serials=(ONE, TWO))
        self.limit(300.0)
        self.wait_obeyed(300.0)
        sections = self.sections if stays else {"INVERTER1": self.sections["INVERTER1"]}
        self.configure({**self.default, **keys}, **sections)
        self.wait_obeyed(PEAK, timeout=14.0)
        if stays:
            self.wait_value(ROOF, LIMIT, None)

    @each(("another_interval", {"PollingInterval": 1500}), ("by_auto", {"DTU": "auto"}))
    def test_an_edit_of_something_else(self, keys):
        """The gateway is asked anew; the limit stays in force all the time."""
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        seen = set()
        self.configure({**self.default, **keys}, **self.sections)
        asked = self.polls()
        self.wait("polls", lambda: (seen.add(self.peek(ROOF, LIMIT)), self.polls() > asked + 3)[1])
        self.assertEqual({300.0}, seen)
        self.assertEqual({300.0}, {watts for _, watts in self.commands()})

    def test_password_changed_in_the_middle(self):
        """The DTU takes no command any more: the ESS is told so, and the limit is lifted when it can be."""
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.dtu.limits.admin = Basic("admin", "another")
        time.sleep(3.5)  # between two commands
        self.limit(100.0)
        self.wait("a word", lambda: self.program.lines("WARNING", "refuses the login"), 14.0)
        self.wait_value(ROOF, LIMIT, None)
        self.configure({**self.default, "Password": "another"}, **self.sections)
        self.wait_obeyed(PEAK, timeout=25.0)
        self.wait_value(ROOF, LIMIT, PEAK, 14.0)

    def test_firmware_that_reads_back_another_limit(self):
        """New HMS inverters obey what they were told, and read back their persistent limit."""
        self.scene()
        self.dtu.limits.forgetful.add(ONE)
        self.wait_value(ROOF, LIMIT, PEAK, 8.0)
        self.limit(300.0)
        self.wait_value(ROOF, POWER, 300.0, 8.0)
        self.assert_value(ROOF, LIMIT, 300.0)
        self.assert_value(ROOF, "/Ac/MaxPower", PEAK)
        self.wait_value(ROOF, "/StatusCode", 12)
        self.assertEqual([(ONE, 300.0)], self.commands())

    def test_inverter_restarts(self):
        """It was without DC for a moment, and has forgotten its limit: that shows in what it makes."""
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.dtu.night(ONE)
        self.wait_value(ROOF, "/StatusCode", 8, 12.0)
        self.dtu[ONE].restart()
        self.limit(300.0)
        self.dtu.morning(ONE)
        self.wait_obeyed(300.0, timeout=14.0)

    def test_gateway_removed(self):
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        other = self.opendtu(Inverter(TWO, "other"))
        self.configure({**self.default, "Host": other.host, "AutoAdd": 0},
                       INVERTER0=inverter(20, Serial=ONE))
        # The other gateway does not have it: that it is limited is not forgotten.
        self.wait("the other one", lambda: other.counts.total > 2)
        self.assertTrue(self.remembered()[ONE]["limited"])
        self.configure({**self.default, "PowerLimit": 0}, **self.sections)
        self.wait_obeyed(PEAK, timeout=14.0)

    def test_dtu_section_removed(self):
        other = self.opendtu(Inverter(TWO, "other"))
        self.limitable()
        with_two = {**self.sections, "DTU1": {"Host": other.host},
                    "INVERTER1": inverter(21, Serial=TWO, DTU=1)}
        self.configure(self.default, **with_two)
        self.wait_value(BARN, LIMIT, PEAK, 8.0)
        self.limit(200.0, BARN)
        self.wait("200 W", lambda: abs(other[TWO].obedience.target - 200.0) < 0.1, 6.0)
        self.configure(self.default, **self.sections)
        self.wait("all power", lambda: other[TWO].obedience.target == PEAK, 14.0)

    @each(("term", signal.SIGTERM), ("int", signal.SIGINT))
    def test_end(self, number):
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.ends_well = False
        self.assertEqual(0, self.program.stop(number, timeout=8.0)[0])
        self.assertEqual(PEAK, self.obeyed())

    def test_end_while_the_gateway_is_away(self):
        """It does not wait for ever, and lifts at the next start."""
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.dtu.fault = Fault("hang")
        self.ends_well = False
        began = time.monotonic()
        self.assertEqual(0, self.program.stop(timeout=9.0)[0])
        self.assertLess(time.monotonic() - began, 8.0)
        self.assertTrue(self.program.lines("WARNING", ONE, "has not confirmed"))
        self.dtu.fault = None
        self.assertTrue(self.remembered()[ONE]["limited"])
        self.program = self.start()
        self.wait_obeyed(PEAK, timeout=8.0)

    @each(("limited_still", {}), ("switched_off_meanwhile", {"PowerLimit": 0}))
    def test_killed(self, keys):
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.ends_well = False
        self.program.kill()
        self.assertTrue(self.remembered()[ONE]["limited"])
        self.configure({**self.default, **keys}, **self.sections)
        self.program = self.start()
        self.wait_obeyed(PEAK, timeout=8.0)

    def test_killed_and_its_section_removed(self):
        self.limitable(serials=(ONE, TWO))
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.ends_well = False
        self.program.kill()
        self.configure(self.default, INVERTER1=self.sections["INVERTER1"])
        self.program = self.start()
        self.wait_obeyed(PEAK, timeout=8.0)

    def test_bus_lost(self):
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.ends_well = False
        self.bus.close()
        self.wait("all power", lambda: self.obeyed() == PEAK, 8.0)


class AhoyLimitTest(PowerLimitScene):
    """The same behind an AhoyDTU, which has no queue, no list of rights, and a token."""

    def scene(self, serials=(ONE,), keys=None, password=None, **options):
        self.dtu = self.gateway(Ahoy(self.sun, [Inverter(s, s[-2:]) for s in serials],
                                     password=password, **options))
        self.default = {"Host": self.dtu.host, "DTU": "ahoy", "AutoAdd": 0, "PollingInterval": 1000,
                        "PowerLimit": 1, "Logging": "INFO", **(keys or {})}
        self.sections = {f"INVERTER{n}": inverter(20 + n, Serial=s) for n, s in enumerate(serials)}
        self.configure(self.default, **self.sections)
        self.program = self.start()
        self.wait_value(ROOF, "/StatusCode", 7)

    @each(("open", None, {}), ("protected", "a\"b%c", {"Password": 'a"b%%c'}),
          ("found_out", None, {"DTU": "auto"}))
    def test_ess_limits(self, password, keys):
        self.limitable(password=password, keys=keys)
        self.assertEqual(ACCEPTED, self.limit(300.0))
        self.wait_obeyed(300.0)
        self.wait_value(ROOF, POWER, 300.0, 8.0)
        self.wait_value(ROOF, "/StatusCode", 12)
        self.assertEqual([(ONE, 300.0)], self.commands())
        self.assertEqual([], self.program.lines("WARNING"))

    def test_token_that_has_run_out(self):
        self.limitable(password="1234", keys={"Password": "1234"})
        self.dtu.limits.expire()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.assertEqual([], self.program.lines("WARNING"))

    @each(("wrong", {"Password": "4321"}), ("none", {}))
    def test_password(self, keys):
        self.scene(password="1234", keys=keys)
        self.wait("a word", lambda: self.program.lines("WARNING", "refuses the login"), 8.0)
        self.assert_value(ROOF, LIMIT, None)
        self.configure({**self.default, "Password": "1234"}, **self.sections)
        self.wait_value(ROOF, LIMIT, PEAK, 8.0)

    def test_two_inverters(self):
        self.limitable(serials=(ONE, TWO))
        self.limit(100.0, BARN)
        self.limit(500.0)
        self.wait_obeyed(500.0)
        self.wait_obeyed(100.0, TWO)

    def test_end(self):
        self.limitable(password="1234", keys={"Password": "1234"})
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.ends_well = False
        self.assertEqual(0, self.program.stop(timeout=8.0)[0])
        self.assertEqual(PEAK, self.obeyed())


class LimitCommandTest(PowerLimitScene, CommandTest):
    """dbus-opendtu limit: a person tries whether limiting works."""

    @contextlib.contextmanager
    def trying(self, *arguments):
        process = subprocess.Popen([*command(), "limit", *arguments], stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   env={"DBUS_SESSION_BUS_ADDRESS": self.bus.address, **SANITIZERS})
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()

    @on_every_model("watts")
    @each(("watts", "300", 300.0), ("percent", "25%", 200.0), ("floor", "1", 24.0))
    def test_tried(self, amount, watts):
        self.limitable()
        with self.trying(ONE, amount) as process:
            self.wait_obeyed(watts)
            self.wait_value(ROOF, LIMIT, watts)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=10 * patience())
            self.assertEqual(0, process.returncode, out)
        self.assertIn(f"{watts:.0f} W sent", out)
        self.assertTrue(out.endswith("full power again\n"), out)
        self.wait_obeyed(PEAK, timeout=14.0)

    def test_the_inverters_answer(self):
        self.limitable()
        with self.trying(ONE, "300") as process:
            self.wait_value(ROOF, POWER, 300.0, 12.0)
            time.sleep(1.0)
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=10 * patience())
        self.assertIn("limited to 300 W\n", out)

    def test_killed(self):
        """The service lets go of it by itself."""
        self.limitable()
        with self.trying(ONE, "300") as process:
            self.wait_obeyed(300.0)
            process.kill()
        self.wait_obeyed(PEAK, timeout=45.0)

    def refusal(self, *arguments, code=1):
        seen, out, err = self.call("limit", *arguments)
        self.assertEqual((code, ""), (seen, out), err)
        return err

    def test_refused(self):
        self.limitable(serials=(ONE, TWO))
        self.limit(500.0)
        self.assertIn("the ESS limits the inverter", self.refusal(ONE, "300"))
        self.assertIn("no service on the D-Bus publishes inverter 77", self.refusal("77", "300"))
        self.configure({**self.default, "PowerLimit": 0}, **self.sections)
        self.wait_value(BARN, LIMIT, None)
        self.assertIn("PowerLimit is off", self.refusal(TWO, "300"))

    def test_not_possible(self):
        self.scene(keys={"Password": "wrong"})
        self.wait("a word", lambda: self.program.lines("WARNING", "refuses the login"), 8.0)
        self.assertIn("cannot be limited: its gateway refuses the login", self.refusal(ONE, "300"))

    @each(("nothing",), ("no_amount", ONE), ("a_word", ONE, "much"), ("negative", ONE, "-5"),
          ("too_much", ONE, "101%"), ("more", ONE, "5", "6"), ("option", "--now", ONE, "5"))
    def test_wrong_usage(self, *arguments):
        self.assertIn("Usage", self.refusal(*arguments, code=2))


class LiftTest(PowerLimitScene, CommandTest):
    """dbus-opendtu lift: what an uninstallation calls after the service has ended."""

    def left(self):
        """The service was killed while it limited an inverter."""
        self.limitable()
        self.limit(300.0)
        self.wait_obeyed(300.0)
        self.ends_well = False
        self.program.kill()
        self.program.process.wait()

    def lift(self, *options, code=0):
        seen, out, err = self.call("lift", "--config", os.path.join(self.folder, "config.ini"), *options)
        self.assertEqual(code, seen, out + err)
        return out + err

    @on_every_model()
    def test_left(self):
        self.left()
        self.assertIn("no inverter is limited", self.lift())
        self.assertEqual(PEAK, self.obeyed())

    def test_switched_off_meanwhile(self):
        self.left()
        self.configure({**self.default, "PowerLimit": 0, "DTU": "auto"}, **self.sections)
        self.lift()
        self.assertEqual(PEAK, self.obeyed())

    @each(("deaf", lambda dtu: dtu.limits.deaf.add(ONE)),
          ("away", lambda dtu: dtu.refuse_connections()))
    def test_not_confirmed(self, happens):
        """It is named, and not waited for without end."""
        self.left()
        happens(self.dtu)
        began = time.monotonic()
        self.assertIn(f"inverter {ONE} has not confirmed", self.lift("--wait", "3", code=1))
        self.assertLess(time.monotonic() - began, 6.0)
        self.assertEqual(300.0, self.obeyed())

    def test_nothing_is_left(self):
        self.scene(keys={"PowerLimit": 0})
        self.program.stop()
        before = self.dtu.counts.total
        self.ends_well = False
        self.assertIn("no inverter is limited", self.lift())
        self.assertEqual(before, self.dtu.counts.total)

    def test_the_service_runs(self):
        self.limitable()
        self.assertIn("the service runs", self.lift(code=1))

    @each(("seconds", "--wait", "0"), ("words", "--wait", "long"), ("more", "all"), ("option", "--fast"))
    def test_wrong_usage(self, *arguments):
        self.configure({"Host": "127.0.0.1:9"})
        self.assertNotEqual("", self.lift(*arguments, code=2))

    def test_no_configuration(self):
        self.assertIn("No such file", self.lift(code=1))
