"""scenarios.ini as a list of scenarios."""

import configparser
import os
from dataclasses import dataclass, replace

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios.ini")
PARTS = ("start", "memory", "cost", "calls", "syscalls", "restart", "bare", "hang", "exact", "idle")
GATEWAYS = ("opendtu", "ahoy", "template", "mixed")
HOUR_MS = 3600 * 1000


@dataclass(frozen=True)
class Scenario:
    """One row of numbers; see scenarios.ini for what they mean."""

    name: str
    family: str  # the section
    gateway: str
    firmware: str
    inverters: int
    push: bool
    delay_ms: int
    interval_ms: int
    radio_ms: int
    seconds: float
    calls_s: float
    hang_s: float
    parts: tuple
    other: bool
    quick: bool

    def idle(self):
        """The same with nothing to do after the first poll."""
        return replace(self, interval_ms=HOUR_MS)

    def slowed(self):
        """With time enough for a cycle where everything takes fifty times as long."""
        return replace(self, interval_ms=max(self.interval_ms, 50 * self.inverters))

    def shortened(self):
        return replace(self, seconds=min(self.seconds, 5.0), calls_s=min(self.calls_s, 3.0),
                       hang_s=min(self.hang_s, 4.0))


def _of_section(name, keys):
    counts = keys["inverters"].split()
    parts = tuple(keys["parts"].split())
    if set(parts) - set(PARTS) or keys["gateway"] not in GATEWAYS:
        raise ValueError(f"[{name}]: parts are {', '.join(PARTS)}; gateways {', '.join(GATEWAYS)}")
    for count in counts:
        yield Scenario(
            f"{name}-{count}" if len(counts) > 1 else name, name, keys["gateway"],
            keys["firmware"], int(count), keys.getboolean("push", True), keys.getint("delay_ms"),
            keys.getint("interval_ms"), keys.getint("radio_ms", 0), keys.getfloat("seconds"), keys.getfloat("calls_s"), keys.getfloat("hang_s"), parts,
            keys.getboolean("other"), keys.getboolean("quick"))


def read(path=FILE):
    parser = configparser.ConfigParser(interpolation=None)
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    return [s for name in parser.sections() for s in _of_section(name, parser[name])]


def choose(scenarios, only="", quick=False):
    """only: names or sections, parted by commas; quick: the marked ones, with short windows,
    which a full run leaves out."""
    wanted = [word for word in only.split(",") if word]
    unknown = [w for w in wanted if not any(w in (s.name, s.family) for s in scenarios)]
    if unknown:
        raise ValueError(f"no such scenario: {', '.join(unknown)}")
    if wanted:
        scenarios = [s for s in scenarios if s.name in wanted or s.family in wanted]
    else:
        scenarios = [s for s in scenarios if s.quick == quick]
    return [s.shortened() for s in scenarios] if quick else scenarios
