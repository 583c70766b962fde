"""Which section is which inverter, when the gateway's list changes."""

from tests.integration.case import PVINVERTER, BusTest, each, on_every_model
from tests.integration.program import inverter
from tests.sim import Ahoy, Inverter, OpenDtu

LIVE = {"opendtu": "/api/livedata/status", "ahoy": "/api/live"}
KINDS = [("today", "opendtu", lambda sun, i: OpenDtu(sun, i)),
         ("one_reply", "opendtu", lambda sun, i: OpenDtu(sun, i, "v24.1")),
         ("ahoy", "ahoy", lambda sun, i: Ahoy(sun, i)),
         ("ahoy_inline", "ahoy", lambda sun, i: Ahoy(sun, i, "0.5.66"))]
FIRST, SECOND, THIRD = "116182000001", "116182000002", "116182000003"


class IdentityTest(BusTest):

    def scene(self, kind, make, sections=3, **default):
        """Three inverters that are easy to tell apart, and a running program."""
        self.kind = kind
        self.dtu = self.gateway(make(self.sun, [Inverter(FIRST, "One", peak=400, base_kwh=100),
                                                Inverter(SECOND, "Two", peak=800, base_kwh=500),
                                                Inverter(THIRD, "Three", peak=1600, base_kwh=900)]))
        self.configure({"DTU": kind, "Host": self.dtu.host, **default},
                       **{f"INVERTER{n}": inverter(20 + n) for n in range(sections)})
        self.program = self.start()
        for n, serial in enumerate((FIRST, SECOND, THIRD)[:sections]):
            self.wait_is(20 + n, serial)

    def wait_is(self, instance, serial, timeout=6.0):
        """The service is that inverter, by every value that tells."""
        reading = self.dtu[serial].reading(self.sun.now())
        service = PVINVERTER % instance
        self.wait_value(service, "/Serial", serial, timeout)
        self.wait_value(service, "/Ac/Power", reading.power)
        self.assert_value(service, "/Ac/Energy/Forward", reading.yield_total, 3)
        self.assert_value(service, "/CustomName", self.dtu[serial].name)

    def polls(self, count):
        self.wait_polls(self.dtu, LIVE[self.kind], count)

    @each(*KINDS)
    def test_reordered(self, kind, make):
        self.scene(kind, make)
        self.recorder.clear()
        self.dtu.reorder(THIRD, FIRST, SECOND)
        self.polls(3)
        for n, serial in enumerate((FIRST, SECOND, THIRD)):
            self.wait_is(20 + n, serial)
        powers = [s.items["/Ac/Power"] for s in self.recorder.signals() if "/Ac/Power" in s.items]
        self.assertEqual([], powers, "no value may have moved, not even for a moment")

    @on_every_model("today")
    @each(*KINDS)
    def test_removed_and_added_again(self, kind, make):
        """The one that has gone shows 0 W and an error; the others do not move up."""
        self.scene(kind, make)
        gone = self.dtu[FIRST]
        energy = gone.reading(self.sun.now()).yield_total
        self.dtu.remove(FIRST)
        self.wait_value(PVINVERTER % 20, "/StatusCode", 10, 8.0)
        self.assert_value(PVINVERTER % 20, "/Ac/Power", 0.0)
        self.assert_value(PVINVERTER % 20, "/Ac/Energy/Forward", energy, 3)
        self.wait_is(21, SECOND)
        self.wait_is(22, THIRD)
        self.dtu.add(gone)
        for n, serial in enumerate((FIRST, SECOND, THIRD)):
            self.wait_is(20 + n, serial)
        self.assert_value(PVINVERTER % 20, "/StatusCode", 7)

    @each(*KINDS)
    def test_replaced(self, kind, make):
        """A new inverter in the place of a broken one: with its own serial and its own counter."""
        self.scene(kind, make)
        self.dtu.replace(SECOND, Inverter("116182000009", "New", peak=800, base_kwh=3))
        self.wait_is(21, "116182000009")
        self.wait_is(20, FIRST)
        self.wait_is(22, THIRD)
        self.assertEqual(1, len(self.program.lines("WARNING", "116182000009")), self.program.log())

    @each(*KINDS)
    def test_replaced_by_one_of_the_same_name(self, kind, make):
        self.scene(kind, make)
        self.dtu.replace(SECOND, Inverter("116182000009", "Two", peak=800, base_kwh=3))
        self.wait_is(21, "116182000009")
        self.wait_is(20, FIRST)

    @each(*KINDS)
    def test_added_later(self, kind, make):
        """A section whose inverter is not there yet: it joins without a restart."""
        dtu = self.dtu = self.gateway(make(self.sun, [Inverter(FIRST, "One")]))
        self.configure({"DTU": kind, "Host": dtu.host},
                       INVERTER0=inverter(20), INVERTER1=inverter(21))
        self.start()
        self.wait_is(20, FIRST)
        self.assertEqual([PVINVERTER % 20], self.client.names())
        dtu.add(Inverter(SECOND, "Two", base_kwh=500))
        self.wait_is(21, SECOND)

    def test_more_inverters_than_sections(self):
        """AutoAdd=0: said once, no trouble."""
        self.scene("opendtu", lambda sun, i: OpenDtu(sun, i), sections=2, AutoAdd=0)
        self.polls(3)
        self.assertEqual(1, len(self.program.lines("INVERTER", "section")), self.program.log())
        self.assertEqual([PVINVERTER % 20, PVINVERTER % 21], self.client.names())

    def test_inverter_without_a_section(self):
        """Is published with an instance of its own, once there was time for a settings service."""
        self.scene("opendtu", lambda sun, i: OpenDtu(sun, i), sections=2)
        self.wait_is(34, THIRD, timeout=15.0)
        self.wait_names(*(PVINVERTER % i for i in (20, 21, 34)))
        self.assertEqual([], self.program.lines("no [INVERTERn] section"))

    def test_only_the_first_are_asked(self):
        """NumberOfInvertersToQuery."""
        dtu = self.gateway(OpenDtu(self.sun, [Inverter(s, s) for s in (FIRST, SECOND, THIRD)]))
        self.configure({"Host": dtu.host, "NumberOfInvertersToQuery": 2},
                       **{f"INVERTER{n}": inverter(20 + n) for n in range(3)})
        self.start()
        self.wait_names(PVINVERTER % 20, PVINVERTER % 21)
        self.wait_polls(dtu, LIVE["opendtu"], 2)
        self.assertEqual(0, dtu.counts.requests[LIVE["opendtu"] + "?inv=" + THIRD])

    def test_large_house(self):
        """As many as custom builds of OpenDTU list, each a service of its own."""
        devices = [Inverter(f"1161820000{n:02}", f"No {n}", peak=400 + 10 * n) for n in range(14)]
        self.dtu = self.gateway(OpenDtu(self.sun, devices))
        self.configure({"Host": self.dtu.host},
                       **{f"INVERTER{n}": inverter(20 + n) for n in range(14)})
        self.start()
        for n, device in enumerate(devices):
            self.wait_is(20 + n, device.serial)
        self.assertEqual(14, len({self.client.owner(PVINVERTER % (20 + n)) for n in range(14)}))

    @each(("long", "Ä" * 200), ("empty", ""), ("control", "a\x01\n\tb"), ("emoji", "☀️ Dach 🏠"))
    def test_odd_names(self, name):
        """Whatever the gateway calls an inverter: its service is there, its text is valid."""
        dtu = self.gateway(OpenDtu(self.sun, [Inverter(FIRST, name)]))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.start()
        self.wait_value(PVINVERTER % 20, "/Serial", FIRST)
        shown = self.client.value(PVINVERTER % 20, "/CustomName")
        self.assertTrue(shown.isprintable(), shown)
        self.assertTrue(name.startswith(shown) or not name.isprintable(), shown)

    def test_reordered_while_the_program_was_off(self):
        self.scene("opendtu", lambda sun, i: OpenDtu(sun, i))
        self.program.stop()
        self.dtu.reorder(SECOND, THIRD, FIRST)
        self.program.start()
        for n, serial in enumerate((FIRST, SECOND, THIRD)):
            self.wait_is(20 + n, serial)

    def test_name_changed_at_the_gateway(self):
        self.scene("opendtu", lambda sun, i: OpenDtu(sun, i))
        self.dtu[FIRST].name = "Dach"
        self.wait_value(PVINVERTER % 20, "/CustomName", "Dach")

    @each(("letters", "116182abcdef"), ("short", "a1"), ("leading_zero", "0116182abc01"))
    def test_serial_is_text(self, serial):
        dtu = self.gateway(OpenDtu(self.sun, [Inverter(serial, "One")]))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.start()
        self.wait_value(PVINVERTER % 20, "/Serial", serial)
