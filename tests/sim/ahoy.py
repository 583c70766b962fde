"""AhoyDTU, from the form with everything inline to today's.

    version  live data                                      the DTU's clock
    0.5.66   /api/live with inverter[] inline, no serials   /api/index
    0.5.93   /api/live with iv[], /api/inverter/id/N        /api/index
    0.7.36   the same                                       generic.ts_now
    0.8      the same, with status, max_pwr, generation     generic.ts_now

A None in the list of inverters is a gap: an id that is not in use.
"""

import time

from tests.sim.limits import AhoyLimits
from tests.sim.plant import Plant
from tests.sim.web import Response

VERSIONS = ("0.5.66", "0.5.93", "0.7.36", "0.8")
FULL_VERSION = {"0.8": "0.8.156"}
AC_NAMES = ["U_AC", "I_AC", "P_AC", "F_AC", "PF_AC", "Temp", "YieldTotal", "YieldDay", "P_DC",
            "Efficiency", "Q_AC"]
AC_UNITS = ["V", "A", "W", "Hz", "", "°C", "kWh", "Wh", "W", "%", "var"]
DC_NAMES = ["U_DC", "I_DC", "P_DC", "YieldDay", "YieldTotal", "Irradiation"]
DC_UNITS = ["V", "A", "W", "Wh", "kWh", "%"]
SLOTS = 10  # ids that the firmware has room for


class Ahoy(Plant):
    """clock_offset: seconds that the DTU's clock is ahead of the sun; None: it has no time yet.

    Its clock runs though the sun stands still, and so each packet has a later ts_last_success.
    """

    def __init__(self, sun, inverters, version="0.8", esp8266=False, clock_offset=0,
                 password=None, **options):
        super().__init__(sun, inverters, **options)
        if version not in VERSIONS:
            raise ValueError(f"no such version: {version}")
        self.version = FULL_VERSION.get(version, version)
        self.inline = version == "0.5.66"
        self.says_now = version in ("0.7.36", "0.8")
        self.begun = time.monotonic()
        self.latest = version == "0.8"
        self.esp8266, self.clock_offset = esp8266, clock_offset
        self.limits = AhoyLimits(password)

    # --- pages --------------------------------------------------------------------------------

    def page(self, request, rows=None):
        rows = rows or self._rows
        reply = self.limits.page(request, self.inverters)
        if reply is not None:
            return reply
        if request.path == "/api/live":
            return Response.json(self._live(rows))
        if request.path == "/api/index":
            return Response.json({"generic": self._generic(), "ts_now": self._now(),
                                  "inverter": []})
        if request.path == "/api/inverter/list":
            return Response.json({"inverter": self._list(), "interval": "15", "retries": "5"})
        if request.path.startswith("/api/inverter/id/") and not self.inline:
            return Response.json(self._one(request.path.rsplit("/", 1)[1], rows))
        if request.path == "/api/system":
            return Response.json({"generic": self._generic(), "version": self.version,
                                  "esp_type": self._chip()})
        return None

    def degraded(self, kind, request):
        if kind == "empty":
            kept, self.inverters = self.inverters, []
            try:
                return self.page(request)
            finally:
                self.inverters = kept
        return self.page(request, rows=lambda inverter, reading: [])

    def readings(self):
        self.limits.settle(self.inverters)
        return super().readings()

    # --- parts --------------------------------------------------------------------------------

    def _chip(self):
        return "ESP8266" if self.esp8266 else "ESP32"

    def _clock(self):
        return self.sun.unix() + self.clock_offset + time.monotonic() - self.begun

    def _now(self):
        return 0 if self.clock_offset is None else int(self._clock())

    def _generic(self):
        generic = {"wifi_rssi": -60, "ts_uptime": self.uptime, "menu_prot": self.limits.password is not None,
                   "esp_type": self._chip()}
        if not self.inline:
            generic["version"] = self.version
        if self.says_now:
            generic["ts_now"] = self._now()
        return generic

    def _live(self, rows):
        live = {"generic": self._generic(), "refresh": 15, "ch0_fld_units": AC_UNITS,
                "ch0_fld_names": AC_NAMES, "fld_units": DC_UNITS, "fld_names": DC_NAMES}
        if self.inline:
            live["inverter"] = [self._inline(*entry, rows) for entry in self.readings()]
        else:
            used = [inverter is not None for inverter in self.inverters]
            live["iv"] = used + [False] * (SLOTS - len(used))
        return live

    def _list(self):
        return [{"enabled": i.enabled, "id": n, "name": i.name, "serial": i.serial,
                 "channels": i.strings, "version": "10018"} for n, i, _ in self.readings()]

    def _inline(self, _place, inverter, reading, rows):
        return {"enabled": inverter.enabled, "name": inverter.name, "channels": inverter.strings,
                "power_limit_read": 65535, "last_alarm": "Inverter start",
                "ts_last_success": self._last_success(inverter), "ch": rows(inverter, reading),
                "ch_names": ["AC"] + [s.name for s in reading.strings]}

    def _one(self, place, rows):
        for n, inverter, reading in self.readings():
            if str(n) == place:
                return self._entry(n, inverter, reading, rows)
        return {"error": "ERR_INVALID_INVERTER_ID"}

    def _entry(self, place, inverter, reading, rows):
        entry = {"id": place, "enabled": inverter.enabled, "name": inverter.name,
                 "serial": inverter.serial, "version": "10018", "power_limit_read": 65535,
                 "ts_last_success": self._last_success(inverter), "ch": rows(inverter, reading),
                 "ch_name": ["AC"] + [s.name for s in reading.strings],
                 "ch_max_pwr": [None] + [440] * inverter.strings}
        if self.latest:
            entry.update({"status": 2 if inverter.reachable else 0, "max_pwr": inverter.max_power,
                          "generation": 3 if inverter.phases == 3 else 1, "alarm_cnt": 2,
                          "rssi": -58})
        return entry

    def _last_success(self, inverter):
        if inverter.rebooted or self.clock_offset is None:
            return 0
        return round(self._clock() - inverter.age)

    @staticmethod
    def _rows(inverter, reading):
        """ch[0] is AC in the order of AC_NAMES, then one row per string.

        Of a three-phase inverter it tells line-to-neutral volts, and the amperes of L1.
        """
        ac = [reading.voltage, reading.current, reading.power, reading.frequency,
              reading.power_factor, reading.temperature, reading.yield_total, reading.yield_day,
              reading.dc_power, reading.efficiency, reading.reactive_power]
        return [ac] + [[s.voltage, s.current, s.power, s.yield_day, s.yield_total, s.irradiation]
                       for s in reading.strings]
