"""The contract of com.victronenergy.BusItem, method by method and node by node."""

import xml.etree.ElementTree as ElementTree

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call
from jeepney.bus_messages import message_bus

from tests.integration.bus import BUS_ITEM, INVALID, BusError
from tests.integration.case import PVINVERTER, BusTest, on_every_model
from tests.integration.program import inverter
from tests.sim import Inverter

SERVICE = PVINVERTER % 20
LIVE = "/api/livedata/status"
UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod"
UNKNOWN = {UNKNOWN_METHOD, "org.freedesktop.DBus.Error.UnknownObject",
           "org.freedesktop.DBus.Error.UnknownInterface"}


class ConformanceTest(BusTest):

    def setUp(self):
        super().setUp()
        self.dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"))
        self.configure({"Host": self.dtu.host}, INVERTER0=inverter(20), INVERTER1=inverter(21))
        self.program = self.start()
        self.wait_value(SERVICE, "/Ac/Power",
                        self.dtu.inverters[0].reading(self.sun.now()).power)
        self.wait_value(SERVICE, "/FirmwareVersion", "v26.3.30")

    def inner_nodes(self, items):
        """Every node that has something below it, but the root."""
        nodes = set()
        for path in items:
            parts = path.split("/")
            nodes |= {"/".join(parts[:n]) for n in range(2, len(parts))}
        return sorted(nodes)

    def still(self):
        """Items without those that move by themselves."""
        return {path: item for path, item in self.client.items(SERVICE).items()
                if path not in ("/UpdateIndex", "/Latency")}

    def between_replies(self, read):
        """What read() returns, after the items that stood still meanwhile: no reply of the gateway came."""
        for _ in range(20):
            before, seen = self.still(), read()
            if before == self.still():
                return before, *seen
        self.fail("the items never stand still")

    def test_leaves(self):
        """GetValue, GetText, GetDescription agree with GetItems on every leaf."""
        for path, (kind, value, text) in self.still().items():
            with self.subTest(path):
                self.assertEqual((kind, value), self.client.typed(SERVICE, path))
                self.assertEqual(text, self.client.text(SERVICE, path))
                described, = self.client.call(SERVICE, path, BUS_ITEM, "GetDescription", "si",
                                              ("en", 100))
                self.assertIsInstance(described, str)

    @on_every_model()
    def test_root_and_inner_nodes(self):
        """GetValue and GetText hold everything below, by relative path."""
        for node in ["/", *self.inner_nodes(self.still())]:
            with self.subTest(node):
                items, (kind, values), texts = self.between_replies(lambda n=node: (
                    self.client.typed(SERVICE, n),
                    self.client.call(SERVICE, n, BUS_ITEM, "GetText")[0]))
                prefix = "" if node == "/" else node
                below = {path[len(prefix) + 1:]: item for path, item in items.items()
                         if path.startswith(prefix + "/")}
                self.assertEqual("a{sv}", kind)
                texts = texts[1] if isinstance(texts, tuple) else texts
                texts = {path: text[1] if isinstance(text, tuple) else text
                         for path, text in texts.items()}
                for name in ("UpdateIndex", "Latency"):
                    values.pop(name, None)
                    texts.pop(name, None)
                self.assertEqual({p: (i[0], i[1]) for p, i in below.items()}, values)
                self.assertEqual({p: i[2] for p, i in below.items()}, texts)

    def test_signatures(self):
        """The replies' own signatures: variants where the contract has variants."""
        expected = {("/", "GetItems"): "a{sa{sv}}", ("/", "GetValue"): "v", ("/", "GetText"): None,
                    ("/Ac", "GetValue"): "v", ("/Ac/Power", "GetValue"): "v",
                    ("/Ac/Power", "GetText"): "s"}
        for (path, member), signature in expected.items():
            with self.subTest(path=path, member=member):
                address = DBusAddress(path, bus_name=SERVICE, interface=BUS_ITEM)
                reply = self.client._connection.send_and_get_reply(
                    new_method_call(address, member), timeout=5.0)
                self.assertEqual(MessageType.method_return, reply.header.message_type)
                if signature:
                    self.assertEqual(signature, reply.header.fields[HeaderFields.signature])

    def test_without_an_interface(self):
        """A call may leave its interface out, as dbus-send users do."""
        for path, member in (("/Ac/Power", "GetValue"), ("/", "GetItems")):
            message = new_method_call(DBusAddress(path, bus_name=SERVICE), member)
            reply = self.client._connection.send_and_get_reply(message, timeout=5.0)
            self.assertEqual(MessageType.method_return, reply.header.message_type, path)

    @on_every_model()
    def test_introspection(self):
        """Well-formed on every node; the tree that it tells of is the tree of GetItems."""
        items = self.client.items(SERVICE)
        leaves, waiting = set(), ["/"]
        while waiting:
            path = waiting.pop()
            root = ElementTree.fromstring(self.client.introspect(SERVICE, path))
            self.assertEqual("node", root.tag)
            children = [node.attrib["name"] for node in root.findall("node")]
            self.assertEqual(len(children), len(set(children)), path)
            interfaces = {i.attrib["name"] for i in root.findall("interface")}
            self.assertIn(BUS_ITEM, interfaces, path)
            self.assertIn("org.freedesktop.DBus.Introspectable", interfaces, path)
            if not children:
                leaves.add(path)
            waiting += [path.rstrip("/") + "/" + name for name in children]
        self.assertEqual(set(items), leaves)

    def test_peer(self):
        for path in ("/", "/Ac", "/Ac/Power"):
            answer = self.client.call(SERVICE, path, "org.freedesktop.DBus.Peer", "Ping")
            self.assertEqual((), answer, path)

    def test_unknown_path(self):
        for path in ("/Nowhere", "/Ac/Nowhere", "/Ac/Power/Deeper", "/A"):
            with self.subTest(path), self.assertRaises(BusError) as caught:
                self.client.call(SERVICE, path, BUS_ITEM, "GetValue")
            self.assertIn(caught.exception.name, UNKNOWN)

    def test_unknown_method(self):
        for path in ("/", "/Ac", "/Ac/Power"):
            with self.subTest(path), self.assertRaises(BusError) as caught:
                self.client.call(SERVICE, path, BUS_ITEM, "GetNothing")
            self.assertIn(caught.exception.name, UNKNOWN)
            with self.subTest(path), self.assertRaises(BusError) as caught:
                self.client.call(SERVICE, path, "com.example.Other", "GetValue")
            self.assertIn(caught.exception.name, UNKNOWN)

    def test_wrong_arguments(self):
        """Answered with an error or a refusal; the program lives on."""
        wrong = [("/Ac/Power", "SetValue", None, ()), ("/Ac/Power", "SetValue", "i", (1,)),
                 ("/CustomName", "SetValue", "v", (("a{sv}", {}),)),
                 ("/CustomName", "SetValue", "v", (("ai", []),)),
                 ("/Position", "SetValue", "v", (("s", "one"),)),
                 ("/Position", "SetValue", "v", (("d", 1.5),)),
                 ("/Position", "SetValue", "v", (("i", 77),)),
                 ("/Ac", "SetValue", "v", (("i", 1),)), ("/", "SetValue", "v", (("i", 1),)),
                 ("/", "GetItems", "s", ("x",))]
        position = self.client.typed(SERVICE, "/Position")
        for path, member, signature, body in wrong:
            with self.subTest(path=path, body=body):
                try:
                    answer = self.client.call(SERVICE, path, BUS_ITEM, member, signature, body)
                    if member == "SetValue":
                        self.assertIn(answer[0], (1, 2))
                except BusError:
                    pass
        self.assertEqual(position, self.client.typed(SERVICE, "/Position"))
        self.assertTrue(self.program.running)

    def test_no_value_is_an_empty_array(self):
        self.assertEqual(INVALID, self.client.typed(SERVICE, "/Ac/L2/Power"))
        self.assertEqual("---", self.client.text(SERVICE, "/Ac/L2/Power"))

    @on_every_model()
    def test_writable_paths(self):
        """CustomName and Position: accepted, announced, and kept over a restart."""
        self.recorder.clear()
        self.assertEqual(0, self.client.set(SERVICE, "/CustomName", "s", "Garage süd"))
        self.assertEqual(0, self.client.set(SERVICE, "/Position", "i", 2))
        self.assert_value(SERVICE, "/CustomName", "Garage süd")
        self.assert_value(SERVICE, "/Position", 2)
        announced = {}

        def both():
            for signal in self.recorder.signals(SERVICE):
                announced.update(signal.items)
            return {"/CustomName", "/Position"} <= set(announced)

        self.wait("both are announced", both)
        self.assertEqual(("s", "Garage süd", "Garage süd"), announced["/CustomName"])
        self.program.stop()
        self.program.start()
        self.wait_value(SERVICE, "/CustomName", "Garage süd")
        self.assert_value(SERVICE, "/Position", 2)

    def test_a_phase_is_moved_in_one_signal(self):
        """Never two phases that both carry the power, never none."""
        power = self.client.typed(SERVICE, "/Ac/L1/Power")
        self.recorder.clear()
        self.assertEqual(0, self.client.set(SERVICE, "/PhaseSetting", "i", 2))
        moved = [s.items for s in self.recorder.signals(SERVICE) if "/Ac/L2/Power" in s.items]
        for what in ("Power", "Current", "Voltage", "Energy/Forward"):
            self.assertEqual(INVALID, self.client.typed(SERVICE, f"/Ac/L1/{what}"))
            self.assertEqual("d", self.client.typed(SERVICE, f"/Ac/L2/{what}")[0])
        self.wait("the signal", lambda: moved or moved.extend(
            s.items for s in self.recorder.signals(SERVICE) if "/Ac/L2/Power" in s.items))
        self.assertEqual(power, moved[0]["/Ac/L2/Power"][:2])
        self.assertEqual(INVALID, moved[0]["/Ac/L1/Power"][:2])
        self.assertEqual(("i", 2), moved[0]["/PhaseSetting"][:2])
        for kind, value in (("i", 0), ("i", 4), ("s", "2"), ("d", 1.5)):
            self.assertNotEqual(0, self.client.set(SERVICE, "/PhaseSetting", kind, value))
        self.assert_value(SERVICE, "/PhaseSetting", 2)

    def test_number_types_of_set_value(self):
        """Whatever kind of number a caller has at hand."""
        for kind, value in (("u", 0), ("x", 1), ("d", 2.0), ("y", 1), ("q", 0), ("n", 2), ("i", 1)):
            with self.subTest(kind):
                self.assertEqual(0, self.client.set(SERVICE, "/Position", kind, value))
                self.assertEqual(("i", int(value)), self.client.typed(SERVICE, "/Position"))

    def test_same_value_is_accepted(self):
        position = self.client.value(SERVICE, "/Position")
        self.recorder.clear()
        self.assertEqual(0, self.client.set(SERVICE, "/Position", "i", position))
        self.wait_polls(self.dtu, LIVE, 2)  # nor with the next values
        moved = [s for s in self.recorder.signals(SERVICE) if "/Position" in s.items]
        self.assertEqual([], moved)

    def test_invalid_utf8_never_reaches_the_bus(self):
        """A name of the gateway that is no UTF-8 must not cost the connection."""
        self.dtu.inverters[0].name = "Dach \udce4"  # half of something
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertIn(SERVICE, self.client.names())

    def test_items_changed_once_per_cycle(self):
        """One signal per service and cycle, on /, with what changed and nothing else."""
        known = self.client.items(SERVICE)
        self.recorder.clear()
        begin = self.dtu.counts.requests[LIVE]
        for _ in range(3):
            self.sun.advance(1800)
            self.wait_value(SERVICE, "/Ac/Power",
                            self.dtu.inverters[0].reading(self.sun.now()).power)
        polls = self.dtu.counts.requests[LIVE] - begin + 1
        signals = self.recorder.signals(SERVICE)
        self.assertTrue(0 < len(signals) <= polls, f"{len(signals)} signals in {polls} cycles")
        for signal in signals:
            self.assertEqual(("ItemsChanged", "/"), (signal.member, signal.path))
            self.assertTrue(signal.no_reply)
            for path, item in signal.items.items():
                self.assertNotEqual(known[path], item, f"{path} has not changed")
                known[path] = item
        self.assertEqual(3, len([s for s in signals if "/Ac/Power" in s.items]))
        self.assertEqual(self.client.items(SERVICE)["/Ac/Power"], known["/Ac/Power"])

    def test_a_connection_for_each_service(self):
        self.assertNotEqual(self.client.owner(SERVICE), self.client.owner(PVINVERTER % 21))

    def test_no_properties_changed_besides(self):
        self.sun.advance(300)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual({"ItemsChanged"}, {s.member for s in self.recorder.signals()})


class AppearanceTest(BusTest):

    def test_name_is_claimed_after_the_paths_exist(self):
        """Who asks at the very moment that the name appears gets everything."""
        dtu = self.opendtu(Inverter("114182000001", "One"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.start()
        self.wait("the name", lambda: self.client.owner(SERVICE), every=0.001)
        first = self.client.items(SERVICE)
        self.wait_polls(dtu, LIVE, 2)
        self.assertEqual(set(self.client.items(SERVICE)), set(first))
        self.assertEqual(("i", 20), first["/DeviceInstance"][:2])
        self.assertEqual("s", first["/Serial"][0])
        self.assertEqual(("i", 1), first["/Connected"][:2])
        self.assertEqual("d", first["/Ac/Power"][0], "it appears with its first values")

    def test_name_that_is_taken(self):
        """Another program owns it: nobody is robbed, said once, the next free one is used."""
        self.client.bus_call(message_bus.RequestName(SERVICE))
        dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20), INVERTER1=inverter(21))
        program = self.start()
        self.wait_names(SERVICE, PVINVERTER % 21, PVINVERTER % 34)
        mine = self.client.owner(SERVICE)
        self.wait_polls(dtu, LIVE, 3)
        self.assertEqual(mine, self.client.owner(SERVICE))
        self.assert_value(PVINVERTER % 34, "/Serial", "114182000001")
        self.assert_value(PVINVERTER % 34, "/DeviceInstance", 34)
        self.assertEqual(1, len(program.lines("ERROR", "INVERTER0")), program.log())
