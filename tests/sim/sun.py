"""The simulated time of day, and what the sun does in it."""

import math
import threading
import time

DAY = 86400.0
SUNRISE = 6 * 3600.0
SUNSET = 20 * 3600.0
# Midnight of the simulation, as gateways with a clock of their own tell it.
EPOCH = 1_750_000_000 // 86400 * 86400


def seconds_of(text):
    """"13:30" or "13:30:15" as seconds since midnight."""
    parts = [float(part) for part in text.split(":")]
    return sum(part * scale for part, scale in zip(parts, (3600, 60, 1)))


class Sun:
    """A clock that stands still (speed 0), or runs at a multiple of real time, and its daylight.

    It stands still by default: a test then knows every value beforehand.
    """

    def __init__(self, start="12:00", speed=0.0):
        self._lock = threading.Lock()
        self._speed = float(speed)
        self._base = seconds_of(start)
        self._since = time.monotonic()

    def now(self):
        """Seconds since midnight of the first simulated day."""
        with self._lock:
            return self._now()

    def _now(self):
        return self._base + (time.monotonic() - self._since) * self._speed

    def set(self, text):
        """Jumps to a time of the present day."""
        with self._lock:
            self._base = self._now() // DAY * DAY + seconds_of(text)
            self._since = time.monotonic()

    def advance(self, seconds):
        with self._lock:
            self._base = self._now() + seconds
            self._since = time.monotonic()

    def run(self, speed):
        """From now on at this multiple of real time."""
        with self._lock:
            self._base = self._now()
            self._since = time.monotonic()
            self._speed = float(speed)

    def unix(self):
        """The same as a gateway's clock says it."""
        return EPOCH + int(self.now())


def daylight(now):
    """0..1, what a panel makes of its peak power: a smooth hill between sunrise and sunset."""
    x = (now % DAY - SUNRISE) / (SUNSET - SUNRISE)
    return (1 - math.cos(2 * math.pi * x)) / 2 if 0 < x < 1 else 0.0


def daylight_hours(now):
    """Integral of daylight() since midnight, in hours: counters follow from power exactly."""
    x = min(max((now % DAY - SUNRISE) / (SUNSET - SUNRISE), 0.0), 1.0)
    return (x - math.sin(2 * math.pi * x) / (2 * math.pi)) / 2 * (SUNSET - SUNRISE) / 3600


DAYLIGHT_HOURS_PER_DAY = daylight_hours(SUNSET)
