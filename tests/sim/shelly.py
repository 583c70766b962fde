"""Shelly relays and meters that measure a small inverter: generation 1, and generation 2 on."""

from tests.sim.plant import Plant
from tests.sim.web import Response

MAC = "84CCA8B15999"


class ShellyGen1(Plant):
    """Shelly 1PM: /status with meters[].total in watt-minutes."""

    OPEN = ("/shelly",)

    def page(self, request):
        if request.path == "/shelly":
            return Response.json({"type": "SHSW-PM", "mac": MAC, "auth": self.auth is not None,
                                  "fw": "20230913-114010/v1.14.0-gcb84623", "longid": 1,
                                  "num_outputs": 1, "num_meters": 1})
        if request.path != "/status":
            return None
        meters = [{"power": r.power, "overpower": 0.0, "is_valid": True,
                   "counters": [r.power, r.power, r.power],
                   "total": round(r.yield_total * 60000)} for _, _, r in self.readings()]
        return Response.json({"wifi_sta": {"connected": True, "rssi": -78}, "mac": MAC,
                              "relays": [{"ison": True}], "meters": meters, "temperature": 60.4,
                              "uptime": self.uptime})


class ShellyGen2(Plant):
    """Plus, Pro and later: RPC over HTTP; energies in Wh, keys with a colon in GetStatus."""

    OPEN = ("/shelly",)

    def page(self, request):
        if request.path == "/shelly":
            return Response.json({"name": None, "id": f"shellyplus1pm-{MAC.lower()}", "mac": MAC,
                                  "slot": 0, "model": "SNSW-001P16EU", "gen": 2,
                                  "fw_id": "20230913-114244/v1.0.3-g9d7b9c1", "ver": "1.0.3",
                                  "app": "Plus1PM", "auth_en": self.auth is not None,
                                  "auth_domain": None})
        readings = [(inverter, reading) for _, inverter, reading in self.readings()]
        if request.path == "/rpc/Shelly.GetStatus":
            return Response.json(self._everything(readings))
        name = request.path.rsplit("/", 1)[-1]
        part = {"Switch.GetStatus": self._switch, "PM1.GetStatus": self._switch,
                "EM.GetStatus": self._meter, "EMData.GetStatus": self._meter_data}.get(name)
        index = request.query.get("id", "")
        if part is None or not index.isdigit() or int(index) >= len(readings):
            return Response.json({"code": 404, "message": "No handler"}, status=404)
        return Response.json(part(int(index), *readings[int(index)]))

    def _everything(self, readings):
        status = {"cloud": {"connected": False}, "sys": {"mac": MAC, "uptime": self.uptime}}
        for n, (inverter, reading) in enumerate(readings):
            status[f"switch:{n}"] = self._switch(n, inverter, reading)
            status[f"em:{n}"] = self._meter(n, inverter, reading)
            status[f"emdata:{n}"] = self._meter_data(n, inverter, reading)
        return status

    @staticmethod
    def _switch(n, _inverter, reading):
        return {"id": n, "source": "init", "output": True, "apower": reading.power,
                "voltage": reading.voltage, "current": reading.current,
                "aenergy": {"total": round(reading.yield_total * 1000, 3),
                            "by_minute": [0.0, 0.0, 0.0], "minute_ts": 1680536525},
                "temperature": {"tC": 44.4, "tF": 112.0}}

    @staticmethod
    def _meter(n, _inverter, reading):
        """Three phases that each carry a third."""
        meter = {"id": n}
        for phase in "abc":
            meter[f"{phase}_voltage"] = reading.voltage
            meter[f"{phase}_current"] = reading.current
            meter[f"{phase}_act_power"] = round(reading.power / 3, 2)
        meter["total_act_power"] = reading.power
        return meter

    @staticmethod
    def _meter_data(n, _inverter, reading):
        return {"id": n, "total_act": round(reading.yield_total * 1000, 2), "total_act_ret": 0.0}
