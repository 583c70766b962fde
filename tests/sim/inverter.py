"""A simulated inverter: what it would measure, independent of who asks it and how."""

import time
from dataclasses import dataclass, field, replace

from tests.sim.limits import Obedience
from tests.sim.sun import DAY, DAYLIGHT_HOURS_PER_DAY, daylight, daylight_hours

EFFICIENCY = 0.955
# What the fields of a packet say when they are all ones: 16 bits in steps of 0.1 V, 0.01 A, 0.1 W.
END_OF_RANGE = {"power": 6553.5, "voltage": 6553.5, "current": 655.35}


@dataclass
class StringReading:
    """One DC input."""

    name: str = ""
    voltage: float = 0.0
    current: float = 0.0
    power: float = 0.0
    yield_day: float = 0.0  # Wh
    yield_total: float = 0.0  # kWh
    irradiation: float = 0.0  # %


@dataclass
class Reading:
    """One measurement. voltage is line to neutral, current that of one phase."""

    power: float = 0.0
    voltage: float = 0.0
    current: float = 0.0
    frequency: float = 0.0
    power_factor: float = 0.0
    reactive_power: float = 0.0
    temperature: float = 0.0
    efficiency: float = 0.0
    dc_power: float = 0.0
    yield_day: float = 0.0  # Wh
    yield_total: float = 0.0  # kWh
    strings: list = field(default_factory=list)

    def zeroed(self):
        """What a gateway tells that has only just started: zeros everywhere, as many strings."""
        return Reading(strings=[StringReading(name=s.name) for s in self.strings])


class Inverter:
    """Values follow the sun; fix() pins them, at night they freeze, after a reboot they are 0.

    Each reply of its gateway tells a packet heard `age` seconds before, another one than the reply before:
    but after hold() the gateway has not heard it since, and tells the same packet again and again.
    """

    def __init__(self, serial, name, strings=2, phases=1, peak=None, base_kwh=100.0):
        self.serial = serial
        self.name = name
        self.strings = strings
        self.phases = phases
        self.peak = peak if peak is not None else 400.0 * strings  # AC watts
        self.base_kwh = base_kwh  # lifetime counter at the first midnight
        self.enabled = True
        self.reachable = True
        self.producing = True
        self._age = 2
        self._held_since = None
        self.rebooted = False
        self._fixed = None
        self.obedience = Obedience(self.peak)

    @property
    def max_power(self):
        return int(self.peak)

    @property
    def age(self):
        """Seconds since the gateway last heard it."""
        return self._age + (time.monotonic() - self._held_since if self._held_since else 0)

    @age.setter
    def age(self, seconds):
        self._age = seconds

    def flutter(self, power_factor):
        """What makes two packets of one hour differ at all: its last digit, but for a packet that is held."""
        step = 0 if self._held_since or not power_factor else int(time.monotonic() * 4) % 3
        return round(power_factor + (step if power_factor < 0.998 else -step) / 1000, 3)

    def hold(self, **values):
        """A packet has just come that said this (see fix()), and none comes any more."""
        self._age, self._held_since = 0, time.monotonic()
        self.fix(**values)

    def hear(self):
        """Packets come again; what they say is still pinned."""
        self._age = 2
        self._held_since = None

    @property
    def is_held(self):
        return self._held_since is not None

    def fix(self, **values):
        """Pins the measurement to what the sun gives by default, with these values replaced."""
        base = self._fixed or self._from_sun(12 * 3600.0)
        self._fixed = replace(base, **values)
        return self

    def follow_sun(self):
        self._fixed = None

    def night(self, now):
        """The gateway cannot hear it: values freeze as they were, as real gateways keep them."""
        self._fixed = self.reading(now)
        self.reachable = False
        self.age = 900

    def morning(self):
        self._fixed = None
        self.reachable = True
        self.age = 2

    def restart(self):
        """It has been without DC for a moment, as each night: its limit is gone."""
        self.obedience.lose()

    def _limited(self, measured):
        """At most what its limit allows; the counters are left as the sun makes them."""
        most = self.obedience.now()
        if measured.power <= most or most >= self.peak:  # all that it can, and what a test pins
            return measured
        share = most / measured.power
        strings = [replace(s, power=round(s.power * share, 1), current=round(s.current * share, 2))
                   for s in measured.strings]
        return replace(measured, power=round(most, 1), current=round(measured.current * share, 2),
                       dc_power=round(measured.dc_power * share, 1), strings=strings)

    def reading(self, now):
        measured = self._limited(self._fixed or self._from_sun(now))
        return measured.zeroed() if self.rebooted else measured

    def _from_sun(self, now):
        strings = [self._string(n, now) for n in range(self.strings)]
        dc_power = round(sum(s.power for s in strings), 1)
        voltage = round(229.0 + 4.0 * daylight(now), 1)
        power = round(dc_power * EFFICIENCY, 1)
        return Reading(
            power=power,
            voltage=voltage,
            current=round(power / self.phases / voltage, 2),
            frequency=50.01,
            power_factor=1.0,
            reactive_power=0.2,
            temperature=round(12.0 + 25.0 * daylight(now), 1),
            efficiency=round(EFFICIENCY * 100, 1) if power else 0.0,
            dc_power=dc_power,
            yield_day=round(sum(s.yield_day for s in strings)),
            yield_total=round(sum(s.yield_total for s in strings), 3),
            strings=strings)

    def _string(self, n, now):
        """Strings differ a little, so that mixed-up ones are seen."""
        light = daylight(now)
        peak = self.peak / EFFICIENCY / self.strings * (1.0 - 0.05 * n)
        voltage = round(31.0 + n + 3.0 * light, 1) if light else 0.0
        power = round(peak * light, 1)
        per_day = peak * DAYLIGHT_HOURS_PER_DAY / 1000
        today = peak * daylight_hours(now) / 1000
        total = self.base_kwh / self.strings + now // DAY * per_day + today
        return StringReading(
            name=f"Panel {n + 1}",
            voltage=voltage,
            current=round(power / voltage, 2) if voltage else 0.0,
            power=power,
            yield_day=round(today * 1000),
            yield_total=round(total, 3),
            irradiation=round(100 * light, 1))
