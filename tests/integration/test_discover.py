"""`discover`: what announces itself, what hosts are, and what it writes."""

import json
import os
import socket
import threading
import time

from tests.integration.avahi import Avahi
from tests.integration.case import each, on_every_model
from tests.integration.command import CommandTest
from tests.integration.program import patience
from tests.sim import Ahoy, Digest, Fault, Generic, Inverter, OpenDtu, ShellyGen2

FIXTURES = os.path.join(os.path.dirname(__file__), "../fixtures/devices")
PV = "com.victronenergy.pvinverter.http_"
AT_ONCE = 8
REQUESTS = 6


def pages(kind):
    with open(f"{FIXTURES}/{kind}.json", encoding="utf-8") as file:
        replies = json.load(file)
    return {path.split("?")[0]: lambda request: replies.get(request.target, {}) for path in replies}


class House(Generic):
    """One of many hosts. Notes how many of all are asked at the same time, and what they are sent."""

    lock = threading.Lock()
    now = peak = 0
    headers = []

    def page(self, request):
        with House.lock:
            House.now += 1
            House.peak = max(House.peak, House.now)
            House.headers.append(request.headers)
        time.sleep(0.02)
        with House.lock:
            House.now -= 1
        return super().page(request)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class DiscoverTest(CommandTest):

    def device(self, kind, **options):
        return self.gateway(Generic(pages(kind), **options))

    @on_every_model()
    def test_what_hosts_are(self):
        dtu = self.gateway(OpenDtu(self.sun, [Inverter("114182940773", "Roof"),
                                              Inverter("1161820000ab", "Barn")]))
        ahoy = self.gateway(Ahoy(self.sun, [Inverter("116190745467", "Garage")]))
        plug = self.device("shelly-plus-1pm")
        meter = self.device("shelly-pro-3em")
        closed = self.gateway(ShellyGen2(self.sun, [Inverter("S1", "S1", strings=1)],
                                         auth=Digest("admin", "x")))
        other = self.gateway(Generic({"/": {"a": 1}}))
        nobody = f"127.0.0.1:{free_port()}"
        code, out, err = self.call("discover", dtu.host, ahoy.host, plug.host, meter.host,
                                   closed.host, other.host, nobody)
        self.assertEqual((0, ""), (code, err))
        self.assertIn(f"{dtu.host}  OpenDTU (DTU = opendtu), firmware v", out)
        self.assertIn("inverters: 114182940773, 1161820000ab\n", out)
        self.assertIn(f"{ahoy.host}  AhoyDTU (DTU = ahoy), firmware 0.8", out)
        self.assertIn("inverters: 116190745467\n", out)
        self.assertIn(f"{plug.host}  Shelly Plus 1PM (Type = shelly-plus-1pm), firmware 1.4.0\n"
                      "    name: Cellar 50%, serial number: A0B1C2D3E4F5\n    now: ", out)
        self.assertIn(f"{meter.host}  Shelly Pro 3EM (Type = shelly-pro-3em), firmware 1.4.0\n"
                      "    serial number: A0B1C2D3E4F5\n    now: 594 W\n", out)
        self.assertIn(f"{closed.host}  Shelly Plus 1PM (Type = shelly-plus-1pm), firmware 1.0.3\n"
                      "    serial number: 84CCA8B15999\n"
                      "    it tells its values only with the login of its web page\n", out)
        self.assertIn(f"{other.host}  unknown\n", out)
        self.assertNotIn(nobody, out)
        for gateway in (dtu, ahoy, plug, meter, closed, other):
            self.assertLessEqual(gateway.counts.total, REQUESTS, gateway.counts.summary())
            self.assertEqual(1, gateway.counts.parallel_max)
        self.assertEqual(REQUESTS, other.counts.total)

    def test_each_type(self):
        """Every type that has a Probe is found by it, alone, and tells its watts."""
        for name in sorted(os.listdir(os.path.join(FIXTURES, "../../../src/devices"))):
            kind = name.removesuffix(".ini")
            with open(os.path.join(FIXTURES, "../../../src/devices", name), encoding="utf-8") as file:
                text = file.read()
            if "\nProbe = " not in text:
                continue
            with self.subTest(kind):
                device = self.device(kind)
                code, out, _ = self.call("discover", "--type", kind, device.host)
                device.stop()
                self.assertEqual(0, code, out)
                self.assertIn(f"(Type = {kind})", out)
                if not os.path.exists(f"{FIXTURES}/{kind}.ini"):  # else its owner says where the watts are
                    self.assertRegex(out, r"    now: -?\d+ W\n")

    # --- many hosts ----------------------------------------------------------------------------

    def fill(self, port):
        """Fifty hosts, and two that nobody has named."""
        hosts = {}
        for n in range(1, 51):
            kind = {1: "hang", 2: "redirect", 3: "huge", 4: "deep", 5: "html", 6: "truncated",
                    7: "drip", 8: "reset", 9: "null", 0: "shelly-plus-1pm"}[n % 10]
            host = House(pages("shelly-plus-1pm"), address=f"127.0.9.{n}", port=port)
            if kind == "redirect":
                host.fault = Fault("status", status=302, location=f"http://127.0.10.1:{port}/shelly")
            elif kind == "drip":
                host.fault = Fault("drip", seconds=1.0)
            elif kind != "shelly-plus-1pm":
                host.fault = Fault(kind)
            hosts[n] = (kind, self.gateway(host))
        outside = [self.gateway(House(pages("shelly-plus-1pm"), address=address, port=port))
                   for address in ("127.0.10.1", "127.0.9.64")]
        return hosts, outside

    def test_a_subnet_of_all_sorts(self):
        port = free_port()
        House.peak, House.headers = 0, []
        hosts, outside = self.fill(port)
        begin = time.monotonic()
        code, out, err = self.call("discover", f"127.0.9.0/26:{port}", timeout=60.0)
        seconds = time.monotonic() - begin
        self.assertEqual((0, ""), (code, err))
        for n, (kind, host) in hosts.items():
            known = f"127.0.9.{n}:{port}  Shelly Plus 1PM" in out
            self.assertEqual(kind == "shelly-plus-1pm", known, kind)
            self.assertLessEqual(host.counts.total, REQUESTS, kind)
            self.assertLessEqual(host.counts.connections, REQUESTS, kind)
            self.assertEqual(1, host.counts.parallel_max, kind)
        self.assertEqual([0, 0], [host.counts.connections for host in outside])
        self.assertTrue(1 < House.peak <= AT_ONCE, House.peak)
        for headers in House.headers:
            self.assertNotIn("authorization", headers)
        # Five that hang cost 1.5 s each, and those that drip twice as much, 8 at a time.
        self.assertLess(seconds, 15.0 * patience())
        print(f"  fifty hosts, of which 45 are of no use: {seconds:.1f} s, "
              f"{sum(host.counts.total for _, host in hosts.values())} requests", flush=True)

    # --- what is written -----------------------------------------------------------------------

    def test_from_nothing_by_one_word(self):
        """What --ini prints works as it is."""
        meter = self.device("shelly-pro-3em")
        plug = self.device("shelly-plus-1pm")
        code, out, err = self.call("discover", "--ini", "--as", f"grid={meter.host}", plug.host,
                                   meter.host)
        self.assertEqual((0, ""), (code, err))
        self.write_config(out)
        self.start()
        grid = "com.victronenergy.grid.http_"
        self.wait("the meter", lambda: [n for n in self.client.names() if n.startswith(grid)], 16.0)
        self.wait("the plug", lambda: [n for n in self.client.names() if n.startswith(PV)], 16.0)
        name = next(n for n in self.client.names() if n.startswith(grid))
        self.wait_value(name, "/Ac/Power", 594.0)
        self.assert_value(name, "/Serial", "A0B1C2D3E4F5")
        name = next(n for n in self.client.names() if n.startswith(PV))
        self.assert_value(name, "/CustomName", "Cellar 50%")

    def test_added_to_a_file(self):
        """The service takes it over, what was there stays, and twice adds nothing."""
        dtu = self.opendtu(Inverter("114182940773", "Roof"))
        self.configure({"Host": dtu.host, "Password": "p"})
        self.start()
        with open(f"{self.folder}/config.ini", encoding="utf-8") as file:
            before = file.read()
        os.chmod(f"{self.folder}/config.ini", 0o600)
        meter, plug = self.device("shelly-pro-3em"), self.device("shelly-plus-1pm")
        arguments = ("discover", "--add", "--config", f"{self.folder}/config.ini", dtu.host,
                     plug.host, meter.host)
        code, out, err = self.call(*arguments)
        self.assertEqual((0, ""), (code, err))
        self.assertIn("There already: 1\n", out)
        self.assertIn("Not added, since only you know what they measure: 1", out)
        self.assertIn(f"[TEMPLATE0] Shelly Plus 1PM at {plug.host}\n", out)
        with open(f"{self.folder}/config.ini", encoding="utf-8") as file:
            after = file.read()
        self.assertTrue(after.startswith(before))
        self.assertEqual(0o600, os.stat(f"{self.folder}/config.ini").st_mode & 0o777)
        with open(f"{self.folder}/config.ini.bak", encoding="utf-8") as file:
            self.assertEqual(before, file.read())
        self.wait("the plug", lambda: any(
            self.client.value(n, "/CustomName") == "Cellar 50%"
            for n in self.client.names() if n.startswith(PV)), 16.0)
        code, out, err = self.call(*arguments)
        self.assertIn("There already: 2\n", out)
        with open(f"{self.folder}/config.ini", encoding="utf-8") as file:
            self.assertEqual(after, file.read())

    def test_added_where_there_is_no_file(self):
        plug = self.device("shelly-plus-1pm")
        path = f"{self.folder}/new.ini"
        code, out, err = self.call("discover", "--add", "--config", path, plug.host)
        self.assertEqual((0, f"Written to {path}\n", ""), (code, out, err))
        code, out, err = self.call("check", "--config", path)
        self.assertIn("shelly-plus-1pm", open(path, encoding="utf-8").read())
        self.assertEqual((0, ""), (code, err), out)

    def test_added_to_the_file_of_an_installation(self):
        """Nothing is configured in it yet."""
        dtu = self.opendtu(Inverter("114182940773", "Roof"))
        plug = self.device("shelly-plus-1pm")
        path = f"{self.folder}/config.ini"
        with open(os.path.join(FIXTURES, "../../../packaging/config.initial"), encoding="utf-8") as file:
            initial = file.read()
        for hosts, first in (((dtu.host, plug.host), f"DTU = opendtu\nHost = {dtu.host}\n"),
                             ((plug.host,), "DTU = template\n")):
            self.write_config(initial)
            code, out, err = self.call("discover", "--add", "--config", path, *hosts)
            self.assertEqual((0, ""), (code, err))
            with open(path, encoding="utf-8") as file:
                self.assertIn("\n[DEFAULT]\n" + first, file.read())
            code, out, err = self.call("check", "--config", path)
            self.assertEqual((0, ""), (code, err), out)

    def test_a_file_with_errors(self):
        plug = self.device("shelly-plus-1pm")
        self.write_config("[DEFAULT]\nNonsense\n")
        code, out, err = self.call("discover", "--add", "--config", f"{self.folder}/config.ini",
                                   plug.host)
        self.assertEqual((1, ""), (code, out))
        self.assertIn("mend them first, `dbus-opendtu check` tells them", err)
        with open(f"{self.folder}/config.ini", encoding="utf-8") as file:
            self.assertEqual("[DEFAULT]\nNonsense\n", file.read())

    def test_a_file_of_the_owner_s_is_looked_for(self):
        mine = self.gateway(Generic({"/mine": {"id": "me", "watts": 77.0, "sn": "S1"}}))
        os.mkdir(f"{self.folder}/devices")
        self.write_device("mine", "[DEVICE]\nTitle = My plug\nClasses = pvinverter\nProbe = mine\n"
                                  "Match = id: me\nProbeSerial = sn\nCUST_API_PATH = mine\n"
                                  "CUST_Power = watts\n")
        code, out, err = self.call("discover", "--config", f"{self.folder}/config.ini", mine.host)
        self.assertEqual((0, ""), (code, err))
        self.assertTrue(out.startswith(f"{mine.host}  My plug (Type = mine)\n"
                                       "    serial number: S1\n    now: 77 W\n"), out)

    def write_device(self, name, text):
        with open(f"{self.folder}/devices/{name}.ini", "w", encoding="utf-8") as file:
            file.write(text)

    def test_hostile_text(self):
        evil = "x\n[DEFAULT]\nHost = evil %(Password)s \x1b[2J\u202e"
        reply = pages("shelly-plus-1pm")
        reply["/shelly"] = {"model": "SNSW-001P16EU", "name": evil, "ver": evil, "mac": evil}
        plug = self.gateway(Generic(reply))
        _, out, _ = self.call("discover", plug.host)
        self.assertNotIn("\x1b", out)
        self.assertNotIn("\n[DEFAULT]", out)
        _, out, _ = self.call("discover", "--ini", plug.host)
        self.assertEqual(1, out.count("\n[DEFAULT]"))
        self.write_config(out)
        code, out, err = self.call("check", "--config", f"{self.folder}/config.ini")
        self.assertEqual((0, ""), (code, err), out)

    # --- wrong usage ---------------------------------------------------------------------------

    @each(("too large", ("192.168.0.0/21",), "1024"),
          ("no address", ("192.168.1.300",), "is no address"),
          ("no type", ("--type", "nonsense", "127.0.0.1"), "nonsense"),
          ("as", ("--as", "grid", "127.0.0.1"), "CLASS=ADDRESS"),
          ("both", ("--ini", "--add", "127.0.0.1"), "one of them"),
          ("none", ("--ini",), "no address"))
    def test_usage(self, arguments, word):
        code, out, err = self.call("discover", *arguments)
        self.assertEqual((2, ""), (code, out))
        self.assertIn(word, err)

    def test_nothing_there(self):
        code, out, err = self.call("discover", f"127.0.0.1:{free_port()}")
        self.assertEqual((1, ""), (code, err))
        self.assertIn("No device of a known type was found.\n", out)
        code, out, err = self.call("discover", "--ini", f"127.0.0.1:{free_port()}")
        self.assertEqual((1, "", "discover: no device of a known type was found\n"),
                         (code, out, err))

    # --- what announces itself -------------------------------------------------------------------

    def browse(self):
        return self.call("discover", environment={"DBUS_SYSTEM_BUS_ADDRESS": self.bus.address})

    def avahi(self, *services):
        avahi = Avahi(self.bus, services)
        avahi.come()
        self.addCleanup(avahi.go)
        return avahi

    def test_what_announces_itself(self):
        """It is listed, once each, and not contacted."""
        plug = self.device("shelly-plus-1pm")
        avahi = self.avahi(
            ("shellyplus1pm-a0b1", "_http._tcp", "shellyplus1pm-a0b1.local", "127.0.0.1", plug.port),
            ("shellyplus1pm-a0b1", "_shelly._tcp", "shellyplus1pm-a0b1.local", "127.0.0.1", plug.port),
            ("OpenDTU\x1b[2J-1", "_opendtu._tcp", "opendtu.local", "192.168.1.50", 80),
            ("printer", "_http._tcp", "printer.local", "192.168.1.9", 80),
            ("gone", "_http._tcp", "gone.local", "192.168.1.10", 80))
        avahi.unresolved.add("gone")
        code, out, err = self.browse()
        self.assertEqual((0, ""), (code, err))
        lines = out.splitlines()
        self.assertEqual(["127.0.0.1", "_shelly._tcp", "shellyplus1pm-a0b1"], lines[1].split())
        self.assertEqual(["192.168.1.50", "_opendtu._tcp", "OpenDTU?[2J-1"], lines[2].split())
        self.assertEqual(["192.168.1.9", "_http._tcp", "printer"], lines[3].split())
        self.assertEqual("", lines[4])
        self.assertEqual(0, plug.counts.connections)
        self.assertEqual({"_opendtu._tcp", "_http._tcp", "_shelly._tcp", "_hwenergy._tcp"},
                         set(avahi.types))

    def test_nothing_announces_itself(self):
        self.avahi()
        code, out, err = self.browse()
        self.assertEqual((1, ""), (code, out))
        self.assertIn("nothing announces itself", err)

    def test_without_avahi(self):
        code, out, err = self.browse()
        self.assertEqual((1, ""), (code, out))
        self.assertIn("Avahi does not run on this device", err)
        self.assertIn("dbus-opendtu discover 192.168.1.0/24", err)

    def test_an_avahi_that_never_ends(self):
        avahi = self.avahi(("printer", "_http._tcp", "printer.local", "192.168.1.9", 80))
        avahi.silent = True
        begin = time.monotonic()
        code, out, _ = self.browse()
        self.assertEqual(0, code)
        self.assertIn("printer", out)
        self.assertLess(time.monotonic() - begin, 8.0 * patience())
        avahi.hang = True
        begin = time.monotonic()
        code, _, _ = self.browse()
        self.assertEqual(1, code)
        self.assertLess(time.monotonic() - begin, 8.0 * patience())

    def test_many_announcements(self):
        """Bounded, whatever is announced."""
        self.avahi(*((f"host{n}", "_http._tcp", f"host{n}.local", f"10.0.{n // 250}.{n % 250}", 80)
                     for n in range(300)))
        code, out, _ = self.browse()
        self.assertEqual(0, code)
        self.assertEqual(96, out.count("_http._tcp"))
