"""Memory that fails in the real process, on a real bus: its own allocations, and those of the libraries.

A life is a start, polls, what is pushed, a limit, an edited file, another role, the end. It never crashes and leaks
nothing, no file is damaged, and what follows is as if nothing had been. `make test` takes a sample, in which several
allocations of a life fail; FAILURES=all lets each one of the program and each seventh of the libraries fail alone.
"""

import json
import os
import random
import unittest

from tests.integration.bus import BusError
from tests.integration.case import PVINVERTER, each
from tests.integration.program import ROOT, emulated, inverter, only_where, template
from tests.integration.venus import VenusTest
from tests.sim import Generic, Inverter

PROGRAM = os.path.join(ROOT, "build", "x86_64-debug", "tests", "failing_service")
SERIALS = ("114182000001", "116182000002")
SEED = 20
EVERY = {"own": 131, "libs": 1301}  # a dozen in a life, which has 1,700 and 16,500
RESTARTS = 5
WELL = (0, 1)  # exit codes: told to, or for the supervisor to start it again


@unittest.skipUnless(os.path.exists(PROGRAM), "make debug builds it")
class FailingMemoryTest(VenusTest):

    def scene(self):
        self.ends_well = False  # each life looks for itself
        self.settings_service()
        self.dtu = self.opendtu(Inverter(SERIALS[0], "One", base_kwh=100), Inverter(SERIALS[1], "Two"),
                                pushes=True, radio_seconds=0.4, limits={"radio": 0.2})
        self.meter = self.gateway(Generic({"/state": {"p": 50.0}}))
        self.keys = {"Host": self.dtu.host, "Username": "admin", "Password": "openDTU42", "PowerLimit": 1,
                     "NumberOfTemplates": 1}

    def write(self, phase="L1"):
        self.configure(self.keys, INVERTER0=inverter(20, Serial=SERIALS[0], MaxPower=800),
                       INVERTER1=inverter(21, phase, Serial=SERIALS[1]),
                       TEMPLATE0=template(30, self.meter.host, "state", CUST_Power="p"))

    # --- a life -------------------------------------------------------------------------------

    def begin(self, plan):
        self.counts = os.path.join(self.folder, "counts")
        environment = {"FAILING_COUNTS": self.counts, **({"FAILING": plan} if plan else {})}
        return self.start(program=PROGRAM, environment=environment)

    def try_to(self, what, *arguments):
        """What is not there just now may be refused."""
        try:
            what(*arguments)
        except (BusError, AssertionError):
            pass

    def live(self, plan):
        """What fails may end it: then it has said why, and is started again."""
        self.write()
        program = self.begin(plan)
        self.try_to(self.wait_value, PVINVERTER % 20, "/StatusCode", 7, 4.0)
        self.try_to(self.wait_polls, self.dtu, "/api/livedata/status", 1)
        self.try_to(self.client.set, PVINVERTER % 20, "/Ac/PowerLimit", "d", 300.0)
        self.write("L2")
        self.try_to(self.client.set, PVINVERTER % 21, "/Role", "s", "genset")
        self.try_to(self.client.set, "com.victronenergy.opendtu", "/Refresh", "i", 1)
        self.try_to(self.wait, "its new role", lambda: "com.victronenergy.genset.http_21" in self.services(), 1.5)
        ended = not program.running
        code, _ = program.stop(timeout=10.0)
        self.assertNotRegex(program.log(), "AddressSanitizer|LeakSanitizer|runtime error", plan)
        self.assertIn(code, WELL, f"{plan}: {program.log()}")
        if ended and plan:
            self.assertRegex(program.log(), r"(?m)^(CRITICAL|ERROR)|out of memory", plan)
        with open(self.counts, encoding="utf-8") as file:
            return [int(n) for n in file.read().split()]

    def check_files(self):
        for end in ("", ".bak"):
            path = os.path.join(self.folder, "state.json" + end)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    json.load(file)

    def recovers(self):
        """The next one, with all the memory there is, finds everything."""
        program = self.begin(None)
        for name in (PVINVERTER % 20, PVINVERTER % 30):
            self.wait_value(name, "/StatusCode", 7, 6.0)
        self.wait("the second one", lambda: any(name.endswith("http_21") for name in self.services()))
        self.wait_value("com.victronenergy.opendtu", "/State", 1)
        code, _ = program.stop(timeout=10.0)
        self.assertEqual(code, 0, program.log())

    def spoiled(self, plan):
        self.forget()
        own, libs, failed = self.live(plan)
        self.check_files()
        self.recovers()
        return own, libs, failed

    # --- the sample, and all ------------------------------------------------------------------

    @only_where(lambda: not emulated(), "it has a build of its own")
    @each(*((f"{owner}_{n}", owner, n) for owner in ("own", "libs") for n in range(3)))
    def test_some(self, owner, n):
        """Several in one life, at other places in each."""
        self.scene()
        first = random.Random(f"{SEED} {owner} {n}").randrange(EVERY[owner])
        _, _, failed = self.spoiled(f"{owner}:{first}:{EVERY[owner]}:1000")
        self.assertGreater(failed, 0)

    if os.environ.get("FAILURES") == "all":
        @each(("own", "own", 1), ("libs", "libs", 7))
        def test_each(self, owner, step):
            """It takes hours."""
            self.scene()
            own, libs, _ = self.spoiled(None)
            for n in range(0, own if owner == "own" else libs, step):
                self.spoiled(f"{owner}:{n}:1:1")
