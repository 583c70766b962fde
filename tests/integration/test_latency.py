"""How quick the bus is answered while something else goes wrong."""

import threading
import time

from jeepney import DBusAddress, MessageFlag, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from tests.integration.bus import BUS_ITEM
from tests.integration.case import PVINVERTER, BusTest, alone
from tests.integration.program import inverter, patience, template
from tests.sim import Fault, Generic, Inverter

SERVICE = PVINVERTER % 20
CALLS = 1000


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def milliseconds(call):
    begin = time.monotonic()
    call()
    return (time.monotonic() - begin) * 1000


class Flood(threading.Thread):
    """A peer that calls without end and wants no replies: at a rate, or as fast as it can."""

    BATCH = 50

    def __init__(self, bus, rate=None):
        super().__init__(daemon=True)
        self.pause = self.BATCH / rate if rate else 0.0
        self.connection = open_dbus_connection(bus.address)
        self.ending = threading.Event()
        self.sent = 0

    def run(self):
        message = new_method_call(DBusAddress("/Ac/Power", bus_name=SERVICE, interface=BUS_ITEM),
                                  "GetValue")
        message.header.flags |= MessageFlag.no_reply_expected
        batch = message.serialise(serial=1) * self.BATCH
        while not self.ending.wait(self.pause):
            self.connection.sock.sendall(batch)
            self.sent += self.BATCH

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exception):
        self.ending.set()
        self.join()
        self.connection.close()


class LatencyTest(BusTest):

    def setUp(self):
        super().setUp()
        self.notes = []
        self.dtu = self.opendtu(*(Inverter(f"11618200000{n}", "One") for n in range(3)))
        self.other = self.gateway(Generic({"/state": lambda _request: {"p": self.plug}}))
        self.plug = 50.0
        self.configure({"Host": self.dtu.host, "NumberOfTemplates": 1},
                       **{f"INVERTER{n}": inverter(20 + n) for n in range(3)},
                       TEMPLATE0=template(40, self.other.host, "state", CUST_Power="p"))
        self.program = self.start()
        self.wait_value(SERVICE, "/Ac/Power", self.dtu.inverters[0].reading(self.sun.now()).power)

    def measure(self, what):
        """Milliseconds of many GetValue calls, spread over seconds so that polls lie between.

        Each is followed by a call to the bus itself, to know what the machine adds of its own.
        """
        ours, bus = [], []
        for _ in range(CALLS):
            ours.append(milliseconds(lambda: self.client.typed(SERVICE, "/Ac/Power")))
            bus.append(milliseconds(lambda: self.client.bus_call(message_bus.GetId())))
            time.sleep(0.002)
        p50, p99 = percentile(ours, 0.5), percentile(ours, 0.99)
        self.notes.append(f"{CALLS} GetValue calls, {what}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, "
                          f"worst {max(ours):.2f} ms (the bus itself: p50 "
                          f"{percentile(bus, 0.5):.2f} ms, p99 {percentile(bus, 0.99):.2f} ms)")
        return p99

    @alone
    def test_while_all_is_well(self):
        self.assertLess(self.measure("all is well"), 100 * patience())

    @alone
    def test_while_a_gateway_hangs(self):
        self.dtu.fault = Fault("hang")
        self.assertLess(self.measure("a gateway hangs"), 100 * patience())

    @alone
    def test_while_a_gateway_drips(self):
        self.dtu.fault = Fault("drip")
        self.assertLess(self.measure("a gateway drips"), 100 * patience())

    @alone
    def test_while_a_peer_is_busy(self):
        """Two thousand calls a second of somebody else."""
        with Flood(self.bus, 2000) as flood:
            p99 = self.measure("a peer calls 2000 times a second")
        self.assertGreater(flood.sent, 2000)
        self.assertLess(p99, 100 * patience())

    @alone
    def test_while_a_peer_floods(self):
        """More than can be answered: gateways are asked all the same; soon all is well again."""
        before = self.other.counts.total
        with Flood(self.bus) as flood:
            time.sleep(4.0)
            asked = self.other.counts.total - before
        self.plug = 66.0
        begin = time.monotonic()
        self.client.call(SERVICE, "/Ac/Power", BUS_ITEM, "GetValue", timeout=30.0)
        self.notes.append(f"a peer sent {flood.sent} calls in 4 s; the next one was answered "
                          f"{time.monotonic() - begin:.1f} s after them")
        self.assertGreaterEqual(asked, 2, "polling stood still")
        self.wait_value(PVINVERTER % 40, "/Ac/Power", 66.0)
        self.assertTrue(self.program.running)
