"""com.victronenergy.opendtu on a real bus: what it shows, what it takes, and what it refuses."""

import math
import os
import time
import zlib

from jeepney import DBusAddress, MessageFlag, new_method_call

from tests.integration.bus import BUS_ITEM, PAGE, Bus, BusError, Client
from tests.integration.case import PVINVERTER, alone, each, on_every_model, slow
from tests.integration.endurance import Holdings, assert_no_growth, often
from tests.integration.program import crowding, emulated, only_where
from tests.integration.venus import LIST, VenusTest, setting
from tests.sim import Inverter

ROOF, BARN = "116182000001", "1161820000ab"
DEVICE = f"/Devices/{ROOF}"
ENABLED, LIMITS, MANUAL, SWITCHES = (DEVICE + end for end in (
    "/Enabled", "/PowerLimit/Enabled", "/PowerLimit/Manual", "/Switch/Enabled"))
SERVICE = PVINVERTER % 34
LOGIN = {"Username": "admin", "Password": "openDTU42"}
ACCEPTED, NOT_WRITABLE, REFUSED = 0, 1, 2
RATE, SECONDS = 2000, often("FLOOD_SECONDS", 3.0)  # writes in a second, seconds of each flood
WRITES = 61 + SECONDS / 10  # docs/dbus.md promises it
NATIVE = only_where(lambda: not emulated(), "counts what the program itself holds")

LONG = "x" * 2**20
# (signature, value) that no path takes; five variants in another are more than are unwrapped.
NOTHING_OF_USE = (
    ("ai", []), ("ai", [1]), ("as", ["a"]), ("as", []), ("a{sv}", {}), ("a{sv}", {"a": ("i", 1)}), ("(ii)", (1, 1)),
    ("v", ("v", ("v", ("v", ("v", ("i", 1)))))), ("o", "/a"), ("g", "s"), ("d", math.nan), ("d", math.inf),
    ("d", -math.inf), ("x", 2**62), ("t", 2**64 - 1))
NO_FLAG = (("s", "1"), ("s", ""), ("s", LONG), ("i", -1), ("i", 2), ("i", -2**31), ("i", 2**31 - 1), ("d", 0.5),
           ("d", 1e308), ("u", 2**32 - 1), ("n", -1))
NO_WATTS = (("s", "100"), ("s", LONG), ("d", -0.1), ("d", -1e308), ("i", -1), ("i", -2**31))
NO_ADDRESSES = tuple(("s", text) for text in (
    "8.8.8.8", "127.0.0.1", "localhost.", "0x7f000001", "2130706433", "10.1", "http://10.0.0.5", "10.0.0.5:80",
    "10.0.0.5/24", "admin@10.0.0.5", "10.0.0.5;10.0.0.6", "10.0.0.5\n", "-dtu", "dtu..local", "dtü", "::1",
    "::ffff:8.8.8.8", LONG, LONG + "," + LONG, ",".join(f"10.0.0.{n}" for n in range(1, 18)))) + (("i", 1), ("b", True))
GARBAGE = {"/Refresh": NO_FLAG + (("i", 0),), "/IpAddresses": NO_ADDRESSES, ENABLED: NO_FLAG, LIMITS: NO_FLAG,
           SWITCHES: NO_FLAG, MANUAL: NO_WATTS}


class OverviewScene(VenusTest):

    def scene(self, *more, **keys):
        self.settings = self.settings_service()
        self.dtu = self.opendtu(Inverter(ROOF, "Roof"), *more, limits={"radio": 0.4})
        self.default = {"Host": self.dtu.host, "Push": 0, "Logging": "WARNING", **LOGIN, **keys}
        self.configure(self.default)
        self.program = self.start()
        self.wait_value(PAGE, ENABLED, 1)
        self.wait_value(SERVICE, "/StatusCode", 7)
        self.wait_value(PAGE, DEVICE + "/Service", SERVICE, 10.0)

    def shown(self, path):
        return self.client.value(PAGE, path)

    def write(self, path, kind, value):
        return self.client.set(PAGE, path, kind, value)

    def allow_limits(self):
        self.assertEqual(ACCEPTED, self.write(LIMITS, "i", 1))
        self.wait_value(PAGE, MANUAL, lambda watts: watts and watts > 100, 10.0)

    def restart(self):
        self.assertEqual(0, self.program.stop()[0])
        self.programs.remove(self.program)
        self.program = self.start()
        self.wait_value(PAGE, ENABLED, lambda flag: flag in (0, 1), 10.0)


class ReadingTest(OverviewScene):

    def test_no_password(self):
        """Whatever its line is like."""
        self.scene()
        self.configure({**self.default, "Password": "sesame%(open)s"})
        self.wait_value(PAGE, "/Config/Warnings", 1)
        said = repr(self.client.items(PAGE))
        self.assertIn("[DEFAULT] Password", said)
        for secret in ("sesame", LOGIN["Password"], LOGIN["Username"]):
            self.assertNotIn(secret, said)

    @on_every_model()
    def test_what_it_shows(self):
        self.scene()
        items = self.client.items(PAGE)
        self.assertEqual(("i", 0xD7D1, "0xD7D1"), items["/ProductId"])
        self.assertEqual(("s", ROOF, ROOF), items["/DeviceList"])
        self.assertEqual(("s", "DEFAULT", "DEFAULT"), items["/GatewayList"])
        self.assertEqual(f"http://{self.dtu.host}", items["/Gateways/DEFAULT/Address"][1])
        self.assertEqual(("s", SERVICE, SERVICE), items[DEVICE + "/Service"])
        self.assertFalse([v for v in items.values() if LOGIN["Password"] in str(v)])
        for path, (kind, value, text) in items.items():
            self.assertEqual((kind, value), self.client.typed(PAGE, path), path)
            self.assertEqual(text, self.client.text(PAGE, path), path)
        below = self.client.value(PAGE, DEVICE)
        self.assertEqual(("s", "Roof"), below["Name"])
        self.assertEqual(("i", 0), below["PowerLimit/Enabled"])
        self.assertIn('<node name="PowerLimit"/>', self.client.introspect(PAGE, DEVICE).replace(" />", "/>"))
        self.assertIn('name="SetValue"', self.client.introspect(PAGE, ENABLED))

    def test_a_device_that_comes(self):
        """Its paths go out with one signal, and the list with them."""
        self.scene(Logging="INFO")
        self.dtu.add(Inverter(BARN, "Barn"))
        self.wait("a word about it", lambda: self.program.lines(BARN, "is not published yet"))
        self.recorder.clear()
        self.edit(self.default)  # opens the door to it
        self.wait_value(PAGE, "/DeviceList", f"{ROOF},{BARN}", 12.0)
        new = [s.items for s in self.recorder.signals(PAGE) if f"/Devices/{BARN}/Name" in s.items]
        self.assertEqual("Barn", new[0][f"/Devices/{BARN}/Name"][1])
        self.assertEqual(f"{ROOF},{BARN}", new[0]["/DeviceList"][1])
        self.assertEqual(24, len([path for path in new[0] if path.startswith(f"/Devices/{BARN}/")]))
        self.assertNotIn(DEVICE + "/Name", new[0])

    def test_night_and_a_dead_dtu(self):
        """Night is no fault; a DTU that is away is told with its reason, at both places, until it answers."""
        self.scene(MinRetriesUntilFail=1)
        self.dtu.night()
        self.wait_value(PAGE, DEVICE + "/State", 2, 12.0)
        self.assertIsNone(self.shown(DEVICE + "/LastError"))
        self.assertEqual(1, self.shown("/Gateways/DEFAULT/State"))
        self.dtu.refuse_connections()
        self.wait_value(PAGE, "/Gateways/DEFAULT/State", 2, 12.0)
        self.assertIn("refused the connection", self.shown("/Gateways/DEFAULT/LastError"))
        self.wait_value(PAGE, DEVICE + "/State", 3, 12.0)
        self.assertIn("refused the connection", self.shown(DEVICE + "/LastError"))
        self.dtu.morning()
        self.dtu.accept_connections()
        self.wait_value(PAGE, DEVICE + "/State", 1, 20.0)
        self.assertIsNone(self.shown(DEVICE + "/LastError"))
        self.assertIsNone(self.shown("/Gateways/DEFAULT/LastError"))

    @slow
    def test_a_bus_that_comes_again(self):
        """While there is no configuration, the program waits for one, and outlives its bus."""
        self.program = self.start()
        self.wait_value(PAGE, "/State", 0)
        self.bus.close()
        self.bus = Bus(self.folder)
        self.addCleanup(self.bus.close)
        self.client = Client(self.bus)
        self.addCleanup(self.client.close)
        self.wait_value(PAGE, "/State", 0, 75.0)

    @slow
    def test_a_second_copy(self):
        """One has the page, the other says so, does its work, and has it when the first has ended."""
        self.settings_service()
        roof, barn = self.opendtu(Inverter(ROOF, "Roof")), self.opendtu(Inverter(BARN, "Barn"))
        self.configure({"Host": roof.host}, "house")
        self.configure({"Host": barn.host}, "garage")
        first = self.start("house")
        self.wait_value(PAGE, "/DeviceList", ROOF)
        second = self.start("garage")
        self.wait("its word", lambda: second.lines("WARNING", PAGE, "another copy"))
        self.wait("both devices", lambda: len(self.services()) == 2)
        self.assertEqual(ROOF, self.shown("/DeviceList"))
        first.stop()
        self.programs.remove(first)
        self.wait_value(PAGE, "/DeviceList", BARN, 75.0)
        self.assertEqual(1, len(second.lines("WARNING", "another copy")))
        self.assertEqual(1, len(second.lines("INFO", PAGE, "is on the bus")))


class GarbageTest(OverviewScene):

    @NATIVE
    def test_what_can_be_written_refuses_it(self):
        self.scene()
        self.allow_limits()
        before, held = self.client.items(PAGE), None
        for _ in range(3):
            for path, garbage in GARBAGE.items():
                for kind, value in NOTHING_OF_USE + garbage:
                    self.assertEqual(REFUSED, self.write(path, kind, value), (path, kind, str(value)[:60]))
            held = held or Holdings(self.program)  # after the first round
        assert_no_growth(self, held, Holdings(self.program), "garbage")
        for path in GARBAGE:
            self.assertEqual(before[path][:2], self.client.typed(PAGE, path), path)
        self.assertEqual([], self.dtu.limits.commands)
        self.assertEqual(1, self.client.value(SERVICE, "/Connected"))

    def test_it_is_refused_for_itself(self):
        """Not since so much was written: after one round of it, what is right is taken."""
        self.scene()
        self.allow_limits()
        for path, garbage in GARBAGE.items():
            for kind, value in garbage[:6]:
                self.assertEqual(REFUSED, self.write(path, kind, value), (path, kind, str(value)[:60]))
        self.assertEqual(ACCEPTED, self.write("/Refresh", "i", 1))
        self.assertEqual(REFUSED, self.write("/Refresh", "i", 1), "within 10 s")
        self.assertEqual(ACCEPTED, self.write("/IpAddresses", "s", ""))
        self.assertEqual(ACCEPTED, self.write(SWITCHES, "b", True))
        self.assertEqual(ACCEPTED, self.write(MANUAL, "i", 400))
        self.assertEqual(ACCEPTED, self.write(ENABLED, "d", 1.0))
        self.wait_value(PAGE, MANUAL, 400.0)
        self.assertEqual(1, self.shown(SWITCHES))

    def test_whatever_else(self):
        self.scene()
        for path in self.client.items(PAGE):
            if path not in GARBAGE:
                self.assertEqual(NOT_WRITABLE, self.write(path, "i", 5), path)
        for path in ("/Nothing", f"/Devices/{BARN}/Enabled", DEVICE, "/"):
            with self.assertRaises(BusError):
                self.write(path, "i", 1)
        for member, signature, body in (("SetValue", "s", ("1",)), ("SetValue", "vv", (("i", 1), ("i", 1))),
                                        ("SetValue", None, ()), ("GetItems", "i", (1,)), ("Nothing", None, ())):
            with self.assertRaises(BusError):
                self.client.call(PAGE, ENABLED, "com.victronenergy.BusItem", member, signature, body)
        self.assertEqual(1, self.shown(ENABLED))


class KeptTest(OverviewScene):

    def test_over_restarts(self):
        self.scene()
        self.allow_limits()
        self.assertEqual(ACCEPTED, self.write(ENABLED, "i", 0))
        self.wait_services()
        self.wait("it is kept", lambda: self.settings.value(setting(ROOF, "Enabled")) == 0)
        self.assertEqual(1, self.settings.value(setting(ROOF, "PowerLimit")))
        self.restart()
        self.wait_value(PAGE, DEVICE + "/State", 4)
        self.settings.go()
        self.settings.come()
        self.settings.go()
        self.settings.erase()
        self.settings.come()
        self.wait("it is there again", lambda: self.settings.value(setting(ROOF, "Enabled")) == 0, 15.0)
        self.restart()
        self.wait_polls(self.dtu, LIST, 3)
        self.assertEqual([], self.services())
        self.assertEqual((0, 1), (self.shown(ENABLED), self.shown(LIMITS) or 1))
        self.assertEqual(ACCEPTED, self.write(ENABLED, "i", 1))
        self.wait_value(SERVICE, "/StatusCode", 7)
        self.wait_value(PAGE, LIMITS, 1)

    def test_the_settings_say_so(self):
        self.scene()
        self.assertEqual(0, self.settings.change(setting(ROOF, "Enabled"), 0))
        self.wait_services()
        self.wait_value(PAGE, ENABLED, 0)
        self.assertEqual(0, self.settings.change(setting(ROOF, "Enabled"), 1))
        self.wait_services(SERVICE)
        for nonsense in (-1, 7, -9):
            self.settings.settings[setting(ROOF, "Enabled")].minimum = None
            self.settings.settings[setting(ROOF, "Enabled")].maximum = None
            self.settings.change(setting(ROOF, "Enabled"), nonsense)
            self.wait_polls(self.dtu, LIST, 1)
            self.assertEqual([SERVICE], self.services())

    def test_in_another_role(self):
        """It is disabled as what it is; and comes as what it has become meanwhile."""
        self.scene()
        self.assertEqual(ACCEPTED, self.client.set(SERVICE, "/Role", "s", "acload"))
        self.wait("the load", lambda: any(".acload." in name for name in self.services()))
        self.wait_value(PAGE, DEVICE + "/Class", "acload")
        self.assertIsNone(self.shown(LIMITS))
        self.assertEqual(REFUSED, self.write(LIMITS, "i", 1))
        self.assertEqual(ACCEPTED, self.write(ENABLED, "i", 0))
        self.wait_services()
        self.assertEqual(0, self.settings.change(setting(ROOF, "Role"), "heatpump"))
        self.wait_value(PAGE, DEVICE + "/Class", "heatpump")
        self.wait_polls(self.dtu, LIST, 2)
        self.assertEqual([], self.services())
        self.assertEqual(ACCEPTED, self.write(ENABLED, "i", 1))
        self.wait("the heat pump", lambda: any(".heatpump." in name for name in self.services()))
        self.assertEqual(ACCEPTED, self.client.set(self.services()[0], "/Role", "s", "pvinverter"))
        self.wait_value(SERVICE, "/StatusCode", 7)
        self.wait_value(PAGE, LIMITS, 0)

    def test_a_state_file_by_hand(self):
        """Addresses that nobody may add are not asked, whoever wrote them there; the rest of it is used."""
        self.scene()
        self.assertEqual(ACCEPTED, self.write(ENABLED, "i", 0))
        self.assertEqual(0, self.program.stop()[0])
        self.programs.remove(self.program)
        self.settings.go()
        add_by_hand(self.program.state_path, "203.0.113.5")
        self.program = self.start()
        self.wait_value(PAGE, ENABLED, 0, 10.0)
        self.assertEqual([], self.program.lines("DTU-"))
        self.assertEqual("", self.shown("/IpAddresses"))
        self.assertEqual("DEFAULT", self.shown("/GatewayList"))


class FinalTest(OverviewScene):

    @each(("limit", "/Ac/PowerLimit", "d", 100.0), ("trial", "/Debug/PowerLimitTrial", "d", 100.0),
          ("switch", "/SwitchableOutput/power/State", "i", 0), ("slider", "/SwitchableOutput/limit/Dimming", "d", 50.0))
    def test_nothing_is_commanded(self, path, kind, value):
        """PowerLimit=0 and Switch=0 in the file: no write anywhere leads to a command."""
        self.scene(PowerLimit=0, Switch=0)
        for own, own_kind, own_value in ((LIMITS, "i", 1), (MANUAL, "d", 100.0), (SWITCHES, "i", 1)):
            self.assertEqual(REFUSED, self.write(own, own_kind, own_value), own)
        for leaf in ("PowerLimit", "Switch"):
            self.assertEqual(0, self.settings.change(setting(ROOF, leaf), 1))
        self.wait_polls(self.dtu, LIST, 2)
        try:
            self.assertIn(self.client.set(SERVICE, path, kind, value), (NOT_WRITABLE, REFUSED))
        except BusError:
            pass  # there is no such path
        self.wait_polls(self.dtu, LIST, 5)
        self.assertEqual((0, 0, 1, 1), tuple(map(self.shown, (
            LIMITS, SWITCHES, DEVICE + "/PowerLimit/Final", DEVICE + "/Switch/Final"))))
        self.assertEqual(([], []), (self.dtu.limits.commands, self.dtu.limits.switched))


class FloodTest(OverviewScene):
    """2,000 writes a second, of which nobody awaits the answers."""

    def flood(self, path, values):
        """Sends values, again and again; how many, and the longest that somebody else waited meanwhile."""
        flooder = Client(self.bus)
        self.addCleanup(flooder.close)
        address = DBusAddress(path, bus_name=PAGE, interface=BUS_ITEM)
        begin, sent, slowest = time.monotonic(), 0, 0.0
        while time.monotonic() < begin + SECONDS:
            while sent < (time.monotonic() - begin) * RATE:
                message = new_method_call(address, "SetValue", "v", (values[sent % len(values)],))
                message.header.flags |= MessageFlag.no_reply_expected
                flooder.send(message)
                sent += 1
            asked = time.monotonic()
            self.client.value(PAGE, "/Connected")
            slowest = max(slowest, time.monotonic() - asked)
            self.files.add(state_file(self.program))
        return sent, slowest

    @NATIVE
    @alone
    @each(("enabled", ENABLED, (("i", 0), ("i", 1))),
          ("limits", LIMITS, (("i", 0), ("i", 1))),
          ("switches", SWITCHES, (("i", 0), ("i", 1))),
          ("manual", MANUAL, tuple(("d", 100.0 + n) for n in range(300))),
          ("addresses", "/IpAddresses", (("s", ""), ("s", "8.8.8.8"), ("s", "  ,,"))),
          ("refresh", "/Refresh", (("i", 1), ("i", 0))))
    def test_writes(self, path, values):
        self.scene()
        self.allow_limits()
        self.assertEqual(ACCEPTED, self.write(ENABLED, "i", 1))
        writes, asked = len(self.settings.writes), self.dtu.counts.requests[LIST]
        lines, self.files = len(self.program.log().splitlines()), {state_file(self.program)}
        sent, slowest = self.flood(path, values)
        self.assertGreater(sent, SECONDS * RATE / 4)
        self.assertLess(slowest, 1.0 * crowding())
        self.assertGreaterEqual(self.dtu.counts.requests[LIST] - asked, SECONDS / 2)
        self.assertLessEqual(self.dtu.counts.requests[LIST] - asked, SECONDS * 1.5 + 3)
        self.assertLessEqual(len(self.settings.writes) - writes, WRITES)
        self.assertLessEqual(len(self.files), 2 + SECONDS)
        self.assertLess(len(self.program.log().splitlines()) - lines, 20, self.program.log()[-2000:])
        self.assertLessEqual(len(self.dtu.limits.commands), 2 + SECONDS / 2)
        # Its owner is heard again, within the time that one write takes to come.
        self.wait("room for a write", lambda: self.write(ENABLED, "i", 1) == ACCEPTED, 15.0)
        self.wait_value(SERVICE, "/StatusCode", lambda code: code in (7, 12), 10.0)
        held = Holdings(self.program)
        self.flood(path, values)
        self.wait("room for a write", lambda: self.write(ENABLED, "i", 1) == ACCEPTED, 15.0)
        self.wait_value(SERVICE, "/StatusCode", lambda code: code in (7, 12), 10.0)
        assert_no_growth(self, held, Holdings(self.program), f"{sent} writes to {path}")


def state_file(program):
    """Which file it is: another one with each save."""
    try:
        return os.stat(program.state_path).st_ino
    except FileNotFoundError:
        return None


def add_by_hand(path, addresses):
    """To a state file, by somebody who knows how its checksum is made."""
    with open(path, encoding="utf-8") as file:
        devices = file.read().split('"devices":')[1].rstrip()[:-1]
    payload = f'{devices},"added":"{addresses}"'
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"version":2,"crc32":"%08x","devices":%s}\n' % (zlib.crc32(payload.encode()), payload))
