"""A meter that is away measures nothing: no service says 0 W in its name."""

from tests.integration.case import PVINVERTER, each, on_every_model
from tests.integration.program import inverter, template
from tests.integration.venus import AT_ONCE, VenusTest
from tests.sim import Fault, Generic, Inverter

LIVE = "/api/livedata/status"
SERIAL = "116182000001"
GRID, LOAD = "com.victronenergy.grid.http_40", "com.victronenergy.acload.http_20"
INVALID = ("ai", [])


class MeterTest(VenusTest):

    def meter(self, kind="grid", watts=-120.5, **keys):
        """A Shelly at the grid connection, say."""
        self.watts = watts
        self.shelly = self.gateway(Generic({"/state": lambda _request: {"p": self.watts,
                                                                        "e": 311.2}}))
        self.default = {"NumberOfTemplates": 1, "DTU": "template"}
        self.section = template(40, self.shelly.host, "state", kind=kind, CUST_Power="p",
                                CUST_Total="e", **keys)
        self.configure(self.default, TEMPLATE0=self.section)
        self.program = self.start()

    def wait_measuring(self, service=GRID):
        self.wait_value(service, "/Ac/L1/Power", self.watts)
        self.assert_value(service, "/Ac/Energy/Forward", 311.2)

    def assert_no_values(self, service):
        for path, item in self.client.items(service).items():
            if path.startswith(("/Ac/", "/Energy/")):
                self.assertEqual(INVALID, item[:2], path)

    # --- a meter of its own -------------------------------------------------------------------

    @on_every_model("refused")
    @each(("refused", None), ("hanging", Fault("hang")), ("status_500", Fault("status", status=500)),
          ("nonsense", Fault("html")))
    def test_leaves(self, fault):
        """Its values go first, then the service, and it comes back as what it was."""
        self.meter()
        self.wait_measuring()
        self.recorder.clear()
        self.shelly.fault = fault
        if fault is None:
            self.shelly.refuse_connections()
        self.wait_services()
        last = [s.items for s in self.recorder.signals(GRID) if s.member == "ItemsChanged"][-1]
        for path in ("/Ac/Power", "/Ac/L1/Power", "/Ac/Energy/Forward"):
            self.assertEqual(INVALID, last[path][:2], path)
        self.assertEqual(1, len(self.program.lines("WARNING", "T40", "off the D-Bus")),
                         self.program.log())
        self.watts = 800.0
        self.shelly.fault = None
        self.shelly.accept_connections()
        self.wait_services(GRID)
        self.wait_measuring()
        self.assert_value(GRID, "/DeviceInstance", 40)

    def test_by_time(self):
        """ErrorMode=timeout, which may run out between two polls."""
        self.meter(ErrorMode="timeout", ErrorStateAfterSeconds=2)
        self.wait_measuring()
        self.shelly.fault = Fault("hang")
        self.wait_services()
        self.assertEqual(1, len(self.program.lines("WARNING", "T40", "off the D-Bus")),
                         self.program.log())

    def test_a_miss_is_not_away(self):
        """ErrorMode's patience holds for a meter, too."""
        self.meter(MinRetriesUntilFail=5)
        self.wait_measuring()
        owner = self.client.owner(GRID)
        self.shelly.refuse_connections()
        self.wait("a miss", lambda: self.program.lines("WARNING", "refused"))
        self.shelly.accept_connections()
        self.watts = 33.0
        self.wait_measuring()
        self.assertEqual(owner, self.client.owner(GRID))

    def test_never_from_memory(self):
        """After a start it appears with its first reply; a PV inverter is there at once."""
        self.settings_service()
        self.meter()
        self.wait_measuring()
        self.program.stop()
        self.shelly.refuse_connections()
        self.program.start()
        self.assert_stays("it is not there", lambda: not self.services(), 4.0)
        self.shelly.accept_connections()
        self.wait_services(GRID)
        self.wait_measuring()

    def test_keeps_its_number(self):
        """Another of its class, that came while it was away, does not get it."""
        self.settings_service()
        first = "com.victronenergy.grid.http_34"
        self.meter(DeviceInstance="auto")
        self.wait_services(first)
        self.shelly.refuse_connections()
        self.wait_services()
        second = self.gateway(Generic({"/state": {"p": 5.0}}))
        self.edit({**self.default, "NumberOfTemplates": 2}, TEMPLATE0=self.section,
                  TEMPLATE1=template("auto", second.host, "state", kind="grid", CUST_Power="p"))
        self.wait_services("com.victronenergy.grid.http_35")
        self.shelly.accept_connections()
        self.wait_services(first, "com.victronenergy.grid.http_35")
        self.assert_value(first, "/CustomName", "Meter 40")

    def test_invalid(self):
        """MeterAway=invalid: it stays, and says nothing. The key is obeyed while it is away."""
        self.meter(MeterAway="invalid")
        self.wait_measuring()
        owner = self.client.owner(GRID)
        self.shelly.refuse_connections()
        self.wait_value(GRID, "/Ac/Power", None)
        self.assert_no_values(GRID)
        self.assert_value(GRID, "/ErrorCode", 1)
        self.assertEqual(owner, self.client.owner(GRID))
        self.section["MeterAway"] = "leave"
        self.edit(self.default, TEMPLATE0=self.section)
        self.wait_services()
        self.section["MeterAway"] = "invalid"
        self.edit(self.default, TEMPLATE0=self.section)
        self.wait_services(GRID)
        self.assert_no_values(GRID)
        self.shelly.accept_connections()
        self.wait_measuring()

    @each(("pv", "pvinverter", PVINVERTER % 40, "/StatusCode", 10),
          ("battery", "inverter", "com.victronenergy.inverter.http_40", "/State", 0))
    def test_what_makes_power_stays(self, kind, service, path, state):
        """0 W of what makes power is right: it makes none."""
        self.meter(kind, 120.5)
        self.wait_value(service, "/Ac/Power", self.watts)
        self.shelly.refuse_connections()
        self.wait_value(service, path, state)
        self.assert_value(service, "/Ac/Power", 0.0)
        self.assert_value(service, "/Ac/Energy/Forward", 311.2)
        self.program.stop()
        self.program.start()
        self.wait_services(service, timeout=AT_ONCE)

    def test_role_while_it_is_away(self):
        """The settings say that it is something else: a class that may be there appears."""
        self.settings_service()
        self.meter()
        self.wait_measuring()
        self.shelly.refuse_connections()
        self.wait_services()
        role = next(p for p in self.others[0].paths("/Role"))
        self.others[0].change(role, "pvinverter")
        self.wait_services(PVINVERTER % 40)
        self.assert_value(PVINVERTER % 40, "/Ac/Power", 0.0)
        self.assertEqual(0, self.client.set(PVINVERTER % 40, "/Role", "s", "grid"))
        self.wait_services()
        self.shelly.accept_connections()
        self.wait_services(GRID)

    # --- an inverter behind a DTU that is a meter's -------------------------------------------

    def inverter_as_load(self):
        self.dtu = self.opendtu(Inverter(SERIAL, "Roof", peak=400, base_kwh=100))
        self.configure({"Host": self.dtu.host, "AutoAdd": 0},
                       INVERTER0=inverter(20, kind="acload"))
        self.program = self.start()
        self.wait_value(LOAD, "/Ac/Power", self.dtu[SERIAL].reading(self.sun.now()).power)

    def test_night(self):
        """The gateway is there, and does not hear it: no values, and it stays."""
        self.inverter_as_load()
        owner = self.client.owner(LOAD)
        self.dtu.night()
        self.wait_value(LOAD, "/Ac/Power", None)
        self.assert_no_values(LOAD)
        self.wait_polls(self.dtu, LIVE, 3)
        self.assertEqual(owner, self.client.owner(LOAD))
        self.program.stop()
        self.program.start()
        self.wait_services(LOAD)
        self.assert_no_values(LOAD)

    def test_gateway_away(self):
        """Whether it measures anything, nobody knows."""
        self.inverter_as_load()
        self.dtu.refuse_connections()
        self.wait_services()
        self.dtu.accept_connections()
        self.wait_services(LOAD)
        self.assert_value(LOAD, "/Ac/Power", self.dtu[SERIAL].reading(self.sun.now()).power)
