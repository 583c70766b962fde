"""What a gateway or another service writes reaches no terminal, no log and no bus unchanged.

A terminal obeys control characters, a change of direction makes one text look like another, libdbus ends
the program that gives it bad UTF-8, and the settings service saves nothing once it holds what XML cannot.
"""

import os

from tests.integration.case import on_every_model
from tests.integration.command import CommandTest
from tests.integration.program import inverter
from tests.integration.settings_service import SettingsService
from tests.integration.venus import setting
from tests.sim import Generic, Inverter
from tests.sim.web import Response

SERIAL = "116182000001"
ROOF = "com.victronenergy.pvinverter.http_20"
# Steers a terminal (ESC, CSI as U+009B and as a single byte), turns the direction, is no XML, is no UTF-8.
NASTY = "\x1b]0;x\x07\x1b[2J\x9b31m\udc9b1m\u202eb\u2066\ufffe\uffff\udcff"
FORBIDDEN = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"


class ForeignTextTest(CommandTest):

    def assert_clean(self, text):
        self.assertNotRegex(text, FORBIDDEN)

    def run_clean(self, code, *arguments):
        """What a subcommand prints, after a look at it."""
        seen, out, err = self.call(*arguments)
        self.assertEqual(code, seen, out + err)
        self.assert_clean(out)
        self.assert_clean(err)
        return out + err

    def site(self, **pages):
        return self.gateway(Generic({f"/{name}": page for name, page in pages.items()}))

    # --- asked once ---------------------------------------------------------------------------

    def test_fetch(self):
        body = f'{{"name":"a{NASTY}z",\r\n\t"n":1}}\0\n'.encode(errors="surrogateescape")
        site = self.site(status=Response(200, body))
        out = self.run_clean(0, "fetch", f"{site.url}/status")
        self.assertEqual('{"name":"a?]0;x??[2J?31m?1m?b????z", \n\t"n":1}?\n', out)

    def test_fetch_an_error(self):
        """A Location with a lone 0x9b, which ends the search for a host."""
        site = self.site(moved=Response(302, headers={"Location": f"http://a\udc9b31m{NASTY[10:]}/"}))
        self.assertIn("redirects to http://a?31m", self.run_clean(1, "fetch", f"{site.url}/moved"))

    def test_refusal(self):
        """A device's own words on it."""
        body = {"message": f"no {NASTY} here"}
        site = self.site(status=Response.json(body, status=403))
        for command in ("fetch", "paths"):
            self.assertIn("no ?]0;x", self.run_clean(1, command, f"{site.url}/status"))

    def test_paths(self):
        site = self.site(status={f"a{NASTY}z": {"power": 5}, "ok": 1})
        for options in ((), ("--json",)):
            out = self.run_clean(0, "paths", *options, f"{site.host}/status")
            self.assertIn("ok", out)
            self.assertIn("a?]0;x", out)

    # --- the service and what is said of it ---------------------------------------------------

    def start_roof(self):
        self.settings = SettingsService(self.bus)
        self.addCleanup(self.settings.close)
        self.settings.come()
        self.dtu = self.opendtu(Inverter(SERIAL, f"Roof {NASTY}"))
        self.dtu.hostname = f"dtu{NASTY}"
        self.configure({"Host": self.dtu.host, "Logging": "DEBUG"}, INVERTER0=inverter(20))
        self.program = self.start()
        self.wait_value(ROOF, "/StatusCode", 7)

    @on_every_model()
    def test_names(self):
        self.start_roof()
        self.assertEqual("Roof ?]0;x??[2J?31m?1m?b????", self.client.value(ROOF, "/CustomName"))
        for path, (_, value, text) in self.client.items(ROOF).items():
            self.assert_clean(f"{path}{value}{text}")
        config = os.path.join(self.folder, "config.ini")
        for arguments in (("check", config), ("check", "--json", config), ("show", "--once"),
                          ("show", "--once", "--stats"), ("support", "--config", config)):
            self.run_clean(0, *arguments)
        self.assert_clean(self.program.log())

    def test_redirects_in_the_log(self):
        self.start_roof()
        self.dtu.page = lambda _request: Response(302, headers={"Location": f"http://a{NASTY}/"})
        self.wait("the redirect in the log", lambda: self.program.lines("redirects to"))
        self.assert_clean(self.program.log())
        code, out, err = self.call("check", os.path.join(self.folder, "config.ini"))
        self.assertEqual(3, code, out + err)
        self.assert_clean(out + err)

    @on_every_model()
    def test_written_name(self):
        """What XML cannot hold is replaced before it comes to the settings service."""
        self.start_roof()
        self.assertEqual(0, self.client.set(ROOF, "/CustomName", "s", "Barn\x1b\u202e\ufffe\uffff"))
        self.assertEqual("Barn????", self.client.value(ROOF, "/CustomName"))
        path = setting(SERIAL, "CustomName")
        self.wait("the name in the settings", lambda: self.settings.value(path) == "Barn????")
        self.assertTrue(self.settings.saves())
