"""OpenDTU, in each of the shapes that its live data has had.

    shape       firmware                 what is asked
    2022-10     to 2022-11               a bare array, channels "0", "1".. flat
    2022-11     2022-11 to 2023-02       {"inverters": [..]}, channels flat
    v24.1       2023-02 to v24.1.26      each inverter with AC, DC, INV; one reply with all
    v24.2.12    v24.2.12 to 2025         a summary, then ?inv=SERIAL for each
    v26         today                    the same, with data_age_ms and radio_stats
"""

import base64
import hashlib
import time
from collections import Counter

from tests.sim.limits import OpenDtuLimits
from tests.sim.plant import Plant
from tests.sim.web import Response

SHAPES = ("2022-10", "2022-11", "v24.1", "v24.2.12", "v26")
SQRT3 = 3 ** 0.5
GIT_HASH = {"2022-10": "b4c1b3e", "2022-11": "88ad68b", "v24.1": "v24.1.26",
            "v24.2.12": "v24.2.12", "v26": "v26.3.30"}
WEBSOCKET_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def quantity(value, unit, digits, shape=None):
    """A value as OpenDTU writes it; digits came with the second shape."""
    item = {"v": value, "u": unit}
    if shape != "2022-10":
        item["d"] = digits
    return item


class OpenDtu(Plant):
    """battery=True adds the keys of OpenDTU-OnBattery; delay_ms is asked of every reply.

    pushes: whether there is a WebSocket; on it each inverter comes once in radio_seconds (0: whenever
    it is another reading than before, LOOK seconds after the last at the soonest), and RESEND seconds
    after the last at the latest, for the firmware looks once in LOOK whether that was more than 10 s ago;
    push_auth is asked for there in place of auth.
    limits: options of the limit part, see OpenDtuLimits.
    flood: bytes that come there in place of all that, again and again, as fast as they are taken.
    """

    RESEND, LOOK = 11.0, 1.0

    def __init__(self, sun, inverters, shape="v26", battery=False, pushes=False, radio_seconds=5.0,
                 push_auth=None, limits=None, **options):
        super().__init__(sun, inverters, **options)
        if shape not in SHAPES:
            raise ValueError(f"no such shape: {shape}")
        self.shape, self.battery = shape, battery
        self.hostname = "OpenDTU-Sim"
        # True: the DTU has no time yet, does not reach its radio, has the password that all have.
        self.hints = {"time_sync": False, "radio_problem": False, "default_password": False}
        self.pushes, self.radio_seconds, self.push_auth = pushes, radio_seconds, push_auth
        self.pushed = Counter()  # messages by the serial of their inverter
        self.pushed_not = set()  # serials of which nothing is pushed
        self.pushed_at = []  # (monotonic time, serial) of each message about one inverter
        self.flood = b""
        self.limits = OpenDtuLimits(**(limits or {}))

    @property
    def version(self):
        return GIT_HASH[self.shape]

    # --- pages --------------------------------------------------------------------------------

    def page(self, request, change=lambda inverter: inverter):
        if request.path == "/api/livedata/status":
            return Response.json(self._live(request.query.get("inv"), change))
        if request.path == "/api/system/status":
            return Response.json({"hostname": self.hostname, "git_hash": self.version,
                                  "uptime": self.uptime, "sketch_used": 1447664})
        if self.shape != "2022-10":
            reply = self.limits.page(request, [i for i in self.inverters if i is not None])
            if reply is not None:
                return reply
        if request.path == "/api/devinfo/status":
            return Response.json(self._device_info(request.query.get("inv")))
        return None

    def degraded(self, kind, request):
        if kind == "empty":
            empty = [] if self.shape == "2022-10" else {"inverters": []}
            live = request.path == "/api/livedata/status"
            return Response.json(empty) if live else self.page(request)
        return self.page(request, change=self._without_ac)

    @staticmethod
    def _without_ac(inverter):
        """The whole AC side is missing, as seen from a half-read inverter."""
        return {key: value for key, value in inverter.items() if key not in ("AC", "INV", "0")}

    def readings(self):
        self.limits.settle([i for i in self.inverters if i is not None])
        return super().readings()

    def _live(self, wanted, change):
        readings = self.readings()
        if self._summary_first and wanted is None:
            entries = [self._common(*entry) for entry in readings]
        else:
            chosen = [e for e in readings if not self._summary_first or e[1].serial == wanted]
            entries = [change(self._full(*entry)) for entry in chosen]
        return self._wrapped(entries)

    def _wrapped(self, entries):
        """Entries with what stands around them."""
        if self.shape == "2022-10":
            return entries
        live = {"inverters": entries, "total": self._total([r for _, _, r in self.readings()])}
        if self.shape in ("v24.1", "v24.2.12", "v26"):
            live["hints"] = dict(self.hints)
        if self.battery:
            live.update(self._on_battery())
        return live

    @property
    def _summary_first(self):
        return self.shape in ("v24.2.12", "v26")

    def _device_info(self, serial):
        known = next((i for _, i, _ in self.readings() if i.serial == serial), None)
        if known is None:
            return {"valid_data": False, "hw_model_name": "", "max_power": 0}
        return {"valid_data": True, "hw_model_name": f"HM-{known.max_power}",
                "max_power": known.max_power}

    # --- parts of the live data ---------------------------------------------------------------

    def _common(self, place, inverter, _reading):
        entry = {"serial": inverter.serial, "name": inverter.name}
        if self._summary_first:
            entry["order"] = place
        age = inverter.age
        entry["data_age"] = int(age)
        if self.shape == "v26":
            entry["data_age_ms"] = int(age * 1000) + 34
        if self._summary_first:
            entry["poll_enabled"] = inverter.enabled
        entry["reachable"] = inverter.reachable
        entry["producing"] = inverter.producing and not inverter.obedience.off
        if self.shape != "2022-10":
            relative = self.limits.relative(inverter)
            entry["limit_relative"] = relative
            entry["limit_absolute"] = round(relative * inverter.max_power / 100, 1)
        if self.shape == "v26":
            entry["radio_stats"] = {"tx_request": 1201, "tx_re_request": 33, "rx_success": 1180,
                                    "rx_fail_nothing": 15, "rx_fail_partial": 6,
                                    "rx_fail_corrupt": 0, "rssi": -64}
        return entry

    def _full(self, place, inverter, reading):
        entry = self._common(place, inverter, reading)
        channels = {str(n): self._string(s) for n, s in enumerate(reading.strings)}
        if self.shape in ("2022-10", "2022-11"):
            entry["0"] = self._flat_ac(inverter, reading)
            entry.update({str(int(n) + 1): channel for n, channel in channels.items()})
        else:
            entry["AC"] = {"0": self._ac(inverter, reading)}
            entry["DC"] = channels
            entry["INV"] = {"0": self._inv(reading)}
        entry["events"] = 3
        return entry

    def _voltage_and_current(self, inverter, reading):
        """A three-phase inverter tells line-to-line volts, and amperes that mean nothing."""
        if inverter.phases == 3:
            return round(reading.voltage * SQRT3, 1), round(reading.current / 3, 2)
        return reading.voltage, reading.current

    def _ac(self, inverter, reading):
        voltage, current = self._voltage_and_current(inverter, reading)
        ac = {"Power": self._q(reading.power, "W", 1), "Voltage": self._q(voltage, "V", 1),
              "Current": self._q(current, "A", 2)}
        if not self._summary_first:
            ac.update(self._yields(reading))
        ac.update({"Frequency": self._q(reading.frequency, "Hz", 2),
                   "PowerFactor": self._q(inverter.flutter(reading.power_factor), "", 3),
                   "ReactivePower": self._q(reading.reactive_power, "var", 1)})
        return ac

    def _flat_ac(self, inverter, reading):
        ac = self._ac(inverter, reading)
        ac["Temperature"] = self._q(reading.temperature, "°C", 1)
        if self.shape == "2022-10":
            ac["PowerFactor"] = self._q(round(ac["PowerFactor"]["v"] * 100, 1), "%", 1)
        return ac

    def _inv(self, reading):
        inv = {"Temperature": self._q(reading.temperature, "°C", 1)}
        if self._summary_first:
            inv.update(self._yields(reading))
        return inv

    def _yields(self, reading):
        return {"Power DC": self._q(reading.dc_power, "W", 1),
                "YieldDay": self._q(reading.yield_day, "Wh", 0),
                "YieldTotal": self._q(reading.yield_total, "kWh", 3),
                "Efficiency": self._q(reading.efficiency, "%", 3)}

    def _string(self, string):
        channel = {} if self.shape in ("2022-10", "2022-11") else {"name": {"u": string.name}}
        channel.update({"Power": self._q(string.power, "W", 1),
                        "Voltage": self._q(string.voltage, "V", 1),
                        "Current": self._q(string.current, "A", 2),
                        "YieldDay": self._q(string.yield_day, "Wh", 0),
                        "YieldTotal": self._q(string.yield_total, "kWh", 3),
                        "Irradiation": self._q(string.irradiation, "%", 3)})
        return channel

    def _q(self, value, unit, digits):
        return quantity(value, unit, digits, self.shape)

    def _total(self, readings):
        return {"Power": self._q(round(sum(r.power for r in readings), 1), "W", 1),
                "YieldDay": self._q(sum(r.yield_day for r in readings), "Wh", 0),
                "YieldTotal": self._q(round(sum(r.yield_total for r in readings), 3), "kWh", 3)}

    @staticmethod
    def _on_battery():
        return {"solarcharger": {"enabled": False}, "gridcharger": {"enabled": False},
                "battery": {"enabled": True, "soc": quantity(87, "%", 0),
                            "voltage": quantity(53.2, "V", 2)},
                "power_meter": {"enabled": True, "Power": quantity(-12.3, "W", 1)}}

    # --- WebSocket ----------------------------------------------------------------------------

    def answer(self, line, request):
        asks = request.path == "/livedata" and "sec-websocket-key" in request.headers
        slow = self.fault is not None and self.fault.kind == "delay"
        if not (asks and self.pushes) or (self.fault is not None and not slow):
            super().answer(line, request)
            return
        if slow and line.wait(self.fault.seconds):
            return
        auth = self.push_auth or self.auth
        refusal = auth.refusal(request) if auth else None
        if refusal is not None:
            line.send(refusal)
            return
        accept_websocket(line, request)
        line.end_request()
        while self.flood and not self.stopping.is_set():
            line.send_bytes(self.flood)
        self._push(line)
        line.close()

    def _push(self, line):
        """What is due, and nothing at connecting, as the firmware does it."""
        told, due, begun = {}, {}, time.monotonic()
        while True:
            now, readings = time.monotonic(), self.readings()
            entries = []
            for n, entry in enumerate(readings):
                _, inverter, reading = entry
                period = self._period(inverter, reading is not told.get(inverter.serial))
                due.setdefault(inverter.serial, begun + period * (n + 1) / len(readings) - period)
                if now < due[inverter.serial] + period:
                    continue
                due[inverter.serial] += period * max(1, (now - due[inverter.serial]) // period)
                told[inverter.serial] = reading
                if inverter.serial not in self.pushed_not:
                    entries.append(entry)
            if entries and (self.fault is None or self.fault.kind != "hang"):
                self._push_messages(line, entries if self._summary_first else readings)
            if line.wait(self._pause(due)):
                return

    def _period(self, inverter, is_new):
        """Seconds from one message about it to the next."""
        if not inverter.reachable or (not self.radio_seconds and not is_new):
            return self.RESEND
        return min(self.radio_seconds or self.LOOK, self.RESEND)

    def _pause(self, due):
        soonest = min(due.values(), default=time.monotonic())
        return max(0.01, soonest + (self.radio_seconds or self.LOOK) - time.monotonic())

    def _push_messages(self, line, entries):
        """One for each inverter; in the older shapes one for all, in which case these are all."""
        messages = [[e] for e in entries] if self._summary_first else [entries]
        for message in messages:
            full = [self._full(*entry) for entry in message]
            self.pushed.update(inverter.serial for _, inverter, _ in message)
            self.pushed_at += [(time.monotonic(), inverter.serial) for _, inverter, _ in message]
            line.send_bytes(text_frame(Response.json(self._wrapped(full)).body))
        if self.battery:
            line.send_bytes(text_frame(Response.json(self._on_battery()).body))


def accept_websocket(line, request):
    """The server's half of the handshake of RFC 6455."""
    key = request.headers["sec-websocket-key"] + WEBSOCKET_KEY
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    line.send_bytes(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").encode())


def text_frame(payload, fin=True, opcode=1):
    """An unmasked frame, as servers send them."""
    head = bytes([(0x80 if fin else 0) | opcode])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + b"\x7e" + len(payload).to_bytes(2, "big") + payload
    return head + b"\x7f" + len(payload).to_bytes(8, "big") + payload
