"""Inverters that the gateway lists and no section names."""

import json
import time

from tests.integration.bus import Client
from tests.integration.case import PVINVERTER, each, on_every_model
from tests.integration.program import inverter
from tests.integration.venus import AT_ONCE, VenusTest, section, setting
from tests.sim import Ahoy, Fault, Inverter, OpenDtu
from tests.sim.web import Response

LIVE = "/api/livedata/status"
FIRST, SECOND, THIRD = "116182000001", "116182000002", "116182000003"
P34, P35, P36 = (PVINVERTER % n for n in (34, 35, 36))
OF = {FIRST: P34, SECOND: P35, THIRD: P36}


class Restless(OpenDtu):
    """Lists 64 other inverters with every poll."""

    def __init__(self, sun, number):
        super().__init__(sun, [Inverter(f"{number}", "One", peak=400)], shape="v24.1")
        self.number, self.polls = number, 0

    def page(self, request, change=lambda inverter: inverter):
        answer = super().page(request, change)
        if request.path != LIVE:
            return answer
        self.polls += 1
        live = json.loads(answer.body)
        one, = live["inverters"]
        first = 114100000000 + self.number * 10**7 + self.polls * 64
        live["inverters"] = [{**one, "serial": str(first + n)} for n in range(64)]
        return Response.json(live)


class AutoAddTest(VenusTest):

    def scene(self, *serials, kind=OpenDtu, **default):
        """A settings service that has given each of three inverters its instance long ago."""
        self.settings = self.settings_service()
        for serial, service in OF.items():
            self.settings.put(setting(serial), "pvinverter:" + service.rsplit("_", 1)[1])
        self.dtu = self.gateway(kind(self.sun, [self.device(s) for s in serials or OF]))
        self.default = {"Host": self.dtu.host, "DTU": "auto", **default}

    @staticmethod
    def device(serial):
        n = int(serial[-1])
        return Inverter(serial, f"No {n}", peak=400 * n, base_kwh=100 * n)

    def run_with(self, **sections):
        self.configure(self.default, **sections)
        self.program = self.start()

    def wait_is(self, service, serial, timeout=8.0):
        reading = self.dtu[serial].reading(self.sun.now())
        self.wait_value(service, "/Serial", serial, timeout)
        self.wait_value(service, "/Ac/Power", reading.power)
        self.assert_value(service, "/Ac/Energy/Forward", reading.yield_total, 3)

    def wait_added(self, *serials):
        for serial in serials:
            self.wait_is(OF[serial], serial)
        self.wait_services(*(OF[serial] for serial in serials))

    @each(("opendtu", OpenDtu), ("ahoy", Ahoy))
    def test_added(self, kind):
        """Name from the gateway, the rest from the defaults; one that comes later as well, but not at
        once: unless the owner saves the configuration again.
        """
        self.scene(FIRST, SECOND, kind=kind)
        self.run_with()
        self.wait_added(FIRST, SECOND)
        self.assert_value(P34, "/CustomName", "No 1")
        self.assert_value(P34, "/Position", 1)
        self.assert_value(P34, "/PhaseSetting", 1)
        owners = self.owners(P34, P35)
        self.dtu.add(self.device(THIRD), 0)
        self.wait("a word about it", lambda: self.program.lines(THIRD, "is not published yet"))
        self.assertEqual([P34, P35], self.services())
        self.edit(self.default)
        self.wait_added(FIRST, SECOND, THIRD)
        self.assertEqual(owners, self.owners(P34, P35))
        self.assertEqual([], self.program.lines("WARNING") + self.program.lines("ERROR"))

    def test_phase_and_position(self):
        """Of the gateway's section, else of [DEFAULT]."""
        self.scene(FIRST)
        other = self.gateway(OpenDtu(self.sun, [self.device(SECOND)]))
        self.configure({**self.default, "AcPosition": 0, "Phase": "L3"},
                       DTU1={"Host": other.host, "Phase": "L2"})
        self.start()
        self.wait_services(P34, P35)
        self.wait_value(P34, "/PhaseSetting", 3)
        self.wait_value(P35, "/PhaseSetting", 2)
        self.assert_value(P35, "/Position", 0)
        self.wait_value(P35, "/Ac/L2/Power", lambda v: isinstance(v, float) and v > 0)
        self.assert_value(P35, "/Ac/L1/Power", None)

    def test_beside_sections(self):
        """Sections have the inverters of their places; the others are added, whatever moves."""
        self.scene()
        self.run_with(INVERTER1=inverter(21))
        self.wait_is(P34, FIRST)
        self.wait_is(PVINVERTER % 21, SECOND)
        self.wait_is(P36, THIRD)
        owners = self.owners(P34, PVINVERTER % 21, P36)
        self.dtu.reorder(THIRD, FIRST, SECOND)
        self.wait_polls(self.dtu, LIVE, 3)
        self.assertEqual(owners, self.owners(P34, PVINVERTER % 21, P36))
        self.wait_services(P34, PVINVERTER % 21, P36)

    def test_place_of_a_section_is_not_taken(self):
        """An inverter that its gateway could not tell of yet is still its section's."""
        self.scene(FIRST, SECOND)
        self.dtu.fault = Fault("status", "inv=" + FIRST)
        self.run_with(INVERTER0=inverter(20))
        self.wait_is(P35, SECOND)
        self.dtu.fault = None
        self.wait_is(PVINVERTER % 20, FIRST)
        self.wait_services(PVINVERTER % 20, P35)

    def test_many(self):
        """As many as custom builds of OpenDTU list, with nothing but Host."""
        self.settings_service()
        serials = [f"1161820000{n:02}" for n in range(14)]
        dtu = self.opendtu(*(Inverter(s, s, peak=400) for s in serials))
        self.configure({"Host": dtu.host})
        self.start()
        names = [PVINVERTER % (34 + n) for n in range(14)]
        self.wait_services(*names, timeout=10.0)
        self.assertEqual(set(serials), {self.peek(name, "/Serial") for name in names})

    def test_other_serials_with_every_poll(self):
        """Eight of them take neither the bus, which gives 256 connections to root, nor its numbers."""
        self.settings_service()
        hosts = [self.gateway(Restless(self.sun, n)).host for n in range(8)]
        self.configure({"Host": hosts[0], "PollingInterval": 1000},
                       **{f"DTU{n}": {"Host": host} for n, host in enumerate(hosts) if n})
        program = self.start()
        self.wait("as many as may be", lambda: len(self.services()) == 96, timeout=20.0)
        numbers = {int(name.rsplit("_", 1)[1]) for name in self.services()}
        # The first list of each, and later the newcomers of an hour, in place of those that went.
        self.assertLess(max(numbers), 34 + 8 * (16 + 4))
        time.sleep(10)
        self.assertEqual(96, len(self.services()))
        for _ in range(100):  # other processes of root
            client = Client(self.bus)
            self.addCleanup(client.close)
        self.assertEqual(96, len(client.names()) - 1, "and the settings service")
        self.assertEqual([], program.lines("ERROR"))
        self.assertLessEqual(len(program.lines("is not published")), len(hosts))

    # --- remembered ---------------------------------------------------------------------------

    @on_every_model("with_settings")
    @each(("with_settings", True), ("without", False))
    def test_night(self, settings):
        """Restarted while the gateway is off: whole, at once, with its energy and without watts."""
        self.scene(FIRST, SECOND)
        self.run_with()
        self.wait_added(FIRST, SECOND)
        self.program.stop()
        self.dtu.refuse_connections()
        if not settings:
            self.settings.go()
        self.program.start()
        self.wait_services(P34, P35, timeout=AT_ONCE)
        for serial in (FIRST, SECOND):
            self.assert_value(OF[serial], "/Serial", serial)
            self.assert_value(OF[serial], "/CustomName", self.dtu[serial].name)
            self.assert_value(OF[serial], "/Ac/Energy/Forward",
                              self.dtu[serial].reading(self.sun.now()).yield_total, 3)
            self.assertIn(self.peek(OF[serial], "/Ac/Power"), (None, 0.0))
        self.dtu.accept_connections()
        self.wait_added(FIRST, SECOND)

    def test_night_of_several_gateways(self):
        """What each of them lists is remembered."""
        self.scene(FIRST)
        other = self.gateway(OpenDtu(self.sun, [self.device(SECOND), self.device(THIRD)]))
        self.configure(self.default, DTU1={"Host": other.host})
        self.program = self.start()
        self.wait_services(P34, P35, P36)
        self.program.kill()
        self.program.start()
        self.wait_services(P34, P35, P36)
        self.program.stop()
        for gateway in (self.dtu, other):
            gateway.refuse_connections()
        self.program.start()
        self.wait_services(P34, P35, P36, timeout=AT_ONCE)
        for serial, service in OF.items():
            self.assert_value(service, "/Serial", serial)
            self.assert_value(service, "/Ac/Energy/Forward",
                              self.device(serial).reading(self.sun.now()).yield_total, 3)

    def test_gone_from_the_list(self):
        """Shows 0 W and an error, and is itself again when it comes back."""
        self.scene(FIRST, SECOND)
        self.run_with()
        self.wait_added(FIRST, SECOND)
        owners = self.owners(P34, P35)
        gone = self.dtu[FIRST]
        self.dtu.remove(FIRST)
        self.wait_value(P34, "/StatusCode", 10)
        self.assert_value(P34, "/Ac/Power", 0.0)
        self.dtu.add(gone)
        self.wait_added(FIRST, SECOND)
        self.assertEqual(owners, self.owners(P34, P35))

    # --- sections come and go -----------------------------------------------------------------

    @each(("place", inverter(20)), ("serial", inverter(20, Serial="0" + FIRST)))
    def test_a_section_takes_it_over(self, keys):
        """It is the section's from then on, and nobody else is touched."""
        self.scene(FIRST, SECOND)
        self.run_with()
        self.wait_added(FIRST, SECOND)
        owners = self.owners(P35)
        self.edit(self.default, INVERTER0=keys)
        self.wait_services(PVINVERTER % 20, P35)
        self.wait_is(PVINVERTER % 20, FIRST)
        self.assertEqual(owners, self.owners(P35))
        self.edit(self.default)
        self.wait_added(FIRST, SECOND)
        self.assertEqual(owners, self.owners(P35))

    def test_a_section_that_claims(self):
        """Keeps the instance that the inverter has, and what its owner set."""
        self.scene(FIRST, SECOND)
        self.run_with()
        self.wait_added(FIRST, SECOND)
        self.client.set(P34, "/CustomName", "s", "Barn")
        self.edit(self.default, INVERTER0=section("L2"))
        self.wait_value(P34, "/PhaseSetting", 2)
        self.wait_added(FIRST, SECOND)
        self.assert_value(P34, "/CustomName", "Barn")

    def test_a_section_taken_over_at_night(self):
        """Also while the gateway is off, for a serial that is written down."""
        self.scene(FIRST, SECOND)
        self.run_with()
        self.wait_added(FIRST, SECOND)
        self.dtu.refuse_connections()
        energy = self.peek(P34, "/Ac/Energy/Forward")
        self.edit(self.default, INVERTER0=inverter(20, Serial=FIRST))
        self.wait_services(PVINVERTER % 20, P35)
        self.assert_value(PVINVERTER % 20, "/Ac/Energy/Forward", energy, 3)

    def test_replaced(self):
        """The new one in a section's place has an instance and a counter of its own, and what the
        owner had set there; the old one, when it comes back, is itself again.
        """
        self.scene(FIRST, SECOND)
        self.run_with(INVERTER0=section())
        self.wait_added(FIRST, SECOND)
        self.client.set(P34, "/Position", "i", 2)
        old = self.dtu[FIRST]
        self.dtu.replace(FIRST, self.device(THIRD))
        self.wait_added(SECOND, THIRD)
        self.assert_value(P36, "/Position", 2)
        self.assertEqual(1, len(self.program.lines("WARNING", "INVERTER0", FIRST, THIRD)))
        self.program.stop()
        self.program.start()
        self.wait_added(SECOND, THIRD)
        self.dtu.add(old)
        self.wait_added(FIRST, SECOND, THIRD)
        self.program.stop()
        self.assertEqual("INVERTER0", self.remembered()[THIRD].get("section"))
        self.assertIsNone(self.remembered()[FIRST].get("section"))
        self.program.start()
        self.wait_added(FIRST, SECOND, THIRD)

    # --- not at all ---------------------------------------------------------------------------

    def test_switched_off_and_on(self):
        """By a reload; what is remembered is there again before the gateway answers."""
        self.scene()
        self.run_with(INVERTER1=inverter(21))
        one = PVINVERTER % 21
        self.wait_is(one, SECOND)
        self.wait_services(P34, one, P36)
        owners = self.owners(one)
        self.edit({**self.default, "AutoAdd": 0}, INVERTER1=inverter(21))
        self.wait_services(one)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual([one], self.services())
        self.wait("a word about it", lambda: self.program.lines("2 of its 3 inverters"))
        self.dtu.refuse_connections()
        self.edit(self.default, INVERTER1=inverter(21))
        self.wait_services(P34, one, P36)
        self.assertEqual(owners, self.owners(one))
        self.assertEqual(1, len(self.program.lines("2 of its 3 inverters")), self.program.log())

    def test_switched_off_for_one_gateway(self):
        self.scene(FIRST)
        other = self.gateway(OpenDtu(self.sun, [self.device(SECOND), self.device(THIRD)]))
        self.configure(self.default, DTU1={"Host": other.host, "AutoAdd": 0},
                       INVERTER0=inverter(21, DTU=1))
        self.start()
        self.wait_is(P34, FIRST)
        self.wait_value(PVINVERTER % 21, "/Serial", SECOND)
        self.wait_polls(other, LIVE, 2)
        self.wait_services(P34, PVINVERTER % 21)

    def test_only_the_first_are_asked(self):
        """NumberOfInvertersToQuery; one more after a reload, and one less."""
        self.scene(NumberOfInvertersToQuery=2)
        self.run_with()
        self.wait_added(FIRST, SECOND)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(0, self.dtu.counts.requests[LIVE + "?inv=" + THIRD])
        self.assertEqual([P34, P35], self.services())
        owners = self.owners(P34, P35)
        self.default["NumberOfInvertersToQuery"] = 3
        self.edit(self.default)
        self.wait_added(FIRST, SECOND, THIRD)
        self.default["NumberOfInvertersToQuery"] = 2
        self.edit(self.default)
        self.wait_added(FIRST, SECOND)
        self.assertEqual(owners, self.owners(P34, P35))

    def test_its_gateway_goes(self):
        """A [DTUn] taken out of the configuration takes what it brought along, and only that."""
        self.scene(FIRST)
        other = self.gateway(OpenDtu(self.sun, [self.device(SECOND)]))
        self.configure(self.default, DTU1={"Host": other.host})
        self.start()
        self.wait_services(P34, P35)
        owners = self.owners(P34)
        self.edit(self.default)
        self.wait_services(P34)
        self.assertEqual(owners, self.owners(P34))
        self.assert_asked_no_more(other)
        other.refuse_connections()
        self.edit(self.default, DTU1={"Host": other.host})
        self.wait_services(P34, P35)
