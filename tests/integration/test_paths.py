"""`paths`: what a template may point at in a reply."""

import json

from tests.integration.case import each, on_every_model
from tests.integration.command import CommandTest
from tests.sim import (Basic, Bearer, Digest, Fault, Generic, Inverter, Query, ShellyGen2, Tasmota)

REPLY = {"em:0": {"act": 12.5, "on": True, "name": "x"}, "list": [1, {"w": "7.25"}], "none": 3,
         "a/b": 4, "50%": 5, "grün": 6}


class PathsTest(CommandTest):

    def rows(self, out):
        """path -> the rest of the line, which begins at one column."""
        lines = out.splitlines()
        return dict(line.split(None, 1) for line in lines)

    @on_every_model()
    def test_numbers_and_their_paths(self):
        gateway = self.gateway(Generic({"/status": REPLY}))
        code, out, err = self.call("paths", gateway.host + "/status")
        self.assertEqual((0, ""), (code, err))
        self.assertEqual(
            {"em:0/act": "12.5", "list/0": "1", "list/1/w": "7.25", "/none": "3", "50%%": "5",
             "grün": "6",
             "a/b": "4  (no path leads there: a name in it holds a '/', is empty, or stands there "
                    "twice)"}, self.rows(out))
        columns = {line.rstrip(")").split("  (")[0].rindex(" ") for line in out.splitlines()}
        self.assertEqual(1, len(columns), out)

    def test_json(self):
        gateway = self.gateway(Generic({"/status": REPLY}))
        code, out, err = self.call("paths", "--json", gateway.url + "/status")
        self.assertEqual((0, ""), (code, err))
        found = json.loads(out)
        self.assertIn({"path": "em:0/act", "value": 12.5}, found)
        self.assertIn({"path": "50%", "value": 5}, found)
        odd = [entry for entry in found if entry["path"] is None]
        self.assertEqual(["a/b"], [entry["at"] for entry in odd])
        self.assertEqual(7, len(found))

    def test_without_a_path(self):
        gateway = self.gateway(Generic({"/": {"answer": 42}}))
        code, out, _ = self.call("paths", gateway.host)
        self.assertEqual((0, "answer  42\n"), (code, out))

    @each(("basic", Basic("admin", "pä ss"), ()),
          ("digest", Digest("admin", "pä ss"), ("--digest",)))
    def test_credentials(self, auth, options):
        device = self.gateway(ShellyGen2(self.sun, [Inverter("S1", "S1", strings=1)], auth=auth))
        address = device.host + "/rpc/Switch.GetStatus?id=0"
        code, out, err = self.call("paths", "--user", "admin", "--password", "pä ss", *options,
                                   address)
        self.assertEqual((0, ""), (code, err))
        self.assertIn("apower", self.rows(out))
        self.assertIn("aenergy/total", self.rows(out))
        code, out, err = self.call("paths", *options, address)
        self.assertEqual((1, ""), (code, out))
        self.assertIn("password", err.lower())
        self.assertIn("--user", err)

    def test_token(self):
        """By option or from the environment, where nobody else reads it."""
        device = self.gateway(ShellyGen2(self.sun, [Inverter("S1", "S1", strings=1)],
                                         auth=Bearer("t0.ken")))
        address = device.host + "/rpc/Switch.GetStatus?id=0"
        code, out, err = self.call("paths", "--authorization", "Bearer t0.ken", address)
        self.assertEqual((0, ""), (code, err))
        self.assertIn("apower", self.rows(out))
        code, out, err = self.call("paths", address, environment={"DTU_AUTHORIZATION":
                                                                 "Bearer t0.ken"})
        self.assertEqual((0, ""), (code, err))
        code, out, err = self.call("paths", "--authorization", "Bearer another", address)
        self.assertEqual((1, ""), (code, out))
        self.assertIn("--authorization", err)
        self.assertNotIn("another", err)

    @each(("new", False), ("old", True))
    def test_tasmota(self, old):
        """The credentials go into the query, as the service does it."""
        login = Query("admin", "p w&d", old=old)
        plug = self.gateway(Tasmota(self.sun, [Inverter("T1", "T1", strings=1)], auth=login))
        address = plug.host + "/cm?cmnd=STATUS+8"
        code, out, err = self.call("paths", "--user", "admin", "--password", "p w&d", address)
        self.assertEqual((0, ""), (code, err))
        self.assertIn("StatusSNS/ENERGY/Power", self.rows(out))
        code, out, err = self.call("paths", address)
        self.assertEqual((1, ""), (code, out))
        self.assertIn("password", err.lower())

    @each(("hang", Fault("hang"), ""), ("html", Fault("html"), "HTML"),
          ("missing", Fault("status", status=404), "404"), ("cut", Fault("truncated"), "cut off"),
          ("nothing", Fault("empty-object"), "no number"))
    def test_no_numbers(self, fault, says):
        gateway = self.gateway(Generic({"/": REPLY}))
        gateway.fault = fault
        code, out, err = self.call("paths", "--timeout", "1", gateway.host)
        self.assertEqual((1, ""), (code, out))
        self.assertIn(says, err)
        self.assertEqual(1, len(err.splitlines()), err)

    @each(("nobody", "127.0.0.1:9/"), ("no_name", "no-such-host.invalid/"))
    def test_nobody_there(self, address):
        code, out, err = self.call("paths", "--timeout", "2", address)
        self.assertEqual((1, ""), (code, out))
        self.assertTrue(err.strip())

    @each(("nothing", ()), ("two", ("a/", "b/")), ("scheme", ("ftp://127.0.0.1/",)),
          ("option", ("--dance", "a/")), ("timeout", ("--timeout", "x", "a/")),
          ("long", ("a/" + "x" * 2000,)))
    def test_wrong_usage(self, arguments):
        code, out, err = self.call("paths", *arguments)
        self.assertEqual((2, ""), (code, out))
        self.assertTrue(err.strip())
