"""What the command line says and how it exits."""

import os
import re
import shutil

from tests.integration.case import each, on_every_model
from tests.integration.certificates import EXPIRED, Authority
from tests.integration.command import CommandTest
from tests.integration.program import ROOT
from tests.sim import Basic, Digest, Fault, Generic, Inverter, OpenDtu

COMMANDS = ("run", "show", "check", "discover", "paths", "support", "example", "fetch", "lift", "limit", "selftest",
            "verify", "version")
SIGNATURES = os.path.join(ROOT, "tests", "fixtures", "signature")


class CommandLineTest(CommandTest):

    @on_every_model("command")
    @each(("command", "version"), ("option", "--version"))
    def test_version(self, argument):
        code, out, err = self.call(argument)
        self.assertEqual((0, ""), (code, err))
        self.assertRegex(out, r"^dbus-opendtu \d+\.\d+")
        for library in ("libcurl", "mbedTLS", "libdbus", "cJSON"):
            self.assertIn(library, out)

    @each(("all", ("--help",)), ("short", ("-h",)), ("command", ("help",)),
          *((name, (name, "--help")) for name in COMMANDS),
          *((f"{name}_short", (name, "-h")) for name in COMMANDS),
          *((f"help_{name}", ("help", name)) for name in COMMANDS))
    def test_help(self, arguments):
        code, out, err = self.call(*arguments)
        self.assertEqual((0, ""), (code, err))
        self.assertIn("Usage: dbus-opendtu", out)
        for name in COMMANDS:
            if name in arguments:
                self.assertIn(f"Usage: dbus-opendtu {name}", out)

    def test_all_commands_are_tested(self):
        _, out, _ = self.call("--help")
        self.assertEqual(sorted([*COMMANDS, "help"]), sorted(re.findall(r"(?m)^  (\w+) ", out)))

    @each(("letter_missing", "chek", "check"), ("letters_swapped", "shwo", "show"),
          ("capital", "Version", "version"), ("more", "selftests", "selftest"))
    def test_near_miss(self, typed, meant):
        code, out, err = self.call(typed)
        self.assertEqual((2, ""), (code, out))
        self.assertEqual(f'dbus-opendtu: there is no command "{typed}": did you mean "{meant}"?\n', err)
        self.assertEqual((code, out, err), self.call("help", typed))

    @each(*((str(width), width) for width in (40, 60, 80, 100)))
    def test_no_line_is_wider_than_the_terminal(self, width):
        """Words that are longer by themselves stay whole."""
        dtu = self.gateway(OpenDtu(self.sun, [Inverter("114182000001", "Roof of the house")]))
        self.configure({"Host": dtu.host}, INVERTER0={"Fase": "L2", "DeviceInstance": 34})
        for arguments in ((), ("--help",), *((name, "--help") for name in COMMANDS),
                          ("check", "--config", "config.ini"), ("check", "--no-ask", "nowhere.ini"),
                          ("run", "somewhere"), ("version", "now")):
            _, lines = self.call_on_terminal(*arguments, width=width)
            self.assertGreater(len(lines), 2, arguments)
            for line in lines:
                if len(line) > width:
                    self.assertEqual(1, len(line.split()), f"{arguments}: {line}")

    def test_check_takes_its_file_as_the_others_do(self):
        self.configure({"Host": "127.0.0.1:9"})
        code, named, _ = self.call("check", "--no-ask", "--config", "config.ini")
        self.assertEqual(0, code)
        self.assertEqual((0, named, ""), self.call("check", "--no-ask", "config.ini"))
        self.assertEqual(2, self.call("check", "--config", "config.ini", "config.ini")[0])

    @each(("command", ("dance",)), ("option", ("--dance",)), ("run_option", ("run", "--dance")),
          ("run_argument", ("run", "somewhere")), ("missing_value", ("run", "--config")),
          ("version_argument", ("version", "now")), ("example_option", ("example", "--all")),
          ("fetch_nothing", ("fetch",)), ("fetch_option", ("fetch", "--dance", "http://x/")))
    def test_wrong_usage(self, arguments):
        """Exit code 2, and what is wrong on standard error."""
        code, out, err = self.call(*arguments)
        self.assertEqual((2, ""), (code, out))
        self.assertTrue(err.strip())

    def test_example_is_a_configuration(self):
        """Every key with its help; what it prints is read without a complaint."""
        code, out, _ = self.call("example")
        self.assertEqual(0, code)
        for key in ("SignOfLifeLog", "ESP8266PollingIntervall", "CUST_API_PATH", "PollingInterval",
                    "CACert", "TlsVerify", "Servicename"):
            self.assertIn(key, out)

    # --- fetch --------------------------------------------------------------------------------

    def test_fetch(self):
        dtu = self.gateway(OpenDtu(self.sun, [Inverter("114182000001", "One")]))
        code, out, err = self.call("fetch", dtu.url + "/api/livedata/status")
        self.assertEqual((0, ""), (code, err))
        self.assertIn('"114182000001"', out)

    @on_every_model("basic", "md5")
    @each(("basic", Basic("admin", "pä ss"), ()),
          ("md5", Digest("admin", "pä ss", "MD5"), ("--digest",)),
          ("sha256", Digest("admin", "pä ss"), ("--digest",)))
    def test_fetch_with_credentials(self, auth, options):
        gateway = self.gateway(Generic({"/": {"answer": 42}}, auth=auth))
        code, out, err = self.call("fetch", "--user", "admin", "--password", "pä ss", *options,
                                   gateway.url + "/")
        self.assertEqual((0, ""), (code, err))
        self.assertIn("42", out)
        code, out, err = self.call("fetch", "--user", "admin", "--password", "other", *options,
                                   gateway.url + "/")
        self.assertNotEqual(0, code)
        self.assertIn("password", err.lower())
        self.assertNotIn("other", err)

    @on_every_model()
    def test_fetch_https(self):
        authority = Authority(self.folder)
        tls = authority.context("IP:127.0.0.1")
        gateway = self.gateway(Generic({"/": {"answer": 42}}, tls=tls))
        code, out, err = self.call("fetch", "--cacert", authority.file, gateway.url + "/")
        self.assertEqual((0, ""), (code, err))
        self.assertIn("42", out)
        self.assertNotEqual(0, self.call("fetch", gateway.url + "/")[0])
        self.assertEqual(0, self.call("fetch", "--insecure", gateway.url + "/")[0])

    @each(("wrong_name", "DNS:other.example", ()), ("expired", "IP:127.0.0.1", EXPIRED))
    def test_fetch_https_refused(self, names, valid):
        authority = Authority(self.folder)
        context = authority.context(names, valid) if valid else authority.context(names)
        gateway = self.gateway(Generic({"/": {}}, tls=context))
        code, _, err = self.call("fetch", "--cacert", authority.file, gateway.url + "/")
        self.assertNotEqual(0, code)
        self.assertIn("certificate", err.lower())
        self.assertEqual(0, gateway.counts.total)

    @on_every_model()
    def test_fetch_websocket(self):
        """An echo that comes back in two fragments; over TLS as well."""
        text = '{"hello": "wörld ' + "x" * 300 + '"}'
        gateway = self.gateway(Generic())
        url = gateway.url.replace("http", "ws") + "/echo"
        code, out, err = self.call("fetch", "--send", text, url)
        self.assertEqual((0, ""), (code, err))
        self.assertEqual(text, out.strip())
        authority = Authority(self.folder)
        safe = self.gateway(Generic(tls=authority.context("IP:127.0.0.1")))
        url = safe.url.replace("https", "wss") + "/echo"
        code, out, err = self.call("fetch", "--cacert", authority.file, "--send", text, url)
        self.assertEqual((0, ""), (code, err))
        self.assertEqual(text, out.strip())

    @each(("open", None, ()), ("digest", Digest("admin", "pw", "MD5"),
                               ("--user", "admin", "--password", "pw", "--digest")))
    def test_fetch_websocket_of_opendtu(self, auth, options):
        dtu = self.gateway(OpenDtu(self.sun, [Inverter("114182000001", "One")], auth=auth,
                                   pushes=True, radio_seconds=0.2))
        url = dtu.url.replace("http", "ws") + "/livedata"
        code, out, err = self.call("fetch", *options, url)
        self.assertEqual((0, ""), (code, err))
        self.assertIn('"114182000001"', out)

    @each(("hang", Fault("hang")), ("drip", Fault("drip")), ("status", Fault("status", status=503)),
          ("too_large", Fault("oversize")), ("cut", Fault("cut")))
    def test_fetch_fault(self, fault):
        gateway = self.gateway(Generic({"/": {"answer": 42}}))
        gateway.fault = fault
        code, out, err = self.call("fetch", "--timeout", "1", gateway.url + "/", timeout=5.0)
        self.assertNotEqual(0, code)
        self.assertNotIn("42", out)
        self.assertEqual(1, len(err.strip().splitlines()), err)

    @each(("refused", "http://127.0.0.1:9/"), ("scheme", "ftp://127.0.0.1/"),
          ("file", "file:///etc/hostname"), ("no_url", "127.0.0.1::::/"))
    def test_fetch_nothing_there(self, url):
        code, out, err = self.call("fetch", "--timeout", "2", url, timeout=6.0)
        self.assertNotEqual(0, code)
        self.assertEqual("", out)
        self.assertTrue(err.strip())

    # --- selftest -----------------------------------------------------------------------------

    def test_selftest(self):
        code, out, _ = self.call("selftest")
        self.assertEqual(0, code)
        self.assertIn("dbus-opendtu", out)
        self.bus.close()
        code, _, err = self.call("selftest")
        self.assertEqual(1, code)
        self.assertIn("D-Bus", err)

    # --- verify -------------------------------------------------------------------------------

    @on_every_model("beside_it", "of_another")
    @each(("beside_it", ("file",), 0), ("named", ("file", "file.sig"), 0), ("by_another", ("file", "file.other.sig"), 1),
          ("of_another", ("other.pub", "file.sig"), 1), ("half", ("file", "half"), 1),
          ("no_signature", ("file", "nowhere"), 1), ("no_file", ("nowhere",), 1), ("folder", (".", "file.sig"), 1),
          ("too_large", ("file", "file.rsa.sig"), 1))
    def test_verify(self, arguments, wanted):
        signatures = os.path.join(self.folder, "signatures")
        shutil.copytree(SIGNATURES, signatures)
        with open(os.path.join(signatures, "file.sig"), "rb") as whole, \
                open(os.path.join(signatures, "half"), "wb") as half:
            half.write(whole.read(35))
        code, out, err = self.call("verify", "--key", os.path.join(signatures, "p256.pub"),
                                   *(os.path.join(signatures, name) for name in arguments))
        self.assertEqual(wanted, code, err)
        self.assertRegex(err if wanted else out, r"^verify: " if wanted else r"/file: signed with the key of .*/p256\.pub$")
        self.assertEqual("", out if wanted else err)

    @each(("other_curve", "p384.pub"), ("other_kind", "rsa.pub"), ("none", "file"))
    def test_verify_with_a_key_that_is_none(self, key):
        code, out, err = self.call("verify", "--key", os.path.join(SIGNATURES, key), os.path.join(SIGNATURES, "file"))
        self.assertEqual((1, ""), (code, out))
        self.assertIn("is no public key of ECDSA P-256", err)

    def test_verify_without_a_key(self):
        """With the key of this tree, which has signed nothing here; today there is none."""
        with open(os.path.join(ROOT, "src", "release.pub"), encoding="utf-8") as file:
            has_key = "\n-----BEGIN PUBLIC KEY-----\n" in "\n" + file.read()
        code, out, err = self.call("verify", os.path.join(SIGNATURES, "file"))
        self.assertEqual((1 if has_key else 3, ""), (code, out))
        self.assertIn("somebody else made it" if has_key else "this program holds no key", err)

    @each(("nothing", ()), ("key_alone", ("--key",)), ("key_of_nothing", ("--key", "x")), ("option", ("--all", "x")),
          ("too_many", ("x", "y", "z")))
    def test_verify_wrongly_asked(self, arguments):
        code, out, err = self.call("verify", *arguments)
        self.assertEqual((2, ""), (code, out))
        self.assertIn("Usage: dbus-opendtu verify", err)
