"""The base of the tests of subcommands: each call is a process that ends by itself."""

import subprocess

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
