"""The documents, followed: every command, what they say a terminal shows, what they say is kept.

A command is an indented line, or `code` that begins with a word of COMMANDS. TABLE says of each how it
is followed here, or where it is, or why it cannot be. One that is not there fails the test.
"""

import os
import re
import subprocess
import textwrap
import unittest

from tests.integration import show_picture
from tests.integration.case import PVINVERTER, BusTest
from tests.integration.program import ROOT, SANITIZERS, command, emulated, only_where, patience
from tests.integration.settings_service import SettingsService
from tests.sim import Inverter, ShellyGen2

DOCUMENTS = ("README.md", "docs/guide.md", "docs/faq.md", "docs/dev/development.md")
PROGRAM = "/data/dbus-opendtu/dbus-opendtu"
COMMANDS = re.compile(r"(make\b|dbus-opendtu |tests/run|scripts/\w|ci/\w|build/\w|svc |svstat |tail |opkg "
                      r"|/usr/bin/python3|/data/dbus-opendtu/(dbus-opendtu |\w+\.sh)|DTU_\w+=)")


# --- how a command is followed ---------------------------------------------------------------------

class Run:
    """The program itself, with these arguments in place of the document's addresses."""

    def __init__(self, *arguments, prints="", code=0):
        self.arguments, self.prints, self.code = arguments, prints, code


class Shell:
    """As it stands there, if what it needs has been built: `make test` builds all of it."""

    def __init__(self, needs=""):
        self.needs = needs


class Target:
    """A target of the Makefile that does too much to be followed here. why: what follows it."""

    def __init__(self, why):
        self.why = why


class Elsewhere:
    """A file of this tree that follows it, by this word, or is it."""

    def __init__(self, path, word=""):
        self.path, self.word = path, word


TESTED = "build/x86_64-debug/tests/test_value"
ONE_TEST = "/usr/bin/python3 -m unittest tests.integration.test_cli.CommandLineTest.test_version_command"
BY_CI = "CI does all of it at each commit"

TABLE = {
    "make": Target("make test builds it"),
    "make run": Target("tests/build/newcomer.sh; what it shows is a demonstration"),
    "make test": Target("this is it"),
    "make check": Target("tests/build/newcomer.sh; its tests are a part of make test's"),
    "make setup": Target("tests/build/setup.sh"),
    "make cross": Target("make test builds it"),
    "make debug": Target("make test builds it"),
    "make lint": Target(BY_CI),
    "make lint test": Target(BY_CI),
    "make analyse": Target(BY_CI),
    "make gui-test": Elsewhere("ci/gui", "gui-test"),
    "make show-picture": Target("test_what_show_looks_like compares what it draws"),
    "make gui-pictures": Target("tests/gui/test_words.py says when it is due"),
    "WRITE=docs/first-hour.md tests/packaging/first_hour.sh": Elsewhere("tests/packaging/first_hour.sh", "WRITE="),
    "WRITE=docs/discover.md tests/packaging/discovery.sh": Elsewhere("tests/packaging/discovery.sh", "WRITE="),
    "make docs": Target("tests/build/documents.sh compares what it would write"),
    "make fuzz FUZZ_SECONDS=20": Target(BY_CI),
    "make package sdcard": Target("tests/packaging/artifacts.sh"),
    "make release": Target("ci/reproducible makes two"),
    "openssl ecparam -name prime256v1 -genkey -noout -out release.pem":
        Elsewhere("tests/packaging/artifacts.sh", "openssl ecparam -name prime256v1 -genkey"),
    "openssl pkey -in release.pem -pubout -out src/release.pub":
        Elsewhere("tests/packaging/artifacts.sh", "-pubout"),
    "make release SIGNING_KEY=release.pem": Elsewhere("tests/packaging/artifacts.sh", "SIGNING_KEY"),
    "make size": Target("it links each program anew"),
    "make coverage": Target("it takes as long as all tests in C"),
    "make memory": Target("it needs the machine for itself"),
    "make bench": Target("it needs the machine for itself"),
    "make help": Shell(),
    "make VARIANT=debug all programs": Target("make test builds them"),
    "make ARCH=armv7 VENUS_SDK=/opt/venus/scarthgap-arm-cortexa8hf-neon":
        Elsewhere("tests/build/sdk.sh", "VENUS_SDK="),

    TESTED: Shell(TESTED),
    "build/x86_64-debug/tests/virtual_topology": Elsewhere("tests/virtual/virtual_topology.c"),
    "tests/run --list": Shell(),
    "tests/run --only test_value": Shell(TESTED),
    "tests/run --only shine": Elsewhere("tests/build/recipes.sh", "--only"),
    "tests/run --only 'golden.*class'": Elsewhere("tests/build/recipes.sh", "--only"),
    "tests/run --arch armv7 --only test_version": Elsewhere("ci/emulated", "--arch"),
    ONE_TEST: Shell("build/x86_64-release/dbus-opendtu"),
    "DTU_BINARY=build/x86_64-debug/dbus-opendtu " + ONE_TEST: Shell("build/x86_64-debug/dbus-opendtu"),
    "/usr/bin/python3 -m tests.sim": Elsewhere("tests/sim/__main__.py"),
    "ci/fresh-debian bookworm": Elsewhere("ci/fresh-debian", "bookworm"),
    "ci/fresh-debian trixie": Elsewhere("ci/fresh-debian", "trixie"),
    "ci/package": Elsewhere("ci/package"),
    "ci/decade": Elsewhere(".github/workflows/ci.yml", "run: ci/decade"),
    "ci/release": Elsewhere("tests/build/pinned.sh", "ci/release"),
    "ci/reproducible": Elsewhere("ci/reproducible"),
    "ci/publish": Elsewhere("ci/publish"),

    "cd /data && tar xzf dbus-opendtu_<version>_armv7.tar.gz":
        Elsewhere("tests/packaging/first_hour.sh", "tar xzf"),
    "nano dbus-opendtu/config.ini": Elsewhere("tests/packaging/first_hour.sh", "nano config.ini"),
    "dbus-opendtu/install.sh": Elsewhere("tests/packaging/first_hour.sh", "./install.sh"),

    "dbus-opendtu check": Run("check", "{config}", prints="Roof south"),
    "dbus-opendtu discover": Run("discover", "{plug}", prints="shelly-plus-1pm"),
    "dbus-opendtu paths": Elsewhere("tests/integration/test_paths.py", '"paths"'),
    "dbus-opendtu support --capture 10m": Elsewhere("tests/integration/test_capture.py", "--capture"),
    f"{PROGRAM} check": Run("check", "{config}", prints="Roof south"),
    f"{PROGRAM} show": Run("show", "--once", prints="pvinverter.http_34"),
    "dbus-opendtu show": Run("show", "--once", "--stats", prints="Requests"),
    "dbus-opendtu example": Run("example", prints=r"\[TEMPLATE0\]"),
    "dbus-opendtu support": Run("support", "--config", "{config}", prints="Roof south"),
    "dbus-opendtu paths 192.168.1.80/rpc/Switch.GetStatus?id=0":
        Run("paths", "{plug}/rpc/Switch.GetStatus?id=0", prints=r"aenergy/total +\d"),

    "svc -h /service/dbus-opendtu": Elsewhere("tests/integration/test_config.py", "SIGHUP"),
    "svstat /service/dbus-opendtu": Elsewhere("tests/packaging/service.sh", "svstat"),
    "/data/dbus-opendtu/install.sh": Elsewhere("tests/packaging/service.sh", "install.sh"),
    "/data/dbus-opendtu/restart.sh": Elsewhere("tests/packaging/service.sh", "restart.sh"),
    "tail -F /var/log/dbus-opendtu/current":
        Elsewhere("tests/packaging/service.sh", "/log/dbus-opendtu/current"),
}


# --- what the documents say --------------------------------------------------------------------------

def read(document):
    with open(os.path.join(ROOT, document), encoding="utf-8") as file:
        return file.read()


def parts(text):
    """(what stands between fences, all other lines)."""
    pieces = re.split(r"^```.*$", text, flags=re.MULTILINE)
    return pieces[1::2], "".join(pieces[::2]).splitlines()


def commands(text):
    """Every command of a document, without its comment."""
    _, lines = parts(text)
    for line in lines:
        if line.startswith("    "):
            yield re.sub(r"  +#.*", "", line).strip()
            continue
        for code in re.findall(r"`([^`]+)`", line):
            if COMMANDS.match(code):
                yield code


def without_figures(text):
    """What is measured, or depends on it, is not compared."""
    return re.sub(r"\d+(\.\d+)?(?= (W|V|kWh|ms)\b)", "N", text).strip()


class DocumentTest(unittest.TestCase):

    def test_every_command_is_in_the_table(self):
        said = {line for document in DOCUMENTS for line in commands(read(document))}
        self.assertEqual([], sorted(said - set(TABLE)), "not followed by any test: see TABLE")
        self.assertEqual([], sorted(set(TABLE) - said), "no document says them any more")

    def test_targets_are_there(self):
        targets = set(re.findall(r"^([a-z][a-z -]*):", read("Makefile"), re.MULTILINE))
        known = {word for names in targets for word in names.split()}
        for line, how in TABLE.items():
            if isinstance(how, Target):
                wanted = {word for word in line.split()[1:] if "=" not in word}
                self.assertLessEqual(wanted, known, line)

    def test_what_follows_it_elsewhere_is_there(self):
        for line, how in TABLE.items():
            if isinstance(how, Elsewhere):
                self.assertTrue(how.word in read(how.path), f"{line}: not in {how.path}")

    def test_all_subcommands_are_told(self):
        out = subprocess.run([*command(), "--help"], capture_output=True, text=True, check=True,
                             env=SANITIZERS).stdout
        there = re.findall(r"^  (\w+)  ", out, re.MULTILINE)
        section = read("docs/guide.md").split("\n## Commands")[1].split("\n## ")[0]
        told = re.findall(r"^\| `(\w+)[^`]*` \| ", section, re.MULTILINE)
        self.assertEqual(sorted(there), sorted(told))

    @only_where(lambda: not emulated(), "what was built for this machine")
    def test_shell(self):
        for line, how in TABLE.items():
            if not isinstance(how, Shell):
                continue
            with self.subTest(line):
                if not os.path.exists(os.path.join(ROOT, how.needs)):
                    self.skipTest(f"{how.needs} is not built")
                environment = {k: v for k, v in os.environ.items() if not k.startswith("DTU_")}
                done = subprocess.run(line, shell=True, cwd=ROOT, stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, check=False,
                                      env=environment, timeout=50 * patience())
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)


# --- what the program does ---------------------------------------------------------------------------

class ReadmeTest(BusTest):

    def call(self, *arguments):
        """(exit code, all that it said)."""
        done = subprocess.run([*command(), *arguments], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder,
                              timeout=20 * patience(), check=False,
                              env={"DBUS_SESSION_BUS_ADDRESS": self.bus.address, **SANITIZERS})
        return done.returncode, done.stdout

    def roof(self):
        return self.opendtu(Inverter("114182940773", "Roof south"),
                            Inverter("114181705577", "Roof north"))

    def test_smallest_configuration(self):
        """The guide's own, but for the address: two inverters appear, then each command is followed."""
        text = read("docs/guide.md").split("The smallest one that works:")[1].split("```")[1]
        self.assertEqual("ini\n[DEFAULT]\nHost=192.168.1.74\n", text)
        self.assertIn(textwrap.indent(f"```{text}```", "   "), read("README.md"))
        dtu = self.roof()
        plug = self.gateway(ShellyGen2(self.sun, [Inverter("plug", "Balcony", strings=1)]))
        self.write_config(text[4:].replace("192.168.1.74", dtu.host))
        self.start()
        # Without a settings service it waits for one before it gives an instance to a new inverter.
        self.wait_names(PVINVERTER % 34, PVINVERTER % 35, timeout=16.0)
        self.wait_value(PVINVERTER % 34, "/StatusCode", 7)
        places = {"config": os.path.join(self.folder, "config.ini"), "plug": plug.host}
        for line, how in TABLE.items():
            if isinstance(how, Run):
                with self.subTest(line):
                    code, said = self.call(*(word.format(**places) for word in how.arguments))
                    self.assertEqual(how.code, code, said)
                    self.assertRegex(said, how.prints)

    def test_what_check_says(self):
        """The terminal under "When something is wrong", word by word but for what is measured."""
        shown, _ = parts(read("docs/guide.md").split("## When something is wrong")[1])
        dtu = self.roof()
        off = self.gateway(ShellyGen2(self.sun, [Inverter("plug", "Balcony", strings=1)]))
        off.refuse_connections()
        self.write_config(f"[DEFAULT]\nHost={dtu.host}\n\n[DTU1]\nHost={off.host}\n\n"
                          "[INVERTER0]\nFase=L1\nDeviceInstance=3000\n")
        code, said = self.call("check", "config.ini")
        said = said.replace(dtu.host, "192.168.1.74").replace(off.host, "192.168.1.75")
        self.assertEqual(1, code)
        self.assertEqual(without_figures(shown[0]), without_figures(said))

    def test_what_is_kept_in_the_settings(self):
        """The table of docs/dbus.md has all of it."""
        table = read("docs/dbus.md").split("| setting |")[1].split("\n\n")[0]
        settings = SettingsService(self.bus)
        settings.come()
        self.addCleanup(settings.go)
        self.write_config(f"[DEFAULT]\nHost={self.roof().host}\n")
        self.start()
        self.wait_names(PVINVERTER % 34, PVINVERTER % 35, settings.name)
        device = "/Settings/Devices/dtu_114182940773/"
        kept = {path[len(device):] for path in settings.paths() if path.startswith(device)}
        self.assertEqual(kept, set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)))

    def test_what_show_looks_like(self):
        """The picture in README.md, but for its figures."""
        self.assertIn("](docs/show.svg)", read("README.md"))
        with show_picture.shown(self.folder, 0.0) as screen:
            now = show_picture.words(screen.lines())
        picture = show_picture.words_of_svg(read("docs/show.svg"))
        # Which of those without a section gets which number, and so its place, is a matter of who answers first.
        without_numbers = [sorted(re.sub(r"http_\d+", "http_N", line) for line in lines if line) for lines in (now, picture)]
        self.assertEqual(*without_numbers, "make show-picture")

    def test_several_dtus(self):
        """The example runs, with the phases that it says."""
        text = read("docs/guide.md").split("### Several DTUs")[1].split("```")[1][4:]
        one, two = self.roof(), self.opendtu(Inverter("1141820000ab", "Shed"))
        self.write_config(text.replace("192.168.1.74", one.host).replace("192.168.1.75", two.host))
        code, said = self.call("check", "config.ini")
        self.assertEqual(0, code, said)
        self.assertRegex(said, r'\[INVERTER0\] 114182940773 "Roof south"\n.*, L1, AC output')
        self.assertRegex(said, r'\[INVERTER1\] 1141820000ab "Shed"\n.*, L3, AC output')
        self.assertRegex(said, r'without a section: 114181705577 "Roof north"\n.*, L1, AC output')


class FinderTest(unittest.TestCase):
    """A command is found wherever it stands."""

    def test_commands(self):
        text = "    make x    # why\n`make y` and `x.ini`\n```text\n    make z\n```\n`svc -h a`\n"
        self.assertEqual(["make x", "make y", "svc -h a"], list(commands(text)))
