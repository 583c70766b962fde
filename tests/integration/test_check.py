"""`check`: what is wrong with a configuration and its gateways, and what would be published."""

import json
import os
import re

from tests.integration.bus import PAGE
from tests.integration.case import PVINVERTER, each, on_every_model
from tests.integration.checking import BARN, ROOF, SHED, CheckCase
from tests.integration.program import inverter, template
from tests.sim import (Ahoy, Basic, Digest, Fault, Generic, Inverter, OpenDtu, ShellyGen1,
                       ShellyGen2, Tasmota)
from tests.sim.inverter import END_OF_RANGE


class CheckTest(CheckCase):

    # --- the file -----------------------------------------------------------------------------

    def test_no_file(self):
        report = self.check(code=1)
        self.assertIn("No such file", report["unreadable"])
        self.assertIn("config.example", self.text(code=1))

    def test_errors_and_warnings(self):
        """Every one, with its line; gateways are asked all the same."""
        dtu = self.roofs()
        self.configure({"Host": dtu.host, "Logging": "LOUD", "Colour": "red"},
                       INVERTER0=inverter(20), INVERTER1=inverter(21, "L7"))
        report = self.check(code=1)
        self.assertGreaterEqual(report["errors"], 1)
        self.assertGreaterEqual(report["warnings"], 1)
        lines = [m["line"] for m in report["messages"]]
        self.assertTrue(all(lines), report["messages"])
        text = self.text(code=1)
        self.assertRegex(text, r"config\.ini:\d+: error: .*L7")
        self.assertRegex(text, r"config\.ini:\d+: warning: .*Colour")
        self.assertIn(ROOF, text)
        self.assertRegex(text.splitlines()[-1], r"config\.ini: \d errors?, \d warnings?, "
                         r"\w+ problems?: correct the errors, then check again$")

    @each(("password", {"Password": "openDTU42"}, 0o644, True), ("its_group", {"Password": "openDTU42"}, 0o640, True),
          ("its_owner", {"Password": "openDTU42"}, 0o600, False), ("no_password", {}, 0o644, False))
    def test_open_to_others(self, keys, mode, told):
        """It is told, and nothing is changed: that is the service's business."""
        self.configure({"Host": self.roofs().host, **keys}, INVERTER0=inverter(20))
        os.chmod(self.config(), mode)
        report = self.check("--no-ask", code=3 if told else 0)
        self.assertEqual(1 if told else 0, report["warnings"])
        self.assertEqual(told, any("other users can read it" in m["text"] for m in report["messages"]))
        text = self.text("--no-ask", code=3 if told else 0)
        self.assertEqual(told, "config.ini: warning: it holds a password, and other users can read it" in text)
        self.assertNotIn("openDTU42", text)
        self.assertEqual(mode, os.stat(self.config()).st_mode & 0o777)

    def test_no_ask(self):
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        report = self.check("--no-ask")
        self.assertNotIn("gateways", report)
        self.assertEqual(0, dtu.counts.total)
        self.assertTrue(self.text("--no-ask").endswith("config.ini: no errors, no warnings: all is well\n"))

    @each(("unknown_key", {"Colour": "red"}, "Colour"), ("dry_run", {"DryRun": 1}, "not published"),
          ("out_of_range", {"HTTPTimeout": 120}, "60 is used"),
          ("template_not_counted", {}, "[TEMPLATE0] is not used: NumberOfTemplates is missing"))
    def test_warnings(self, keys, says):
        """Something is not as the file says: there are problems, whatever the gateways answer."""
        dtu = self.roofs()
        unused = {} if keys else {"TEMPLATE0": template(50, dtu.host, "status", CUST_Power="p")}
        self.configure({"Host": dtu.host, **keys}, INVERTER0=inverter(20), **unused)
        report = self.check(code=3)
        self.assertEqual((0, 1, 0), (report["errors"], report["warnings"], report["problems"]))
        text = self.text(code=3)
        self.assertIn(says, text)
        self.assertTrue(text.endswith("config.ini: no errors, 1 warning, no problems: see the lines above, "
                                      "then check again\n"), text)
        self.assertEqual(3, self.call("check", "--no-ask", self.config())[0])

    @each(("templates_only", "[DEFAULT]\nDTU=template\n", "nothing to publish"),
          ("not_counted", "[DEFAULT]\nDTU=template\n[TEMPLATE0]\nHost=a\n", "NumberOfTemplates = 1"),
          ("utf16", "[DEFAULT]\nHost=a\n".encode("utf-16").decode("latin-1"), "UTF-8"),
          ("onpremise", "[ONPREMISE]\nHost=a\n", "into [DEFAULT]"))
    def test_nothing_to_publish(self, text, says):
        """One error, with its cure; and what a service does with such a file."""
        with open(self.config(), "w", encoding="latin-1", newline="") as file:
            file.write(text)
        out = self.text(code=1)
        self.assertEqual(1, out.count("error: "), out)
        self.assertIn(says, out)
        self.assertIn("running service keeps its previous configuration", out)

    def test_kept_off_the_bus(self):
        """As the service does it: the inverter is the section's, and is not published at all."""
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20), INVERTER1=inverter(21, "L9"))
        report = self.check(code=1)
        barn = self.device(report, "INVERTER1")
        self.assertEqual((BARN, False), (barn["serial"], barn["published"]))
        self.assertIn("errors in [INVERTER1]", barn["problems"][0])
        self.assertEqual("[INVERTER1] is kept off the bus", report["messages"][0]["outcome"])
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20), INVERTER5=inverter(21, Index="x"))
        barn = self.device(self.check(code=1), None)
        self.assertFalse(barn["published"])
        self.assertIn("error in [INVERTER5]", barn["problems"][0])

    @each(("option", ("--dance",)), ("two", ("a", "b")), ("value", ("--state",)))
    def test_wrong_usage(self, arguments):
        code, out, err = self.call("check", *arguments)
        self.assertEqual((2, ""), (code, out))
        self.assertTrue(err.strip())

    # --- what would be published ----------------------------------------------------------------

    @on_every_model()
    def test_all_is_well(self):
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20),
                       INVERTER1={**inverter("auto", "L3"), "AcPosition": 0})
        report = self.check()
        roof, barn = (self.device(report, f"INVERTER{n}") for n in (0, 1))
        self.assertEqual((ROOF, "Roof", 20, "L1", 1, True),
                         tuple(roof[k] for k in ("serial", "name", "instance", "phase", "position",
                                                 "published")))
        self.assertEqual("com.victronenergy.pvinverter", roof["service"])
        self.assertEqual(("auto", "L3", 0),
                         tuple(barn[k] for k in ("instance", "phase", "position")))
        for key in ("power_w", "voltage_v", "energy_kwh"):
            self.assertGreater(roof[key], 0)
        self.assertEqual([], roof["problems"] + roof["notes"] + barn["problems"])
        self.assertEqual("opendtu", report["gateways"][0]["kind"])
        text = self.text()
        self.assertRegex(text, r"com\.victronenergy\.pvinverter\.http_20, L1, AC output, [\d.]+ W")
        self.assertIn("pvinverter with a new number, from 34 up, L3, AC input 1", text)
        self.assertTrue(text.endswith("config.ini: no errors, no warnings, no problems: all is well\n"), text)

    def test_of_any_kind(self):
        """Without saying what it is, and without sections: what is found is published."""
        dtu = self.gateway(Ahoy(self.sun, [Inverter(ROOF, "Roof")], "0.8"))
        self.configure({"DTU": "auto", "Host": dtu.host})
        report = self.check()
        self.assertEqual("ahoy", report["gateways"][0]["kind"])
        self.assertEqual([(None, ROOF, True)], [(d["section"], d["serial"], d["published"])
                                                for d in report["devices"]])

    def test_by_serial(self):
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20, Serial=BARN),
                       INVERTER1=inverter(21, Index=0))
        report = self.check()
        self.assertEqual([BARN, ROOF], [d["serial"] for d in report["devices"]])

    def test_as_remembered(self):
        """What the service has bound stays bound, whatever the order of the list is by now."""
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20), INVERTER1=inverter(21, "L2"))
        program = self.start()
        self.wait_names("com.victronenergy.pvinverter.http_20",
                        "com.victronenergy.pvinverter.http_21")
        program.stop()
        self.ends_well = False
        dtu.reorder(BARN, ROOF)
        self.wait_names()
        code, out, _ = self.call("check", "--json", self.config())
        self.assertEqual(0, code, out)
        self.assertEqual([ROOF, BARN], [d["serial"] for d in json.loads(out)["devices"]])
        code, out, _ = self.call("check", "--json", "--state", "nothing", self.config())
        self.assertEqual([BARN, ROOF], [d["serial"] for d in json.loads(out)["devices"]])

    @each(("free", {}, "can be limited: 24 to 800 W", "PowerLimit=1"),
          ("final", {"PowerLimit": 0}, None, "PowerLimit=1 (config.ini says PowerLimit, which counts)"))
    def test_set_on_the_screen(self, keys, limit, says):
        """Where it comes from, and whether it counts."""
        dtu = self.roofs()
        sections = {"INVERTER0": inverter(20, Serial=ROOF), "INVERTER1": inverter(21, Serial=BARN)}
        self.configure({"Host": dtu.host, **self.LOGIN}, **sections)
        program = self.start()
        self.wait_names("com.victronenergy.pvinverter.http_20", "com.victronenergy.pvinverter.http_21")
        self.wait_value(PAGE, f"/Devices/{ROOF}/PowerLimit/Enabled", 0)
        self.client.set("com.victronenergy.pvinverter.http_20", "/CustomName", "s", "East")
        self.client.set(PAGE, f"/Devices/{ROOF}/PowerLimit/Enabled", "i", 1)
        self.client.set(PAGE, f"/Devices/{BARN}/Enabled", "i", 0)
        self.wait_names("com.victronenergy.pvinverter.http_20")
        self.wait_value(PAGE, f"/Devices/{BARN}/State", 4)
        self.assertIn("\ndisabled on the GX screen: Barn\n", self.call("show", "--once")[1])
        program.stop()
        self.ends_well = False
        self.configure({"Host": dtu.host, **self.LOGIN, **keys}, **sections)
        code, out, _ = self.call("check", "--json", self.config())
        self.assertEqual(0, code, out)
        roof, barn = (self.device(json.loads(out), f"INVERTER{n}")["notes"] for n in range(2))
        self.assertIn(f"set on the GX screen: CustomName=East, {says}", roof)
        self.assertEqual(limit is not None, limit in roof)
        self.assertEqual(["set on the GX screen: Enabled=0",
                          "is kept off the bus: it was disabled there, on the page DbusOpendtu"], barn)

    def test_added_on_the_screen(self):
        """Asked like the others; here, at a name that leads to this machine itself, which is not near."""
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        program = self.start()
        self.wait_value(PAGE, "/State", 1)
        self.client.set(PAGE, "/IpAddresses", "s", "localhost")
        self.wait_value(PAGE, "/GatewayList", "DEFAULT,ADDED1")
        program.stop()
        self.ends_well = False
        code, out, _ = self.call("check", "--json", self.config())
        self.assertEqual(3, code, out)
        well, added = json.loads(out)["gateways"]
        self.assertEqual([], well["problems"])
        self.assertEqual(1, len(added["problems"]), added)

    def test_night(self):
        """No problem of the configuration."""
        dtu = self.roofs()
        dtu.night()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        roof = self.device(self.check(), "INVERTER0")
        self.assertEqual(0, roof["power_w"])
        self.assertIn("night", roof["notes"][0])

    def test_several_gateways(self):
        roofs = self.roofs()
        shed = self.gateway(Ahoy(self.sun, [Inverter(SHED, "Shed")], "0.8"))
        self.configure({"DTU": "opendtu", "Host": roofs.host},
                       DTU1={"Type": "ahoy", "Host": shed.host}, INVERTER0=inverter(20),
                       INVERTER1=inverter(21), INVERTER2=inverter(22, DTU=1))
        report = self.check()
        self.assertEqual([("INVERTER0", ROOF, "DEFAULT"), ("INVERTER1", BARN, "DEFAULT"),
                          ("INVERTER2", SHED, "DTU1")],
                         [(d["section"], d["serial"], d["gateway"]) for d in report["devices"]])

    # --- what is wrong ----------------------------------------------------------------------------

    def test_nobody_there(self):
        """A dead host takes nothing from the others."""
        shed = self.gateway(Ahoy(self.sun, [Inverter(SHED, "Shed")], "0.8"))
        self.configure({"Host": "127.0.0.1:9"}, DTU1={"Type": "ahoy", "Host": shed.host},
                       INVERTER0=inverter(20), INVERTER1=inverter(21, DTU=1))
        report = self.check(code=3)
        dead, alive = report["gateways"]
        self.assertEqual("unreachable", dead["failure"])
        self.assertIn("Host", dead["problems"][0])
        self.assertIsNone(alive["failure"])
        self.assertEqual([], self.device(report, "INVERTER0")["problems"])  # it is said once
        self.assertFalse(self.device(report, "INVERTER0")["published"])
        self.assertTrue(self.device(report, "INVERTER1")["published"])

    @each(("wrong", Basic("admin", "right"), "Password"), ("digest", Digest("admin", "pw"),
                                                           "DigestAuth"))
    def test_password(self, auth, says):
        dtu = self.roofs(auth=auth)
        self.configure({"Host": dtu.host, "Username": "admin", "Password": "pa55word"},
                       INVERTER0=inverter(20))
        report = self.check(code=3)
        self.assertEqual("unauthorized", report["gateways"][0]["failure"])
        self.assertIn(says, report["gateways"][0]["problems"][0])
        self.assertNotIn("pa55word", json.dumps(report) + self.text(code=3))

    @each(("ahoy_is_no_opendtu", "opendtu", lambda sun, all: Ahoy(sun, all, "0.8"), "ahoy"),
          ("opendtu_is_no_ahoy", "ahoy", lambda sun, all: OpenDtu(sun, all), "opendtu"))
    def test_wrong_kind(self, said, make, kind):
        dtu = self.gateway(make(self.sun, [Inverter(ROOF, "Roof")]))
        self.configure({"DTU": said, "Host": dtu.host}, INVERTER0=inverter(20))
        report = self.check(code=3)
        self.assertIn(f"set DTU = {kind}", report["gateways"][0]["problems"][0])

    def test_no_dtu_at_all(self):
        page = self.gateway(Generic({"/": {"hello": 1}}))
        self.configure({"DTU": "opendtu", "Host": page.host}, INVERTER0=inverter(20))
        report = self.check(code=3)
        self.assertIn("404", report["gateways"][0]["problems"][0])

    @each(("gen1", lambda sun, all: ShellyGen1(sun, all), "a Shelly (SHSW-PM)"),
          ("gen1_password", lambda sun, all: ShellyGen1(sun, all, auth=Basic("admin", "x")),
           "a Shelly (SHSW-PM)"),
          ("gen2", lambda sun, all: ShellyGen2(sun, all, auth=Digest("admin", "x")),
           "a Shelly (SNSW-001P16EU)"),
          ("tasmota", lambda sun, all: Tasmota(sun, all), "a Tasmota (12.5.0(tasmota))"))
    def test_another_device_given_as_a_dtu(self, make, what):
        """It is told what it is, and what to do: once."""
        device = self.gateway(make(self.sun, [Inverter("S1", "S1", strings=1)]))
        for kind in ("auto", "opendtu", "ahoy"):
            self.configure({"DTU": kind, "Host": device.host})
            gateway = self.check(code=3)["gateways"][0]
            self.assertEqual(1, len(gateway["problems"]), gateway)
            self.assertEqual([], gateway["notes"])
            self.assertIn(f"this is {what}, not a DTU", gateway["problems"][0])
            self.assertIn("DTU = template", gateway["problems"][0])

    @each(("time", "time_sync", "no time"), ("radio", "radio_problem", "radio module"),
          ("password", "default_password", "password"))
    def test_hints_of_the_dtu(self, hint, says):
        """What it complains of itself; its time_sync is true where it has none."""
        for shape in ("v24.1", "v26"):
            dtu = self.roofs(shape=shape)
            dtu.hints[hint] = True
            self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
            problem, = self.check(code=3)["gateways"][0]["problems"]
            self.assertIn(says, problem)

    LOGIN = {"Username": "admin", "Password": "openDTU42"}

    @each(("well", LOGIN, set(), "can be limited: 24 to 800 W", 0),
          ("wrong_password", {"Username": "admin", "Password": "no"}, set(), "refuses the login", 3),
          ("no_password", {}, set(), "refuses the login", 3),
          ("disabled", LOGIN, {ROOF, BARN}, "sends it no commands", 3))
    def test_power_limit(self, login, disabled, says, code):
        """Per inverter, whether it can be limited, and if not, why and what to do."""
        dtu = self.roofs()
        dtu.limits.disabled = disabled
        self.configure({"Host": dtu.host, "PowerLimit": 1, "AutoAdd": 0, **login},
                       INVERTER0=inverter(20))
        text = self.text(code=code)
        self.assertEqual(1, text.count("can be limited:") + text.count("cannot be limited:"), text)
        self.assertIn(says, text)
        self.assertEqual([], dtu.limits.commands)

    @each(("well", LOGIN, 0), ("wrong_password", {"Username": "admin", "Password": "no"}, 3))
    def test_switch(self, login, code):
        dtu = self.roofs()
        self.configure({"Host": dtu.host, "Switch": 1, "AutoAdd": 0, **login}, INVERTER0=inverter(20))
        problem = "cannot be switched on and off: the DTU refuses the login"
        self.assertEqual(code != 0, problem in self.text(code=code))

    def test_power_limit_of_an_ahoy(self):
        dtu = self.gateway(Ahoy(self.sun, [Inverter(ROOF, "One")], password="1234"))
        self.configure({"Host": dtu.host, "PowerLimit": 1, "DTU": "ahoy"}, INVERTER0=inverter(20))
        self.assertIn("cannot be limited: the DTU refuses the login", self.text(code=3))
        self.configure({"Host": dtu.host, "PowerLimit": 1, "DTU": "ahoy", "Password": "1234"},
                       INVERTER0=inverter(20))
        self.assertIn(": can be limited: 24 to 800 W", self.text())

    def test_power_limit_of_a_gateway_that_is_away(self):
        self.configure({"Host": "127.0.0.1:9", "PowerLimit": 1}, INVERTER0=inverter(20))
        self.text(code=3)

    def test_not_asked_about_limits(self):
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.text()
        self.assertEqual(0, dtu.counts.requests["/api/inverter/list"])

    def test_a_damaged_packet(self):
        """What the service would drop is named, and all is not well."""
        dtu = self.roofs()
        dtu[ROOF].fix(**END_OF_RANGE)
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        problem, = self.device(self.check(code=3), "INVERTER0")["problems"]
        self.assertIn("cannot be a measurement", problem)
        self.assertIn("6553.5 V", problem)

    def test_an_offset_is_no_counter(self):
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20, EnergyOffset=900000))
        self.assertEqual([], self.device(self.check(), "INVERTER0")["problems"])

    def test_ahoy_without_time(self):
        dtu = self.gateway(Ahoy(self.sun, [Inverter(ROOF, "Roof")], "0.8", clock_offset=None))
        self.configure({"DTU": "auto", "Host": dtu.host}, INVERTER0=inverter(20))
        problem, = self.check(code=3)["gateways"][0]["problems"]
        self.assertIn("no time", problem)

    def test_counter_beyond_belief(self):
        """Of an inverter by its rating, which a bad packet may well exceed."""
        dtu = self.opendtu(Inverter(ROOF, "Roof", base_kwh=2113405))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        problem, = self.device(self.check(code=3), "INVERTER0")["problems"]
        self.assertIn("cannot be right", problem)

    @each(("two_numbers", "v24.1", True), ("without_v", "24.2.11", True), ("hash", "a1b2c3d", True),
          ("one_number", "v24", True), ("least", "v24.2.12", False), ("by_numbers", "v24.10.1", False),
          ("huge", "v99999999999999999999999999999.1", False))
    def test_old_firmware(self, version, old):
        named = type("Named", (OpenDtu,), {"version": version})
        dtu = self.gateway(named(self.sun, [Inverter(ROOF, "Roof")], "v24.1"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.assertEqual(old, any("old firmware" in note for note in self.check()["gateways"][0]["notes"]))

    def test_hanging_gateway(self):
        dtu = self.roofs()
        dtu.fault = Fault("hang")
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.assertEqual("timeout", self.check(code=3)["gateways"][0]["failure"])

    def test_sections_without_an_inverter(self):
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20), INVERTER5=inverter(25),
                       INVERTER6=inverter(26, Serial="999"))
        report = self.check(code=3)
        self.assertIn("place 5", self.device(report, "INVERTER5")["problems"][0])
        self.assertIn(BARN, self.device(report, "INVERTER5")["problems"][0])
        self.assertIn("999", self.device(report, "INVERTER6")["problems"][0])

    def test_sections_of_a_stock_file(self):
        """The ten that the Python driver's example has: what is too much is one problem, in one place."""
        dtu = self.roofs()
        self.configure({"Host": dtu.host}, **{f"INVERTER{n}": inverter(34 + n) for n in range(10)})
        report = self.check(code=3)
        self.assertEqual(1, report["problems"])
        for n in range(2, 10):
            problem, = self.device(report, f"INVERTER{n}")["problems"]
            self.assertIn(f"has 2 inverters ({ROOF}, {BARN}), and none for [INVERTER2], ", problem)
            self.assertIn("[INVERTER8] and [INVERTER9]: take these sections out", problem)
        text = self.text(code=3)
        self.assertEqual(1, text.count("nothing to publish"))
        self.assertEqual(1, text.count("  problem: "))
        self.assertIn("  [INVERTER2] and 7 other sections: nothing to publish\n    problem: [DEFAULT] has", text)
        self.assertIn("config.ini: no errors, no warnings, 1 problem: ", text)

    # --- what is on the bus already ---------------------------------------------------------------

    def running(self, dtu, *numbers, **sections):
        """A service with the roof on number 20, and the barn on the number that it was given."""
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20), **sections)
        self.start()
        self.wait_names(*(PVINVERTER % n for n in (20, *numbers, 34)), timeout=16.0)

    def test_the_number_in_use(self):
        """Of what is on the bus, the one that it has there; else the last one."""
        dtu = self.roofs()
        self.running(dtu)
        text = self.call("check", self.config())[1]
        self.assertIn('"Barn"\n    com.victronenergy.pvinverter.http_34, L1,', text)
        report = json.loads(self.call("check", "--json", self.config())[1])
        self.assertEqual([20, 34], [d["instance_in_use"] for d in report["devices"]])
        self.assertEqual([20, "auto"], [d["instance"] for d in report["devices"]])
        self.assertEqual(0, self.programs.pop().stop()[0])
        self.assertIn("pvinverter.http_34 (as the last time), L1,", self.call("check", self.config())[1])

    def test_a_dtu_that_was_taken_out(self):
        """A service that keeps its previous configuration has inverters on the bus that the file has not."""
        shed = self.gateway(Ahoy(self.sun, [Inverter(SHED, "Shed")], "0.8"))
        dtu = self.roofs()
        self.running(dtu, 21, DTU1={"Type": "ahoy", "Host": shed.host},
                     INVERTER1=inverter(21, DTU=1, Index=0))
        code, text, _ = self.call("check", self.config())
        self.assertEqual(0, code, text)
        self.assertNotIn("On the D-Bus already", text)
        self.configure({"Host": dtu.host, "PollingInterval": "often"}, INVERTER0=inverter(20))
        code, text, _ = self.call("check", self.config())
        self.assertEqual(1, code, text)
        self.assertIn("\nOn the D-Bus already:\n  problem: com.victronenergy.pvinverter.http_21 is on the D-Bus, "
                      f"by TCP/IP (HTTP) {shed.host}, which this file does not have", text)
        self.assertEqual(1, text.count(" is on the D-Bus, "))
        report = json.loads(self.call("check", "--json", self.config())[1])
        self.assertEqual(1, len(report["on_the_bus"]["problems"]))

    # --- on a terminal ------------------------------------------------------------------------------

    @each(("color", {"TERM": "xterm"}, True), ("none_wanted", {"TERM": "xterm", "NO_COLOR": "1"}, False),
          ("none_known", {}, False))
    def test_colors(self, environment, colors):
        """They are no part of the width."""
        self.configure({"Host": self.roofs().host, "Colour": "red"}, INVERTER0=inverter(20))
        code, lines = self.call_on_terminal("check", self.config(), width=60, environment=environment)
        self.assertEqual(3, code)
        self.assertEqual(colors, "\x1b[33mwarning\x1b[0m: " in "\n".join(lines))
        plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
        self.assertNotIn("\x1b", "".join(plain))
        self.assertLessEqual(max(len(line) for line in plain if " " in line.strip()), 60, plain)
        self.assertTrue(" ".join(plain).rstrip().endswith("then check again"), plain)

    def test_a_terminal_of_unknown_width(self):
        self.configure({"Host": self.roofs().host}, INVERTER0=inverter(20))
        _, lines = self.call_on_terminal("check", self.config(), width=0)
        self.assertLessEqual(max(len(line) for line in lines if " " in line.strip()), 80, lines)
        self.assertGreater(max(map(len, lines)), 60)

    def test_inverters_without_a_section(self):
        dtu = self.roofs()
        self.configure({"Host": dtu.host, "AutoAdd": 0}, INVERTER0=inverter(20))
        report = self.check()
        spare = self.device(report, None)
        self.assertEqual((BARN, False), (spare["serial"], spare["published"]))
        self.assertIn("AutoAdd", spare["notes"][0])
