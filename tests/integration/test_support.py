"""`support`: everything that a bug report needs, and nothing that is secret."""

import os
import stat

from tests.integration.case import PVINVERTER, on_every_model
from tests.integration.command import CommandTest
from tests.integration.program import inverter, template
from tests.sim import Basic, Fault, Generic, Inverter, Query, Tasmota

ROOF = "114182000001"


class SupportTest(CommandTest):

    def report(self, *options, code=0):
        seen, out, err = self.call("support", "--config", os.path.join(self.folder, "config.ini"),
                                   *options)
        self.assertEqual((code, ""), (seen, err), out)
        return out

    def part(self, report, title):
        return report.split(f"==== {title} ====\n")[1].split("\n==== ")[0]

    @on_every_model()
    def test_report(self):
        """Of a service that runs."""
        dtu = self.opendtu(Inverter(ROOF, "Roof"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.start()
        self.wait_value(PVINVERTER % 20, "/StatusCode", 7)
        report = self.report("--log", os.path.join(self.folder, "log0"))
        self.assertIn("libcurl", self.part(report, "versions"))
        self.assertIn("MemTotal", self.part(report, "platform"))
        self.assertIn("DeviceInstance = 20", self.part(report, "configuration"))
        self.assertIn("all is well", self.part(report, "check"))
        replies = self.part(report, "replies")
        self.assertIn("GET /api/livedata/status -> status 200", replies)
        self.assertIn(f'"serial":"{ROOF}"', replies)
        bus = self.part(report, "D-Bus")
        self.assertRegex(bus, r"(?m)^com\.victronenergy\.pvinverter\.http_20$")
        self.assertRegex(bus, rf"(?m)^  /Serial +{ROOF}$")
        self.assertRegex(bus, r"(?m)^  /Debug/Requests +\d+$")
        self.assertIn("INFO", self.part(report, "log"))

    def test_nothing_there(self):
        """No configuration, no bus, no log: said, and no failure."""
        self.bus.close()
        report = self.report("--log", "/nowhere/current")
        self.assertIn("No such file", self.part(report, "configuration"))
        self.assertIn("cannot be reached", self.part(report, "D-Bus"))
        self.assertIn("/nowhere/current: No such file", self.part(report, "log"))

    def test_into_a_file(self):
        self.configure({"Host": "127.0.0.1:9"}, INVERTER0=inverter(20))
        path = os.path.join(self.folder, "report.txt")
        self.assertEqual("", self.report("-o", path))
        with open(path, encoding="utf-8") as file:
            self.assertIn("refused the connection", self.part(file.read(), "check"))
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        code, out, err = self.call("support", "-o", "/nowhere/report", "--no-ask")
        self.assertEqual((1, ""), (code, out))
        self.assertIn("/nowhere/report", err)

    def test_no_ask(self):
        dtu = self.opendtu(Inverter(ROOF, "Roof"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.assertEqual("", self.part(self.report("--no-ask"), "replies").strip())
        self.assertEqual(0, dtu.counts.total)

    def test_broken_reply(self):
        """What could not be understood is what the report is for."""
        dtu = self.opendtu(Inverter(ROOF, "Roof"))
        dtu.fault = Fault("truncated")
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.assertIn(ROOF, self.part(self.report(), "replies"))

    def test_end_of_the_log(self):
        """200 lines, whole ones."""
        path = os.path.join(self.folder, "current")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"INFO line {n} {'x' * 1000}\n" for n in range(1000))
        lines = self.part(self.report("--no-ask", "--log", path), "log").splitlines()
        self.assertIn("line 999", lines[-1])
        self.assertGreater(len(lines), 100)
        self.assertTrue(all(line.startswith("INFO line ") for line in lines))
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"INFO line {n}\n" for n in range(1000))
        lines = self.part(self.report("--no-ask", "--log", path), "log").splitlines()
        self.assertEqual([f"INFO line {n}" for n in range(800, 1000)], lines)

    def test_no_secret(self):
        """None of the configuration, wherever it comes again; and none that a device tells."""
        echo = self.gateway(Generic({"/status": lambda request: {
            "seen": request.headers.get("authorization"), "power": 5, "me": "pa55word%",
            "wifi": {"ssid": "My Home 5", "ip": "192.168.7.7"}, "mac": "A8032ABE54DC",
            "id": "plug-a8032abe54dc", "serial": "77001"}}, auth=Basic("admin", "pa55word%")))
        plug = self.gateway(Tasmota(self.sun, [Inverter("T1", "T1", strings=1)],
                                    auth=Query("us3r", "p w&d7")))
        self.configure(
            {"DTU": "template", "NumberOfTemplates": 2, "Passwort": "m1styped"},
            TEMPLATE0=template(50, echo.host, "status", Username="admin", Password="pa55word%%",
                               CUST_Power="power"),
            TEMPLATE1=template(51, plug.host, "cm?cmnd=STATUS+8", Username="us3r",
                               Password="p w&d7", CUST_Power="StatusSNS/ENERGY/Power"))
        path = os.path.join(self.folder, "current")
        with open(path, "w", encoding="utf-8") as file:
            file.write("WARNING http://x:pa55word%@h/ p%20w%26d7 01:23:45:67:89:ab\n")
        report = self.report("--log", path)
        for secret in ("pa55word", "p w&d7", "p%20w%26d7", "m1styped", "My Home 5", "01:23:45",
                       "YWRtaW46cGE1NXdvcmQl"):
            self.assertNotIn(secret, report)
        self.assertNotIn("a8032abe54dc", report.lower())
        for kept in ("192.168.7.7", '"serial":"77001"', '"power":5', "admin"):
            self.assertIn(kept, report)
        self.assertIn("GET /cm?cmnd=STATUS+8&user=(removed)&password=(removed) -> status 200",
                      report)

    def test_no_place_on_earth(self):
        """A path that is wrong has `check` list the numbers of the reply; here, there are only names."""
        device = self.gateway(Generic({"/status": {"sys": {"latitude": 48.1375, "w": 5}}}))
        self.configure({"DTU": "template", "NumberOfTemplates": 1}, TEMPLATE0=template(
            50, device.host, "status", CUST_Power="power"))
        report = self.report()
        self.assertIn("power is not in the reply", report)
        self.assertIn('"w":"(removed)"', report)
        self.assertNotIn("48.1375", report)

    def test_wrong_usage(self):
        for arguments in (("--dance",), ("somewhere",), ("-o",)):
            code, out, err = self.call("support", *arguments)
            self.assertEqual((2, ""), (code, out))
            self.assertTrue(err.strip())
