"""The base of all integration tests: a bus, gateways and the program, and everything put away."""

import os
import shutil
import tempfile
import time
import unittest

from tests.integration.bus import Bus, BusError, Client, Recorder
from tests.integration.program import DEFAULTS, ENDS_WITHIN, Program, crowding, ini, patience
from tests.sim import OpenDtu, Sun

PVINVERTER = "com.victronenergy.pvinverter.http_%d"
POLL = 1.0  # seconds between two polls, with the configuration of these tests


def on_every_model(*rows):
    """Marks one of the few tests that also run on each emulated processor in `make test`.

    Of a test with rows (see each()), only those that are named.
    """
    def mark(test):
        test.models_rows = rows
        test.on_every_model = not rows
        return test
    return mark


def alone(test):
    """Marks a test that measures time: it is not run beside others."""
    test.alone = True
    return test


def slow(test):
    """Marks a test that takes long: it is started first."""
    test.slow = True
    return test


def each(*rows):
    """Makes one test of each row: a name, and what the method is called with.

    Unlike subTest(), they are counted, listed and run one by one.
    """
    def mark(method):
        method.rows = rows
        return method
    return mark


class BusTest(unittest.TestCase):
    """Each test has a bus of its own, so that many can run at once."""

    maxDiff = None
    logs = ""  # what the program said, for the report of a failure

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        for name, method in list(vars(cls).items()):
            for row in getattr(method, "rows", ()):
                setattr(cls, f"{name}_{row[0]}", _bound_to_row(method, row))
            if hasattr(method, "rows"):
                delattr(cls, name)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="dtu-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.bus = Bus(self.folder)
        self.addCleanup(self.bus.close)
        self.client = Client(self.bus)
        self.addCleanup(self.client.close)
        self.recorder = Recorder(self.bus)
        self.addCleanup(self.recorder.close)
        self.sun = Sun("12:00")
        self.programs = []
        self.ends_well = True  # whether the program must still run at the end, and then exit with 0

    def tearDown(self):
        try:
            for program in self.programs:
                self._put_away(program)
        finally:
            self.logs = self.report()

    def _put_away(self, program):
        if program.process is None:
            return
        survived = program.running
        code, seconds = program.stop()
        self.assertNotRegex(program.log(), "AddressSanitizer|LeakSanitizer|runtime error")
        if self.ends_well:
            self.assertTrue(survived, f"the program had ended by itself, with {code}")
            self.assertEqual(code, 0, "exit code after SIGTERM")
            self.assertLess(seconds, ENDS_WITHIN * patience(), "time from SIGTERM to its end")

    def report(self):
        """For a test that failed: what the program said."""
        return "".join(f"--- {os.path.basename(p.log_path)} of the program ---\n{p.log()}"
                       for p in self.programs)

    # --- the scene ----------------------------------------------------------------------------

    def gateway(self, gateway):
        """Starts a simulated gateway for the length of the test."""
        gateway.start()
        self.addCleanup(gateway.stop)
        return gateway

    def opendtu(self, *inverters, **options):
        return self.gateway(OpenDtu(self.sun, inverters, **options))

    def configure(self, default=None, place="", **sections):
        """Writes config.ini: the tests' defaults, changed by default; then the sections.

        place: which of several programs it is for.
        """
        self.write_config(ini({**DEFAULTS, **(default or {})}, sections), place)

    def write_config(self, text, place=""):
        """In one step, as a careful editor does it: never half a file."""
        folder = os.path.join(self.folder, place)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "config.ini")
        with open(path + ".new", "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(path + ".new", 0o600)  # as the package lays it
        os.replace(path + ".new", path)

    def start(self, place="", *arguments, **options):
        """Starts the program with the configuration that was written, and further arguments of `run`."""
        folder = os.path.join(self.folder, place)
        program = Program(folder, self.bus.address, name=f"log{len(self.programs)}")
        self.programs.append(program)
        program.start(*arguments, **options)
        return program

    # --- looking ------------------------------------------------------------------------------

    def wait(self, what, condition, timeout=6.0, every=0.05):
        """Waits until condition() gives something true, and returns that."""
        timeout *= patience() * crowding()
        deadline = time.monotonic() + timeout
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > deadline:
                self.fail(f"not within {timeout:.1f} s: {what} (last: {result!r})")
            time.sleep(every)

    def wait_names(self, *names, timeout=6.0):
        """Waits until exactly these services are there."""
        wanted = sorted(names)
        self.wait(f"services {wanted}, there are {self.client.names()}",
                  lambda: self.client.names() == wanted, timeout)

    def wait_value(self, service, path, expected, timeout=6.0, places=2):
        """Waits until a value is this; a number as near as places decimals."""
        seen = []

        def there():
            seen[:] = [self.peek(service, path)]
            return matches(seen[0], expected, places)

        try:
            self.wait(f"{service}{path} = {expected!r}", there, timeout)
        except AssertionError:
            self.fail(f"{service}{path} is {seen[0]!r}, not {expected!r}")

    def peek(self, service, path):
        """The value, None for "no value", or "absent" without service or path."""
        try:
            return self.client.value(service, path)
        except BusError:
            return "absent"

    def assert_value(self, service, path, expected, places=2):
        value = self.peek(service, path)
        self.assertTrue(matches(value, expected, places),
                        f"{service}{path} is {value!r}, not {expected!r}")

    def assert_stays(self, what, condition, seconds):
        """condition() holds all the time. What was only seen after it says nothing."""
        deadline = time.monotonic() + seconds
        while True:
            holds = condition()
            if time.monotonic() >= deadline:
                return
            self.assertTrue(holds, what)
            time.sleep(0.1)

    def wait_requests(self, gateway, count, timeout=8.0):
        """Waits until the gateway has been asked so many times more."""
        target = gateway.counts.total + count
        self.wait(f"{count} more requests", lambda: gateway.counts.total >= target, timeout)

    def wait_polls(self, gateway, target, count, timeout=None):
        """Waits until this many more polls have begun, told by the request that begins each.

        The reply to the last of them may still be under way.
        """
        wanted = gateway.counts.requests[target] + count
        self.wait(f"{count} more polls of {target}",
                  lambda: gateway.counts.requests[target] >= wanted, timeout or 3.0 + 2 * count)


def _bound_to_row(method, row):
    def test(self):
        method(self, *row[1:])
    test.__doc__ = method.__doc__
    test.__dict__.update({k: v for k, v in vars(method).items() if k != "rows"})
    test.on_every_model = row[0] in getattr(method, "models_rows", ())
    return test


def matches(value, expected, places=2):
    """Equality; numbers as near as places decimals; a function decides by itself."""
    if callable(expected):
        return expected(value)
    if isinstance(expected, float) and isinstance(value, (int, float)):
        return abs(value - expected) < 0.5 * 10 ** -places + 1e-9
    return value == expected
