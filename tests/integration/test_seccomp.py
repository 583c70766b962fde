"""Without the system calls that it does not need, the service does all that it does."""

import json
import os
import re
import time

from tests.integration.bus import Bus, Client
from tests.integration.case import PVINVERTER, on_every_model
from tests.integration.certificates import Authority
from tests.integration.command import CommandTest
from tests.integration.program import ROOT, emulated, inverter, only_where, patience, template
from tests.integration.test_resolver import namespaces
from tests.integration.venus import VenusTest
from tests.sim import Inverter

ONE = "116182000001"
ROOF = PVINVERTER % 20

# In a network of its own, with a name server to which every name is this machine, and a gateway.
INSIDE = """
import signal, socket, subprocess, sys, threading
sys.path.insert(0, {root!r})
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with open({resolv!r}, "w") as file:
    file.write("nameserver 127.0.0.1\\n")
subprocess.run(["mount", "--bind", {resolv!r}, "/etc/resolv.conf"], check=True)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
def answer():
    while True:
        query, peer = server.recvfrom(512)
        end = query.index(b"\\0", 12) + 5
        is_a = query[end - 4:end - 2] == b"\\0\\1"
        head = query[:2] + b"\\x81\\x80" + b"\\0\\1" + (b"\\0\\1" if is_a else b"\\0\\0") + b"\\0" * 4
        record = b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\1\\0\\4" + bytes([127, 0, 0, 1])
        server.sendto(head + query[12:end] + (record if is_a else b""), peer)
threading.Thread(target=answer, daemon=True).start()
from tests.sim import Generic
with Generic({{"/state": {{"p": 223.0}}}}, port=8080):
    program = subprocess.Popen(sys.argv[1:])
    print("pid:", program.pid, file=sys.stderr, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    sys.exit(program.wait())
"""


def listed():
    """The system calls that the program's own list names."""
    with open(os.path.join(ROOT, "src", "edge", "sys", "syscalls.c"), encoding="utf-8") as file:
        table = re.search(r"refused\[\] = \{(.*?)\};", file.read(), re.S).group(1)
    return {re.sub("_time32$|32$|64$", "", name) for name in re.findall(r"SYS_(\w+)", table)}


class SeccompTest(VenusTest, CommandTest):

    def scene(self, **keys):
        """A gateway that is reached by https and by a name, and pushes."""
        authority = Authority(self.folder)
        self.dtu = self.opendtu(Inverter(ONE, "Roof"), pushes=True, radio_seconds=0.4,
                                tls=authority.context("DNS:localhost"))
        self.default = {"Host": f"https://localhost:{self.dtu.port}", "CACert": authority.file,
                        "HTTPTimeout": 5, "AutoAdd": 0, "Logging": "DEBUG", **keys}
        self.configure(self.default, INVERTER0=inverter(20, Serial=ONE))
        self.program = self.start()
        self.wait_value(ROOF, "/StatusCode", 7, 15.0)

    def mode(self, pid=None):
        """2 is a filter, of all threads."""
        folder, modes = f"/proc/{pid or self.program.process.pid}/task", set()
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/status", encoding="utf-8") as file:
                modes.add(int(re.search(r"^Seccomp:\s*(\d+)", file.read(), re.M).group(1)))
        self.assertEqual(1, len(modes))
        return modes.pop()

    def assert_confined(self):
        if emulated():  # which refuses the filter, as an old kernel does
            self.assertEqual(1, len(self.program.lines("DEBUG", "has no seccomp")))
        else:
            self.assertEqual(2, self.mode())
            self.assertEqual(1, len(self.program.lines("DEBUG", "seccomp:", "refused")))

    def live(self):
        self.sun.advance(60)
        self.wait_value(ROOF, "/Ac/Power", self.dtu[ONE].reading(self.sun.now()).power, 10.0)

    @on_every_model()
    def test_polls_pushes_reloads_and_remembers(self):
        self.scene()
        self.assert_confined()
        self.live()
        self.wait("what is pushed", lambda: self.dtu.pushed[ONE] > 2)
        self.client.set(ROOF, "/CustomName", "s", "Shed")
        self.edit({**self.default, "Push": 0}, INVERTER0=inverter(21, Serial=ONE))
        self.wait_value(PVINVERTER % 21, "/CustomName", "Shed")
        self.wait_requests(self.dtu, 3)
        self.wait("the state file", lambda: "Shed" in json.dumps(self.remembered()), 10.0)
        self.assertEqual(0, self.call("show", "--once")[0])
        code, out, err = self.call("support", "--config", self.program.config_path)
        self.assertEqual(0, code, err)
        self.assertIn("Shed", out)
        self.assert_confined()

    def test_the_bus_goes_and_comes_again(self):
        self.scene()
        self.ends_well = False
        self.bus.close()
        self.wait("its end", lambda: not self.program.running, 8.0)
        self.assertEqual(1, self.program.process.returncode)
        self.bus = Bus(os.path.join(self.folder, "ca"))
        self.addCleanup(self.bus.close)
        self.client = Client(self.bus)
        self.addCleanup(self.client.close)
        self.program = self.start()
        self.wait_value(ROOF, "/StatusCode", 7, 15.0)
        self.assert_confined()

    @only_where(lambda: not emulated(), "the emulator has no filter")
    def test_switched_off_and_on(self):
        self.scene(Seccomp=0)
        self.assertEqual(0, self.mode())
        self.live()
        self.edit(self.default | {"Seccomp": 1}, INVERTER0=inverter(20, Serial=ONE))
        self.assertEqual(2, self.mode())
        self.edit(self.default, INVERTER0=inverter(20, Serial=ONE))
        self.assertEqual(2, self.mode())
        self.assertEqual(1, len(self.program.lines("INFO", "Seccomp=0", "next start")))
        self.live()

    def test_a_name_server_is_asked(self):
        if emulated() or not namespaces():
            self.skipTest("needs root and `unshare --net --mount`")
        self.configure({"NumberOfTemplates": 1, "DTU": "template"},
                       TEMPLATE0=template(40, "meter.example:8080", "state", CUST_Power="p"))
        inside = INSIDE.format(root=ROOT, resolv=os.path.join(self.folder, "resolv.conf"))
        program = self.start(prefix=["unshare", "--net", "--mount", "/usr/bin/python3", "-c", inside])
        self.wait_value(PVINVERTER % 40, "/Ac/Power", 223.0, 10.0)
        self.assertEqual(2, self.mode(int(program.lines("pid:")[0].split()[-1])))

    @only_where(emulated, "the emulator shows the calls")
    @on_every_model()
    def test_none_of_its_calls_is_listed(self):
        """On a processor whose kernel is not here to ask."""
        authority = Authority(self.folder)
        self.dtu = self.opendtu(Inverter(ONE, "Roof"), pushes=True, radio_seconds=0.4,
                                tls=authority.context("DNS:localhost"))
        default = {"Host": f"https://localhost:{self.dtu.port}", "CACert": authority.file,
                   "HTTPTimeout": 5, "AutoAdd": 0, "NumberOfTemplates": 1}
        sections = {"INVERTER0": inverter(20, Serial=ONE),
                    "TEMPLATE0": template(40, "meter.invalid", "state", CUST_Power="p")}
        self.configure(default, **sections)
        self.program = self.start(environment={"QEMU_STRACE": "1"})
        self.wait_value(ROOF, "/StatusCode", 7, 20.0)
        self.wait("what is pushed", lambda: self.dtu.pushed[ONE] > 2)
        self.edit({**default, "Push": 0}, **sections)
        time.sleep(2 * patience())
        self.assertEqual(0, self.program.stop()[0])
        self.ends_well = False
        log = self.program.log()
        filter_at = re.search(r"\bseccomp\(|PR_SET_SECCOMP|prctl\(22,", log)
        self.assertTrue(filter_at, log[-2000:])
        made = set(re.findall(r"\d+ (\w+)\(", log[filter_at.end():]))
        self.assertTrue({"close", "socket", "write"} <= made, made)
        self.assertEqual(set(), made & listed())
        families = set(re.findall(r"\d+ socket\((\w+)", log[filter_at.end():]))
        self.assertLessEqual({"PF_UNIX", "PF_INET"}, families)
        self.assertLessEqual(families, {"PF_UNIX", "PF_INET", "PF_INET6", "10"})
