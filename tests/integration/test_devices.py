"""Devices by name: a section with a Type, channels, an owner's own file."""

import json
import os

from tests.integration.command import CommandTest
from tests.sim import Generic

PV = "com.victronenergy.pvinverter.http_%d"
GRID = "com.victronenergy.grid.http_40"
FIXTURES = os.path.join(os.path.dirname(__file__), "../fixtures/devices")


def replies(name):
    """By path, as the device sends them."""
    with open(f"{FIXTURES}/{name}.json", encoding="utf-8") as file:
        return json.load(file)


class DevicesTest(CommandTest):

    def device(self, name):
        self.replies = replies(name)
        return self.gateway(Generic({path.split("?")[0]: lambda _request, path=path: self.replies[path]
                                     for path in self.replies}))

    def section(self, host, kind, **keys):
        return {"Host": host, "Type": kind, "DeviceInstance": 40, "CUST_POLLING": 1000, **keys}

    def test_a_meter_shows_its_own_phases(self):
        meter = self.device("shelly-pro-3em")
        self.configure({"DTU": "template"},
                       TEMPLATE0=self.section(meter.host, "shelly-pro-3em",
                                              Servicename="com.victronenergy.grid"))
        program = self.start()
        self.wait_value(GRID, "/Ac/Power", 594.0)
        for path, value in (("/Ac/L1/Power", -110.0), ("/Ac/L2/Power", 10.0),
                            ("/Ac/L3/Power", 694.0), ("/Ac/Energy/Reverse", 251.60075),
                            ("/Ac/L1/Energy/Reverse", 250.1), ("/NrOfPhases", 3),
                            ("/ProductName", "Shelly Pro 3EM"),
                            ("/CustomName", "Shelly Pro 3EM")):
            self.wait_value(GRID, path, value)
        self.assertEqual([], program.lines("WARNING"))

    def test_channels_are_devices(self):
        plug = self.device("shelly-2pm")
        self.configure({"DTU": "template"}, TEMPLATE0=self.section(plug.host, "shelly-2pm"))
        self.start()
        self.wait_value(PV % 40, "/Ac/Power", 310.5)
        self.assert_value(PV % 40, "/CustomName", "Shelly Plus 2PM")
        second = PV % 34  # the first one that is free
        self.wait_value(second, "/Ac/Power", 95.0, 16.0)  # there is no settings service
        self.assert_value(second, "/CustomName", "Shelly Plus 2PM 2")
        self.replies["/rpc/Shelly.GetStatus"]["switch:1"]["apower"] = 96.0
        del self.replies["/rpc/Shelly.GetStatus"]["switch:0"]
        self.wait_value(second, "/Ac/Power", 96.0)
        self.wait_value(PV % 40, "/StatusCode", 10, 10.0)  # the other one goes on
        self.assert_value(second, "/StatusCode", 7)

    def test_keys_become_a_type(self):
        """Identity, instance and counter stay."""
        plug = self.device("shelly-plus-1pm")
        keys = {"Host": plug.host, "CUST_API_PATH": "rpc/Switch.GetStatus?id=0",
                "CUST_Power": "apower", "CUST_Total": "aenergy/total", "CUST_Total_Mult": 0.001,
                "CUST_POLLING": 1000, "DeviceInstance": 40, "EnergyOffset": 100}
        self.configure({"DTU": "template", "NumberOfTemplates": 1}, TEMPLATE0=keys)
        self.start()
        first = PV % 40
        self.wait_value(first, "/Ac/Energy/Forward", 154.3215)
        self.configure({"DTU": "template"},
                       TEMPLATE0={"Host": plug.host, "Type": "shelly-plus-1pm", "CUST_POLLING": 1000,
                                  "DeviceInstance": 40, "EnergyOffset": 100})
        self.wait_value(first, "/ProductName", "Shelly Plus 1PM")
        self.assert_value(first, "/Ac/Energy/Forward", 154.3215)

    def test_a_file_of_the_owner_s(self):
        plug = self.gateway(Generic({"/mine": lambda _request: {"watts": 77.0}}))
        os.mkdir(f"{self.folder}/devices")
        self.write_device("mine", "[DEVICE]\nTitle = My plug\nClasses = pvinverter\n"
                                  "CUST_API_PATH = mine\nCUST_Power = watts\n")
        self.configure({"DTU": "template"}, TEMPLATE0=self.section(plug.host, "mine"))
        self.start()
        self.wait_value(PV % 40, "/Ac/Power", 77.0)
        self.assert_value(PV % 40, "/ProductName", "My plug")

    def test_what_a_device_lacks_is_no_problem(self):
        """Of the channels and phases that a type names."""
        for kind, service in (("shelly-2pm", "pvinverter"), ("homewizard-kwh", "acload")):
            device = self.device(kind)
            self.configure({"DTU": "template"},
                           TEMPLATE0=self.section(device.host, kind,
                                                  Servicename=f"com.victronenergy.{service}"))
            _code, out, _err = self.call("check", "config.ini")
            self.assertIn("all is well", out)

    def test_a_meter_the_other_way_round(self):
        meter = self.device("homewizard-kwh")
        self.replies["/api/v1/data"]["active_power_w"] = -843.0
        self.configure({"DTU": "template"},
                       TEMPLATE0=self.section(meter.host, "homewizard-kwh", CUST_Reversed=1))
        self.start()
        self.wait_value(PV % 40, "/Ac/Power", 843.0)
        self.assert_value(PV % 40, "/Ac/Energy/Forward", 12.25)

    def test_a_faulty_file_is_told_with_its_line(self):
        os.mkdir(f"{self.folder}/devices")
        self.write_device("mine", "[DEVICE]\nTitle = My plug\nClasses = pvinverter\nHost = evil\n")
        self.configure({"DTU": "template"}, TEMPLATE0=self.section("127.0.0.1:9", "mine"))
        _code, out, _err = self.call("check", "config.ini")
        self.assertIn("devices/mine.ini: line 4: Host belongs in config.ini", out)

    def write_device(self, name, text):
        with open(f"{self.folder}/devices/{name}.ini", "w", encoding="utf-8") as file:
            file.write(text)
