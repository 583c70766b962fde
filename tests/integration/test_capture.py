"""`support --capture`: what gateways send, in a file without anything of its owner."""

import json
import os
import signal
import stat
import subprocess
import time

from tests.integration.case import PVINVERTER, on_every_model
from tests.integration.command import CommandTest
from tests.integration.program import SANITIZERS, command, inverter, patience, template
from tests.sim import Basic, Fault, Generic, Inverter, Query, Tasmota

ROOF, SHED = "114182000001", "138212345678"


class CaptureTest(CommandTest):

    def capture(self, duration="5s", name="my.jsonl"):
        """(what it said, the lines of the file)"""
        path = os.path.join(self.folder, name)
        code, out, err = self.call("support", "--config", os.path.join(self.folder, "config.ini"),
                                   "--capture", duration, "-o", path)
        self.assertEqual((0, ""), (code, err), out)
        self.assertIn(path, out)
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        return out, self.lines(path)

    def lines(self, path):
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def replies(self, lines, path):
        return [line for line in lines if line.get("path") == path]

    @on_every_model()
    def test_opendtu(self):
        """Asked and pushed, each reply with its time; nobody's serial number, name or address."""
        dtu = self.opendtu(Inverter(ROOF, "Anna's roof"), Inverter(SHED, "Shed"))
        self.configure({"Host": dtu.host, "Password": "g4rten", "PollingInterval": 1000},
                       INVERTER0=inverter(20, Serial=ROOF))
        out, lines = self.capture()
        self.assertIn("1 gateway in 5 s", out)
        head, records, end = lines[0], lines[1:-1], lines[-1]
        self.assertEqual((1, [{"gateway": "DEFAULT", "driver": "opendtu", "interval": 1000}]),
                         (head["capture"], head["gateways"]))
        self.assertEqual("time", end["end"])
        self.assertIn(end["t"], range(5000, 6000))
        self.assertEqual([r["t"] for r in records], sorted(r["t"] for r in records))
        self.assertTrue(all(r["driver"] == "opendtu" for r in records))
        listed = json.loads(self.replies(records, "/api/livedata/status")[0]["body"])["inverters"]
        self.assertEqual(["1141", "1382"], [one["serial"][:4] for one in listed])
        for one in listed:
            asked = self.replies(records, f"/api/livedata/status?inv={one['serial']}")
            self.assertEqual("ok", asked[0]["outcome"])
            self.assertTrue(asked[0]["ms"] >= 0)
        with open(os.path.join(self.folder, "my.jsonl"), encoding="utf-8") as file:
            text = file.read()
        for original in (ROOF, SHED, "Anna", "Shed", "g4rten", "127.0.0.1", dtu.host):
            self.assertNotIn(original, text)
        self.assertFalse([target for target in dtu.counts.requests if "config" in target])

    def test_no_secret(self):
        """Of a template's configuration, and of what it answers."""
        device = self.gateway(Generic({"/status": {
            "power": 5.25, "me": "pa55word", "wifi": {"ssid": "My Home 5", "ip": "192.168.7.7"},
            "mac": "A8:03:2A:BE:54:DC", "host": "anna-plug", "lat": 48.1375, "serial": "770012345678"}},
            auth=Basic("admin", "pa55word")))
        self.configure({"DTU": "template", "NumberOfTemplates": 1}, TEMPLATE0=template(
            50, device.host, "status", Username="admin", Password="pa55word", CUST_Power="power"))
        _, lines = self.capture("2s")
        body = json.loads(self.replies(lines, "/status")[0]["body"])
        self.assertEqual((5.25, "770090000001"), (body["power"], body["serial"]))
        text = json.dumps(lines)
        for original in ("pa55word", "My Home", "192.168.7.7", "54:DC", "anna-plug", "48.13", "770012345678"):
            self.assertNotIn(original, text)

    def test_failures(self):
        """What goes wrong is what it is for."""
        dtu = self.opendtu(Inverter(ROOF, "Roof"))
        dtu.fault = Fault("truncated")
        self.configure({"Host": dtu.host}, DTU1={"Host": "127.0.0.1:9", "Type": "ahoy"})
        _, lines = self.capture("2s")
        seen = {(line["gateway"], line["outcome"]) for line in lines[1:-1]}
        self.assertIn(("DTU1", "unreachable"), seen)
        self.assertIn("DEFAULT", {gateway for gateway, _ in seen})

    @on_every_model()
    def test_played(self):
        """The capture is a gateway, and its values come to the bus."""
        dtu = self.opendtu(Inverter(ROOF, "Roof"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.capture("3s")
        dtu.stop()
        self.configure({"DTU": "replay", "ReplayFile": os.path.join(self.folder, "my.jsonl")},
                       INVERTER0=inverter(20))
        self.start()
        self.wait_value(PVINVERTER % 20, "/StatusCode", 7)
        self.wait_value(PVINVERTER % 20, "/Serial", "114190000001")
        self.wait_value(PVINVERTER % 20, "/ProductName", "OpenDTU")

    def test_template_devices_are_played(self):
        """Each by its own section; the login in Tasmota's requests is not in the capture."""
        plug = self.gateway(Tasmota(self.sun, [Inverter("tasmota", "Shed", strings=1)],
                                    auth=Query("admin", "pa55word")))
        meter = self.gateway(Generic({"/status": {"apower": 12.5}}))
        sections = {"TEMPLATE0": {"Type": "tasmota-plug", "Username": "admin", "Password": "pa55word",
                                  "DeviceInstance": 40},
                    "TEMPLATE1": {"CUST_API_PATH": "status", "CUST_Power": "apower", "DeviceInstance": 41}}
        self.configure({"DTU": "template", "NumberOfTemplates": 2},
                       TEMPLATE0={"Host": plug.host, **sections["TEMPLATE0"]},
                       TEMPLATE1={"Host": meter.host, **sections["TEMPLATE1"]})
        self.capture("3s")
        plug.stop()
        meter.stop()
        self.configure({"DTU": "template", "NumberOfTemplates": 2,
                        "ReplayFile": os.path.join(self.folder, "my.jsonl")}, **sections)
        self.start()
        self.wait_value(PVINVERTER % 41, "/Ac/Power", 12.5)
        self.wait_value(PVINVERTER % 40, "/StatusCode", 7)
        code, out, _ = self.call("check", "config.ini")
        self.assertEqual(0, code, out)

    def test_damaged(self):
        """`check` names the line; a file that is not there as well."""
        path = os.path.join(self.folder, "damaged.jsonl")
        self.configure({"DTU": "replay", "ReplayFile": path})
        _, out, _ = self.call("check", "config.ini")
        self.assertIn("damaged.jsonl: No such file", " ".join(out.split()))
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"capture":1,"program":"1","gateways":[{"gateway":"DEFAULT","driver":"ahoy"}]}\nhello\n')
        code, out, _ = self.call("check", "config.ini")
        self.assertNotEqual(0, code)
        self.assertIn("line 2: this is no object", " ".join(out.split()))

    def test_stopped(self):
        """Ctrl-C ends it, and the file is whole."""
        dtu = self.opendtu(Inverter(ROOF, "Roof"))
        self.configure({"Host": dtu.host})
        with subprocess.Popen([*command(), "support", "--capture", "1h", "--config", "config.ini"], cwd=self.folder,
                              stdout=subprocess.PIPE, text=True,
                              env={"DBUS_SESSION_BUS_ADDRESS": self.bus.address, **SANITIZERS}) as process:
            deadline = time.monotonic() + 20 * patience()
            while not dtu.counts.total and time.monotonic() < deadline:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=20 * patience())
        self.assertEqual(0, process.returncode)
        self.assertIn("dbus-opendtu-capture.jsonl", out)
        lines = self.lines(os.path.join(self.folder, "dbus-opendtu-capture.jsonl"))
        self.assertEqual("stopped", lines[-1]["end"])

    def test_not_to_be_written(self):
        self.configure({"Host": "127.0.0.1:9"})
        code, out, err = self.call("support", "--config", "config.ini", "--capture", "1s",
                                   "-o", "/nowhere/capture")
        self.assertEqual((1, ""), (code, out))
        self.assertIn("/nowhere/capture", err)
        target = os.path.join(self.folder, "target")
        os.symlink(target, os.path.join(self.folder, "link"))
        self.assertEqual(1, self.call("support", "--config", "config.ini", "--capture", "1s", "-o", "link")[0])
        self.assertFalse(os.path.exists(target))

    def test_nobody_to_ask(self):
        code, _, err = self.call("support", "--capture", "1s", "--config", "/nowhere/config.ini")
        self.assertEqual(1, code)
        self.assertIn("/nowhere/config.ini", err)
        self.configure({"DTU": "template"})
        code, _, err = self.call("support", "--capture", "1s", "--config", "config.ini")
        self.assertEqual(1, code)
        self.assertIn("no gateway", err)

    def test_wrong_duration(self):
        for duration in ("", "0s", "10", "m", "25h", "-1s", "99999999999h", "5d", "1s2"):
            code, _, err = self.call("support", "--capture", duration)
            self.assertEqual(2, code, duration)
            self.assertIn("--capture takes 1s to 24h", err)
