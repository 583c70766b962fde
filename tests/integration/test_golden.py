"""Replies of every gateway in, whole services out: exact paths, types, values and texts."""

import os
import re

from tests.integration import golden
from tests.integration.case import PVINVERTER, BusTest, each, on_every_model
from tests.integration.program import ROOT, inverter, template
from tests.sim import (Ahoy, Digest, Generic, Inverter, OpenDtu, ShellyGen1, ShellyGen2,
                       StringReading, Tasmota)

AC = {"power": 223.7, "voltage": 229.7, "current": 0.98, "frequency": 50.02, "power_factor": 0.997,
      "temperature": 34.2, "efficiency": 95.5, "dc_power": 234.3, "yield_day": 2223,
      "yield_total": 422.603}

# What differs from the table of today's OpenDTU: (inverter, HMT).
OPENDTU = [
    ("2022_10", "2022-10", False, golden.NAMELESS_STRINGS + golden.NO_MAX_POWER, "b4c1b3e"),
    ("2022_11", "2022-11", False, golden.NAMELESS_STRINGS, "88ad68b"),
    ("v24_1", "v24.1", False, "", "v24.1.26"),
    ("v24_2_12", "v24.2.12", False, "", "v24.2.12"),
    ("v26", "v26", False, "", "v26.3.30"),
    ("onbattery", "v26", True, "", "v26.3.30"),
]
AHOY = [
    ("0_5_66", "0.5.66", golden.NO_MAX_POWER, None),
    ("0_5_93", "0.5.93", golden.NO_MAX_POWER, "0.5.93"),
    ("0_7_36", "0.7.36", golden.NO_MAX_POWER, "0.7.36"),
    ("0_8", "0.8", "", "0.8.156"),
]


def firmware(version):
    return f"/FirmwareVersion  s  {version}  {version}" if version else "/FirmwareVersion  ai"


def roof():
    """Two strings on one phase."""
    return Inverter("114182940773", "Roof", strings=2, peak=800).fix(
        **AC, strings=[StringReading("South", 33.3, 3.52, 117.1, 1110, 211.301, 29.3),
                       StringReading("North", 34.1, 3.44, 117.2, 1113, 211.302, 29.3)])


def barn():
    """An HMT: three phases, six strings."""
    strings = [StringReading(f"Panel {n + 1}", 30.0 + n, 8.5, 260.0, 1000, 500.0) for n in range(6)]
    return Inverter("1361a0000001", "Barn", strings=6, phases=3, peak=2250).fix(
        **{**AC, "power": 1500.0, "voltage": 230.0, "current": 2.17, "dc_power": 1560.0,
           "yield_day": 6000, "yield_total": 3000.0}, strings=strings)


class GoldenTest(BusTest):

    def assert_golden(self, service, *tables):
        """The service's items are the table, once values and the gateway's firmware are there."""
        wanted = golden.table(*tables)
        settled = lambda: (self.peek(service, "/Ac/Power") == wanted["/Ac/Power"][1] and
                           self.peek(service, "/FirmwareVersion") == (wanted["/FirmwareVersion"][1]
                                                                      or None) and
                           self.peek(service, "/Debug/RoundTripP50") is not None)
        try:
            self.wait(f"first values of {service}", settled)
        except AssertionError:
            pass  # the comparison tells what is missing
        items = self.client.items(service)
        self.assertEqual([], golden.differences(items, wanted))
        return items

    def assert_mgmt(self, items, gateway):
        """What no table can tell."""
        self.assertRegex(items["/Mgmt/ProcessVersion"][1], r"^\d+\.\d+")
        self.assertIn(f"127.0.0.1:{gateway.port}", items["/Mgmt/Connection"][1])
        self.assertGreater(items["/Latency"][1], 0)
        self.assertRegex(items["/Latency"][2], r"^\d+ms$")

    def run_dtu(self, kind, gateway):
        self.gateway(gateway)
        self.configure({"DTU": kind, "Host": gateway.host},
                       INVERTER0=inverter(20), INVERTER1=inverter(21, "3P"))
        self.start()

    @each(*OPENDTU)
    def test_opendtu(self, shape, battery, changed, version):
        gateway = OpenDtu(self.sun, [roof(), barn()], shape, battery=battery)
        self.run_dtu("opendtu", gateway)
        items = self.assert_golden(PVINVERTER % 20, golden.PVINVERTER, changed, firmware(version))
        self.assert_mgmt(items, gateway)
        nameless = "\n".join(f'/Pv/{n}/Name  s  ""  ""' for n in range(6))
        if golden.NAMELESS_STRINGS in changed:
            changed += nameless
        self.assert_golden(PVINVERTER % 21, golden.HMT, changed, firmware(version))

    @each(*AHOY)
    def test_ahoy(self, version, changed, says):
        """Id 1 is not in use."""
        gateway = Ahoy(self.sun, [roof(), None, barn()], version)
        self.gateway(gateway)
        self.configure({"DTU": "ahoy", "Host": gateway.host},
                       INVERTER0=inverter(20), INVERTER2=inverter(21, "3P"))
        self.start()
        told = (changed, firmware(says), golden.product("AhoyDTU"))
        self.assert_golden(PVINVERTER % 20, golden.PVINVERTER, *told)
        self.assert_golden(PVINVERTER % 21, golden.HMT, golden.HMT_NEUTRAL, *told)

    @on_every_model()
    def test_opendtu_of_today(self):
        """The most common gateway again, where not every shape is tried."""
        gateway = OpenDtu(self.sun, [roof(), barn()])
        self.run_dtu("opendtu", gateway)
        self.assert_golden(PVINVERTER % 20, golden.PVINVERTER)
        self.assert_golden(PVINVERTER % 21, golden.HMT)

    def run_template(self, gateway, path, kind="pvinverter", **keys):
        self.gateway(gateway)
        self.configure({"NumberOfTemplates": 1, "DTU": "template"},
                       TEMPLATE0=template(20, gateway.host, path, kind=kind, **keys))
        self.start()

    def test_shelly_gen1(self):
        """Watt-minutes; a relay that tells neither volts nor amperes."""
        self.run_template(ShellyGen1(self.sun, [roof()]), "/status", CUST_Power="meters/0/power",
                          CUST_Total="meters/0/total", CUST_Total_Mult=1 / 60000)
        self.assert_golden(PVINVERTER % 20, golden.PV_TEMPLATE, golden.product("Shelly"),
                           "/Ac/L1/Voltage  ai\n/Ac/L1/Current  ai")

    def test_shelly_gen2_switch(self):
        gateway = ShellyGen2(self.sun, [roof()], auth=Digest("admin", "100% sure", once=True))
        self.run_template(gateway, "rpc/Switch.GetStatus?id=0", Username="admin",
                          Password="100%% sure", DigestAuth="True", CUST_Power="apower",
                          CUST_Total="aenergy/total", CUST_Total_Mult=0.001,
                          CUST_Voltage="/voltage", CUST_Current="current")
        items = self.assert_golden(PVINVERTER % 20, golden.PV_TEMPLATE, golden.product("Shelly"))
        self.assert_mgmt(items, gateway)

    def test_shelly_keys_with_a_colon(self):
        self.run_template(ShellyGen2(self.sun, [roof()]), "rpc/Shelly.GetStatus",
                          CUST_Power="switch:0/apower", CUST_Total="switch:0/aenergy/total",
                          CUST_Total_Mult=0.001, CUST_Voltage="switch:0/voltage",
                          CUST_Current="switch:0/current")
        self.assert_golden(PVINVERTER % 20, golden.PV_TEMPLATE, golden.product("Shelly"))

    def test_tasmota(self):
        self.run_template(Tasmota(self.sun, [roof()]), "cm?cmnd=STATUS+8",
                          CUST_Power="StatusSNS/ENERGY/Power", CUST_Total="StatusSNS/ENERGY/Total",
                          CUST_Voltage="StatusSNS/ENERGY/Voltage",
                          CUST_Current="StatusSNS/ENERGY/Current")
        self.assert_golden(PVINVERTER % 20, golden.PV_TEMPLATE, golden.product("Tasmota"))

    def test_tasmota_with_two_channels(self):
        """Arrays of power and current beside one total."""
        idle = Inverter("second", "Second").fix(power=0.0, current=0.0, yield_total=0.0, strings=[])
        self.run_template(Tasmota(self.sun, [roof(), idle]), "cm?cmnd=STATUS+8",
                          CUST_Power="StatusSNS/ENERGY/Power/0 + StatusSNS/ENERGY/Power/1",
                          CUST_Total="StatusSNS/ENERGY/Total",
                          CUST_Voltage="StatusSNS/ENERGY/Voltage",
                          CUST_Current="StatusSNS/ENERGY/Current/0")
        self.assert_golden(PVINVERTER % 20, golden.PV_TEMPLATE, golden.product("Tasmota"))
        self.assertEqual([], self.programs[-1].lines("no [INVERTERn] section"))

    def test_sums_defaults_and_text(self):
        """Several paths added up, numbers in text, a default for what is not there."""
        data = {"p1": "123.5", "p2": 100.2, "te1": 400, "te2": "22.603", "i": " 0.98 "}
        pages = {"/getOutputData": {"data": data}}
        self.run_template(Generic(pages), "getOutputData", CUST_Power="data/p1+data/p2",
                          CUST_Total="data/te1+data/te2", CUST_Current="data/i",
                          CUST_Voltage="data/u", CUST_Voltage_Default="229.7")
        self.assert_golden(PVINVERTER % 20, golden.PV_TEMPLATE)

    def test_template_as_inverter(self):
        """The class that shows a battery's voltage."""
        pages = {"/state": {"ac": {"p": 223.7, "e": 422.603, "u": 229.7, "i": 0.98},
                            "dc": [{"u": 51.2}]}}
        self.run_template(Generic(pages), "state", "inverter", CUST_Power="ac/p", CUST_Total="ac/e",
                          CUST_Voltage="ac/u", CUST_Current="ac/i", CUST_DCVoltage="dc/0/u")
        self.assert_golden("com.victronenergy.inverter.http_20", golden.INVERTER, golden.TEMPLATE,
                           "/Ac/MaxPower  ai\n/Temperature  ai\n/Dc/0/Voltage  d  51.2  51.2V")

    CLASSES = {"pvinverter": golden.PVINVERTER, "inverter": golden.INVERTER,
               "grid": golden.GRID, "genset": golden.GENSET,
               "acload": golden.load("acload"), "heatpump": golden.load("heatpump"),
               "motordrive": golden.load("-") + "/Role  ai"}

    def test_no_class_is_left_out(self):
        """config.example names those that there are."""
        with open(os.path.join(ROOT, "packaging", "config.example"), encoding="utf-8") as file:
            said = re.search(r"^# class: (.*)", file.read(), re.MULTILINE)[1]
        self.assertEqual(set(re.findall(r"\w+", said)) - {"or"}, set(self.CLASSES) - {"motordrive"})

    def test_every_class(self):
        """The same inverter as each class, an unheard-of one among them."""
        dtu = OpenDtu(self.sun, [])
        for n in range(len(self.CLASSES)):
            device = roof()
            device.serial = f"11418294077{n}"
            dtu.add(device)
        gateway = self.gateway(dtu)
        self.configure({"Host": gateway.host},
                       **{f"INVERTER{n}": inverter(20 + n, kind=kind)
                          for n, kind in enumerate(self.CLASSES)})
        program = self.start()
        for n, (kind, rows) in enumerate(self.CLASSES.items()):
            with self.subTest(kind):
                self.assert_golden(
                    f"com.victronenergy.{kind}.http_{20 + n}", rows,
                    f"/DeviceInstance  i  {20 + n}  {20 + n}\n"
                    f"/Serial  s  11418294077{n}  11418294077{n}")
        self.assertEqual(1, len(program.lines("WARNING", "motordrive")), program.log())

    def test_use_yield_day(self):
        """The day's counter in place of the lifetime's."""
        gateway = self.gateway(OpenDtu(self.sun, [roof()]))
        self.configure({"Host": gateway.host, "useYieldDay": 1}, INVERTER0=inverter(20))
        self.start()
        self.assert_golden(PVINVERTER % 20, golden.PVINVERTER,
                           "/Ac/Energy/Forward  d  2.223  2.22kWh\n"
                           "/Ac/L1/Energy/Forward  d  2.223  2.22kWh")

    @each(("l1", "L1", 1), ("l2", "L2", 2), ("l3", "L3", 3))
    def test_phase(self, phase, number):
        """The phase that is configured carries the values; the others stay invalid."""
        gateway = self.gateway(OpenDtu(self.sun, [roof()]))
        self.configure({"Host": gateway.host}, INVERTER0=inverter(20, phase))
        self.start()
        empty = "\n".join(f"/Ac/L1/{what}  ai" for what in
                          ("Power", "Current", "Voltage", "PowerFactor", "Energy/Forward"))
        moved = golden.table(golden.PVINVERTER, empty)
        for path, row in golden.table(golden.PVINVERTER).items():
            if path.startswith("/Ac/L1/"):
                moved[path.replace("/L1/", f"/L{number}/")] = row
        moved["/PhaseSetting"] = ("i", number, str(number))
        self.wait_value(PVINVERTER % 20, "/Ac/Power", 223.7)
        self.wait_value(PVINVERTER % 20, "/FirmwareVersion", "v26.3.30")
        items = self.client.items(PVINVERTER % 20)
        self.assertEqual([], golden.differences(items, moved))
