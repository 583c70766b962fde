"""Template devices: what their replies mean, and what is said of those that mean nothing."""

import gzip
import json

from tests.integration.case import PVINVERTER, each
from tests.integration.command import CommandTest
from tests.integration.program import template
from tests.sim import Generic
from tests.sim.web import Response

PV = PVINVERTER % 50
GRID = "com.victronenergy.grid.http_50"


class TemplateTest(CommandTest):

    def device(self, **values):
        """One whose reply can be changed."""
        self.values = values
        self.plug = self.gateway(Generic({"/state": lambda _request: self.values}))
        return self.plug

    def section(self, kind="pvinverter", default=None, **keys):
        self.configure({"DTU": "template", "NumberOfTemplates": 1, **(default or {})},
                       TEMPLATE0=template(50, self.plug.host, "state", kind=kind, **keys))
        return self.start()

    def polls(self, count=2):
        self.wait_polls(self.plug, "/state", count)

    # --- energy -------------------------------------------------------------------------------

    def test_the_total_counts(self):
        """useYieldDay is about DTUs: a template has one counter."""
        self.device(p=100.0, e=12.5)
        self.section(default={"useYieldDay": 1}, CUST_Power="p", CUST_Total="e")
        self.wait_value(PV, "/Ac/Energy/Forward", 12.5)
        self.values = {"p": 100.0, "e": 12.75}
        self.wait_value(PV, "/Ac/Energy/Forward", 12.75)

    # --- null ---------------------------------------------------------------------------------

    def test_half_a_sum(self):
        """Two strings of which one says null: neither half the power, nor standby, nor 0 W."""
        self.device(data={"p1": 316, "p2": 300}, e=5.0)
        self.section(default={"MinRetriesUntilFail": 3}, CUST_Power="data/p1 + data/p2",
                     CUST_Total="e")
        self.wait_value(PV, "/Ac/Power", 616.0)
        self.recorder.clear()
        self.values = {"data": {"p1": 316, "p2": None}, "e": 5.0}
        self.wait_value(PV, "/Ac/Power", None)
        self.wait_value(PV, "/StatusCode", 10, 8.0)
        codes = [s.items["/StatusCode"][1] for s in self.recorder.signals(PV)
                 if "/StatusCode" in s.items]
        self.assertEqual([10], codes)
        self.assertEqual(1, len(self.programs[0].lines("WARNING", "data/p2 is null")))
        self.values = {"data": {"p1": 316, "p2": 4}, "e": 5.0}
        self.wait_value(PV, "/Ac/Power", 320.0)

    def test_asleep(self):
        """Everything of its power is null, but it counts: a PV inverter at night."""
        self.device(p=100.0, e=12.5)
        program = self.section(CUST_Power="p", CUST_Total="e")
        self.wait_value(PV, "/StatusCode", 7)
        self.values = {"p": None, "e": 12.5}
        self.wait_value(PV, "/StatusCode", 8)
        self.assert_value(PV, "/Ac/Power", 0.0)
        self.assert_value(PV, "/Ac/L1/Power", 0.0)
        self.polls(3)
        self.assert_value(PV, "/StatusCode", 8)
        self.assertEqual([], program.lines("WARNING"))

    def test_a_meter_does_not_sleep(self):
        """P_Grid: null is no measurement: 0 W would be one."""
        self.device(P_Grid=-250.0, E=7.0)
        self.section("grid", {"MinRetriesUntilFail": 1000}, CUST_Power="P_Grid", CUST_Total="E")
        self.wait_value(GRID, "/Ac/Power", -250.0)
        self.recorder.clear()
        self.values = {"P_Grid": None, "E": 7.0}
        self.wait_value(GRID, "/Ac/Power", None)
        self.assert_value(GRID, "/Ac/L1/Power", None)
        self.polls(3)
        self.assert_value(GRID, "/Ac/Power", None)
        powers = [s.items["/Ac/Power"][1] for s in self.recorder.signals(GRID)
                  if "/Ac/Power" in s.items]
        self.assertEqual([[]], powers)  # "no value", and never a number

    def test_a_meter_without_values_leaves(self):
        """Null for longer than ErrorMode allows is a meter that is away; its energy is no reason to stay."""
        self.device(P_Grid=-250.0, E=7.0)
        program = self.section("grid", CUST_Power="P_Grid", CUST_Total="E")
        self.wait_value(GRID, "/Ac/Power", -250.0)
        self.values = {"P_Grid": None, "E": 7.0}
        self.wait_names(timeout=8.0)
        self.assertEqual(1, len(program.lines("WARNING", "CUST_Power: P_Grid is null")))
        self.polls(2)
        self.assertEqual([], self.client.names())
        self.values = {"P_Grid": -260.0, "E": 7.0}
        self.wait_value(GRID, "/Ac/Power", -260.0, 8.0)

    def test_a_default_for_null(self):
        self.device(p=None, e=7.0)
        self.section("acload", CUST_Power="p", CUST_Power_Default=3, CUST_Total="e")
        self.wait_value("com.victronenergy.acload.http_50", "/Ac/Power", 3.0)

    def test_nothing_but_null(self):
        """For longer than ErrorMode allows: one WARNING that says what is null."""
        self.device(p=None, e=None)
        program = self.section(CUST_Power="p", CUST_Total="e")
        self.wait_value(PV, "/StatusCode", 10, 8.0)
        self.polls(3)
        self.assertEqual(1, len(program.lines("WARNING", "TEMPLATE0", "CUST_Power: p is null")))
        self.assertEqual(1, len(program.lines("WARNING")), program.log())

    # --- paths --------------------------------------------------------------------------------

    def test_a_wrong_path_beside_a_right_one(self):
        """What `check` says of it, once, and no "running" in silence."""
        self.device(apower=100.0, aenergy={"total": 5.0})
        program = self.section("acload", CUST_Power="apowr", CUST_Total="aenergy/total")
        what = "CUST_Power: apowr is not in the reply, which has apower, aenergy/total"
        self.wait("the warning", lambda: program.lines("WARNING", what))
        self.polls(4)
        self.assertEqual(1, len([line for line in program.lines("WARNING", "apowr")
                                 if "too long" not in line]), program.log())
        self.assertEqual([], program.lines("running"))

    @each(("plus", "W/+P", {"W": {"+P": 316.0}}, 316.0),
          ("sum", "W/+P + W/+Q", {"W": {"+P": 316.0, "+Q": 4}}, 320.0),
          ("without_blanks", "p1+p2", {"p1": 1, "p2": 2}, 3.0),
          ("difference", "i - e", {"i": 20, "e": 320.5}, -300.5))
    def test_terms(self, power, reply, expected):
        self.device(**reply)
        self.section("grid", CUST_Power=power)
        self.wait_value(GRID, "/Ac/Power", expected)

    # --- replies that are not quite JSON -------------------------------------------------------

    def test_nan_elsewhere(self):
        """A bare NaN is no JSON; what the paths lead to is there all the same."""
        self.device()
        self.plug.pages["/state"] = Response(200, b'{"p":316.5,"temp":NaN,"rssi":-Infinity}')
        program = self.section(CUST_Power="p", CUST_Voltage="temp")
        self.wait_value(PV, "/Ac/Power", 316.5)
        self.assert_value(PV, "/Ac/L1/Voltage", None)
        self.assertEqual([], program.lines("WARNING"))

    def test_packed(self):
        """gzip, which nobody asked for."""
        self.device()
        self.plug.pages["/state"] = Response(200, gzip.compress(b'{"p":316.5}'),
                                             headers={"Content-Encoding": "gzip"})
        self.section(CUST_Power="p")
        self.wait_value(PV, "/Ac/Power", 316.5)
        code, out, err = self.call("fetch", self.plug.url + "/state")
        self.assertEqual((0, '{"p":316.5}', ""), (code, out.strip(), err))

    # --- refusals -----------------------------------------------------------------------------

    @each(("gen1", 404, {"message": "No handler for Switch.GetStatus\x1b[2J"},
           "No handler for Switch.GetStatus?[2J"),
          ("off", 403, "API not enabled", "API not enabled"))
    def test_the_devices_own_words(self, status, body, words):
        """On a refusal: in `check`, `paths`, `fetch` and, once, the log; cleaned."""
        self.device()
        self.plug.pages["/state"] = Response.json(body, status)
        program = self.section(CUST_Power="p")
        said = f'({status}' if status == 404 else f"status {status}"
        self.wait("the log", lambda: program.lines("WARNING", said, f'it says "{words}"'))
        self.polls(3)
        self.assertEqual(1, len(program.lines("it says")), program.log())
        for command in ("fetch", "paths"):
            code, _, err = self.call(command, self.plug.url + "/state")
            self.assertEqual(1, code)
            self.assertIn(f'it says "{words}"', err)
        code, out, _ = self.call("check", "--json", program.config_path)
        self.assertEqual(3, code)
        self.assertIn(f'it says "{words}"', json.loads(out)["gateways"][0]["problems"][0])
