"""How kindly gateways are asked."""

import time
from statistics import median

from tests.integration.case import PVINVERTER, BusTest, each
from tests.integration.program import inverter, template
from tests.sim import Ahoy, Fault, Generic, Inverter, OpenDtu

LIVE = "/api/livedata/status"


def gaps(gateway, target):
    """Seconds between the beginnings of polls.

    One that begins, or is noticed, late makes one of them longer and the next one shorter: the
    median tells the interval.
    """
    times = [when for when, asked in gateway.counts.targets if asked == target]
    return [after - before for before, after in zip(times, times[1:])]


class RequestTest(BusTest):

    def inverters(self, count=3):
        return [Inverter(f"11618200000{n}", f"No {n}") for n in range(count)]

    def run_dtu(self, dtu, **keys):
        self.gateway(dtu)
        self.configure({"Host": dtu.host, **keys},
                       **{f"INVERTER{n}": inverter(20 + n) for n in range(len(dtu.inverters))})
        self.program = self.start()
        self.wait_value(PVINVERTER % 20, "/Ac/Power",
                        dtu.inverters[0].reading(self.sun.now()).power, 12.0)
        return dtu

    @each(("quick", None), ("slow", Fault("delay", seconds=0.25)),
          ("too_slow", Fault("delay", seconds=1.5)))
    def test_one_request_at_a_time(self, fault):
        dtu = self.run_dtu(OpenDtu(self.sun, self.inverters()))
        dtu.reset_counts()
        dtu.fault = fault
        time.sleep(4.0)
        self.wait("requests", lambda: dtu.counts.total >= 2, 12.0)
        self.assertEqual(1, dtu.counts.parallel_max)

    def test_interval(self):
        """From beginning to beginning, not from end to beginning."""
        dtu = self.run_dtu(OpenDtu(self.sun, self.inverters(1)), PollingInterval=1500)
        dtu.fault = Fault("delay", seconds=0.2)
        self.wait_polls(dtu, LIVE, 5, 12.0)
        self.assertAlmostEqual(1.5, median(gaps(dtu, LIVE)[1:]), delta=0.25)

    def test_template_interval(self):
        """CUST_POLLING, each template its own."""
        meter = self.gateway(Generic({"/a": {"p": 1}, "/b": {"p": 2}}))
        self.configure({"NumberOfTemplates": 2, "DTU": "template"},
                       TEMPLATE0=template(20, meter.host, "a", CUST_Power="p"),
                       TEMPLATE1={**template(21, meter.host, "b", CUST_Power="p"),
                                  "CUST_POLLING": 2500})
        self.start()
        self.wait_polls(meter, "/b", 4, 15.0)
        self.assertAlmostEqual(1.0, median(gaps(meter, "/a")), delta=0.2)
        self.assertAlmostEqual(2.5, median(gaps(meter, "/b")), delta=0.25)

    def test_esp8266_is_asked_less_often(self):
        dtu = self.run_dtu(Ahoy(self.sun, self.inverters(1), esp8266=True), DTU="ahoy",
                           ESP8266PollingIntervall=3000)
        self.wait_polls(dtu, "/api/live", 4, 18.0)
        self.assertAlmostEqual(3.0, median(gaps(dtu, "/api/live")[1:]), delta=0.4)

    @each(("429", 429), ("503", 503))
    def test_retry_after(self, status):
        """Not asked before the time that it names; then at once."""
        dtu = self.run_dtu(OpenDtu(self.sun, self.inverters(1)))
        dtu.fault = Fault("status", status=status, retry_after=4)
        self.wait_polls(dtu, LIVE, 2, 12.0)
        before, after = [when for when, _ in dtu.counts.targets[-2:]]
        self.assertGreater(after - before, 3.3)
        self.assertLess(after - before, 5.5)
        self.wait_value(PVINVERTER % 20, "/StatusCode", 10)
        dtu.fault = None
        self.wait_value(PVINVERTER % 20, "/StatusCode", 7, 8.0)

    def test_connection_is_kept_where_offered(self):
        dtu = self.run_dtu(OpenDtu(self.sun, self.inverters(), keep_alive=True), Push=0)
        self.wait_polls(dtu, LIVE, 3)
        self.assertEqual(1, dtu.counts.connections)
        self.assertGreater(dtu.counts.total, 8)

    def test_kept_connection_that_has_gone(self):
        """The gateway dropped it meanwhile: the next poll succeeds all the same."""
        dtu = self.run_dtu(OpenDtu(self.sun, self.inverters(1), keep_alive=True),
                           Push=0)
        for _ in range(2):
            self.wait("a connection that is idle", dtu.drop_idle)
            self.wait_polls(dtu, LIVE, 2)
        self.assertEqual(3, dtu.counts.connections)
        self.assert_value(PVINVERTER % 20, "/StatusCode", 7)
        self.assertEqual([], self.program.lines("WARNING"))

    def test_back_off_while_it_misbehaves(self):
        """A gateway that answers nonsense is asked less often, but never much less."""
        dtu = self.run_dtu(OpenDtu(self.sun, self.inverters(1)), RetryAfterSeconds=180)
        dtu.fault = Fault("status", status=500)
        dtu.reset_counts()
        self.wait_polls(dtu, LIVE, 4, 20.0)
        seen = gaps(dtu, LIVE)
        self.assertGreater(max(seen), 1.5, seen)
        self.assertLess(max(seen), 5.5, seen)

    def test_cheap_extras(self):
        """What never changes is not asked for in every poll."""
        dtu = self.run_dtu(OpenDtu(self.sun, self.inverters(1)))
        self.wait_polls(dtu, LIVE, 4)
        extras = {target: count for target, count in dtu.counts.requests.items()
                  if not target.startswith(LIVE)}
        self.assertTrue(extras)
        self.assertEqual({1}, set(extras.values()), extras)
