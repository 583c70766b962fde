"""RunAs: the service as another user, and a process of root's that keeps its files."""

import os
import pwd
import re
import signal
import stat

from tests.integration.case import PVINVERTER, each, on_every_model
from tests.integration.program import emulated, inverter, only_where
from tests.integration.venus import VenusTest
from tests.sim import Inverter

ONE = "116182000001"
ROOF = PVINVERTER % 20
USER = "nobody"
KILL = 1 << 5  # CAP_KILL

root_only = only_where(lambda: os.geteuid() == 0, "only root can become another user")


def status(pid):
    """What /proc tells of a process: {name: text}."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":", 1) for line in file)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


def alive(pid):
    try:
        return status(pid)["State"].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class RunAsTest(VenusTest):

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)  # as the folder of an installation is
        self.kept = os.path.join(self.folder, "kept")
        os.mkdir(self.kept, 0o700)
        self.copy = os.path.join(self.kept, "config.ini")
        self.default = {"AutoAdd": 0, "Username": "admin", "Password": "secret-word", "RunAs": USER}

    def scene(self, **keys):
        self.dtu = self.opendtu(Inverter(ONE, "Roof"))
        self.default |= {"Host": f"127.0.0.1:{self.dtu.port}", **keys}
        self.configure(self.default, INVERTER0=inverter(20, Serial=ONE))
        self.program = self.start("", "--copy", self.copy)
        self.wait_value(ROOF, "/StatusCode", 7, 15.0)
        self.keeper = self.program.process.pid

    def service(self):
        """The number of the process that serves."""
        found = children(self.keeper)
        self.assertEqual(1, len(found))
        return found[0]

    def assert_of_root(self, path, mode):
        found = os.stat(path)
        self.assertEqual((0, mode), (found.st_uid, stat.S_IMODE(found.st_mode)), path)

    @root_only
    @on_every_model()
    def test_serves_without_any_right_of_root_s(self):
        self.scene()
        user, service, keeper = pwd.getpwnam(USER), status(self.service()), status(self.keeper)
        self.assertEqual([str(user.pw_uid)] * 4, service["Uid"].split())
        self.assertEqual([str(user.pw_gid)] * 4, service["Gid"].split())
        self.assertEqual([], service["Groups"].split())
        self.assertEqual(["0"] * 4, keeper["Uid"].split())
        self.assertEqual(KILL, int(keeper["CapPrm"], 16))
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(0, int(service[name], 16), name)
        if not emulated():
            self.assertEqual(["2", "2"], [service["Seccomp"].strip(), keeper["Seccomp"].strip()])
        self.assertEqual([], self.program.lines("WARNING"))

    @root_only
    @on_every_model()
    def test_reads_what_root_replaces_and_keeps_what_it_knows(self):
        self.scene()
        self.client.set(ROOF, "/CustomName", "s", "Shed")
        self.wait("the state file", lambda: "Shed" in str(self.remembered()), 10.0)
        self.assert_of_root(self.program.config_path, 0o600)
        self.assert_of_root(self.program.state_path, 0o644)
        self.edit(self.default, INVERTER0=inverter(21, Serial=ONE))
        self.wait_value(PVINVERTER % 21, "/CustomName", "Shed")
        self.wait("the copy", lambda: "DeviceInstance=21" in open(self.copy, encoding="utf-8").read())
        self.assert_of_root(self.copy, 0o600)
        with open(self.program.config_path, "a", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write("# open to all\n")
        self.wait("0600 again",
                  lambda: stat.S_IMODE(os.stat(self.program.config_path).st_mode) == 0o600, 10.0)
        self.program.send(signal.SIGHUP)
        self.wait_requests(self.dtu, 2)
        self.assertEqual(0, self.program.stop()[0])
        self.program.start("--copy", self.copy)
        self.wait_value(PVINVERTER % 21, "/CustomName", "Shed", 15.0)

    @root_only
    def test_ends_with_the_one_that_keeps_its_files(self):
        self.scene()
        service = self.service()
        self.ends_well = False
        self.program.kill()
        self.wait("its end", lambda: not alive(service), 10.0)
        self.wait_names()

    @root_only
    def test_that_it_was_killed_is_told_to_the_supervisor(self):
        self.scene()
        self.ends_well = False
        os.kill(self.service(), signal.SIGKILL)
        self.wait("the end", lambda: not self.program.running)
        self.assertEqual(1, self.program.process.returncode)

    @root_only
    def test_from_the_next_start_on(self):
        self.scene(RunAs="")
        self.assertEqual([], children(self.keeper))
        self.edit({**self.default, "RunAs": USER}, INVERTER0=inverter(20, Serial=ONE))
        self.wait("the line", lambda: self.program.lines("WARNING", f"RunAs={USER}", "next start"))
        self.assertEqual([], children(self.keeper))

    @each(("unknown", "no-such-user", "no such user"), ("root", "root", "that is root"))
    @root_only
    def test_not_as(self, user, why):
        self.scene(RunAs=user)
        self.assertEqual(1, len(self.program.lines("WARNING", f"RunAs={user}", why, "works as")))
        self.assertEqual([], children(self.keeper))
        self.assertEqual(0, int(status(self.keeper)["CapPrm"], 16))

    @root_only
    def test_not_where_the_folder_is_closed(self):
        os.chmod(self.folder, 0o700)
        self.scene()
        line, = self.program.lines("WARNING", f"RunAs={USER}")
        self.assertRegex(line, re.escape(self.folder) + ".*chmod 755")
        self.assertEqual([], children(self.keeper))
        self.assertEqual(0, int(status(self.keeper)["CapPrm"], 16))

    @root_only
    def test_not_where_the_user_could_put_a_link(self):
        os.chown(self.folder, pwd.getpwnam(USER).pw_uid, -1)
        self.scene()
        line, = self.program.lines("WARNING", f"RunAs={USER}")
        self.assertRegex(line, re.escape(self.program.config_path) + ".*has to be root's")
        self.assertEqual([], children(self.keeper))

    @root_only
    def test_not_where_config_ini_is_a_link_into_a_closed_folder(self):
        """It would not see that file change."""
        self.scene()
        self.program.stop()
        path, target = self.program.config_path, os.path.join(self.kept, "own.ini")
        os.replace(path, target)
        os.symlink(target, path)
        self.program.start()
        self.wait_value(ROOF, "/StatusCode", 7, 15.0)
        line, = self.program.lines("WARNING", f"RunAs={USER}")
        self.assertRegex(line, re.escape(self.kept) + ".*chmod 755")
