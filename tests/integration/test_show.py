"""`show`: what it prints into a pipe, and what a person sees in a terminal while things change."""

import json
import os
import re
import signal
import subprocess
import threading
import time

from tests.integration.case import PVINVERTER, BusTest, each, on_every_model
from tests.integration.peer import Peer
from tests.integration.program import SANITIZERS, command, inverter, patience
from tests.integration.screen import Screen
from tests.sim import Fault, Inverter

NAMES = ("Roof south", "Roof north", "Barn", "Gärten")


class Stream(threading.Thread):
    """A program that goes on, and the lines that it has written so far."""

    def __init__(self, arguments, environment):
        super().__init__(daemon=True)
        self.process = subprocess.Popen([*command(), "show", *arguments], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, encoding="utf-8")
        self.lines, self.error = [], ""
        self.start()

    def run(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def stop(self):
        """Returns (exit code, standard error)."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.end()

    def end(self):
        """Waits until it has ended by itself; the same."""
        code = self.process.wait(10.0 * patience())
        self.join()
        if not self.process.stderr.closed:
            self.error = self.process.stderr.read()
            self.process.stdout.close()
            self.process.stderr.close()
        return code, self.error


class ShowCase(BusTest):
    """What both ways of looking need."""

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "DBUS_SESSION_BUS_ADDRESS": self.bus.address,
                "LANG": "C.UTF-8", **SANITIZERS, **more}

    def show(self, *arguments, timeout=20.0):
        """(exit code, standard output, standard error) of a run that ends by itself."""
        done = subprocess.run([*command(), "show", *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout * patience(), check=False,
                              encoding="utf-8", env=self.environment())
        self.assertNotRegex(done.stderr, "AddressSanitizer|LeakSanitizer|runtime error")
        return done.returncode, done.stdout, done.stderr

    def stream(self, *arguments):
        stream = Stream(arguments, self.environment())
        self.addCleanup(stream.stop)
        return stream

    def peer(self, name, items, **options):
        peer = Peer(self.bus, name, items, **options)
        self.addCleanup(peer.close)
        return peer

    def house(self, count):
        """An OpenDTU with so many inverters, and the program that publishes them."""
        inverters = [Inverter(f"1141829{n:05}", f"{NAMES[n % 4]} {n + 1}", base_kwh=100.0 * n)
                     for n in range(count)]
        dtu = self.opendtu(*inverters)
        sections = {f"INVERTER{n}": inverter(20 + n, f"L{n % 3 + 1}") for n in range(count)}
        self.configure({"Host": dtu.host}, **sections)
        program = self.start()
        self.wait_names(*(PVINVERTER % (20 + n) for n in range(count)), timeout=20.0)
        for n in range(count):
            self.wait_value(PVINVERTER % (20 + n), "/StatusCode", 7, timeout=20.0)
        return dtu, program


class ShowTest(ShowCase):
    """Into a file or a pipe."""

    # --- once ---------------------------------------------------------------------------------

    @on_every_model()
    def test_once(self):
        self.house(2)
        code, out, err = self.show("--once")
        self.assertEqual((0, ""), (code, err))
        head, south, north, total = out.splitlines()
        self.assertEqual(["Name", "Service", "Ph", "W", "V", "A", "Today", "kWh", "Age", "Status",
                          "ms"], head.split())
        self.assertRegex(south, r"^Roof south 1 +pvinverter\.http_20 +L1 +741 +232\.8 +3\.18 "
                                r"+2\.06 +2\.1 +\d+s +running +\d+ *$")
        self.assertRegex(north, r"^Roof north 2 +pvinverter\.http_21 +L2 +741 ")
        self.assertEqual("Total 1483 W  L1 741 W  L2 741 W  4.11 kWh today  2 of 2 inverters running",
                         total)
        self.assertNotIn("\x1b", out)

    def test_once_has_ages(self):
        """How old the values are is asked for; it is never announced, since it would be with each of them."""
        dtu, _ = self.house(1)
        dtu.refuse_connections()
        self.wait("an age", lambda: 2 <= json.loads(self.show("--once", "--json")[1])["services"][0]["age_s"]
                  < 15, timeout=10.0)
        self.assertRegex(self.show("--once")[1].splitlines()[1], r" ([2-9]|1\d)s +(running|error)")
        self.assertNotIn("MeasuredAt", str(self.recorder.signals()))

    def test_once_json(self):
        self.house(2)
        code, out, err = self.show("--once", "--json")
        self.assertEqual((0, ""), (code, err))
        document = json.loads(out)
        first = document["services"][0]
        self.assertEqual(("pvinverter.http_20", "Roof south 1", "running", "L1", 741.4, 232.8),
                         tuple(first[key] for key in ("service", "name", "status", "phase",
                                                      "power_w", "voltage_v")))
        self.assertEqual(741.4, first["phases"]["L1"]["power_w"])
        self.assertEqual((2, 2, 1482.8), tuple(document["total"][key] for key in
                                               ("inverters", "running", "power_w")))

    @each(("text", ()), ("json", ("--json",)))
    def test_once_nothing_there(self, arguments):
        """Exit code 3; what is not dbus-opendtu's does not count."""
        self.peer("com.victronenergy.pvinverter.pv_20", {"/Ac/Power": 5})
        code, out, err = self.show("--once", *arguments)
        self.assertEqual(3, code)
        if arguments:
            self.assertEqual([], json.loads(out)["services"])
        else:
            self.assertEqual("", out)
            self.assertIn("does it run?", err)

    def test_all(self):
        self.peer("com.victronenergy.pvinverter.pv_20", {"/Ac/Power": 5, "/CustomName": "Fronius"})
        self.peer("com.victronenergy.grid.cgwacs_1", {"/Ac/L1/Power": -100, "/Ac/L2/Power": 30})
        self.peer("com.victronenergy.battery.ttyO1", {"/Dc/0/Power": 7})
        code, out, _ = self.show("--once", "--all")
        self.assertEqual(0, code)
        self.assertRegex(out, r"(?m)^grid\.cgwacs_1 +grid\.cgwacs_1 +L1\+L2 +-70 ")
        self.assertRegex(out, r"(?m)^Fronius +pvinverter\.pv_20 +- +5 ")
        self.assertNotIn("battery", out)
        self.assertIn("Total 5 W", out)  # the meter is none of it

    def test_silent_service(self):
        self.peer(PVINVERTER % 20, {}, silent=True)
        self.peer(PVINVERTER % 21, {"/Ac/Power": 5})
        code, out, _ = self.show("--once", timeout=20.0)
        self.assertEqual(0, code)
        self.assertRegex(out, r"(?m)^pvinverter\.http_20 .* no reply ")
        self.assertRegex(out, r"(?m)^pvinverter\.http_21 .* 5 .* ok ")

    def test_hostile_text(self):
        """Nothing from the bus reaches the terminal as a command."""
        self.peer(PVINVERTER % 20, {"/CustomName": "a\x1b]0;x\x07\x1b[2J\nb\u202ec\x9bd",
                                    "/Ac/Power": 5, "/Debug/LastError": "\x1b[31mx\ny"})
        for arguments in ((), ("--stats",)):
            code, out, _ = self.show("--once", *arguments)
            self.assertEqual(0, code)
            self.assertNotRegex(out.replace("\n", ""), "[\x00-\x1f\x7f-\x9f\u202e]")
            self.assertEqual(2 if arguments else 3, len(out.splitlines()))
        self.assertIn("a?]0;x??[2J b?c?d", self.show("--once")[1])

    def test_stats(self):
        health = {"/Mgmt/Connection": "TCP/IP (HTTP) 192.168.1.5", "/Debug/Requests": 1234,
                  "/Debug/Failures": 4, "/Debug/FailuresByKind": "timeout 3, unreachable 1",
                  "/Debug/RoundTripP50": 41.4, "/Debug/RoundTripP99": 250, "/Debug/Bytes": 1234567,
                  "/Debug/Pushed": 88, "/Debug/LastError": "no reply within 5 s"}
        self.peer(PVINVERTER % 20, health)
        self.peer(PVINVERTER % 21, health)
        self.peer(PVINVERTER % 22, {"/Mgmt/Connection": "TCP/IP (HTTP) 192.168.1.6"})
        code, out, _ = self.show("--once", "--stats")
        self.assertEqual(0, code)
        _, first, second = out.splitlines()
        self.assertRegex(first, r"^192\.168\.1\.5 +2 +1234 +88 +4 +41 +250 +1235 k +timeout 3, "
                                r"unreachable 1 +no reply within 5 s")
        self.assertRegex(second, r"^192\.168\.1\.6 +1 +- +- +- +- +- +- +- +- *$")
        document = json.loads(self.show("--once", "--stats", "--json")[1])
        self.assertEqual((1234, 88, "timeout 3, unreachable 1"),
                         (document["gateways"][0]["requests"], document["gateways"][0]["pushed"],
                          document["gateways"][0]["failures_by_kind"]))

    def test_today(self):
        """Where a service has it; of some of several there is no total."""
        first = self.peer(PVINVERTER % 20, {"/Ac/Power": 5, "/Energy/Today": 1.234})
        self.assertRegex(self.show("--once")[1], r"(?s)Today.* 1\.23 .*Total.*1\.23 kWh today")
        self.peer(PVINVERTER % 21, {"/Ac/Power": 5})
        self.assertNotIn("kWh today", self.show("--once")[1])
        first.close()

    # --- lines --------------------------------------------------------------------------------

    def test_lines(self):
        """A head, then a line for each service that has changed, each with its time."""
        self.house(2)
        stream = self.stream()
        self.wait("lines of both services", lambda: len(stream.lines) >= 6, 10.0)
        head, *lines = stream.lines[:6]
        self.assertEqual(["Time", "Name", "Service"], head.split()[:3])
        for line in lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ Roof (south|north) \d +"
                                   r"pvinverter\.http_2[01] +L[12] +741 ")
        self.assertEqual({"pvinverter.http_20", "pvinverter.http_21"},
                         {line.split()[4] for line in lines})
        code, err = stream.stop()
        self.assertEqual((0, ""), (code, err))
        self.assertNotIn("\x1b", "".join(stream.lines))

    def test_json_of_a_life(self):
        """The gateway dies and comes back, the program ends and starts again."""
        stream = self.stream("--json")

        def told(**wanted):
            rows = [json.loads(line) for line in list(stream.lines)]
            return any(all(row.get(k) == v for k, v in wanted.items()) for row in rows)

        dtu, program = self.house(1)
        self.wait("it runs", lambda: told(service="pvinverter.http_20", status="running",
                                          power_w=741.4), 10.0)
        dtu.fault = Fault("reset")
        self.wait("an error, and no power", lambda: told(status="error", power_w=0), 20.0)
        stream.lines.clear()
        dtu.fault = None
        self.wait("it runs again", lambda: told(status="running", power_w=741.4), 20.0)
        self.assertEqual(0, program.stop()[0])
        self.programs.remove(program)
        self.wait("gone", lambda: told(service="pvinverter.http_20", status="gone"), 10.0)
        stream.lines.clear()
        self.start()
        self.wait("it is back", lambda: told(status="running"), 20.0)
        self.assertEqual(0, stream.stop()[0])

    def test_interval(self):
        """A service that changes all the time has one line in each interval."""
        peer = self.peer(PVINVERTER % 20, {"/Ac/Power": 0})
        stream = self.stream("--json", "--interval", "3600")
        self.wait("the first line", lambda: stream.lines)
        for watts in range(1, 20):
            peer.change(Ac_Power=watts)
        self.assert_stays("no second line", lambda: len(stream.lines) == 1, 0.5)

    def test_reader_that_has_seen_enough(self):
        self.house(1)
        line = " ".join(command()) + " show --json | head -n 2; echo ${PIPESTATUS[0]}"
        done = subprocess.run(["bash", "-c", line], env=self.environment(), capture_output=True,
                              text=True, timeout=20.0 * patience(), check=False)
        self.assertEqual("", done.stderr)
        self.assertEqual("0", done.stdout.splitlines()[-1])
        self.assertEqual(3, len(done.stdout.splitlines()))

    def test_reader_that_does_not_read(self):
        """Nothing piles up, and the end does not wait for it."""
        peer = self.peer(PVINVERTER % 20, {"/Ac/Power": 0, "/CustomName": "x" * 100})
        readable, writable = os.pipe()
        self.addCleanup(os.close, readable)
        process = subprocess.Popen([*command(), "show", "--stats"], env=self.environment(),
                                   stdout=writable, stdin=subprocess.DEVNULL)
        os.set_blocking(writable, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writable, b"x" * 4096)
        os.close(writable)
        for watts in range(30):
            peer.change(Ac_Power=watts)
            time.sleep(0.05)
        process.terminate()
        self.assertEqual(0, process.wait(5.0 * patience()))

    # --- exit codes ---------------------------------------------------------------------------

    @each(("option", ("--dance",)), ("argument", ("somewhere",)), ("interval", ("--interval", "0")),
          ("no_number", ("--interval", "5s")), ("no_value", ("--interval",)))
    def test_wrong_usage(self, arguments):
        code, out, err = self.show(*arguments)
        self.assertEqual((2, ""), (code, out))
        self.assertTrue(err.strip())

    def test_help(self):
        code, out, err = self.show("--help")
        self.assertEqual((0, ""), (code, err))
        for option in ("--once", "--json", "--stats", "--all", "--interval", "--no-color"):
            self.assertIn(option, out)

    def test_no_bus(self):
        stream = self.stream()
        self.wait("it waits", lambda: self.client.names() == [] and stream.process.poll() is None)
        self.peer(PVINVERTER % 20, {"/Ac/Power": 1})
        self.wait("it is connected", lambda: len(stream.lines) == 2)
        self.bus.close()
        code, err = stream.end()
        self.assertEqual(1, code)
        self.assertIn("the D-Bus is gone", err)
        code, out, err = self.show("--once")
        self.assertEqual((1, ""), (code, out))
        self.assertIn("D-Bus", err)


class TerminalTest(ShowCase):
    """In a terminal."""

    def screen(self, arguments="", width=80, height=24, environment=None):
        """A terminal in which a person has started it."""
        screen = Screen(self.folder, self.environment(**(environment or {})), width, height)
        self.addCleanup(screen.close)
        self.wait("a prompt", lambda: screen.lines()[0] == "ready>")
        before = os.path.join(self.folder, "before")
        screen.type(f"stty -g >{before}; clear; {' '.join(command())} show {arguments}")
        self.wait("the table", lambda: screen.modes[0] and self.head(screen).startswith("Name"))
        return screen

    @staticmethod
    def head(screen):
        return screen.lines()[0]

    def assert_frame(self, screen, width, height, rows):
        """Before long there is a frame as it has to be: a capture may fall amid a change."""
        deadline = time.monotonic() + 5.0 * patience()
        while True:
            try:
                self.assert_lines(screen.lines(), width, height, rows)
                return
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def assert_lines(self, lines, width, height, rows):
        """Head, rows, totals and keys are where they belong; no line has wrapped."""
        self.assertEqual(height, len(lines), lines)
        self.assertRegex(lines[0], r"^Name +(Service +)?Ph +W ")
        self.assertRegex(lines[-2], r"^Total \d+ W")
        self.assertIn("q quit", lines[-1])
        shown = [line for line in lines[1:-2] if line]
        self.assertEqual(min(rows, height - 3), len(shown), lines)
        for line in shown:
            self.assertRegex(line, r"^(Roof|Barn|Gärten)\S* .*(L[123])", lines)
            self.assertLessEqual(len(line), width)

    def assert_put_back(self, screen, code):
        """The shell has its terminal as it was before, and the exit code."""
        self.wait("a prompt", lambda: not screen.modes[0] and "ready>" in screen.lines(), 10.0)
        self.assertEqual((False, True), screen.modes)
        after = os.path.join(self.folder, "after")
        screen.type(f"echo code=$?; stty -g >{after}; echo don''e")
        self.wait("the shell's answer", lambda: "done" in screen.lines(), 10.0)
        self.assertIn(f"code={code}", screen.lines())
        with open(os.path.join(self.folder, "before"), encoding="utf-8") as file:
            before = file.read()
        with open(after, encoding="utf-8") as file:
            self.assertEqual(before, file.read())

    @on_every_model("color")
    @each(("color", "", {}, True), ("option", "--no-color", {}, False),
          ("environment", "", {"NO_COLOR": "1"}, False))
    def test_one_inverter(self, arguments, environment, colors):
        dtu, _ = self.house(1)
        screen = self.screen(arguments, environment=environment)
        self.wait("values", lambda: " 741 " in screen.lines()[1], 10.0)
        self.assert_frame(screen, 80, 24, 1)
        self.assertRegex(screen.lines()[1],
                         "^Roof south 1 .* 741 232.8  3.18 +2.06 +2.1 .*s running .*█$")
        self.assertEqual(colors, "\x1b[" in "".join(screen.lines(color=True)))
        dtu.fault = Fault("reset")
        self.wait("the error", lambda: " error " in screen.lines()[1], 20.0)
        self.assertRegex(screen.lines()[-2], "^Total 0 W .*0 of 1 inverter running")
        if colors:
            self.assertRegex(screen.lines(color=True)[1], r"\x1b\[[0-9;]*31m *error")
        screen.press("q")
        self.assert_put_back(screen, 0)

    def test_thirty_inverters(self):
        """Every row can be scrolled to, in each size that the window takes meanwhile."""
        self.house(30)
        screen = self.screen()
        for width, height in ((80, 24), (120, 40), (50, 12)):
            screen.resize(width, height)
            self.wait(f"a table of {width} by {height}", lambda h=height: (
                len(screen.lines()) == h and "q quit" in screen.lines()[-1]), 10.0)
            self.wait("totals", lambda: screen.lines()[-2].startswith("Total 22"), 10.0)
            self.assert_frame(screen, width, height, 30)
            screen.press("Home")
            seen = self.scroll_through(screen, width, height)
            self.assertEqual(list(range(1, 31)), sorted(seen))
        screen.press("C-c")
        self.assert_put_back(screen, 0)

    def scroll_through(self, screen, width, height):
        """Pages down to the end; returns the numbers of the rows that were seen."""
        rows, seen = height - 3, set()
        first = 0
        while True:
            wanted = f"{first + 1}-{first + rows} of 30" if rows < 30 else "q quit"
            self.wait(wanted, lambda: screen.lines()[-1].startswith(wanted), 10.0)
            self.assert_frame(screen, width, height, 30)
            seen |= {self.number_of(line) for line in screen.lines()[1:-2] if line}
            if first + rows >= 30:
                return seen
            first = min(first + rows - 1, 30 - rows)
            screen.press("PageDown")

    @staticmethod
    def number_of(line):
        """At the end of the name."""
        return int(re.match(r"\D+ (\d+) ", line)[1])

    def test_single_steps(self):
        self.house(5)
        screen = self.screen(height=6)
        for key, wanted in (("Down", "2-4"), ("Down", "3-5"), ("Down", "3-5"), ("Up", "2-4"),
                            ("End", "3-5"), ("Home", "1-3"), ("Up", "1-3")):
            screen.press(key)
            self.wait(f"rows {wanted} after {key}",
                      lambda w=wanted: screen.lines()[-1].startswith(f"{w} of 5"))
        screen.press("q")
        self.assert_put_back(screen, 0)

    def test_services_come_and_go(self):
        screen = self.screen()
        self.assertIn("does dbus-opendtu run?", screen.lines()[1])
        peer = Peer(self.bus, PVINVERTER % 20, {"/CustomName": "Barn", "/Ac/Power": 7,
                                                "/Ac/L1/Power": 7})
        self.wait("it is there", lambda: re.match("Barn .* 7 .*ok", screen.lines()[1]))

        def changed():  # time and again: the screen may be looked at too late for one change
            peer.change(Ac_Power=9)
            return re.match("Barn .* 9 .* 0s ok", screen.lines()[1])

        self.wait("it has changed", changed)
        self.wait("it grows old", lambda: re.match("Barn .* 9 .* [1-9]s ok", screen.lines()[1]))
        peer.close()
        self.wait("it has gone", lambda: "Barn" not in screen.lines()[1])
        self.assertEqual("No services", screen.lines()[-2])

    def test_gateways(self):
        self.peer(PVINVERTER % 20, {"/Mgmt/Connection": "TCP/IP (HTTP) 192.168.1.5",
                                    "/Debug/Requests": 17, "/Debug/LastError": "no reply"})
        screen = self.screen()
        screen.press("s")
        self.wait("gateways", lambda: screen.lines()[0].startswith("Gateway"))
        self.wait("its health", lambda: re.match(r"192\.168\.1\.5 .*17 .*no reply",
                                                 screen.lines()[1]))
        screen.press("s")
        self.wait("services", lambda: screen.lines()[0].startswith("Name"))

    def test_help(self):
        """h explains what stands there; h again goes back."""
        self.house(1)
        screen = self.screen()
        for key in ("h", "?"):
            screen.press(key)
            self.wait("the columns", lambda: any(re.match("ms +how long", line) for line in screen.lines()))
            self.assertTrue(any(line.startswith("Age ") for line in screen.lines()))
            screen.press(key)
            self.wait("the table", lambda: self.head(screen).startswith("Name"))
        screen.press("h", "s")
        self.wait("the gateways' columns", lambda: any(re.match("p99 ms +99 of", line)
                                                       for line in screen.lines()))
        screen.press("q")
        self.assert_put_back(screen, 0)

    def test_reason_of_an_error(self):
        """In words, while it lasts; for programs, too."""
        dtu, _ = self.house(2)
        screen = self.screen()
        dtu.refuse_connections()
        self.wait("the reason", lambda: screen.lines()[-4].startswith(f"error: {dtu.host} refused"), 20.0)
        self.assertTrue(screen.lines()[-3].endswith(" (Roof south 1 and 1 more)"), screen.lines())
        self.assertRegex(self.show("--once")[1].splitlines()[-2], r"^error: .* \(Roof south 1 and 1 more\)$")
        reason, = {row["reason"] for row in json.loads(self.show("--once", "--json")[1])["services"]}
        self.assertTrue(reason.startswith(f"{dtu.host} refused the connection"))

    @each(("plain", {"LANG": "C"}, False), ("latin", {"LC_ALL": "de_DE.ISO-8859-1"}, False),
          ("utf8", {"LC_CTYPE": "C.UTF-8", "LANG": "C"}, True), ("unset", {"LANG": ""}, True),
          ("console", {"LANG": "", "TERM": "linux"}, False))
    def test_locale(self, environment, utf8):
        """Where the locale has no UTF-8, each byte is one column."""
        self.house(4)
        screen = self.screen(environment=environment)
        self.wait("values", lambda: " 741 " in screen.lines()[4], 10.0)
        self.assertRegex(screen.lines()[4], "^Gärten 4 .*█$" if utf8 else r"^G\?rten 4 .*#$")
        self.assertEqual(utf8, not "".join(screen.lines()).isascii())

    def test_stopped_and_continued(self):
        """Ctrl-Z gives the shell its terminal, fg takes it again."""
        self.house(1)
        screen = self.screen()
        for _ in range(2):
            screen.press("C-z")
            self.wait("the shell", lambda: not screen.modes[0] and screen.modes[1], 10.0)
            self.wait("it is told", lambda: any("Stopped" in line for line in screen.lines()), 10.0)
            screen.type("clear; stty -a | grep -c ' icanon'")
            self.wait("lines are read", lambda: "1" in screen.lines(), 10.0)
            screen.type("fg")
            self.wait("the table", lambda: screen.modes == (True, False) and
                      self.head(screen).startswith("Name"), 10.0)
            self.assert_frame(screen, 80, 24, 1)
        screen.press("q")
        self.assert_put_back(screen, 0)

    def screen_with_pid(self):
        """The same, and the process in it."""
        screen = Screen(self.folder, self.environment())
        self.addCleanup(screen.close)
        self.wait("a prompt", lambda: screen.lines()[0] == "ready>")
        before, pid = (os.path.join(self.folder, file) for file in ("before", "pid"))
        screen.type(f"stty -g >{before}; clear; sh -c 'echo $$ >{pid}; "
                    f"exec {' '.join(command())} show'")
        self.wait("the table", lambda: screen.modes[0] and self.head(screen).startswith("Name"))
        with open(pid, encoding="utf-8") as file:
            return screen, int(file.read())

    @each(("term", "TERM"), ("int", "INT"), ("quit", "QUIT"), ("hup", "HUP"))
    def test_ended_by(self, name):
        """Whoever ends it, the shell has its terminal again."""
        screen, pid = self.screen_with_pid()
        os.kill(pid, getattr(signal, "SIG" + name))
        self.assert_put_back(screen, 0)

    def test_stopped_without_notice(self):
        """SIGSTOP cannot be seen coming; what the shell does meanwhile is undone."""
        screen, pid = self.screen_with_pid()
        os.kill(pid, signal.SIGSTOP)
        self.wait("the shell", lambda: any("Stopped" in line for line in screen.lines()), 10.0)
        screen.type("stty sane; reset; fg")
        self.wait("the table", lambda: screen.modes == (True, False) and
                  self.head(screen).startswith("Name"), 10.0)
        screen.press("q")  # without Return: the terminal gives single keys again
        self.wait("a prompt", lambda: not screen.modes[0] and "ready>" in screen.lines(), 10.0)

    def test_bus_lost(self):
        self.peer(PVINVERTER % 20, {"/CustomName": "Barn", "/Ac/Power": 7})
        screen = self.screen()
        self.wait("it is there", lambda: screen.lines()[1].startswith("Barn"))
        self.bus.close()
        self.wait("it says why", lambda: "show: the D-Bus is gone" in screen.lines(), 10.0)
        self.assert_put_back(screen, 1)
