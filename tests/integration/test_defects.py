"""Sixteen defects that existing drivers have, and this one must not have."""

import time

from tests.integration.bus import INVALID
from tests.integration.case import PVINVERTER, BusTest, alone, each
from tests.integration.program import inverter, template
from tests.sim import Ahoy, Fault, Generic, Inverter

LIVE = "/api/livedata/status"


class DefectTest(BusTest):

    def two(self, default=None, **options):
        """An OpenDTU with two inverters, running."""
        dtu = self.opendtu(Inverter("114182000001", "One", base_kwh=100),
                           Inverter("114182000002", "Two", base_kwh=500), **options)
        self.configure({"Host": dtu.host, **(default or {})},
                       INVERTER0=inverter(20), INVERTER1=inverter(21, "L2"))
        return dtu

    def power_of(self, gateway, serial):
        return gateway[serial].reading(self.sun.now()).power

    def energy_of(self, gateway, serial):
        return gateway[serial].reading(self.sun.now()).yield_total

    def wait_two(self, dtu):
        self.wait_value(PVINVERTER % 20, "/Ac/Power", self.power_of(dtu, "114182000001"))
        self.wait_value(PVINVERTER % 21, "/Ac/Power", self.power_of(dtu, "114182000002"))

    def assert_zero(self, instance, code, energy, phase=1):
        service = PVINVERTER % instance
        self.wait_value(service, "/StatusCode", code)
        for path in ("/Ac/Power", f"/Ac/L{phase}/Power", f"/Ac/L{phase}/Current"):
            self.assert_value(service, path, 0.0)
        self.assert_value(service, "/Ac/Energy/Forward", energy, 3)

    def template(self, pages, **keys):
        """One template device, running."""
        gateway = self.gateway(Generic(pages))
        self.configure({"NumberOfTemplates": 1, "DTU": "template"},
                       TEMPLATE0=template(40, gateway.host, "state", **keys))
        self.start()
        return gateway

    # 1
    def test_01_unreachable_is_zero_and_standby(self):
        dtu = self.two()
        self.start()
        self.wait_two(dtu)
        energy = self.energy_of(dtu, "114182000001")
        dtu.night("114182000001")
        self.assert_zero(20, 8, energy)
        index = self.client.value(PVINVERTER % 20, "/UpdateIndex")
        other = self.client.value(PVINVERTER % 21, "/UpdateIndex")
        self.wait("the other moves on", lambda: self.client.value(
            PVINVERTER % 21, "/UpdateIndex") != other)
        self.assert_value(PVINVERTER % 20, "/UpdateIndex", index)
        dtu.morning()
        self.wait_value(PVINVERTER % 20, "/StatusCode", 7, 3.0)
        self.assert_value(PVINVERTER % 20, "/Ac/Power", self.power_of(dtu, "114182000001"))

    @each(("v0_5_93", "0.5.93"), ("v0_8", "0.8"))
    def test_01_ahoy_unreachable_is_zero_and_standby(self, version):
        dtu = self.gateway(Ahoy(self.sun, [Inverter("116182000001", "One")], version))
        self.configure({"DTU": "ahoy", "Host": dtu.host, "MaxAgeTsLastSuccess": 600},
                       INVERTER0=inverter(20))
        self.start()
        self.wait_value(PVINVERTER % 20, "/Ac/Power", self.power_of(dtu, "116182000001"))
        dtu.night()
        self.assert_zero(20, 8, self.energy_of(dtu, "116182000001"))

    # 2
    @each(("today", "v26"), ("one_reply", "v24.1"))
    def test_02_gateway_down_takes_every_inverter_along(self, shape):
        dtu = self.two(shape=shape)
        self.start()
        self.wait_two(dtu)
        energies = [self.energy_of(dtu, f"11418200000{n}") for n in (1, 2)]
        dtu.refuse_connections()
        self.assert_zero(20, 10, energies[0])
        self.assert_zero(21, 10, energies[1], phase=2)

    # 3
    @each(("today", "v26"), ("one_reply", "v24.1"), ("flat", "2022-11"), ("bare", "2022-10"))
    def test_03_keyed_by_serial(self, shape):
        dtu = self.two(shape=shape)
        self.start()
        self.wait_two(dtu)
        self.recorder.clear()
        before = [self.client.value(PVINVERTER % i, "/Ac/Energy/Forward") for i in (20, 21)]
        dtu.reorder("114182000002", "114182000001")
        self.wait_polls(dtu, LIVE, 3)
        after = [self.client.value(PVINVERTER % i, "/Ac/Energy/Forward") for i in (20, 21)]
        self.assertEqual(before, after)
        self.assert_value(PVINVERTER % 20, "/Serial", "114182000001")
        energies = [s.items["/Ac/Energy/Forward"] for s in self.recorder.signals()
                    if "/Ac/Energy/Forward" in s.items]
        self.assertEqual([], energies, "no counter may have moved, not even for a moment")

    # 4
    @alone
    def test_04_nothing_blocks(self):
        """How quickly it is answered, test_latency tells; to wait for the gateway takes 5 s."""
        dtu = self.two({"HTTPTimeout": 5})
        self.start()
        self.wait_two(dtu)
        dtu.fault = Fault("hang")
        self.wait_polls(dtu, LIVE, 1)
        slowest = 0.0
        for _ in range(100):
            begin = time.monotonic()
            self.client.value(PVINVERTER % 20, "/Ac/Power")
            slowest = max(slowest, time.monotonic() - begin)
            time.sleep(0.01)
        self.assertLess(slowest, 1.0)

    # 5
    def test_05_one_request_per_template_and_poll(self):
        gateway = self.template({"/state": {"p": 100, "e": 5, "u": 230, "i": 0.4}}, CUST_Power="p",
                                CUST_Total="e", CUST_Voltage="u", CUST_Current="i")
        self.wait_value(PVINVERTER % 40, "/Ac/Power", 100.0)
        self.wait_requests(gateway, 3)
        times = [when for when, _ in gateway.counts.targets]
        self.assertGreater((times[-1] - times[0]) / (len(times) - 1), 0.8,
                           f"one request a second, not {times}")

    # 6
    def test_06_off_at_start_harms_no_other(self):
        dtu = self.two()
        dtu.refuse_connections()
        other = self.gateway(Generic({"/state": {"p": 55}}))
        self.configure({"Host": dtu.host, "NumberOfTemplates": 1},
                       INVERTER0=inverter(20), INVERTER1=inverter(21, "L2"),
                       TEMPLATE0=template(40, other.host, "state", CUST_Power="p"))
        self.start()
        self.wait_value(PVINVERTER % 40, "/Ac/Power", 55.0)
        self.assertEqual([PVINVERTER % 40], self.client.names())
        dtu.accept_connections()
        self.wait_names(PVINVERTER % 20, PVINVERTER % 21, PVINVERTER % 40, timeout=3.0)
        self.wait_two(dtu)

    # 7
    @each(("0_5_93", "0.5.93"), ("0_8", "0.8"))
    def test_07_ahoy_gaps_are_skipped(self, version):
        dtu = self.gateway(Ahoy(self.sun, [None, Inverter("116182000001", "One"), None,
                                           Inverter("116182000003", "Three")], version))
        self.configure({"DTU": "ahoy", "Host": dtu.host},
                       INVERTER1=inverter(21), INVERTER3=inverter(23))
        self.start()
        self.wait_value(PVINVERTER % 21, "/Serial", "116182000001")
        self.wait_value(PVINVERTER % 23, "/Serial", "116182000003")
        self.assertNotIn("/api/inverter/id/0", dtu.counts.requests)
        self.assertNotIn("/api/inverter/id/2", dtu.counts.requests)

    # 8: each bad reply on each gateway is in test_faults; here that they are logged once.
    @each(("cut_off", Fault("truncated")), ("empty", Fault("empty")), ("null", Fault("null")),
          ("html", Fault("html")))
    def test_08_bad_reply_is_logged_once(self, fault):
        dtu = self.two()
        program = self.start()
        self.wait_two(dtu)
        dtu.fault = fault
        self.wait_polls(dtu, LIVE, 4)
        self.assertEqual(1, len(program.lines("WARNING", "DEFAULT")), program.log())
        dtu.fault = None
        self.wait_two(dtu)
        self.wait("recovery is logged", lambda: program.lines("INFO", "DEFAULT", "answers"))

    # 9
    def test_09_missing_path_is_invalid(self):
        self.template({"/state": {"p": "150.5", "deep": {"e": "12.5"}}}, CUST_Power="p",
                      CUST_Total="deep/e", CUST_Voltage="nowhere/u", CUST_Current="i",
                      CUST_Current_Default="0.65")
        service = PVINVERTER % 40
        self.wait_value(service, "/Ac/Power", 150.5)
        self.assertEqual(("d", 150.5), self.client.typed(service, "/Ac/L1/Power"))
        self.assertEqual(("d", 12.5), self.client.typed(service, "/Ac/Energy/Forward"))
        self.assertEqual(INVALID, self.client.typed(service, "/Ac/L1/Voltage"))
        self.assertEqual(("d", 0.65), self.client.typed(service, "/Ac/L1/Current"))

    # 10
    def test_10_leading_slash_in_a_path(self):
        self.template({"/state": {"a": [{"p": 75}]}}, CUST_Power="/a/0/p", CUST_API_PATH="/state")
        self.wait_value(PVINVERTER % 40, "/Ac/Power", 75.0)

    # 11
    def test_11_voltages_of_three_phases(self):
        barn = Inverter("1382a0000001", "Barn", strings=6, phases=3)
        barn.fix(power=900.0, voltage=230.0)
        dtu = self.opendtu(barn)
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20, "3P"))
        self.start()
        for phase in (1, 2, 3):
            self.wait_value(PVINVERTER % 20, f"/Ac/L{phase}/Voltage", 230.0, places=1)
            self.assert_value(PVINVERTER % 20, f"/Ac/L{phase}/Power", 300.0)
            self.assert_value(PVINVERTER % 20, f"/Ac/L{phase}/Current", 300 / 230)

    def test_11_no_volts_never_divide(self):
        barn = Inverter("1361a0000001", "Barn", strings=6, phases=3)
        barn.fix(power=900.0, voltage=0.0)
        dtu = self.opendtu(barn)
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20, "3P"))
        self.start()
        self.wait_value(PVINVERTER % 20, "/Ac/L2/Power", 300.0)
        self.assert_value(PVINVERTER % 20, "/Ac/L2/Current", lambda v: v is None or abs(v) < 1e6)

    # 12
    def test_12_no_credentials_are_none(self):
        dtu = self.two()
        self.start()  # the configuration names neither Username nor Password
        self.wait_two(dtu)

    # 13: over a restart and a power cut in test_restart.
    def test_13_energy_never_falls(self):
        dtu = self.two()
        self.start()
        self.wait_two(dtu)
        energy = self.energy_of(dtu, "114182000001")
        dtu["114182000001"].fix(yield_total=3.0)
        self.wait_polls(dtu, LIVE, 3)
        self.assert_value(PVINVERTER % 20, "/Ac/Energy/Forward", energy, 3)
        self.assert_value(PVINVERTER % 20, "/Debug/FallsHeld", 1)
        dtu["114182000001"].follow_sun()
        self.sun.advance(600)
        risen = self.energy_of(dtu, "114182000001")
        self.assertGreater(risen, energy)
        self.wait_value(PVINVERTER % 20, "/Ac/Energy/Forward", risen, places=3)

    def test_13_impossible_jump_is_dropped(self):
        dtu = self.two()
        self.start()
        self.wait_two(dtu)
        energy = self.energy_of(dtu, "114182000001")
        dtu["114182000001"].fix(yield_total=2113405.0)
        self.wait_polls(dtu, LIVE, 3)
        self.assert_value(PVINVERTER % 20, "/Ac/Energy/Forward", energy, 3)
        self.assert_value(PVINVERTER % 20, "/Debug/JumpsDropped", 1)

    def test_13_gateway_that_just_started(self):
        """It says 0 kWh, and means that it does not know."""
        dtu = self.two()
        self.start()
        self.wait_two(dtu)
        energy = self.energy_of(dtu, "114182000001")
        dtu.reboot()
        self.wait_polls(dtu, LIVE, 3)
        self.assert_value(PVINVERTER % 20, "/Ac/Energy/Forward", energy, 3)
        dtu.booted()
        self.wait_value(PVINVERTER % 20, "/Ac/Power", self.power_of(dtu, "114182000001"), 3.0)

    def test_13_no_counter_before_a_true_one(self):
        dtu = self.two()
        dtu.reboot()
        self.start()
        self.wait_polls(dtu, LIVE, 3)
        self.assertIn(self.peek(PVINVERTER % 20, "/Ac/Energy/Forward"), (None, "absent"))
        dtu.booted()
        self.wait_two(dtu)

    # 14
    @each(("ahead", 30), ("years_behind", -300_000_000), ("unset", None))
    def test_14_ages_by_the_gateways_clock(self, offset):
        dtu = self.gateway(Ahoy(self.sun, [Inverter("116182000001", "One")], clock_offset=offset))
        if offset is None:
            dtu.inverters[0].age = 0
        self.configure({"DTU": "ahoy", "Host": dtu.host}, INVERTER0=inverter(20))
        self.start()
        if offset is None:  # never heard, by its own words: nothing to show as live
            self.wait_polls(dtu, "/api/live", 3)
            self.assertIn(self.peek(PVINVERTER % 20, "/Ac/Power"), (None, 0.0, "absent"))
        else:
            self.wait_value(PVINVERTER % 20, "/Ac/Power", self.power_of(dtu, "116182000001"))

    def test_14_old_measurement_is_not_used(self):
        dtu = self.gateway(Ahoy(self.sun, [Inverter("116182000001", "One")], "0.7.36"))
        self.configure({"DTU": "ahoy", "Host": dtu.host, "MaxAgeTsLastSuccess": 60},
                       INVERTER0=inverter(20))
        self.start()
        self.wait_value(PVINVERTER % 20, "/Ac/Power", self.power_of(dtu, "116182000001"))
        dtu.inverters[0].age = 61
        self.assert_zero(20, 8, self.energy_of(dtu, "116182000001"))

    # 15
    def test_15_writes_are_refused(self):
        dtu = self.two()
        self.start()
        self.wait_two(dtu)
        service = PVINVERTER % 20
        allowed = {"/CustomName", "/Position", "/PhaseSetting", "/Role"}
        for path, (kind, value, _) in self.client.items(service).items():
            if path in allowed:
                continue
            with self.subTest(path):
                kind, wish = (kind, value) if kind != "ai" else ("d", 1.0)
                wish = {"d": 4711.0, "i": 4711, "s": "4711", "as": ["4711"]}[kind]
                before = self.client.typed(service, path)
                refused = 2 if path in ("/Ac/PowerLimit", "/Debug/PowerLimitTrial") else 1  # a command, which is off
                self.assertEqual(refused, self.client.set(service, path, kind, wish))
                if path not in ("/UpdateIndex", "/Latency"):
                    self.assertEqual(before, self.client.typed(service, path))

    # 16
    def test_16_all_strings(self):
        dtu = self.opendtu(Inverter("116182000001", "Four", strings=4))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.start()
        reading = dtu.inverters[0].reading(self.sun.now())
        for n, string in enumerate(reading.strings):
            self.wait_value(PVINVERTER % 20, f"/Pv/{n}/P", string.power)
            self.assert_value(PVINVERTER % 20, f"/Pv/{n}/V", string.voltage)
            self.assert_value(PVINVERTER % 20, f"/Pv/{n}/I", string.current)
        total = sum(self.client.value(PVINVERTER % 20, f"/Pv/{n}/P") for n in range(4))
        self.assertAlmostEqual(reading.dc_power, total, 1)
        self.assertEqual("absent", self.peek(PVINVERTER % 20, "/Pv/4/P"))
