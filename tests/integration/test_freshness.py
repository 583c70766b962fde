"""How old a value is when the bus is told of it."""

import time

from tests.integration.case import PVINVERTER, BusTest, alone, each
from tests.integration.program import inverter, patience
from tests.sim import Ahoy, Fault, Inverter, OpenDtu

SERIALS = [f"11618200{n:04}" for n in range(10)]
THINKS = 0.5  # seconds, before each reply


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


class FreshnessTest(BusTest):

    def configure_for(self, dtu, **keys):
        self.configure({"Host": dtu.host, "HTTPTimeout": 2.5, "PollingInterval": 5000, **keys},
                       **{f"INVERTER{n}": inverter(20 + n, Serial=i.serial)
                          for n, i in enumerate(dtu.inverters)})

    @alone
    @each(("one", 1), ("four", 4), ("ten", 10))
    def test_pushed(self, count):
        """At once: most within milliseconds, whatever the polling interval."""
        dtu = self.opendtu(*[Inverter(s, s[-2:]) for s in SERIALS[:count]], pushes=True,
                           radio_seconds=1.0)
        self.configure_for(dtu)
        self.start()
        self.wait("messages", lambda: len(dtu.pushed) == count, 12.0)
        time.sleep(0.5)
        self.recorder.clear()
        dtu.pushed_at.clear()
        begin = time.monotonic()
        while time.monotonic() < begin + 6.0:
            self.sun.advance(30)  # other values each time
            time.sleep(0.2)
        waits = []
        for n, serial in enumerate(SERIALS[:count]):
            signals = self.recorder.signals(PVINVERTER % (20 + n))
            told = [s.when for s in signals]
            for when in [w for w, s in dtu.pushed_at if s == serial][:-1]:
                waits.append(min(t for t in told if t >= when) - when)
        self.assertGreaterEqual(len(waits), 4 * count)
        self.assertLess(percentile(waits, 0.5), 0.02 * patience(), waits)
        self.assertLess(percentile(waits, 0.95), 0.1 * patience(), waits)

    @alone
    @each(("opendtu", OpenDtu, {"shape": "v26"}, "/api/livedata/status?inv=%s"),
          ("opendtu_24", OpenDtu, {"shape": "v24.2.12"}, "/api/livedata/status?inv=%s"),
          ("ahoy", Ahoy, {"version": "0.8"}, "/api/inverter/id/%d"))
    def test_first_start(self, kind, options, target):
        """Ten inverters behind a slow DTU: each is shown with its own reply, not with the last one."""
        dtu = self.gateway(kind(self.sun, [Inverter(s, s[-2:]) for s in SERIALS], **options))
        dtu.fault = Fault("delay", seconds=THINKS)
        self.configure_for(dtu, DTU="ahoy" if kind is Ahoy else "opendtu")
        self.start()
        self.wait_names(*[PVINVERTER % (20 + n) for n in range(10)], timeout=12.0)
        asked = {target: when for when, target in reversed(dtu.counts.targets)}
        for n, serial in enumerate(SERIALS):
            appeared = self.recorder.appeared(PVINVERTER % (20 + n))
            replied = asked[target % (n if "%d" in target else serial)] + THINKS
            self.assertLess(appeared - replied, 0.2 * patience(), serial)
            self.assert_value(PVINVERTER % (20 + n), "/StatusCode", 7)
