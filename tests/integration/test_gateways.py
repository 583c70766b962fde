"""Several gateways: which inverter is which, wherever it is listed."""

from tests.integration.case import PVINVERTER, each, on_every_model, slow
from tests.integration.program import ini, inverter, template
from tests.integration.venus import AT_ONCE, NO_SETTINGS, VenusTest, setting
from tests.sim import Ahoy, Fault, Generic, Inverter, OpenDtu

LIVE = {OpenDtu: "/api/livedata/status", Ahoy: "/api/live"}
FIRST, SECOND, THIRD = "116182000001", "116182000002", "116182000003"
P34, P35, P36 = (PVINVERTER % n for n in (34, 35, 36))


class GatewaysTest(VenusTest):

    def plants(self, first=OpenDtu, second=OpenDtu):
        """Two gateways that both list an "inverter 0", easy to tell apart."""
        self.a = self.gateway(first(self.sun, [Inverter(FIRST, "One", peak=400, base_kwh=100)]))
        self.b = self.gateway(second(self.sun, [Inverter(SECOND, "Two", peak=800, base_kwh=500)]))

    def reading(self, serial):
        for plant in (self.a, self.b):
            for device in plant.inverters:
                if device.serial == serial and device.reachable:
                    return device.reading(self.sun.now())
        raise AssertionError(f"nobody has {serial}")

    def wait_is(self, service, serial, timeout=8.0):
        reading = self.reading(serial)
        self.wait_value(service, "/Serial", serial, timeout)
        self.wait_value(service, "/StatusCode", 7, timeout)
        self.wait_value(service, "/Ac/Power", reading.power)
        self.assert_value(service, "/Ac/Energy/Forward", reading.yield_total, 3)

    def polls(self, plant, count):
        self.wait_polls(plant, LIVE[type(plant)], count)

    def two_sections(self, **default):
        default = {"Host": self.a.host, "DTU": "auto", "AutoAdd": 0, **default}
        self.configure(default, DTU1={"Host": self.b.host},
                       INVERTER0=inverter(34), INVERTER1=inverter(35, DTU=1))
        return self.start()

    def assert_own_counters(self, **serial_of):
        """Of every service that there was: never another's serial, never another's counter."""
        for service, serial in serial_of.items():
            total = self.reading(serial).yield_total
            for signal in self.recorder.signals(PVINVERTER % int(service[1:])):
                if signal.member != "ItemsChanged":
                    continue
                self.assertEqual(serial, signal.items.get("/Serial", (0, serial))[1])
                energy = signal.items.get("/Ac/Energy/Forward", ("d", total))
                self.assertAlmostEqual(total, energy[1], 3)

    # --- side by side -------------------------------------------------------------------------

    @on_every_model("told")
    @each(("told", {"Type": "ahoy"}, 1), ("found_out", {}, 15))
    def test_any_mixture(self, kind, number):
        """OpenDTU, Ahoy and a template in one process; each inverter 0 is a device of its own."""
        self.plants(OpenDtu, Ahoy)
        meter = self.gateway(Generic({"/state": {"p": 100.0, "e": 12.5}}))
        self.configure({"Host": self.a.host, "AutoAdd": 0, "NumberOfTemplates": 1, "HTTPTimeout": 5},
                       **{f"DTU{number}": {"Host": self.b.host, **kind}},
                       INVERTER0=inverter(34), INVERTER1=inverter(35, "L2", DTU=number),
                       TEMPLATE0=template(40, meter.host, "state", "L3", CUST_Power="p"))
        program = self.start()
        self.wait_is(P34, FIRST)
        self.wait_is(P35, SECOND)
        self.wait_value(PVINVERTER % 40, "/Ac/L3/Power", 100.0)
        self.wait_services(P34, P35, PVINVERTER % 40)
        self.assert_value(P35, "/Ac/L2/Power", self.reading(SECOND).power)
        self.assertEqual([], program.lines("WARNING") + program.lines("ERROR"))

    @each(("refuses", None), ("hangs", "hang"), ("nonsense", "html"))
    def test_one_that_fails_touches_nobody_else(self, fault):
        self.plants(OpenDtu, Ahoy)
        self.two_sections()
        self.wait_is(P34, FIRST)
        self.wait_is(P35, SECOND)
        owners = self.owners(P34, P35)
        self.recorder.clear()
        if fault:
            self.b.fault = Fault(fault)
        else:
            self.b.refuse_connections()
        self.wait_value(P35, "/StatusCode", 10, 10.0)
        self.polls(self.a, 3)
        self.assertEqual([], [s for s in self.recorder.signals(P34)
                              if "/StatusCode" in s.items or "/Ac/Power" in s.items])
        self.b.fault = None
        self.b.accept_connections()
        self.wait_is(P35, SECOND)
        self.assertEqual(owners, self.owners(P34, P35))

    def test_place_within_its_own_gateway(self):
        """The sections of a DTUn are counted by themselves; Index says it outright."""
        self.plants()
        self.a.add(Inverter(THIRD, "Three", base_kwh=900))
        self.b.add(Inverter("116182000004", "Four", base_kwh=40))
        self.configure({"Host": self.a.host, "AutoAdd": 0}, DTU1={"Host": self.b.host},
                       INVERTER0=inverter(30), INVERTER1=inverter(31),
                       INVERTER2=inverter(32, DTU=1, Index=1),
                       INVERTER3=inverter(33, DTU=1, Index=0))
        self.start()
        for instance, serial in ((30, FIRST), (31, THIRD), (32, "116182000004"), (33, SECOND)):
            self.wait_is(PVINVERTER % instance, serial)

    def test_serial_of_the_configuration(self):
        """Whoever lists it, and at whatever place; however it is written."""
        self.plants()
        self.b.add(Inverter("1161820000ab", "Hex", base_kwh=900))
        self.configure({"Host": self.a.host, "AutoAdd": 0}, DTU1={"Host": self.b.host},
                       INVERTER0=inverter(30, Serial="001161820000AB"),
                       INVERTER1=inverter(31, Serial=FIRST, DTU=1))
        self.start()
        self.wait_is(PVINVERTER % 30, "1161820000ab")
        self.wait_is(PVINVERTER % 31, FIRST)
        self.wait_services(PVINVERTER % 30, PVINVERTER % 31)

    # --- an address that answers as another ---------------------------------------------------

    @on_every_model("named")
    @each(("named", OpenDtu, OpenDtu, 0), ("added", OpenDtu, OpenDtu, 1),
          ("kinds", OpenDtu, Ahoy, 0))
    def test_swapped(self, first, second, auto_add):
        """The router gave A's address to B and B's to A: services follow their inverters."""
        self.plants(first, second)
        if auto_add:
            settings = self.settings_service()
            settings.put(setting(FIRST), "pvinverter:34")
            settings.put(setting(SECOND), "pvinverter:35")
            self.configure({"Host": self.a.host, "DTU": "auto"}, DTU1={"Host": self.b.host})
            self.start()
        else:
            self.two_sections()
        self.wait_is(P34, FIRST)
        self.wait_is(P35, SECOND)
        owners = self.owners(P34, P35)
        self.swap()
        self.polls(self.a, 2)
        self.polls(self.b, 2)
        self.wait_is(P34, FIRST)
        self.wait_is(P35, SECOND)
        self.wait_services(P34, P35)
        self.assertEqual(owners, self.owners(P34, P35))
        self.assert_own_counters(p34=FIRST, p35=SECOND)

    def swap(self):
        """Each is now at the other's port, with what it lists."""
        for plant in (self.a, self.b):
            plant.refuse_connections()
        self.a.exchange_ports(self.b)
        for plant in (self.a, self.b):
            plant.accept_connections()

    @each(("stopped", False), ("and_reordered", True))
    def test_swapped_while_the_program_was_off(self, reordered):
        self.plants()
        self.a.add(Inverter(THIRD, "Three", peak=1600, base_kwh=900))
        self.configure({"Host": self.a.host, "AutoAdd": 0}, DTU1={"Host": self.b.host},
                       INVERTER0=inverter(34), INVERTER1=inverter(36),
                       INVERTER2=inverter(35, DTU=1))
        program = self.start()
        serials = {P34: FIRST, P35: SECOND, P36: THIRD}
        for service, serial in serials.items():
            self.wait_is(service, serial)
        program.stop()
        self.swap()
        if reordered:
            self.a.reorder(THIRD, FIRST)
        program.start()
        for service, serial in serials.items():
            self.wait_is(service, serial)
        self.assert_own_counters(p34=FIRST, p35=SECOND, p36=THIRD)

    # --- one inverter, two gateways -----------------------------------------------------------

    @slow
    def test_heard_by_one_of_two(self):
        """Listed by both: there is one service, with what the one says that hears it."""
        self.plants()
        deaf = Inverter(SECOND, "Two", peak=800, base_kwh=500)
        deaf.night(self.sun.now())
        self.a.add(deaf)
        settings = self.settings_service()
        settings.put(setting(FIRST), "pvinverter:34")
        settings.put(setting(SECOND), "pvinverter:35")
        self.configure({"Host": self.a.host}, DTU1={"Host": self.b.host})
        self.start()
        self.wait_is(P34, FIRST)
        self.wait_is(P35, SECOND, timeout=40.0)
        self.wait_services(P34, P35)

    def test_moved_to_the_other_gateway(self):
        """Taken out here, entered there: the same service, without a gap."""
        self.plants()
        self.a.add(Inverter(THIRD, "Three", peak=1600, base_kwh=900))
        self.configure({"Host": self.a.host, "AutoAdd": 0, "MinRetriesUntilFail": 5},
                       DTU1={"Host": self.b.host},
                       INVERTER0=inverter(34), INVERTER1=inverter(36),
                       INVERTER2=inverter(35, DTU=1))
        program = self.start()
        for service, serial in ((P34, FIRST), (P35, SECOND), (P36, THIRD)):
            self.wait_is(service, serial)
        owners = self.owners(P34, P35, P36)
        moving = self.a[FIRST]
        self.b.add(moving, 0)
        self.a.remove(FIRST)
        self.polls(self.a, 2)
        self.polls(self.b, 2)
        for service, serial in ((P34, FIRST), (P35, SECOND), (P36, THIRD)):
            self.wait_is(service, serial)
        self.sun.advance(600)
        self.wait_is(P34, FIRST)
        self.assertEqual(owners, self.owners(P34, P35, P36))
        self.assertEqual([], program.lines("WARNING"))

    # --- nothing but Host ---------------------------------------------------------------------

    @on_every_model("opendtu")
    @each(("opendtu", OpenDtu), ("ahoy", Ahoy))
    def test_nothing_but_host(self, kind):
        """One line of configuration, and the GX device's settings service does the rest."""
        self.settings_service()
        self.plants(kind)
        self.a.add(Inverter("136182000003", "Big", phases=3, base_kwh=7))
        self.write_config(f"[DEFAULT]\nHost={self.a.host}\n")
        program = self.start()
        self.wait_services(P34, P35)
        for service in (P34, P35):
            serial = self.wait("its serial", lambda s=service: self.peek(s, "/Serial"))
            self.wait_is(service, serial)
            self.assert_value(service, "/CustomName", self.a[serial].name)
            self.assert_value(service, "/PhaseSetting", 1 if self.a[serial].phases == 1 else None)
            self.assert_value(service, "/Position", 1)
        self.assertEqual([], program.lines("WARNING") + program.lines("ERROR"))

    @slow
    @each(("opendtu", OpenDtu), ("ahoy", Ahoy))
    def test_nothing_but_host_and_no_settings(self, kind):
        self.plants(kind)
        self.write_config(f"[DEFAULT]\nHost={self.a.host}\n")
        program = self.start()
        self.wait_services(P34, timeout=NO_SETTINGS)
        self.wait_is(P34, FIRST)
        program.stop()
        self.assertEqual(34, self.remembered()[FIRST]["instance"])
        program.start()
        self.wait_services(P34, timeout=AT_ONCE)

    def test_nothing_but_hosts(self):
        """Of [DTUn] alone, without any in [DEFAULT]."""
        self.settings_service()
        self.plants(OpenDtu, Ahoy)
        self.write_config(ini({"PollingInterval": 1000}, {"DTU1": {"Host": self.a.host},
                                                          "DTU2": {"Host": self.b.host}}))
        program = self.start()
        self.wait_services(P34, P35)
        self.assertEqual({FIRST, SECOND}, {self.peek(s, "/Serial") for s in (P34, P35)})
        self.assertEqual([], program.lines("WARNING") + program.lines("ERROR"))
