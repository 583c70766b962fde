"""A control interface over HTTP for simulated gateways, so that a person or a script can play.

    GET  /                                     every gateway: kind, port, inverters, counts
    POST /sun            {"set": "13:00"} | {"advance": 60} | {"speed": 600}
    POST /NAME/fault     {"kind": "hang", ...} | {} takes it away
    POST /NAME/night     {"serial": "..."}     all inverters when no serial is given
    POST /NAME/morning   {"serial": "..."}
    POST /NAME/reboot    {}    POST /NAME/booted {}
    POST /NAME/refuse    {}    POST /NAME/accept {}
    POST /NAME/reorder   {"serials": ["..", ".."]}
    POST /NAME/remove    {"serial": "..."}
    POST /NAME/add       {"serial": "..", "name": "..", "strings": 2, "phases": 1}
    POST /NAME/replace   {"old": "..", "serial": "..", "name": "..", "strings": 2, "phases": 1}
    GET  /NAME/counts    requests per path, connections, most requests at once
"""

import json

from tests.sim.fault import Fault
from tests.sim.gateway import Gateway
from tests.sim.inverter import Inverter
from tests.sim.web import Response


def _inverter(told):
    return Inverter(told["serial"], told.get("name", told["serial"]),
                    strings=int(told.get("strings", 2)), phases=int(told.get("phases", 1)))


def _serials(told):
    return [told["serial"]] if "serial" in told else []


def _set_fault(gateway, told):
    gateway.fault = Fault(**told) if told else None


ACTIONS = {
    "fault": _set_fault,
    "night": lambda gateway, told: gateway.night(*_serials(told)),
    "morning": lambda gateway, told: gateway.morning(*_serials(told)),
    "reboot": lambda gateway, told: gateway.reboot(),
    "booted": lambda gateway, told: gateway.booted(),
    "refuse": lambda gateway, told: gateway.refuse_connections(),
    "accept": lambda gateway, told: gateway.accept_connections(),
    "reorder": lambda gateway, told: gateway.reorder(*told["serials"]),
    "remove": lambda gateway, told: gateway.remove(told["serial"]),
    "add": lambda gateway, told: gateway.add(_inverter(told)),
    "replace": lambda gateway, told: gateway.replace(told["old"], _inverter(told)),
}


class Control(Gateway):
    """gateways: name -> Gateway."""

    def __init__(self, gateways, sun, **options):
        super().__init__(**options)
        self.gateways, self.sun = gateways, sun

    def page(self, request):
        try:
            return self._do(request)
        except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
            return Response.json({"error": repr(error)}, status=400)

    def _do(self, request):
        words = request.path.strip("/").split("/")
        if words == [""]:
            return Response.json({name: self._describe(g) for name, g in self.gateways.items()})
        if words[-1] == "counts":
            return Response.json(self.gateways[words[0]].counts.summary())
        if request.method != "POST":
            return None
        told = json.loads(request.body or b"{}")
        if words == ["sun"]:
            self._move_sun(told)
        else:
            name, action = words
            ACTIONS[action](self.gateways[name], told)
        return Response.json({"ok": True})

    def _move_sun(self, told):
        if "set" in told:
            self.sun.set(told["set"])
        if "advance" in told:
            self.sun.advance(float(told["advance"]))
        if "speed" in told:
            self.sun.run(float(told["speed"]))

    @staticmethod
    def _describe(gateway):
        inverters = [i for i in getattr(gateway, "inverters", []) if i is not None]
        return {"kind": type(gateway).__name__, "url": gateway.url,
                "fault": gateway.fault.kind if gateway.fault else None,
                "inverters": [{"serial": i.serial, "name": i.name, "reachable": i.reachable}
                              for i in inverters],
                "counts": gateway.counts.summary()}
