"""The program under test as a process: which one, its configuration, its log, its end."""

import functools
import os
import shlex
import signal
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Settings that make a test short: the fastest polling there is, little patience, no long back-off.
DEFAULTS = {
    "DTU": "opendtu",
    "PollingInterval": 1000,
    "HTTPTimeout": 1,
    "RetryAfterSeconds": 1,
    "ErrorMode": "retrycount",
    "MinRetriesUntilFail": 2,
    "Logging": "INFO",
}
ENDS_WITHIN = 3.0  # seconds after SIGTERM; to wait for a gateway takes 30, in test_terminate
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
              "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=98"}


def binary():
    """The program to test."""
    default = os.path.join(ROOT, "build", "x86_64-release", "dbus-opendtu")
    return os.path.abspath(os.environ.get("DTU_BINARY") or default)


def command():
    """How it is started: itself, or under an emulator (DTU_RUNNER)."""
    return shlex.split(os.environ.get("DTU_RUNNER", "")) + [binary()]


def emulated():
    """A test process runs tests of several processors one after another: to be asked in the test, not before."""
    return bool(os.environ.get("DTU_RUNNER"))


def only_where(condition, reason):
    """Skips a test unless condition() holds when it begins."""
    def mark(test):
        @functools.wraps(test)
        def begin(self, *arguments):
            if not condition():
                self.skipTest(reason)
            return test(self, *arguments)
        return begin
    return mark


def patience():
    """By how much slower than a native release build the program may be."""
    return float(os.environ.get("DTU_PATIENCE") or 1.0)


def crowding():
    """By how much longer something may take since others work on this machine as well: 1 to 4."""
    return min(4.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def ini(default, sections):
    """Text of a config.ini: [DEFAULT], then each section with its keys."""
    parts = []
    for name, keys in {"DEFAULT": default, **sections}.items():
        parts.append(f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items()))
    return "\n".join(parts)


def inverter(instance, phase="L1", kind="pvinverter", **keys):
    """Keys of an [INVERTERn]."""
    return {"Phase": phase, "DeviceInstance": instance, "AcPosition": 1,
            "Servicename": f"com.victronenergy.{kind}", **keys}


def template(instance, host, path, phase="L1", kind="pvinverter", **keys):
    """Keys of a [TEMPLATEn]."""
    return {"Host": host, "CUST_SN": f"T{instance}", "CUST_API_PATH": path, "CUST_POLLING": 1000,
            "Phase": phase, "DeviceInstance": instance, "AcPosition": 0,
            "Name": f"Meter {instance}", "Servicename": f"com.victronenergy.{kind}", **keys}


class Program:
    """`dbus-opendtu run` with a configuration and a state of its own."""

    def __init__(self, folder, bus_address, name="log"):
        self.config_path = os.path.join(folder, "config.ini")
        self.state_path = os.path.join(folder, "state.json")
        self.log_path = os.path.join(folder, name)
        self._bus_address = bus_address
        self.process = None

    def start(self, *options, prefix=(), environment=None, stderr=None, program=None):
        """prefix: a command that sets up a place for it to run in; stderr: in place of the log; program: of another build."""
        arguments = [*prefix, *([program] if program else command()), "run", "--config", self.config_path,
                     "--state", self.state_path, *options]
        environ = {"PATH": os.environ["PATH"], "DBUS_SESSION_BUS_ADDRESS": self._bus_address,
                   **SANITIZERS, **(environment or {})}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(arguments, env=environ, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log if stderr is None else stderr,
                                            cwd=os.path.dirname(self.config_path))
        return self

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, timeout=5.0):
        """Ends it. Returns (exit code, seconds that it took); kills it when it does not end."""
        begin = time.monotonic()
        if self.running:
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout * patience())
        except subprocess.TimeoutExpired:
            self.kill()
            code = None
        return code, time.monotonic() - begin

    def kill(self):
        """As a power cut does it."""
        if self.running:
            self.process.kill()
        self.process.wait()

    def log(self):
        """Everything that it wrote, in all of its lives."""
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def lines(self, *words):
        """Log lines that hold all of these words, in whatever case."""
        return [line for line in self.log().splitlines()
                if all(word.lower() in line.lower() for word in words)]
