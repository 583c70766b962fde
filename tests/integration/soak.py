"""`make soak`: half an hour of faults on a real bus. No test of `make test`: SOAK_SECONDS says how long.

Three gateways with twelve inverters, of which two push; a fault every five seconds on one of them, for as long or
shorter; limits all the while. Counters rise by what the inverters make, and by nothing else. At the end the
program holds no more than after its first minutes.
"""

import os
import random
import time
import unittest

from tests.bench import probe
from tests.integration.case import PVINVERTER
from tests.integration.endurance import descriptors
from tests.integration.program import inverter
from tests.integration.venus import VenusTest
from tests.sim import Ahoy, Fault, Inverter

SECONDS = int(os.environ.get("SOAK_SECONDS") or 1800)
SEED = int(os.environ.get("SOAK_SEED") or 1)
EVERY = 5.0  # seconds from one fault to the next
WARM_UP = min(180.0, SECONDS / 4)  # until all buffers have their size
GROWTH_KIB = 128  # of the memory of its own
DESCRIPTORS = 2  # more than after the warm-up: connections that a gateway keeps open
CALM = 40.0  # seconds without a fault at the end: the pauses of what failed, and of a limit
EACH = 4  # inverters of a gateway
RISE = 0.001  # kWh that an inverter makes in EVERY
LIMIT = 300.0  # W
# What the gateway itself answers wrongly on purpose ("empty", "no-ac") and what only another reader minds are left out.
KINDS = ("hang", "drip", "cut", "reset", "silent-close", "delay", "status", "html", "null", "nulls",
         "empty-object", "truncated", "oversize", "deep")


class Soak(VenusTest):

    def scene(self):
        """Twelve inverters with counters of their own."""
        self.inverters = [[Inverter(f"1141829{g}000{i}", f"{g}.{i}").fix(yield_total=100.0 * (g * EACH + i + 1))
                           for i in range(EACH)] for g in range(3)]
        limits = {"radio": 0.5}
        self.gateways = [
            self.opendtu(*self.inverters[0], pushes=True, radio_seconds=1.0, limits=limits, keep_alive=True),
            self.opendtu(*self.inverters[1], shape="v24.1", limits=limits),
            self.gateway(Ahoy(self.sun, self.inverters[2], version="0.8")),
        ]
        sections = {f"INVERTER{g * EACH + i}": inverter(20 + g * EACH + i, Serial=v.serial, DTU=g)
                    for g, group in enumerate(self.inverters) for i, v in enumerate(group)}
        self.configure({"Host": self.gateways[0].host, "Username": "admin", "Password": "openDTU42",
                        "PowerLimit": 1, "Logging": "WARNING", "AutoAdd": 0},
                       DTU1={"Host": self.gateways[1].host, "Type": "opendtu"},
                       DTU2={"Host": self.gateways[2].host, "Type": "ahoy", "PowerLimit": 0},
                       **sections)
        self.program = self.start()
        self.services = [PVINVERTER % (20 + n) for n in range(3 * EACH)]
        self.high = {service: 0.0 for service in self.services}
        for service in self.services:
            self.wait_value(service, "/StatusCode", 7, 20.0)

    def all_inverters(self):
        return [v for group in self.inverters for v in group]

    def make_energy(self):
        for v in self.all_inverters():
            v.fix(yield_total=round(v.reading(0).yield_total + RISE, 3))

    def look(self):
        """No counter falls, none is of another inverter, none is ahead of its inverter."""
        for service, v in zip(self.services, self.all_inverters()):
            items = self.client.items(service)
            energy, serial = (items[path][1] for path in ("/Ac/Energy/Forward", "/Serial"))
            self.assertEqual(v.serial, serial, service)
            self.assertGreaterEqual(energy, self.high[service] - 1e-6, f"{service} falls")
            self.assertLessEqual(energy, v.reading(0).yield_total + 1e-6, f"{service} is ahead")
            self.high[service] = energy

    def spoil(self, dice):
        """One gateway fails for a while: how, and for how long, is by chance."""
        gateway, kind = dice.choice(self.gateways), dice.choice(KINDS)
        if dice.random() < 0.1:
            gateway.refuse_connections()
        else:
            gateway.fault = Fault(kind, seconds=dice.uniform(0.1, 3.0), status=dice.choice((401, 404, 429, 500, 503)))
        return gateway, dice.uniform(0.5, EVERY)

    def mend(self, gateway):
        gateway.fault = None
        gateway.accept_connections()

    def limit_all(self, watts):
        for service in self.services[:2 * EACH]:
            if self.peek(service, "/Ac/PowerLimit") is not None:
                self.client.set(service, "/Ac/PowerLimit", "d", watts)

    def holdings(self):
        pid = self.program.process.pid
        return probe.own_memory_kib(pid), descriptors(pid), len(self.program.log())

    def rounds(self, seconds, dice):
        """Faults for so long; then none."""
        end, count = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            begin = time.monotonic()
            gateway, lasts = self.spoil(dice)
            count += 1
            self.make_energy()
            if count % 6 == 1:
                self.limit_all(dice.choice((LIMIT, 800.0)))
            self.look()
            time.sleep(max(0.0, begin + lasts - time.monotonic()))
            self.mend(gateway)
            self.look()
            time.sleep(max(0.0, begin + EVERY - time.monotonic()))
        return count

    def calm(self):
        time.sleep(CALM)
        self.look()

    def test_soak(self):
        self.scene()
        dice, begin = random.Random(SEED), time.monotonic()
        faults = self.rounds(WARM_UP, dice)
        self.calm()
        before = self.holdings()
        faults += self.rounds(SECONDS - WARM_UP, dice)
        self.limit_all(LIMIT)
        self.calm()
        after = self.holdings()
        print(f"\nsoak: {time.monotonic() - begin:.0f} s, seed {SEED}, {faults} faults, "
              f"{sum(g.counts.total for g in self.gateways)} requests, "
              f"{sum(len(g.limits.commands) for g in self.gateways)} limits; after {WARM_UP:.0f} s "
              f"{before[0]} KiB of its own and {before[1]} descriptors, at the end {after[0]} KiB and "
              f"{after[1]}; {after[2]} bytes of log")
        for service, v in zip(self.services, self.all_inverters()):
            self.wait_value(service, "/Ac/Energy/Forward", v.reading(0).yield_total, 5.0, places=3)
            self.wait_value(service, "/StatusCode", lambda code: code in (7, 12), 5.0)
        self.assertLessEqual(after[0], before[0] + GROWTH_KIB)
        self.assertLessEqual(after[1], before[1] + DESCRIPTORS)


if __name__ == "__main__":
    unittest.main()
