"""What a DTU tells is a measurement once, and only if it can be one."""

import time

from tests.integration.case import PVINVERTER, each, slow
from tests.integration.program import inverter
from tests.integration.venus import VenusTest
from tests.sim import Ahoy, Fault, Inverter, OpenDtu
from tests.sim.inverter import END_OF_RANGE

ROOF = PVINVERTER % 20
SERIAL = "114182000001"


class SampleTest(VenusTest):

    def scene(self, make=OpenDtu, keys=None, peak=600.0, **options):
        self.roof = Inverter(SERIAL, "Roof", peak=peak)
        self.dtu = self.gateway(make(self.sun, [self.roof], **options))
        self.default = {"DTU": "ahoy" if make is Ahoy else "opendtu", "Host": self.dtu.host,
                        **(keys or {})}
        self.configure(self.default, INVERTER0=inverter(20))
        self.program = self.start()
        self.wait_value(ROOF, "/StatusCode", 7)

    def index(self):
        return self.peek(ROOF, "/UpdateIndex")

    def stands_still(self):
        """Although messages come."""
        before, seen = self.index(), self.dtu.pushed[SERIAL]
        self.wait("messages", lambda: self.dtu.pushed[SERIAL] > seen + 2)
        time.sleep(1.2)
        return self.index() == before

    def wait_asked(self, times):
        """So many polls, and the reply to the last of them."""
        live = "/api/live" if isinstance(self.dtu, Ahoy) else "/api/livedata/status"
        self.wait_polls(self.dtu, live, times + 1)

    # --- once ---------------------------------------------------------------------------------

    @each(("opendtu_today", OpenDtu, {}), ("opendtu_whole_seconds", OpenDtu, {"shape": "v24.1"}),
          ("opendtu_array", OpenDtu, {"shape": "2022-10"}), ("ahoy_today", Ahoy, {}),
          ("ahoy_inline", Ahoy, {"version": "0.5.66"}))
    def test_a_held_packet_moves_no_index(self, make, options):
        """Nor anything else: 2113405 kWh, told again and again."""
        self.scene(make, **options)
        energy = self.roof.reading(self.sun.now()).yield_total
        self.wait_value(ROOF, "/Ac/Energy/Forward", energy, places=3)
        self.roof.hold(yield_total=2113405.0)
        self.wait_value(ROOF, "/Debug/JumpsDropped", 1)
        self.wait_asked(1)
        before = self.index()
        self.wait_asked(4)
        self.assertEqual(before, self.index())
        self.assert_value(ROOF, "/Ac/Energy/Forward", energy, 3)
        self.assert_value(ROOF, "/StatusCode", 7)
        self.roof.fix(yield_total=energy + 0.25)
        self.roof.hear()
        self.wait("new measurements", lambda: self.index() != before)
        self.wait_value(ROOF, "/Ac/Energy/Forward", energy + 0.25, places=3)
        self.assertEqual(1, len(self.program.lines(
            "WARNING", f"from {energy:.3f} to 2113405.000 kWh")), self.program.log())

    def test_a_pushed_packet_that_is_sent_again(self):
        """The WebSocket tells each inverter every ten seconds, heard or not."""
        self.scene(pushes=True, radio_seconds=0.5)
        self.wait("messages", lambda: self.dtu.pushed[SERIAL] > 3)
        self.roof.hold()
        self.wait("an index that stands still", self.stands_still)
        before, seen = self.index(), self.dtu.pushed[SERIAL]
        self.wait("three more", lambda: self.dtu.pushed[SERIAL] > seen + 2)
        time.sleep(1.2)
        self.assertEqual(before, self.index())
        self.roof.hear()
        self.wait("new measurements", lambda: self.index() != before)

    # --- only if it can be one ----------------------------------------------------------------

    @each(("opendtu", OpenDtu), ("ahoy", Ahoy))
    def test_a_damaged_packet_is_dropped_whole(self, make):
        """An HM-600 with 6553.5 W, 655.35 A and 6553.5 V in one reply."""
        self.scene(make)
        good = self.roof.reading(self.sun.now())
        self.wait_value(ROOF, "/Ac/Power", good.power)
        self.roof.fix(yield_total=good.yield_total + 0.5, **END_OF_RANGE)
        self.wait_value(ROOF, "/Debug/ReadingsDropped", lambda n: n and n > 1)
        for path, value in (("/Ac/Power", good.power), ("/Ac/L1/Voltage", good.voltage),
                            ("/Ac/L1/Current", good.current), ("/StatusCode", 7)):
            self.assert_value(ROOF, path, value)
        self.assert_value(ROOF, "/Ac/Energy/Forward", good.yield_total, 3)
        before = self.index()
        self.wait_asked(2)
        self.assertEqual(before, self.index())
        self.assertEqual(1, len(self.program.lines("INFO", "cannot be a measurement", "6553.5 V")),
                         self.program.log())
        self.roof.follow_sun()
        self.wait("new measurements", lambda: self.index() != before)

    def test_more_than_it_is_rated_at(self):
        self.scene()
        self.wait_value(ROOF, "/Ac/MaxPower", 600)
        good = self.roof.reading(self.sun.now()).power
        self.roof.fix(power=4000.0, current=17.4)
        self.wait_value(ROOF, "/Debug/ReadingsDropped", lambda n: n and n > 0)
        self.assert_value(ROOF, "/Ac/Power", good)

    def test_no_volts_and_no_hertz_are_no_data(self):
        """With a counter, and "reachable": the last values stay, and 0 W is not running."""
        self.scene()
        good = self.roof.reading(self.sun.now())
        self.wait_value(ROOF, "/Ac/Power", good.power)
        before = self.index()
        self.roof.fix(power=0.0, voltage=0.0, current=0.0, frequency=0.0)
        self.wait_asked(1)
        before = self.index()
        self.wait_asked(3)
        self.assertEqual(before, self.index())
        self.assert_value(ROOF, "/Ac/Power", good.power)

    # --- EnergyOffset -------------------------------------------------------------------------

    def test_an_offset_at_once(self):
        """Added while it runs, and kept over a restart."""
        self.scene()
        energy = self.roof.reading(self.sun.now()).yield_total
        self.wait_value(ROOF, "/Ac/Energy/Forward", energy, places=3)
        owner = self.owners(ROOF)
        self.edit(self.default, INVERTER0=inverter(20, EnergyOffset=1000.5))
        self.wait_value(ROOF, "/Ac/Energy/Forward", energy + 1000.5, places=3)
        self.assertEqual(owner, self.owners(ROOF))
        self.program.stop()
        self.program.start()
        self.wait_value(ROOF, "/Ac/Energy/Forward", energy + 1000.5, places=3)
        self.wait_value(ROOF, "/StatusCode", 7)
        self.assert_value(ROOF, "/Ac/Energy/Forward", energy + 1000.5, 3)
        self.assertEqual([], self.program.lines("WARNING"))

    def test_a_higher_counter_at_once(self):
        """Held, until its owner says by another EnergyOffset that he knows."""
        self.scene()
        energy = self.roof.reading(self.sun.now()).yield_total
        self.wait_value(ROOF, "/Ac/Energy/Forward", energy, places=3)
        self.roof.fix(yield_total=energy + 800)
        self.wait_value(ROOF, "/Debug/JumpsDropped", 1)
        self.assert_value(ROOF, "/Ac/Energy/Forward", energy, 3)
        self.edit(self.default, INVERTER0=inverter(20, EnergyOffset=-800))
        self.wait_value(ROOF, "/Ac/Energy/Forward", energy, places=3)
        self.wait("the acceptance", lambda: self.program.lines(
            "WARNING", f"from {energy:.3f} to {energy + 800:.3f} kWh", f"{energy:.3f} kWh are"))
        self.assert_value(ROOF, "/Ac/Energy/Forward", energy, 3)

    def test_the_other_counter_at_once(self):
        self.scene()
        reading = self.roof.reading(self.sun.now())
        self.wait_value(ROOF, "/Ac/Energy/Forward", reading.yield_total, places=3)
        self.edit({**self.default, "useYieldDay": 1}, INVERTER0=inverter(20))
        self.wait_value(ROOF, "/Ac/Energy/Forward", reading.yield_day / 1000, places=3)
        self.edit(self.default, INVERTER0=inverter(20))
        self.wait_value(ROOF, "/Ac/Energy/Forward", reading.yield_total, places=3)
        self.assert_value(ROOF, "/Debug/FallsHeld", 0)

    # --- no clock -----------------------------------------------------------------------------

    @slow
    def test_a_dtu_that_does_not_tell_the_time(self):
        """Its stamps are judged by the clock of the GX device."""
        self.roof = Inverter(SERIAL, "Roof")
        self.dtu = self.gateway(Ahoy(self.sun, [self.roof], "0.5.93",
                                     clock_offset=int(time.time()) - self.sun.unix()))
        self.dtu.fault = Fault("status", path="/api/index", status=404)
        self.configure({"DTU": "ahoy", "Host": self.dtu.host, "MaxAgeTsLastSuccess": 60},
                       INVERTER0=inverter(20))
        self.start()
        self.wait_value(ROOF, "/StatusCode", 7)
        self.roof.age = 70
        self.wait_value(ROOF, "/StatusCode", 8)
        self.assert_value(ROOF, "/Ac/Power", 0.0)
        self.roof.age = 2
        self.wait_value(ROOF, "/StatusCode", 7)
