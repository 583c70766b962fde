"""`make run`: what a newcomer sees first, in a terminal of 80 by 24 and without one."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from tests.integration.program import ROOT, binary, emulated, only_where, patience
from tests.integration.screen import Screen

DEMO = [sys.executable, "-B", os.path.join(ROOT, "scripts", "demo")]


def natively(test):
    """It starts the program by itself, and has no patience for an emulator."""
    return only_where(lambda: not emulated(), "what was built for this machine")(test)


class DemoTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="dtu-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {"PATH": os.environ["PATH"], "DTU_BINARY": binary(), "LANG": "C.UTF-8",
                            "TMPDIR": self.folder}

    def wait(self, what, condition, timeout=30.0):
        deadline = time.monotonic() + timeout * patience()
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"still not: {what}")
            time.sleep(0.05)

    def start(self):
        """The terminal, as soon as the program's own table is in it; all that was on it so far."""
        screen = Screen(self.folder, self.environment)
        self.addCleanup(screen.close)
        screen.type("clear; " + " ".join(DEMO) + "; echo co''de=$?")
        self.wait("the table", lambda: screen.modes[0] and any(screen.lines()))
        return screen

    @natively
    def test_in_a_terminal(self):
        """The first table is whole; two lines above it say what one sees and what to try."""
        screen = self.start()
        self.wait("a frame", lambda: "q quit" in screen.lines()[-1])
        lines = screen.lines()
        self.assertEqual(24, len(lines))
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertRegex(lines[0], r"^3 simulated gateways with 5 inverters\. .*\.$")
        self.assertRegex(lines[1], r"^Try h, s, q; change \S+/config\.ini\b")
        self.assertRegex(lines[2], r"^Name +Ph +W ")
        self.assertEqual(5, len([line for line in lines[3:-2] if " running " in line]), lines)
        self.assertRegex(lines[-2], r"^Total [1-9]\d* W .* 5 of 5 inverters running$")
        screen.press("q")
        self.wait("its end", lambda: "code=0" in screen.lines())

    @natively
    def test_what_it_says_to_try(self):
        """The keys, and a change of the file that it names."""
        screen = self.start()
        self.wait("a frame", lambda: "q quit" in screen.lines()[-1])
        screen.press("h")
        self.wait("help", lambda: any(re.match("ms +how long", line) for line in screen.lines()))
        screen.press("h", "s")
        self.wait("gateways", lambda: any(line.startswith("Gateway") for line in screen.lines()))
        screen.press("s")
        folder = next(name for name in os.listdir(self.folder) if name.startswith("dtu-demo-"))
        path = os.path.join(self.folder, folder, "config.ini")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("Name=Balcony", "Name=Terrace"))
        self.wait("the new name", lambda: any(line.startswith("Terrace") for line in screen.lines()))
        screen.press("C-c")
        self.wait("its end", lambda: "code=0" in screen.lines())
        self.assertNotIn("show: the D-Bus is gone", screen.lines())

    @natively
    def test_without_a_terminal(self):
        """Tables, of which the first has all devices in it; then it ends by itself."""
        done = subprocess.run(DEMO, env={**self.environment, "DEMO_SECONDS": "2"}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=45 * patience())
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertNotIn("\x1b", done.stdout)
        first = done.stdout.split(" of a simulated day\n")[1]
        self.assertEqual(5, len(re.findall(r"^pvinverter\.http_\d+ .* running$", first, re.MULTILINE)),
                         done.stdout)
