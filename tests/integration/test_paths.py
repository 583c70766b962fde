"""`paths`: what a template may point at in a reply, and what is guessed of it."""

import json
import os

from tests.integration.case import each, on_every_model
from tests.integration.command import CommandTest
from tests.sim import (Basic, Bearer, Digest, Fault, Generic, Inverter, Query, ShellyGen2, Tasmota)

REPLY = {"em:0": {"act": 12.5, "on": True, "name": "x"}, "list": [1, {"w": "7.25"}], "none": 3,
         "a/b": 4, "50%": 5, "grün": 6}


class PathsTest(CommandTest):

    def rows(self, out):
        """path -> the rest of the line, which begins at one column."""
        lines = out.splitlines()
        return dict(line.split(None, 1) for line in lines)

    @on_every_model()
    def test_numbers_and_their_paths(self):
        gateway = self.gateway(Generic({"/status": REPLY}))
        code, out, err = self.call("paths", "--once", gateway.host + "/status")
        self.assertEqual((0, ""), (code, err))
        self.assertEqual(
            {"em:0/act": "12.5", "list/0": "1", "list/1/w": "7.25", "/none": "3", "50%%": "5",
             "grün": "6",
             "a/b": "4  (no path leads there: a name in it holds a '/', is empty, or stands there "
                    "twice)"}, self.rows(out))
        columns = {line.rstrip(")").split("  (")[0].rindex(" ") for line in out.splitlines()}
        self.assertEqual(1, len(columns), out)

    def test_json(self):
        gateway = self.gateway(Generic({"/status": REPLY}))
        code, out, err = self.call("paths", "--json", gateway.url + "/status")
        self.assertEqual((0, ""), (code, err))
        found = json.loads(out)
        self.assertIn({"path": "em:0/act", "value": 12.5}, found)
        self.assertIn({"path": "50%", "value": 5}, found)
        odd = [entry for entry in found if entry["path"] is None]
        self.assertEqual(["a/b"], [entry["at"] for entry in odd])
        self.assertEqual(7, len(found))

    def test_without_a_path(self):
        gateway = self.gateway(Generic({"/": {"answer": 42}}))
        code, out, _ = self.call("paths", "--once", gateway.host)
        self.assertEqual((0, "answer  42\n"), (code, out))

    @each(("basic", Basic("admin", "pä ss"), ()),
          ("digest", Digest("admin", "pä ss"), ("--digest",)))
    def test_credentials(self, auth, options):
        device = self.gateway(ShellyGen2(self.sun, [Inverter("S1", "S1", strings=1)], auth=auth))
        address = device.host + "/rpc/Switch.GetStatus?id=0"
        code, out, err = self.call("paths", "--once", "--user", "admin", "--password", "pä ss", *options,
                                   address)
        self.assertEqual((0, ""), (code, err))
        self.assertIn("apower", self.rows(out))
        self.assertIn("aenergy/total", self.rows(out))
        code, out, err = self.call("paths", "--once", *options, address)
        self.assertEqual((1, ""), (code, out))
        self.assertIn("password", err.lower())
        self.assertIn("--user", err)

    def test_token(self):
        """By option or from the environment, where nobody else reads it."""
        device = self.gateway(ShellyGen2(self.sun, [Inverter("S1", "S1", strings=1)],
                                         auth=Bearer("t0.ken")))
        address = device.host + "/rpc/Switch.GetStatus?id=0"
        code, out, err = self.call("paths", "--once", "--authorization", "Bearer t0.ken", address)
        self.assertEqual((0, ""), (code, err))
        self.assertIn("apower", self.rows(out))
        code, out, err = self.call("paths", "--once", address, environment={"DTU_AUTHORIZATION":
                                                                 "Bearer t0.ken"})
        self.assertEqual((0, ""), (code, err))
        code, out, err = self.call("paths", "--once", "--authorization", "Bearer another", address)
        self.assertEqual((1, ""), (code, out))
        self.assertIn("--authorization", err)
        self.assertNotIn("another", err)

    @each(("new", False), ("old", True))
    def test_tasmota(self, old):
        """The credentials go into the query, as the service does it."""
        login = Query("admin", "p w&d", old=old)
        plug = self.gateway(Tasmota(self.sun, [Inverter("T1", "T1", strings=1)], auth=login))
        address = plug.host + "/cm?cmnd=STATUS+8"
        code, out, err = self.call("paths", "--once", "--user", "admin", "--password", "p w&d", address)
        self.assertEqual((0, ""), (code, err))
        self.assertIn("StatusSNS/ENERGY/Power", self.rows(out))
        code, out, err = self.call("paths", "--once", address)
        self.assertEqual((1, ""), (code, out))
        self.assertIn("password", err.lower())

    @each(("hang", Fault("hang"), ""), ("html", Fault("html"), "HTML"),
          ("missing", Fault("status", status=404), "404"), ("cut", Fault("truncated"), "cut off"),
          ("nothing", Fault("empty-object"), "no number"))
    def test_no_numbers(self, fault, says):
        gateway = self.gateway(Generic({"/": REPLY}))
        gateway.fault = fault
        code, out, err = self.call("paths", "--once", "--timeout", "1", gateway.host)
        self.assertEqual((1, ""), (code, out))
        self.assertIn(says, err)
        self.assertEqual(1, len(err.splitlines()), err)

    @each(("nobody", "127.0.0.1:9/"), ("no_name", "no-such-host.invalid/"))
    def test_nobody_there(self, address):
        code, out, err = self.call("paths", "--once", "--timeout", "2", address)
        self.assertEqual((1, ""), (code, out))
        self.assertTrue(err.strip())

    @each(("nothing", ()), ("two", ("a/", "b/")), ("scheme", ("ftp://127.0.0.1/",)),
          ("option", ("--dance", "a/")), ("watch", ("--watch", "0", "a/")),
          ("watch_long", ("--watch", "601", "a/")), ("watch_text", ("--watch", "1s", "a/")), ("timeout", ("--timeout", "x", "a/")),
          ("long", ("a/" + "x" * 2000,)))
    def test_wrong_usage(self, arguments):
        code, out, err = self.call("paths", *arguments)
        self.assertEqual((2, ""), (code, out))
        self.assertTrue(err.strip())

    # --- what is guessed ------------------------------------------------------------------------

    def watch(self, address, *options, code=0):
        """What a short watch prints."""
        seen, out, err = self.call("paths", "--watch", "1", *options, address)
        self.assertEqual((code, ""), (seen, err if code == 0 else ""), out + err)
        return out if code == 0 else err

    def section(self, out):
        """The lines that are proposed, without their indentation."""
        return [line[4:] for line in out.splitlines() if line.startswith("    ")]

    def publishes(self, lines):
        """check has nothing to complain of in them; returns its text."""
        text = "[DEFAULT]\nDTU = template\nNumberOfTemplates = 1\n\n" + "\n".join(lines) + "\n"
        with open(os.path.join(self.folder, "config.ini"), "w", encoding="utf-8") as file:
            file.write(text)
        code, out, _ = self.call("check", os.path.join(self.folder, "config.ini"))
        self.assertEqual(0, code, out)
        return out

    def test_an_sml_head_with_odd_labels(self):
        """A Tasmota that reads an electricity meter: the labels are its owner's."""
        kwh = iter(12345.6 + n * 0.0001 for n in range(1000))
        meter = {"Verbrauch": lambda: next(kwh), "Einspeisung": lambda: 17.25, "Leistung": lambda: -432,
                 "Power_p1": lambda: -100, "Power_p2": lambda: -200, "Power_p3": lambda: -132,
                 "Server_id": lambda: "0a01"}
        reply = lambda _request: {"StatusSNS": {"Time": "2024-05-01T12:00:00", "Zähler": {
            name: value() for name, value in meter.items()}}}
        head = self.gateway(Generic({"/cm": reply}))
        out = self.watch(head.host + "/cm?cmnd=STATUS+10")
        self.assertRegex(out, r"(?m)^StatusSNS/Zähler/Verbrauch +12345\.\d+ +energy, kWh.*; only rises$")
        self.assertEqual(["[TEMPLATE0]", f"Host = {head.host}", "CUST_API_PATH = cm?cmnd=STATUS+10",
                          "CUST_Power = StatusSNS/Zähler/Leistung",
                          "CUST_Power_L1 = StatusSNS/Zähler/Power_p1",
                          "CUST_Power_L2 = StatusSNS/Zähler/Power_p2",
                          "CUST_Power_L3 = StatusSNS/Zähler/Power_p3",
                          "CUST_Total = StatusSNS/Zähler/Verbrauch",
                          "CUST_Return = StatusSNS/Zähler/Einspeisung",
                          "Servicename = com.victronenergy.grid"], self.section(out))
        self.assertIn("-432.0 W", self.publishes(self.section(out)))

    def test_a_counter_in_watt_hours(self):
        """Found out by how fast it rises: 14400 W make four in each second, and it is asked four times in that."""
        counts = iter(range(54321, 60000))
        plug = self.gateway(Generic({"/now": lambda _request: {
            "watts": 14400, "zaehlerstand": next(counts), "seconds": 5}}))
        out = self.watch(plug.host + "/now", "--password", "x", "--user", "me")
        self.assertIn("CUST_Power = watts", self.section(out))
        self.assertIn("Username = me", self.section(out))
        self.assertIn("CUST_Total_Mult = 0.001", self.section(out))
        self.assertRegex(out, r"(?m)^zaehlerstand +\d+ +energy, Wh; only rises$")

    @on_every_model()
    def test_a_meter_on_three_phases(self):
        device = {"emeters": [{"power": 100.5 * n, "pf": 0.9, "voltage": 230.1, "current": 0.5 * n,
                               "total": 54321.5, "total_returned": 12.5, "is_valid": True}
                              for n in (1, 2, 3)], "total_power": 603, "ram_total": 49000}
        meter = self.gateway(Generic({"/meter": device}))
        lines = self.section(self.watch(meter.host + "/meter"))
        for key, path in (("Power", "power"), ("Voltage", "voltage"), ("Current", "current"),
                          ("Total", "total"), ("Return", "total_returned"), ("PowerFactor", "pf")):
            for n in (1, 2, 3):
                self.assertIn(f"CUST_{key}_L{n} = emeters/{n - 1}/{path}", lines)
        self.assertIn("CUST_Power = total_power", lines)
        self.assertIn("CUST_Total_Mult = 0.001", lines)
        self.assertIn("603.0 W", self.publishes(lines))

    def test_a_named_type_comes_first(self):
        device = self.gateway(ShellyGen2(self.sun, [Inverter("S1", "S1", strings=1)],
                                         auth=Digest("admin", "pw")))
        out = self.watch(device.host + "/rpc/Switch.GetStatus?id=0", "--user", "admin",
                         "--password", "pw", "--digest")
        self.assertEqual(["[TEMPLATE0]", "Type = shelly-plus-1pm", f"Host = {device.host}",
                          "Username = admin", "# Password = that of its web page"], self.section(out))
        self.assertLess(out.index("Type = "), out.index("apower"))
        self.assertNotIn("CUST_", out)

    def test_a_device_file(self):
        """It is read as it is, by its name."""
        plug = self.gateway(Tasmota(self.sun, [Inverter("T1", "T1", strings=1)]))
        file = self.watch(plug.host + "/cm?cmnd=STATUS+8", "--device")
        self.assertIn("\nCUST_Power = StatusSNS/ENERGY/Power\n", file)
        os.mkdir(os.path.join(self.folder, "devices"))
        with open(os.path.join(self.folder, "devices", "my-device.ini"), "w", encoding="utf-8") as out:
            out.write(file)
        self.assertIn("template at", self.publishes(["[TEMPLATE0]", "Type = my-device",
                                                     f"Host = {plug.host}"]))

    def test_nothing_that_looks_like_a_power(self):
        gateway = self.gateway(Generic({"/": {"answer": 42}}))
        self.assertIn("None of them looks like a power", self.watch(gateway.host))
        self.assertIn("looks like a power", self.watch(gateway.host, "--device", code=1))

    def test_a_device_that_falls_silent(self):
        """The first reply is enough."""
        pages = iter([{"power": 5}])
        gateway = self.gateway(Generic({"/": lambda _request: next(pages, {})}))
        self.assertIn("CUST_Power = power", self.section(self.watch(gateway.host)))

    def test_on_a_terminal(self):
        """The same, and no line is wider; what the device writes is no command to it."""
        evil = {"\x1b[31mpower": 5, "power": 5, "a" * 30: {"b" * 30: 1}}
        gateway = self.gateway(Generic({"/": evil}))
        plain = self.watch(gateway.host)
        self.assertNotIn("\x1b", plain)
        code, lines = self.call_on_terminal("paths", "--watch", "1", gateway.host, width=60)
        self.assertEqual(0, code)
        self.assertIn("paths: watching the numbers for 1 s; --once does not", lines)
        said = " ".join(" ".join(line for line in lines if "watching" not in line).split())
        self.assertEqual(" ".join(plain.split()), said)
        self.assertLessEqual(max(map(len, lines)), 61)
