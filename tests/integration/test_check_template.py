"""`check` of templates: their paths, their units, and the types that stand in for them."""

from tests.integration.case import each, on_every_model
from tests.integration.checking import CheckCase
from tests.integration.program import template
from tests.sim import Digest, Generic


class CheckTemplateTest(CheckCase):

    def test_template(self):
        self.shelly_template(self.shelly(Digest("admin", "pw")), Username="admin", Password="pw",
                             DigestAuth=1, CUST_Total="aenergy/total", CUST_Total_Mult=0.001,
                             CUST_Voltage="voltage")
        meter = self.device(self.check(), "TEMPLATE0")
        self.assertEqual(("T50", "Meter 50", 50), (meter["serial"], meter["name"],
                                                   meter["instance"]))
        self.assertGreater(meter["power_w"], 0)

    def test_path_that_is_not_there(self):
        """The service goes on without it; here it is told, with what there is."""
        self.shelly_template(self.shelly(), CUST_Total="aenergy/totl", CUST_Voltage="voltage")
        report = self.check(code=3)
        gateway = report["gateways"][0]
        self.assertEqual(["CUST_Total: aenergy/totl is not in the reply"], gateway["problems"])
        self.assertIn("aenergy/total", [n["path"] for n in gateway["numbers"]])
        self.assertRegex(self.text(code=3), r"aenergy/total +[\d.]+")

    @each(("forgotten", {}, ["CUST_Total: aenergy/total of a Shelly is in Wh: "
                             "CUST_Total_Mult=0.001 converts it to kWh"]),
          ("there", {"CUST_Total_Mult": 0.001}, []))
    def test_watt_hours(self, keys, problems):
        self.shelly_template(self.shelly(), CUST_Total="aenergy/total", **keys)
        report = self.check(code=3 if problems else 0)
        self.assertEqual(problems, report["gateways"][0]["problems"])
        self.assertEqual([], self.device(report, "TEMPLATE0")["problems"])

    @each(("plug", 97154, {}, True), ("house", 97154, {"kind": "grid"}, False),
          ("three_phases", 97154, {"phase": "3P"}, False), ("wh", 97154, {"mult": 0.001}, False),
          ("wrong_mult", 97154000, {"mult": 0.001}, True), ("city", 9e6, {"kind": "grid"}, True))
    def test_counter_of_a_template(self, count, keys, wrong):
        """Whatever the path is called: 97154 kWh are no plug's."""
        device = self.gateway(Generic({"/state": {"p": 5, "e": count}}))
        self.configure({"DTU": "template", "NumberOfTemplates": 1}, TEMPLATE0=template(
            50, device.host, "state", keys.get("phase", "L1"), keys.get("kind", "pvinverter"),
            CUST_Power="p", CUST_Total="e", CUST_Total_Mult=keys.get("mult", 1)))
        problems = self.device(self.check(code=3 if wrong else 0), "TEMPLATE0")["problems"]
        self.assertEqual(wrong, bool(problems))
        for problem in problems:
            self.assertIn("CUST_Total_Mult", problem)

    @each(("none", {"CUST_Power": "power"}, "not in the reply"),
          ("object", {"CUST_Power": "aenergy"}, "must go on"),
          ("list", {"CUST_Power": "aenergy/by_minute"}, "/0"),
          ("one_of_a_sum", {"CUST_Power": "apower + bpower"}, "bpower is not"))
    def test_wrong_path(self, keys, says):
        self.shelly_template(self.shelly(), **keys)
        gateway = self.check(code=3)["gateways"][0]
        self.assertIn(says, gateway["problems"][0])
        self.assertIn("apower", [n["path"] for n in gateway["numbers"]])

    def test_default_stands_in(self):
        self.shelly_template(self.shelly(), CUST_Voltage="volts", CUST_Voltage_Default=230)
        report = self.check()
        self.assertIn("_Default", report["gateways"][0]["notes"][0])
        self.assertEqual(230, self.device(report, "TEMPLATE0")["voltage_v"])

    def test_wrong_address_of_a_template(self):
        device = self.gateway(Generic({"/": {}}))
        self.shelly_template(device)
        gateway = self.check(code=3)["gateways"][0]
        self.assertEqual("status", gateway["failure"])
        self.assertIn("CUST_API_PATH", " ".join(gateway["notes"]))

    def of_type(self, kind, pages, **keys):
        """A section with a Type, and a device that answers these pages."""
        device = self.gateway(Generic(pages))
        self.configure({"DTU": "template"}, TEMPLATE0={"Host": device.host, "Type": kind, **keys})

    def test_a_type_stands_in(self):
        """Once, and only where a section has CUST_ keys; what they say beyond the type is named."""
        keys = {"CUST_Total": "aenergy/total", "CUST_Total_Mult": 0.001, "CUST_Power_Mult": -1}
        self.shelly_template(self.shelly(), **keys)
        note, = self.check()["gateways"][0]["notes"]
        self.assertEqual("this is what Type = shelly-plus-1pm says: it can stand in place of the CUST_ "
                         "keys, except CUST_SN, CUST_POLLING, CUST_Power_Mult, CUST_Total", note)
        self.assertEqual(1, self.text().count("Type ="))
        self.shelly_template(self.shelly(), CUST_API_PATH="rpc/Shelly.GetStatus",
                             CUST_Power="switch:0/apower")
        note, = self.check()["gateways"][0]["notes"]
        self.assertIn("Type = shelly-2pm with Channel = 0 says", note)
        self.of_type("shelly-plus-1pm", {"/rpc/Switch.GetStatus": {"apower": 1}})
        self.assertNotIn("Type =", self.text())

    def test_what_a_type_names_may_be_missing(self):
        """But not the power."""
        self.of_type("shelly-plus-1pm", {"/rpc/Switch.GetStatus": {"apower": 77.5, "voltage": 230}})
        report = self.check()
        self.assertEqual(([], []), (report["gateways"][0]["problems"], report["gateways"][0]["notes"]))
        self.assertEqual(77.5, self.device(report, "TEMPLATE0")["power_w"])
        self.of_type("shelly-plus-1pm", {"/rpc/Switch.GetStatus": {"voltage": 230}})
        self.assertEqual(["CUST_Power: apower is not in the reply"],
                         self.check(code=3)["gateways"][0]["problems"])

    @on_every_model()
    def test_channels(self):
        """Each is looked for under its number."""
        both = {"switch:0": {"apower": 310.5}, "switch:1": {"apower": 95}}
        self.of_type("shelly-2pm", {"/rpc/Shelly.GetStatus": both})
        report = self.check()
        self.assertEqual([], report["gateways"][0]["problems"])
        self.assertEqual([310.5, 95], [d["power_w"] for d in report["devices"]])
        self.of_type("shelly-2pm", {"/rpc/Shelly.GetStatus": {"switch:1": {"apower": 95}}}, Channel=1)
        self.assertEqual([], self.check()["gateways"][0]["problems"])
        self.of_type("shelly-2pm", {"/rpc/Shelly.GetStatus": {"switch:0": {"apower": 95}}})
        self.assertEqual(["CUST_Power: switch:1/apower is not in the reply"],
                         self.check(code=3)["gateways"][0]["problems"])
