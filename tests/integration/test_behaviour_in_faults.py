"""What goes wrong with the Python driver when a gateway does, row by row, turned round.

Each test is named after what that driver does, and shows what this one does instead.
"""

import time

from tests.integration.case import PVINVERTER, BusTest, each
from tests.integration.program import inverter, template
from tests.sim import Ahoy, Fault, Generic, Inverter, OpenDtu

LIVE = "/api/livedata/status"
SERIALS = ["116182000001", "116182000002", "116182000003"]


class BehaviourInFaultsTest(BusTest):

    def scene(self, gateway=None, kind="opendtu", **keys):
        """A DTU with three inverters, and a healthy template device beside it."""
        devices = [Inverter(s, s[-1], base_kwh=100 * n) for n, s in enumerate(SERIALS, 1)]
        self.dtu = self.gateway(gateway(devices) if gateway else OpenDtu(self.sun, devices))
        self.target = "/api/live" if kind == "ahoy" else LIVE
        self.other = self.gateway(Generic({"/state": lambda _request: {"p": self.plug}}))
        self.plug = 50.0
        self.configure({"DTU": kind, "Host": self.dtu.host, "NumberOfTemplates": 1, **keys},
                       **{f"INVERTER{n}": inverter(20 + n) for n in range(3)},
                       TEMPLATE0=template(40, self.other.host, "state", CUST_Power="p"))

    def power(self, serial):
        return self.dtu[serial].reading(self.sun.now()).power

    def wait_live(self, *serials, timeout=6.0):
        for serial in serials or SERIALS:
            service = PVINVERTER % (20 + SERIALS.index(serial))
            self.wait_value(service, "/Ac/Power", self.power(serial), timeout)
            self.assert_value(service, "/StatusCode", 7)

    def wait_error(self, *serials, timeout=6.0):
        for serial in serials or SERIALS:
            service = PVINVERTER % (20 + SERIALS.index(serial))
            self.wait_value(service, "/StatusCode", 10, timeout)
            self.assert_value(service, "/Ac/Power", 0.0)
            self.assert_value(service, "/Ac/L1/Power", 0.0)
            energy = self.dtu[serial].reading(self.sun.now()).yield_total
            self.assert_value(service, "/Ac/Energy/Forward", energy, 3)

    def assert_healthy_one_moves(self):
        """The template device goes on as if nothing were wrong."""
        self.plug += 1.0
        self.wait_value(PVINVERTER % 40, "/Ac/Power", self.plug, 3.0)

    @each(("off", None), ("hanging", Fault("hang")), ("status_500", Fault("status", status=500)),
          ("cut_off_json", Fault("truncated")), ("without_inverters", Fault("empty")))
    def test_fault_at_start_ends_the_process(self, fault):
        self.scene()
        self.dtu.fault = fault
        if fault is None:
            self.dtu.refuse_connections()
        program = self.start()
        self.assert_healthy_one_moves()
        self.assertEqual([PVINVERTER % 40], self.client.names())
        self.assert_stays("the program runs", lambda: program.running, 2.0)
        self.dtu.fault = None
        self.dtu.accept_connections()
        self.wait_live(timeout=4.0)

    def test_refused_shows_old_watts_and_comes_back_late(self):
        """With the settings that people have, not with those that make a test short."""
        self.scene(ErrorMode="retrycount", MinRetriesUntilFail=3, RetryAfterSeconds=180)
        self.start()
        self.wait_live()
        self.dtu.refuse_connections()
        begin = time.monotonic()
        self.wait_error(timeout=6.0)
        self.assertLess(time.monotonic() - begin, 5.0, "three polls, and no more")
        time.sleep(3.0)
        self.dtu.accept_connections()
        begin = time.monotonic()
        self.wait_live(timeout=4.0)
        self.assertLess(time.monotonic() - begin, 2.5, "within one poll")

    def test_drip_blocks_the_whole_driver(self):
        self.scene()
        program = self.start()
        self.wait_live()
        self.dtu.fault = Fault("drip")
        self.wait_polls(self.dtu, LIVE, 2)
        for _ in range(3):
            self.assert_healthy_one_moves()
        self.wait_error()
        self.assertEqual(1, len(program.lines("DEFAULT", "WARNING")), program.log())
        self.dtu.fault = None
        self.wait_live(timeout=4.0)

    @each(("older_api", "opendtu", lambda test, i: OpenDtu(test.sun, i, "v24.1")),
          ("ahoy", "ahoy", lambda test, i: Ahoy(test.sun, i)))
    def test_gateway_away_takes_only_the_first_to_zero(self, kind, make):
        self.scene(lambda devices: make(self, devices), kind)
        self.start()
        self.wait_live()
        self.dtu.refuse_connections()
        self.wait_error()
        self.dtu.accept_connections()
        self.wait_live(timeout=3.0)

    @each(("today", "opendtu", lambda test, i: OpenDtu(test.sun, i)),
          ("older_api", "opendtu", lambda test, i: OpenDtu(test.sun, i, "v24.1")),
          ("ahoy", "ahoy", lambda test, i: Ahoy(test.sun, i)))
    def test_missing_inverter_freezes_every_service(self, kind, make):
        self.scene(lambda devices: make(self, devices), kind)
        self.start()
        self.wait_live()
        missing = self.dtu[SERIALS[1]]
        self.dtu.remove(SERIALS[1])
        self.sun.advance(3600)
        self.wait_live(SERIALS[0], SERIALS[2])
        self.wait_value(PVINVERTER % 21, "/StatusCode", 10)
        self.assert_value(PVINVERTER % 21, "/Ac/Power", 0.0)
        self.dtu.add(missing, 1)
        self.wait_live(timeout=3.0)

    def test_missing_from_one_reply_only(self):
        """Too short to be an error; nobody notices but the one that was not there."""
        self.scene(MinRetriesUntilFail=3)
        self.start()
        self.wait_live()
        missing = self.dtu[SERIALS[1]]
        self.dtu.remove(SERIALS[1])
        self.wait_polls(self.dtu, LIVE, 1)
        self.dtu.add(missing, 1)
        self.sun.advance(600)
        self.wait_live(timeout=3.0)

    def test_reordered_swaps_and_added_is_ignored(self):
        self.scene()
        last = self.dtu[SERIALS[2]]
        self.dtu.remove(SERIALS[2])
        self.start()
        self.wait_live(*SERIALS[:2])
        self.dtu.reorder(SERIALS[1], SERIALS[0])
        self.wait_polls(self.dtu, LIVE, 2)
        self.wait_live(*SERIALS[:2])
        self.dtu.add(last)
        self.wait_live(timeout=3.0)

    @each(("null_values", Fault("nulls")), ("without_ac", Fault("no-ac")))
    def test_odd_replies_are_not_recovered_from(self, fault):
        self.scene()
        program = self.start()
        self.wait_live()
        self.dtu.fault = fault
        self.wait_polls(self.dtu, LIVE, 4)
        for n in range(3):
            self.wait_value(PVINVERTER % (20 + n), "/Ac/Power", lambda v: v in (None, 0.0))
        self.assert_healthy_one_moves()
        self.assertTrue(program.running)
        self.dtu.fault = None
        self.wait_live(timeout=3.0)

    def test_numbers_as_text_are_not_understood(self):
        self.scene()
        self.start()
        self.wait_live()
        self.dtu.fault = Fault("text-numbers")
        self.sun.advance(3600)
        self.wait_live(timeout=3.0)

    def test_night_keeps_the_last_watts(self):
        self.scene()
        self.start()
        self.wait_live()
        self.dtu.night()
        for n, serial in enumerate(SERIALS):
            service = PVINVERTER % (20 + n)
            self.wait_value(service, "/StatusCode", 8, 3.0)
            for path in ("/Ac/Power", "/Ac/L1/Power", "/Ac/L1/Current"):
                self.assert_value(service, path, 0.0)
            energy = self.dtu[serial].reading(self.sun.now()).yield_total
            self.assert_value(service, "/Ac/Energy/Forward", energy, 3)
            self.assert_value(service, "/ErrorCode", 0)
        self.assertEqual(4, len(self.client.names()), "the services stay on the bus all night")
        self.sun.advance(1800)
        self.dtu.morning()
        self.wait_live(timeout=3.0)

    def test_ahoys_clock_ahead_never_gives_a_value(self):
        self.scene(lambda devices: Ahoy(self.sun, devices, "0.5.93", clock_offset=30), "ahoy")
        self.start()
        self.wait_live()

    @each(("missing_key", "AcPosition", None), ("wrong_key", "Fase", "L1"),
          ("percent", "Name", "100% solar"), ("instance_not_a_number", "DeviceInstance", "twenty"))
    def test_a_wrong_key_ends_the_process(self, key, value):
        """One section is wrong; the others run."""
        self.scene()
        keys = inverter(20)
        keys.pop(key, None)
        if value is not None:
            keys[key] = value
        self.configure({"Host": self.dtu.host, "NumberOfTemplates": 1},
                       INVERTER0=keys, INVERTER1=inverter(21),
                       TEMPLATE0=template(40, self.other.host, "state", CUST_Power="p"))
        program = self.start()
        self.wait_live(SERIALS[1])
        self.assert_healthy_one_moves()
        self.assertTrue(program.running)
        if value is not None and key != "Name":
            self.assertTrue(program.lines(key), program.log())

    def test_duplicate_instance_ends_the_process(self):
        self.scene()
        self.configure({"Host": self.dtu.host, "NumberOfTemplates": 1},
                       INVERTER0=inverter(20), INVERTER1=inverter(20), INVERTER2=inverter(22),
                       TEMPLATE0=template(40, self.other.host, "state", CUST_Power="p"))
        program = self.start()
        self.wait_live(SERIALS[0], SERIALS[2])
        self.assert_healthy_one_moves()
        self.assertTrue(program.lines("DeviceInstance", "20"), program.log())

    def test_set_value_of_power_is_accepted(self):
        self.scene()
        self.start()
        self.wait_live()
        self.assertEqual(1, self.client.set(PVINVERTER % 20, "/Ac/Power", "d", 4711.0))
        self.wait_live()

    def test_error_mode_timeout(self):
        """By the clock in place of by the count."""
        self.scene(ErrorMode="timeout", ErrorStateAfterSeconds=4)
        self.start()
        self.wait_live()
        self.dtu.refuse_connections()
        begin = time.monotonic()
        self.assert_stays("still its last values", lambda: self.client.value(
            PVINVERTER % 20, "/StatusCode") == 7, 2.5)
        self.wait_error(timeout=4.0)
        self.assertLess(time.monotonic() - begin, 6.5)
        self.dtu.accept_connections()
        self.wait_live(timeout=3.0)
