"""Tasmota with an energy meter: STATUS 8, chunked, credentials in the query."""

from tests.sim.plant import Plant
from tests.sim.web import Response


class Tasmota(Plant):
    """With two channels, Power and Current are arrays while Total stays one number."""

    def page(self, request):
        if request.path != "/cm":
            return None
        if request.query.get("cmnd", "").upper() == "STATUS 2":
            return Response.json({"StatusFWR": {"Version": "12.5.0(tasmota)", "Core": "2_7_4_9",
                                                "Hardware": "ESP8266EX"}}, chunked=True)
        if request.query.get("cmnd", "").upper() != "STATUS 8":
            return Response.json({"Command": "Unknown"}, chunked=True)
        return Response.json({"StatusSNS": {"Time": "2023-09-24T12:13:12", "ENERGY": self._energy(),
                                            "TempUnit": "C"}}, chunked=True)

    def _energy(self):
        readings = [reading for _, _, reading in self.readings()]
        one_or_all = lambda values: values[0] if len(values) == 1 else values
        return {"TotalStartTime": "2023-06-06T13:21:33",
                "Total": round(sum(r.yield_total for r in readings), 3),
                "Today": round(sum(r.yield_day for r in readings) / 1000, 3),
                "Power": one_or_all([r.power for r in readings]),
                "Factor": one_or_all([r.power_factor for r in readings]),
                "Voltage": readings[0].voltage,
                "Current": one_or_all([r.current for r in readings])}
