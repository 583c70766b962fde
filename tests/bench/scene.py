"""The simulated gateways of a scenario, and the configuration that leads a driver to them."""

import time
from bisect import bisect_left, bisect_right

from tests.integration.program import ini
from tests.sim import Ahoy, Fault, Generic, Inverter, OpenDtu, Sun

FIRST_INSTANCE = 20
BEHIND_ONE_DTU = 64
SPEED = 60.0  # a minute of the day in each second: every reply has other values
STEP = 0.2  # seconds for which values stand still, so that a value tells when it was made
# The requests that begin a cycle.
FIRST_TARGETS = ("/api/livedata/status", "/api/live", "/state")
QUIET = 0.25  # seconds without a request, beyond the gateway's own delay: a cycle has ended


class StepSun(Sun):
    """A running day whose time goes on in steps."""

    def now(self):
        width = STEP * SPEED
        return super().now() // width * width

    def moment(self, now):
        """The monotonic time at which now() began to return this."""
        return self._since + (now - self._base) / SPEED


class NotedInverter(Inverter):
    """Knows afterwards which power it had when. heard: the last time of the day before one at which
    the DTU heard it."""

    def __init__(self, *args, heard, **options):
        super().__init__(*args, **options)
        self._heard = heard
        self._cached = (None, None)
        self.powers = {}  # power -> time of the day

    def reading(self, now):
        now = self._heard(now)
        if self._cached[0] != now:
            self._cached = (now, super().reading(now))
            self.powers.setdefault(self._cached[1].power, now)
        return self._cached[1]


class Scene:
    """Gateways that run; what they were asked."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.sun = StepSun("07:00", SPEED)
        self.inverters = [NotedInverter(f"1141829{n:05}", f"Roof {n}", heard=self._radio(n))
                          for n in range(scenario.inverters)]
        # Of "mixed", half of them; then those that are gateways by themselves.
        self.behind_dtu = {"template": 0, "mixed": scenario.inverters // 2}.get(
            scenario.gateway, scenario.inverters)
        if self.behind_dtu > BEHIND_ONE_DTU:
            raise ValueError(f"{scenario.name}: at most {BEHIND_ONE_DTU} inverters of one DTU")
        self.gateways = self._dtu() + [
            Generic({"/state": lambda _request, i=inverter: self._state(i)})
            for inverter in self.inverters[self.behind_dtu:]]
        self._delay()

    def _radio(self, n):
        """When the DTU heard the n-th inverter last, one after the other getting its turn."""
        width = self.scenario.radio_ms / 1000 * SPEED
        turn = width * self.scenario.inverters
        return lambda now: (now - n * width) // turn * turn + n * width if turn else now

    def _dtu(self):
        inverters = self.inverters[:self.behind_dtu]
        if not inverters:
            return []
        if self.scenario.gateway == "ahoy":
            return [Ahoy(self.sun, inverters, version=self.scenario.firmware)]
        # Without a radio, each inverter has something new as often as it would be polled.
        period = 0 if self.scenario.radio_ms else self.scenario.interval_ms / 1000
        return [OpenDtu(self.sun, inverters, shape=self.scenario.firmware, pushes=True,
                        radio_seconds=period)]

    def _state(self, inverter):
        """What a smart plug says."""
        reading = inverter.reading(self.sun.now())
        return {"power": reading.power, "voltage": reading.voltage, "current": reading.current,
                "energy": {"total": reading.yield_total}}

    def _delay(self):
        delay = self.scenario.delay_ms / 1000
        for gateway in self.gateways:
            gateway.fault = Fault("delay", seconds=delay) if delay else None

    def hang(self):
        for gateway in self.gateways:
            gateway.fault = Fault("hang")

    def __enter__(self):
        for gateway in self.gateways:
            gateway.start()
        return self

    def __exit__(self, *_exception):
        for gateway in self.gateways:
            gateway.stop()

    # --- the configuration --------------------------------------------------------------------

    @property
    def services(self):
        """Names on the bus, in the order of the inverters."""
        return [f"com.victronenergy.pvinverter.http_{FIRST_INSTANCE + n}"
                for n in range(len(self.inverters))]

    def configuration(self):
        """With all keys that drivers of today ask for, even where ours would do without."""
        s, first = self.scenario, self.behind_dtu
        dtu = "template" if not first else "ahoy" if s.gateway == "ahoy" else "opendtu"
        default = {
            "SignOfLifeLog": 1, "NumberOfInvertersToQuery": 0,
            "NumberOfTemplates": s.inverters - first, "DTU": dtu, "useYieldDay": 0,
            "ESP8266PollingIntervall": s.interval_ms, "PollingInterval": s.interval_ms,
            "Logging": "ERROR", "MaxAgeTsLastSuccess": 600, "DryRun": 0,
            "Push": int(s.push), "Host": self.gateways[0].host, "HTTPTimeout": 2.5, "Username": "", "Password": "",
            "DigestAuth": "False",
        }
        sections = {f"INVERTER{n}": self._common(n) for n in range(first)}
        sections.update({f"TEMPLATE{n - first}": {**self._common(n), **self._template(n)}
                         for n in range(first, s.inverters)})
        return ini(default, sections)

    @staticmethod
    def _common(n):
        return {"Phase": "L1", "DeviceInstance": FIRST_INSTANCE + n, "AcPosition": 1,
                "Servicename": "com.victronenergy.pvinverter"}

    def _template(self, n):
        return {"Host": self.gateways[n - len(self.inverters)].host, "Username": "",
                "Password": "", "DigestAuth": "False", "CUST_SN": self.inverters[n].serial,
                "CUST_API_PATH": "state", "CUST_POLLING": self.scenario.interval_ms,
                "CUST_Power": "power", "CUST_Power_Mult": 1, "CUST_Total": "energy/total",
                "CUST_Total_Mult": 1, "CUST_Voltage": "voltage", "CUST_Current": "current",
                "Name": self.inverters[n].name}

    # --- what was asked -----------------------------------------------------------------------

    def polls(self):
        """Cycles that have begun, of all gateways together, and rounds of what they push."""
        return sum(sum(gateway.counts.requests[target] for target in FIRST_TARGETS) +
                   self._rounds(gateway) for gateway in self.gateways)

    def _rounds(self, gateway):
        pushed = getattr(gateway, "pushed", {})
        return pushed.get(self.inverters[0].serial, 0)

    def traffic(self):
        """(requests, connections, bytes) so far."""
        counts = [gateway.counts for gateway in self.gateways]
        return (sum(c.total for c in counts), sum(c.connections for c in counts),
                sum(c.bytes for c in counts))

    def last_request(self):
        times = [g.counts.targets[-1][0] for g in self.gateways if g.counts.targets]
        return max(times, default=0.0)

    def wait_quiet(self):
        """Until every cycle under way has ended; not for ever with one who asks without end."""
        pause = QUIET + self.scenario.delay_ms / 1000
        deadline = time.monotonic() + min(2 * self.scenario.interval_ms / 1000, 12.0) + pause
        while time.monotonic() < deadline and time.monotonic() - self.last_request() < pause:
            time.sleep(0.02)

    def wait_pushed(self):
        """Where a driver listens: until it has heard of each inverter, and need not ask any more."""
        for gateway in self.gateways:
            if not gateway.counts.requests["/livedata"] or not gateway.pushes:
                continue
            deadline = time.monotonic() + 15.0
            while len(gateway.pushed) < len(gateway.inverters) and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(self.scenario.interval_ms / 1000)

    def wait_polls(self, count, seconds):
        """Until so many more polls of each gateway, and so many seconds; then until all is quiet."""
        begin, polls = time.monotonic(), self.polls()
        patience = seconds + (count + 1) * self.scenario.interval_ms / 1000 * 3
        while (time.monotonic() - begin < seconds or
               self.polls() - polls < count * len(self.gateways)):
            if time.monotonic() - begin > patience:
                raise RuntimeError(f"{self.scenario.name}: the gateways are not asked")
            time.sleep(0.02)
        self.wait_quiet()

    # --- freshness ----------------------------------------------------------------------------

    def freshness(self, published, begin, end):
        """Seconds from each new value of each inverter to the first signal that has it or a newer.

        published: (when, place of the service, power), in the order of time.
        """
        delays = []
        for place, inverter in enumerate(self.inverters):
            # copied: the gateways' threads go on
            made = dict(inverter.powers)
            steps = [(self.sun.moment(made[power]), when) for when, where, power in published
                     if where == place and power in made]
            delays += _delays(sorted(steps), begin, end)
        return delays


    def push_delays(self, published):
        """Seconds from the message that a gateway pushed about an inverter to the signal that came of it."""
        pushed = {}
        for gateway in self.gateways:
            for when, serial in list(getattr(gateway, "pushed_at", ())):
                pushed.setdefault(serial, []).append(when)
        for when, place, _ in published:
            messages = pushed.get(self.inverters[place].serial, [])
            before = bisect_right(messages, when)
            if before:
                yield when - messages[before - 1]


def _delays(steps, begin, end):
    """steps: (when its value was made, when the signal came)."""
    made = [step for step, _ in steps]
    k = begin
    while steps and k < min(end, made[-1]):
        yield steps[bisect_left(made, k)][1] - k
        k += STEP
