"""How much the program holds when the configuration asks for all that there may be."""

import os
import re
import time

from tests.bench import probe
from tests.integration.case import alone, each
from tests.integration.program import binary, emulated, inverter, only_where, template
from tests.integration.venus import VenusTest
from tests.sim import Fault, Generic, Inverter

SERVICES = 96
# docs/reliability.md promises these; each gateway with one inverter, which it pushes.
WHOLE_KIB, GATEWAY_KIB = 12 * 1024, 192
CPU_SHARE = 0.25  # seconds in a second, whatever a gateway does
STANDING = 40  # descriptors besides services and gateways
NATIVE = only_where(lambda: not emulated() and "debug" not in binary(),
                    "measures the program as it ships")


class BoundsTest(VenusTest):

    def start_with(self, dtus, templates, inverters_each):
        """Each DTU pushes; each template has an address of its own."""
        self.dtus = [self.opendtu(*[Inverter(f"1141{n:04}{i:04}", f"{n}.{i}") for i in range(inverters_each)],
                                  pushes=True, radio_seconds=1.0, keep_alive=True) for n in range(dtus)]
        plug = self.gateway(Generic({"/state": {"p": 7.0, "t": 12.5}}, keep_alive=True))
        sections = {f"DTU{n}": {"Host": dtu.host} for n, dtu in enumerate(self.dtus) if n > 0}
        sections |= {f"INVERTER{n * inverters_each + i}":
                     inverter(20 + n * inverters_each + i, DTU=n, Index=i)
                     for n in range(dtus) for i in range(inverters_each)}
        sections |= {f"TEMPLATE{n}": template(150 + n, plug.host, "state", CUST_Power="p", CUST_Total="t")
                     for n in range(templates)}
        self.configure({"Host": self.dtus[0].host, "NumberOfTemplates": templates, "AutoAdd": 0,
                        "HTTPTimeout": 10, "Logging": "WARNING"}, **sections)
        self.program = self.start()
        count = dtus * inverters_each + templates
        self.wait("all services", lambda: len(self.client.names()) == count, 60.0)
        self.wait("what is pushed", lambda: all(sum(d.pushed.values()) > 2 for d in self.dtus), 30.0)
        return count

    def sockets(self):
        """(to the bus, by TCP, descriptors in all)"""
        pid = self.program.process.pid
        folder = f"/proc/{pid}/fd"
        inodes = set()
        for name in os.listdir(folder):
            try:
                inodes.update(re.findall(r"socket:\[(\d+)\]", os.readlink(f"{folder}/{name}")))
            except FileNotFoundError:
                pass  # closed meanwhile
        def of(table, column):
            with open(f"/proc/{pid}/net/{table}", encoding="ascii") as file:
                return sum(line.split()[column] in inodes for line in file.readlines()[1:])
        return of("unix", 6), of("tcp", 9) + of("tcp6", 9), len(os.listdir(folder))

    @NATIVE
    @alone
    def test_all_that_there_may_be(self):
        """96 services of 16 DTUs that push and 64 template devices."""
        count = self.start_with(16, 64, 2)
        self.assertEqual(SERVICES, count)
        seen = [self.sockets() for _ in range(20)]
        bus, tcp, descriptors = (max(column) for column in zip(*seen))
        rss, _ = probe.memory_kib(self.program.process.pid)
        print(f"\n{rss} KiB resident; {bus} connections to the bus, {tcp} by TCP, {descriptors} descriptors")
        self.assertLess(rss, WHOLE_KIB)
        self.assertLessEqual(bus, SERVICES + 2)
        self.assertLessEqual(tcp, 2 * 16 + 64)
        self.assertLess(descriptors, bus + tcp + STANDING)

    def cpu_share(self, dtu, **keys):
        """Seconds of processor time in a second, with one gateway that is asked each second, and 8 s of it."""
        self.configure({"Host": dtu.host, "AutoAdd": 0, "HTTPTimeout": 1, "Logging": "WARNING", **keys},
                       INVERTER0=inverter(20, Serial="114100000000"))
        self.program = self.start()
        self.wait_requests(dtu, 1)
        time.sleep(2)
        begin, used = time.monotonic(), probe.cpu_seconds(self.program.process.pid)
        time.sleep(8)
        used = probe.cpu_seconds(self.program.process.pid) - used
        share = used / (time.monotonic() - begin)
        print(f"\nof a processor: {100 * share:.1f} %")
        return share

    @each(("long_text", Fault("huge")), ("too_long", Fault("oversize")), ("deep", Fault("deep")),
          ("many_numbers", Fault("body", body=b'{"inverters":[' + b"0," * 500000 + b"0]}")),
          ("many_inverters", Fault("body", body=b'{"inverters":[' + b",".join(
              b'{"serial":"1141%08d","name":"x","reachable":true}' % n for n in range(15000)) + b"]}")),
          ("drip", Fault("drip")), ("reset", Fault("reset")))
    @NATIVE
    @alone
    def test_cpu_by_replies(self, fault):
        dtu = self.opendtu(Inverter("114100000000", "One"))
        dtu.fault = fault
        self.assertLess(self.cpu_share(dtu, RetryAfterSeconds=1), CPU_SHARE)

    @NATIVE
    @alone
    def test_cpu_by_messages(self):
        """As many as are not yet a flood."""
        dtu = self.opendtu(*[Inverter(f"11410000000{n}", f"{n}") for n in range(4)], pushes=True, radio_seconds=0.01)
        self.assertLess(self.cpu_share(dtu), CPU_SHARE)

    @NATIVE
    @alone
    def test_each_gateway(self):
        """What 15 more DTUs with an inverter each take."""
        own = []
        for dtus in (1, 16):
            self.start_with(dtus, 0, 1)
            own.append(probe.own_memory_kib(self.program.process.pid))
            self.assertEqual(0, self.program.stop()[0])
            self.programs.remove(self.program)
            self.wait("no services", lambda: not self.client.names())
        each = (own[1] - own[0]) / 15
        print(f"\n{each:.0f} KiB for each gateway with its inverter")
        self.assertLess(each, GATEWAY_KIB)
