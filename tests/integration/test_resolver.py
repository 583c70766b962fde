"""A name server that never answers: nothing may wait for it but the one request."""

import os
import signal
import subprocess
import time

from tests.integration.case import PVINVERTER, BusTest, alone
from tests.integration.program import ROOT, inverter, template

# In a network of its own: a loopback, a dead name server on it, and a healthy gateway.
INSIDE = """
import os, signal, socket, subprocess, sys
sys.path.insert(0, {root!r})
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with open({resolv!r}, "w") as file:
    file.write("nameserver 127.0.0.1\\n")
subprocess.run(["mount", "--bind", {resolv!r}, "/etc/resolv.conf"], check=True)
black_hole = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
black_hole.bind(("127.0.0.1", 53))
from tests.sim import Generic
with Generic({{"/state": lambda _request: {{"p": next(watts)}}}}, port=8080) as gateway:
    watts = iter(range(1, 10**9))
    program = subprocess.Popen(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    code = program.wait()
    black_hole.setblocking(False)
    try:
        queries = len(black_hole.recv(512)) > 0
    except BlockingIOError:
        queries = False
    print("name server asked:", queries, file=sys.stderr, flush=True)
sys.exit(code)
"""


def namespaces():
    """Whether this machine lets us make a network and mounts of our own."""
    if os.geteuid() != 0:
        return False
    try:
        done = subprocess.run(["unshare", "--net", "--mount", "ip", "link", "set", "lo", "up"],
                              capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


class ResolverTest(BusTest):

    @alone
    def test_dead_name_server_blocks_nothing(self):
        if not namespaces():
            self.skipTest("needs root and `unshare --net --mount`")
        self.configure({"Host": "dtu.example", "HTTPTimeout": 3, "NumberOfTemplates": 1},
                       INVERTER0=inverter(20),
                       TEMPLATE0=template(40, "127.0.0.1:8080", "state", CUST_Power="p"))
        inside = INSIDE.format(root=ROOT, resolv=os.path.join(self.folder, "resolv.conf"))
        program = self.start(prefix=["unshare", "--net", "--mount",
                                     "/usr/bin/python3", "-c", inside])
        self.wait_names(PVINVERTER % 40)
        slowest, seen = 0.0, set()
        deadline = time.monotonic() + 8.0
        while time.monotonic() < deadline:
            begin = time.monotonic()
            seen.add(self.client.value(PVINVERTER % 40, "/Ac/Power"))
            slowest = max(slowest, time.monotonic() - begin)
            time.sleep(0.02)
        self.assertLess(slowest, 1.0, "the bus had to wait")  # for the resolver: 3 s and more
        self.assertGreaterEqual(len(seen), 6, "the healthy gateway had to wait")
        begin = time.monotonic()
        program.send(signal.SIGTERM)
        self.assertEqual(0, program.process.wait(5.0))
        self.assertLess(time.monotonic() - begin, 1.5, "the end had to wait")
        self.assertIn("name server asked: True", program.log())
        self.ends_well = False
