"""Runs one driver through the parts of one scenario: figures by name."""

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass

from tests.bench import probe
from tests.bench.scene import FIRST_TARGETS, Scene
from tests.bench.traffic import POWER, Caller, Monitor, Watch
from tests.integration.bus import Bus, BusError, Client
from tests.integration.program import Program, binary

CALLS_PER_SECOND, HANG_CALLS_PER_SECOND = 20.0, 5.0
POLLS = 4  # at the least, in each window that counts something per poll
BARE_POLLS = 6
SETTLE = 2.5  # seconds until a driver has saved what it learnt from its first poll
IDLE_SECONDS = 4.0
START_PATIENCE = 60.0
SLOW_MOTION = 4.0  # by how much longer a start may take under callgrind


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


@dataclass(frozen=True)
class Driver:
    """Ours (command ""), or any other one that owns the same names."""

    label: str
    command: str = ""  # its place is a folder with a config.ini; {folder} is that one
    prepare: str = ""  # run there before


class Process(Program):
    """A driver in a folder of its own."""

    def __init__(self, driver, folder, bus_address):
        super().__init__(folder, bus_address)
        self._driver, self._folder, self._bus = driver, folder, bus_address
        if driver.prepare:
            subprocess.run(driver.prepare.replace("{folder}", folder), shell=True, check=True,
                           cwd=folder)

    def launch(self, prefix=()):
        """The time of its beginning."""
        if self._driver.command:
            arguments = shlex.split(self._driver.command.replace("{folder}", self._folder))
            environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": self._bus}
        else:
            # A copy: what lies in memory of it is shared with no other run.
            copy = os.path.join(self._folder, "dbus-opendtu")
            shutil.copy(original(symbols=bool(prefix)), copy)
            arguments = [copy, "run", "--config", self.config_path, "--state", self.state_path]
            environment = {"PATH": os.environ["PATH"], "DBUS_SESSION_BUS_ADDRESS": self._bus}
        with open(self.log_path, "ab") as log:
            begin = time.monotonic()
            self.process = subprocess.Popen([*prefix, *arguments], env=environment, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, cwd=self._folder)
        return begin

    @property
    def pid(self):
        return self.process.pid


def original(symbols=False):
    """Our program; for callgrind with its symbols, where they were kept."""
    unstripped = binary() + ".unstripped"
    return unstripped if symbols and os.path.exists(unstripped) else binary()


class Stage:
    """Gateways, a bus, everything that watches it, and the driver between them."""

    def __init__(self, scenario, driver):
        self.scenario, self.driver = scenario, driver
        self._stack = contextlib.ExitStack()
        keep = self._stack.enter_context
        self.folder = keep(tempfile.TemporaryDirectory(prefix="dtu-bench-"))
        self.scene = keep(Scene(scenario))
        self.bus = keep(contextlib.closing(Bus(self.folder)))
        self.monitor = keep(contextlib.closing(Monitor(self.bus)))
        self.client = keep(contextlib.closing(Client(self.bus)))
        self.caller = keep(contextlib.closing(Caller(self.bus, self.scene.services)))
        self.watch = Watch(self.monitor, self.scene.services)
        os.mkdir(self.path("driver"))
        self.process = Process(driver, self.path("driver"), self.bus.address)
        with open(self.process.config_path, "w", encoding="utf-8") as file:
            file.write(self.scene.configuration())

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.process.process is not None:
            self.process.stop()
        self._stack.close()

    def start(self, prefix=(), patience=START_PATIENCE):
        """Until each service has a value: seconds to (all names, all values)."""
        begin = self.process.launch(prefix)
        while len(self.watch.valued) < len(self.scene.services):
            if not self.process.running or time.monotonic() - begin > patience:
                raise RuntimeError(f"{self.scenario.name}: {self.driver.label} has values for "
                                   f"{len(self.watch.valued)} of {len(self.scene.services)} "
                                   f"services. Its log:\n{self.process.log()[-3000:]}")
            self.watch.update()
            self._ask_for_values()
            time.sleep(0.005)
        return (max(self.watch.owned.values()) - begin, max(self.watch.valued.values()) - begin)

    def _ask_for_values(self):
        """Values that were there before their name make no signal."""
        for service in self.watch.owned:
            if service not in self.watch.valued:
                with contextlib.suppress(BusError, TimeoutError):
                    if (self.client.value(service, POWER) or 0) > 0:
                        self.watch.note_value(service, time.monotonic())

    def settle(self):
        """Past what a driver does only once. One that asks without end never rests."""
        time.sleep(SETTLE)
        self.scene.wait_pushed()
        self.scene.wait_quiet()

    def connections_of_bench(self):
        # The monitor has none any more.
        return {self.caller.unique_name, self.client.unique_name}

    def snapshot(self):
        return Snapshot(self.process.pid, self.scene)


class Snapshot:
    """Everything that counts up, at one time."""

    def __init__(self, pid, scene):
        self.when = time.monotonic()
        self.clock = time.time()
        self.cpu = probe.cpu_seconds(pid)
        self.voluntary, self.involuntary = probe.switches(pid)
        self.polls = scene.polls()
        self.requests, self.connections, self.bytes = scene.traffic()


def polls_handled(stage, before, after):
    """What is pushed counts when it is told of."""
    if not stage.scenario.push or stage.driver.command:
        return after.polls - before.polls
    messages, _ = stage.watch.messages(before.when, after.when, stage.connections_of_bench())
    return messages / stage.scenario.inverters * len(stage.scene.gateways)


# --- the parts --------------------------------------------------------------------------------

def measure_cost(stage):
    """The window in which nobody disturbs the driver."""
    scenario, scene = stage.scenario, stage.scene
    before = stage.snapshot()
    scene.wait_polls(POLLS, scenario.seconds)
    after = stage.snapshot()
    seconds, polls = after.when - before.when, after.polls - before.polls
    cpu, wakes = after.cpu - before.cpu, after.voluntary - before.voluntary
    messages, size = stage.watch.messages(before.when, after.when, stage.connections_of_bench())
    cycles = polls / len(scene.gateways)
    published = stage.watch.published(before.when, after.when)
    fresh = scene.freshness(published, before.when + scenario.interval_ms / 1000, after.when)
    pushed = ([] if stage.driver.command or not scenario.push
              else [1000 * s for s in scene.push_delays(published)])
    return {
        "polls": polls, "seconds": seconds,
        "cpu_s_per_hour": cpu * 3600 / seconds, "cpu_ms_per_poll": cpu * 1000 / polls,
        "wakes_per_minute": wakes * 60 / seconds, "wakes_per_poll": wakes / polls,
        "http_requests": (after.requests - before.requests) / polls,
        "http_connections": (after.connections - before.connections) / polls,
        "http_bytes": (after.bytes - before.bytes) / polls,
        "dbus_messages": messages / cycles, "dbus_bytes": size / cycles,
        **measure_memory(stage),
        "fresh_p50_s": percentile(fresh, 0.5) if fresh else None,
        "fresh_p99_s": percentile(fresh, 0.99) if fresh else None,
        "push_p50_ms": percentile(pushed, 0.5) if pushed else None,
        "push_p95_ms": percentile(pushed, 0.95) if pushed else None,
    }


def measure_memory(stage):
    rss, pss = probe.memory_kib(stage.process.pid)
    return {"rss_kib": rss, "pss_kib": pss}


def measure_calls(stage, seconds, rate, name):
    took, unanswered, bus = stage.caller.run(seconds, rate)
    return {f"{name}_bus_p99_ms": percentile(bus, 0.99), f"{name}_p50_ms": percentile(took, 0.5), f"{name}_p99_ms": percentile(took, 0.99),
            f"{name}_max_ms": max(took), f"{name}_unanswered": unanswered}


def measure_syscalls(stage):
    if not probe.have("strace"):
        return {}
    scene, file = stage.scene, stage.path("strace")
    with probe.strace(stage.process.pid, file):
        scene.wait_polls(1, 0.0)  # what it waited in when strace came is shown by another name
        before = stage.snapshot()
        scene.wait_polls(POLLS, 0.0)
        after = stage.snapshot()
    calls, by_timer = probe.count_syscalls(file, before.clock, after.clock)
    polls = polls_handled(stage, before, after)
    intervals = (after.when - before.when) * 1000 / stage.scenario.interval_ms * len(scene.gateways)
    return {"syscalls": sum(calls.values()) / polls, "timer_wakes": by_timer / intervals,
            "waits": sum(calls[name] for name in probe.WAITING) / polls,
            "syscall_names": {name: count / polls for name, count in calls.most_common()}}


def measure_hang(stage):
    stage.scene.hang()
    figures = measure_calls(stage, stage.scenario.hang_s, HANG_CALLS_PER_SECOND, "hang")
    if not stage.process.running:
        figures["ended"] = True
    return figures


def measure_bare(stage):
    """CPU of the same requests made by a client that does nothing else."""
    scene, program = stage.scene, stage.path("bare_client")
    if not probe.have("cc"):
        return {}
    subprocess.run(["cc", "-O2", "-o", program,
                    os.path.join(os.path.dirname(__file__), "bare_client.c")], check=True)
    gateway = scene.gateways[0]
    seen = len(gateway.counts.targets)
    stage.process.stop()
    targets = [t for _, t in gateway.counts.targets[:seen] if t != "/livedata"]
    begins = [n for n, target in enumerate(targets) if target in FIRST_TARGETS]
    cycle = targets[begins[-2]:begins[-1]]  # the last whole one
    done = subprocess.run(
        [program, str(gateway.port), str(BARE_POLLS), str(stage.scenario.interval_ms), *cycle],
        check=True, capture_output=True, text=True)
    return {"bare_cpu_ms": float(done.stdout)}


def measure_restart(stage):
    """As each start but the very first: with what it has learnt."""
    stage.process.stop()
    stage.watch = Watch(stage.monitor, stage.scene.services, time.monotonic())
    names, values = stage.start()
    return {"restart_names_s": names, "restart_values_s": values}


def count_exactly(scenario, driver, wait):
    """(instructions, allocations or None, snapshot before, after) of what wait(stage) waits for."""
    with Stage(scenario, driver) as stage:
        stage.start(probe.callgrind(stage.folder), START_PATIENCE * SLOW_MOTION)
        stage.settle()
        pid, before = stage.process.pid, stage.snapshot()
        probe.callgrind_tell(pid, "--dump=start")
        wait(stage)
        probe.callgrind_tell(pid, "--dump=window")
        after = stage.snapshot()
        polls = polls_handled(stage, before, after)
        _, _, named = probe.read_callgrind(stage.path("callgrind.1"))
        instructions, allocations, _ = probe.read_callgrind(stage.path("callgrind.2"))
    return instructions, allocations if named else None, polls


def measure_exactly(scenario, driver):
    if not probe.have("valgrind", "callgrind_control"):
        return {}
    instructions, allocations, polls = count_exactly(
        scenario.slowed(), driver, lambda stage: stage.scene.wait_polls(POLLS, 0.0))
    return {"instructions": instructions / polls, "exact_polls": polls,
            "allocations": None if allocations is None else allocations / polls}


def measure_idle(scenario, driver):
    """Per second, after the first poll of an hour."""
    idle = scenario.idle()
    figures = {}
    with Stage(idle, driver) as stage:
        stage.start()
        stage.settle()
        before = stage.snapshot()
        time.sleep(IDLE_SECONDS)
        after = stage.snapshot()
        figures["idle_wakes"] = (after.voluntary - before.voluntary) / IDLE_SECONDS
        figures["idle_cpu_ms"] = (after.cpu - before.cpu) * 1000 / IDLE_SECONDS
        if probe.have("strace"):
            with probe.strace(stage.process.pid, stage.path("strace")):
                begin = time.time()
                time.sleep(IDLE_SECONDS)
                end = time.time()
            calls, _ = probe.count_syscalls(stage.path("strace"), begin, end)
            figures["idle_syscalls"] = sum(calls.values()) / IDLE_SECONDS
    if probe.have("valgrind", "callgrind_control"):
        _, allocations, _ = count_exactly(idle, driver, lambda _stage: time.sleep(IDLE_SECONDS))
        figures["idle_allocations"] = None if allocations is None else allocations / IDLE_SECONDS
    return figures


def measure(scenario, driver):
    """All figures of one driver in one scenario. A part that fails says so under "failed"."""
    figures, parts = {}, scenario.parts
    try:
        with Stage(scenario, driver) as stage:
            names, values = stage.start()
            figures.update(start_names_s=names, start_values_s=values)
            stage.settle()
            for part, run in (
                    ("memory", measure_memory), ("cost", measure_cost),
                    ("calls", lambda s: measure_calls(s, scenario.calls_s, CALLS_PER_SECOND, "call")),
                    ("syscalls", measure_syscalls), ("restart", measure_restart),
                    ("bare", measure_bare)):
                if part in parts:
                    stage.scene.wait_quiet()
                    figures.update(run(stage))
        if "hang" in parts:
            with Stage(scenario, driver) as stage:
                stage.start()
                figures.update(measure_hang(stage))
        if "exact" in parts:
            figures.update(measure_exactly(scenario, driver))
        if "idle" in parts and not driver.command:
            figures.update(measure_idle(scenario, driver))
    except Exception as error:  # whatever it is: the other rows are still worth having
        figures["failed"] = f"{type(error).__name__}: {error}"
    if not driver.command:
        figures["binary_kib"] = os.path.getsize(binary()) / 1024
    return figures
