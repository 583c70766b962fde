"""The base of the tests of subcommands: each call is a process that ends by itself."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

from tests.integration.case import BusTest
from tests.integration.program import SANITIZERS, command, patience


class CommandTest(BusTest):

    def call(self, *arguments, timeout=20.0, environment=None):
        """(exit code, standard output, standard error) of a run."""
        done = subprocess.run([*command(), *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout * patience(), check=False,
                              cwd=self.folder, env={"DBUS_SESSION_BUS_ADDRESS": self.bus.address,
                                                    **SANITIZERS, **(environment or {})})
        self.assertNotRegex(done.stderr, "AddressSanitizer|LeakSanitizer|runtime error")
        return done.returncode, done.stdout, done.stderr

    def call_on_terminal(self, *arguments, width=80, timeout=20.0, environment=None):
        """(exit code, the lines that it wrote) of a run whose output is a terminal of this width."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        with subprocess.Popen([*command(), *arguments], stdin=subprocess.DEVNULL, stdout=theirs,
                              stderr=theirs, cwd=self.folder,
                              env={"DBUS_SESSION_BUS_ADDRESS": self.bus.address, "TERM": "dumb",
                                   "LC_ALL": "C.UTF-8", **SANITIZERS, **(environment or {})}) as process:
            os.close(theirs)
            said = b""
            try:
                while piece := os.read(ours, 65536):
                    said += piece
            except OSError:
                pass  # it has closed its end
            os.close(ours)
            code = process.wait(timeout * patience())
        return code, said.decode("utf-8").replace("\r", "").split("\n")
