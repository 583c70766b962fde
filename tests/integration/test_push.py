"""A gateway that pushes: its values come without being asked for, and nothing depends on it."""

import re
import time

from tests.integration.case import PVINVERTER, each, on_every_model
from tests.integration.program import inverter
from tests.integration.venus import AT_ONCE, VenusTest
from tests.sim import Basic, Digest, Fault, Inverter
from tests.sim.opendtu import text_frame

LIVE = "/api/livedata/status"
PUSH = "/livedata"
ONE, TWO = "116182000001", "1161820000ab"
ROOF, BARN = PVINVERTER % 20, PVINVERTER % 21
RADIO = 0.4  # seconds between two messages of one inverter


class PushTest(VenusTest):

    def scene(self, serials=(ONE, TWO), keys=None, **options):
        options = {"pushes": True, "radio_seconds": RADIO, **options}
        self.dtu = self.opendtu(*[Inverter(s, s[-2:], base_kwh=100.0 * n)
                                  for n, s in enumerate(serials, 1)], **options)
        self.default = {"Host": self.dtu.host, "AutoAdd": 0, **(keys or {})}
        self.sections = {f"INVERTER{n}": inverter(20 + n, Serial=s)
                         for n, s in enumerate(serials)}
        self.configure(self.default, **self.sections)
        self.program = self.start()
        self.wait_value(ROOF, "/StatusCode", 7)

    def power(self, serial=ONE):
        return self.dtu[serial].reading(self.sun.now()).power

    def wait_pushed(self, count=2):
        """Until so many more messages about each have come, and the requests of the start are over."""
        target = {i.serial: self.dtu.pushed[i.serial] + count for i in self.dtu.inverters}
        self.wait("messages", lambda: all(self.dtu.pushed[s] >= n for s, n in target.items()))

    def polls(self):
        return self.dtu.counts.requests[LIVE]

    def assert_not_asked(self, seconds=3.0):
        self.wait_pushed(3)
        before = self.dtu.counts.total
        time.sleep(seconds)
        self.assertEqual(before, self.dtu.counts.total, self.dtu.counts.targets[-3:])

    # --- while all is well --------------------------------------------------------------------

    @on_every_model("today")
    @each(("today", "v26"), ("summary_first", "v24.2.12"), ("all_in_one", "v24.1"),
          ("flat", "2022-11"), ("array", "2022-10"))
    def test_is_not_asked(self, shape):
        self.scene(shape=shape)
        self.assert_not_asked()
        self.sun.advance(90)
        for service, serial in ((ROOF, ONE), (BARN, TWO)):
            self.wait_value(service, "/Ac/Power", self.power(serial), 3.0)
            self.wait_value(service, "/Ac/Energy/Forward",
                            self.dtu[serial].reading(self.sun.now()).yield_total, 3.0)
        self.assertEqual(1, self.dtu.counts.requests[PUSH])
        self.assertEqual([], self.program.lines("WARNING"))

    def test_one_signal_for_each_message(self):
        self.scene()
        self.assert_not_asked(0.5)
        index = self.client.value(ROOF, "/UpdateIndex")
        before = self.dtu.pushed[ONE]
        self.wait_pushed(5)
        self.wait("as many updates", lambda: 0 <= self.dtu.pushed[ONE] - before - (
            self.client.value(ROOF, "/UpdateIndex") - index) <= 1)

    def test_each_message_at_once(self):
        """Whatever the interval: nothing is kept to be told together with something else."""
        self.scene(keys={"PollingInterval": 3000})
        self.assert_not_asked(0.5)
        index = first = self.client.value(ROOF, "/UpdateIndex")
        updates, end = 0, time.monotonic() + 4.0
        while time.monotonic() < end:
            before, index = index, self.client.value(ROOF, "/UpdateIndex")
            updates += index != before
            time.sleep(0.02)
        self.assertGreaterEqual(updates, 8)  # of 10
        self.assertEqual(updates, index - first)

    def test_messages_without_inverters(self):
        """OpenDTU-OnBattery."""
        self.scene(battery=True)
        self.assert_not_asked()
        self.assertEqual([], self.program.lines("WARNING"))

    def test_health(self):
        """Counted with the next snapshot: here, that of a fault."""
        self.scene()
        self.wait_pushed(4)
        self.dtu.refuse_connections()
        self.wait_value(ROOF, "/Debug/Pushed", lambda n: isinstance(n, int) and n >= 6, 8.0)

    # --- with credentials ---------------------------------------------------------------------

    @each(("basic_and_digest", Basic("admin", "secret")), ("pages_are_open", None))
    def test_digest(self, pages):
        """As an OpenDTU with read-only access switched off has it."""
        self.scene(auth=pages, push_auth=Digest("admin", "secret", "MD5", realm="live websocket"),
                   keys={"Username": "admin", "Password": "secret"})
        self.assert_not_asked()

    def test_wrong_password(self):
        """Of the live feed alone: it is polled, which needs none."""
        self.scene(push_auth=Digest("admin", "secret", "MD5"), keys={"Username": "admin",
                                                                     "Password": "wrong"})
        self.wait_polls(self.dtu, LIVE, 4)
        self.assertEqual(2, self.dtu.counts.requests[PUSH], "tried again though it was refused")
        self.assertEqual([], self.program.lines("WARNING"))

    def test_password_does_not_go_out_in_clear(self):
        seen = []

        class Listening(Basic):
            def refusal(self, request):
                seen.append(request.headers.get("authorization"))
                return super().refusal(request)

        self.scene(auth=None, push_auth=Listening("admin", "secret"),
                   keys={"Username": "admin", "Password": "secret"})
        self.wait_polls(self.dtu, LIVE, 3)
        self.assertTrue(seen)
        self.assertEqual({None}, set(seen))

    # --- where it is not ----------------------------------------------------------------------

    @each(("none", {"pushes": False}, {}), ("not_wanted", {}, {"Push": 0}),
          ("seldom", {}, {"PollingInterval": 11000}),
          ("impatient", {}, {"ErrorMode": "timeout", "ErrorStateAfterSeconds": 12}))
    def test_polled(self, options, keys):
        self.scene(keys=keys, **options)
        if "PollingInterval" not in keys:
            self.wait_polls(self.dtu, LIVE, 3)
        self.assertEqual(0 if keys else 1, self.dtu.counts.requests[PUSH])
        self.assertEqual(0, self.dtu.pushed.total())
        self.assertEqual([], self.program.lines("WARNING"))

    # --- when it ends -------------------------------------------------------------------------

    def test_closed(self):
        """The gateway restarts: it is asked at once, and again for as long as it does not push."""
        self.scene()
        self.assert_not_asked(0.5)
        self.dtu.refuse_connections()
        self.dtu.accept_connections()
        self.wait_polls(self.dtu, LIVE, 3, 5.0)
        self.assert_value(ROOF, "/StatusCode", 7)
        self.assertEqual(1, self.dtu.counts.requests[PUSH], "tried again at once")

    def test_off(self):
        self.scene()
        self.assert_not_asked(0.5)
        self.dtu.refuse_connections()
        for service in (ROOF, BARN):
            self.wait_value(service, "/StatusCode", 10, 8.0)
            self.assert_value(service, "/Ac/Power", 0.0)
        self.dtu.accept_connections()
        self.sun.advance(60)
        self.wait_value(ROOF, "/Ac/Power", self.power(), 4.0)

    def test_hanging(self):
        """Nothing is closed, and nothing comes any more: found out within a quarter of a minute."""
        self.scene()
        self.assert_not_asked(0.5)
        self.dtu.fault = Fault("hang")
        for service in (ROOF, BARN):
            self.wait_value(service, "/StatusCode", 10, 16.0)
            self.assert_value(service, "/Ac/Power", 0.0)
        self.dtu.fault = None
        self.wait_value(ROOF, "/StatusCode", 7, 8.0)

    def test_ends_while_it_wants_to_be_left_alone(self):
        """That the live feed ends is no reason to ask before the time that it has said."""
        self.scene()
        self.assert_not_asked(0.5)
        self.dtu.fault = Fault("status", path=LIVE, status=503, retry_after=30)
        before = self.polls()
        self.edit(self.default, INVERTER0=self.sections["INVERTER0"])  # depends on the list
        self.wait("it is asked", lambda: self.polls() > before)
        time.sleep(0.3)
        before = self.polls()
        self.dtu.refuse_connections()
        self.dtu.accept_connections()
        time.sleep(3.0)
        self.assertEqual(before, self.polls())

    def test_one_inverter_falls_silent(self):
        """The other's messages do not hide it."""
        self.scene()
        self.assert_not_asked(0.5)
        self.dtu.pushed_not = {TWO}
        before = self.polls()
        self.wait("it is asked", lambda: self.polls() >= before + 3, 18.0)
        self.sun.advance(60)
        self.wait_value(BARN, "/Ac/Power", self.power(TWO), 4.0)
        self.dtu.pushed_not = set()
        self.assert_not_asked()

    def test_deleted(self):
        """One that the DTU does not list any more is away as soon as the polls that it has missed say so."""
        self.scene()
        self.assert_not_asked(0.5)
        self.dtu.remove(TWO)
        self.wait_value(BARN, "/StatusCode", 10, 15.0)
        self.assert_value(BARN, "/Ac/Power", 0.0)
        self.assert_value(ROOF, "/StatusCode", 7)
        self.assert_not_asked()
        self.dtu.add(Inverter(TWO, "back"))
        self.wait_value(BARN, "/StatusCode", 7, 4.0)

    @each(("binary", text_frame(bytes(65000), opcode=2)), ("pings", text_frame(b"", opcode=9) * 1000),
          ("pongs", text_frame(b"", opcode=10) * 1000), ("messages", text_frame(b"{}") * 1000),
          ("fragments", text_frame(b"", fin=False) + text_frame(b"", fin=False, opcode=0) * 1000))
    def test_flood(self, frames):
        """It is cut, told of once, and costs neither memory nor the values."""
        self.scene(pushes=False)
        self.wait("no feed", lambda: self.polls() >= 2 and self.dtu.counts.requests[PUSH] == 1)
        before = self.memory_kib()
        self.dtu.flood, self.dtu.pushes = frames, True
        self.edit({**self.default, "HTTPTimeout": 2}, **self.sections)  # the feed is asked for anew
        self.wait("the feed", lambda: self.program.lines("WARNING", "its live feed was cut"), 8.0)
        self.sun.advance(90)
        self.wait_value(ROOF, "/Ac/Power", self.power(), 4.0)
        time.sleep(2.0)
        self.assertLess(self.memory_kib() - before, 4096)
        self.assertEqual(1, len(self.program.lines("WARNING")), self.program.lines("WARNING"))
        self.assertEqual(2, self.dtu.counts.requests[PUSH], "opened again at once")

    def memory_kib(self):
        """The most that the program has ever had."""
        with open(f"/proc/{self.program.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.M)[1])

    def test_night_and_morning(self):
        self.scene()
        self.assert_not_asked(0.5)
        self.dtu.night(ONE)
        self.wait_value(ROOF, "/StatusCode", 8, 20.0)
        self.assert_value(ROOF, "/Ac/Power", 0.0)
        self.assert_value(BARN, "/StatusCode", 7)
        self.dtu.morning(ONE)
        self.wait_value(ROOF, "/StatusCode", 7, 12.0)

    # --- what only the list tells -------------------------------------------------------------

    def test_new_inverter(self):
        self.settings_service()
        self.scene(keys={"AutoAdd": 1})
        self.assert_not_asked(0.5)
        before = self.polls()
        self.dtu.add(Inverter("116182000003", "New"))
        self.wait("lists, until it has been there for a minute", lambda: self.polls() > before + 2)
        self.assertEqual(2, len(self.services()))
        self.edit(self.default, **self.sections)
        self.wait("the new one", lambda: len(self.services()) == 3, AT_ONCE)
        self.assert_not_asked()

    def test_section_that_is_written_later(self):
        self.scene()
        self.assert_not_asked(0.5)
        self.edit(self.default, INVERTER0=self.sections["INVERTER0"])
        self.wait_services(ROOF)
        self.edit(self.default, **self.sections)
        self.wait_services(ROOF, BARN)
        self.wait_value(BARN, "/StatusCode", 7, AT_ONCE)

    def test_more_than_are_wanted(self):
        """The first one only: the messages about the other are no reason to ask."""
        self.scene(serials=(ONE,), keys={"NumberOfInvertersToQuery": 1})
        self.dtu.add(Inverter(TWO, "Two"))
        self.wait_polls(self.dtu, LIVE, 1, 6.0)
        self.assert_not_asked()
        self.assertEqual([ROOF], self.services())

    def test_reordered(self):
        """Serials count; the index of a message is that of the last list."""
        self.scene()
        self.assert_not_asked(0.5)
        self.dtu.reorder(TWO, ONE)
        self.sun.advance(60)
        self.wait_value(ROOF, "/Ac/Energy/Forward",
                        self.dtu[ONE].reading(self.sun.now()).yield_total)
        self.wait_value(BARN, "/Ac/Energy/Forward",
                        self.dtu[TWO].reading(self.sun.now()).yield_total)
