"""Logging in, certificates, redirects."""

import ssl

from tests.integration.case import PVINVERTER, BusTest, each, on_every_model
from tests.integration.certificates import EXPIRED, VALID, Authority
from tests.integration.program import inverter, template
from tests.sim import Basic, Bearer, Digest, Fault, Generic, Inverter, Query, ShellyGen2, Tasmota

SERVICE = PVINVERTER % 20
PLUG = "rpc/Switch.GetStatus?id=0"


class AuthTest(BusTest):

    def dtu(self, **options):
        return self.opendtu(Inverter("114182000001", "One"), **options)

    def run_dtu(self, dtu, **keys):
        self.configure({"Host": dtu.host, **keys}, INVERTER0=inverter(20))
        return self.start()

    def run_plug(self, plug, **keys):
        self.configure({"NumberOfTemplates": 1, "DTU": "template"},
                       TEMPLATE0=template(20, plug.host, PLUG, CUST_Power="apower", **keys))
        return self.start()

    def plug(self, **options):
        return self.gateway(ShellyGen2(self.sun, [Inverter("plug", "Plug", strings=1)], **options))

    def wait_live(self, gateway, timeout=6.0):
        power = gateway.inverters[0].reading(self.sun.now()).power
        self.wait_value(SERVICE, "/Ac/Power", power, timeout)

    def test_basic(self):
        dtu = self.dtu(auth=Basic("admin", "openDTU42"))
        self.run_dtu(dtu, Username="admin", Password="openDTU42")
        self.wait_live(dtu)

    @on_every_model("sha256")
    @each(("md5", "MD5"), ("sha256", "SHA-256"))
    def test_digest_with_lasting_nonces(self, algorithm):
        """One challenge, then its nonce again and again, with a count that rises."""
        auth = Digest("admin", "secret", algorithm)
        plug = self.plug(auth=auth, keep_alive=True)
        self.run_plug(plug, Username="admin", Password="secret", DigestAuth="True")
        self.wait_live(plug)
        self.wait("four polls", lambda: len(auth.used) >= 4, 10.0)
        self.assertEqual(1, auth.challenges)
        self.assertEqual(list(range(1, len(auth.used) + 1)), [count for _, count in auth.used])

    def test_digest_with_nonces_for_one_request(self):
        auth = Digest("admin", "secret", once=True)
        plug = self.plug(auth=auth)
        self.run_plug(plug, Username="admin", Password="secret", DigestAuth="True")
        self.wait_live(plug)
        self.wait("four polls", lambda: len(auth.used) >= 4, 10.0)
        self.assertEqual(4, len({nonce for nonce, _ in auth.used[:4]}))

    def test_digest_nonce_that_runs_out(self):
        """Answered at once with the new one: no poll is lost."""
        auth = Digest("admin", "secret")
        plug = self.plug(auth=auth)
        program = self.run_plug(plug, Username="admin", Password="secret", DigestAuth="True")
        self.wait_live(plug)
        auth.forget()
        self.wait("polls go on", lambda: auth.challenges == 2 and len(auth.used) >= 3, 8.0)
        self.assert_value(SERVICE, "/StatusCode", 7)
        self.assertEqual([], program.lines("WARNING"))

    @each(("basic", Basic("admin", "right"), "False"), ("digest", Digest("admin", "right"), "True"),
          ("nothing_given", Basic("admin", "right"), None))
    def test_wrong_password(self, auth, digest):
        """Says what to do, once; and when the password is right, it works."""
        plug = self.plug(auth=auth)
        keys = {} if digest is None else {"Username": "admin", "Password": "wrong",
                                          "DigestAuth": digest}
        program = self.run_plug(plug, **keys)
        self.wait("a word about it", lambda: program.lines("WARNING", "TEMPLATE0", "Password"))
        self.wait_requests(plug, 4)
        self.assertEqual(1, len(program.lines("WARNING", "TEMPLATE0")), program.log())
        self.assertNotIn("wrong", program.log())
        plug.auth = None
        self.wait_live(plug)

    @on_every_model("challenged")
    @each(("challenged", True), ("not_challenged", False))
    def test_token(self, challenged):
        """In place of user name and password; in no line of the log, whatever goes wrong."""
        token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiI1NmY4.Xw"
        plug = self.plug(auth=Bearer("another", challenged))
        program = self.run_plug(plug, Authorization=f"Bearer {token}", Logging="DEBUG")
        self.wait("a word about it", lambda: program.lines("WARNING", "TEMPLATE0", "Authorization"))
        plug.auth = Bearer(token)
        self.wait_live(plug)
        self.assertNotIn(token, program.log())

    @each(("new", False), ("old", True))
    def test_tasmota_query(self, old):
        """Credentials among the parameters; a refusal that is a 200 on old firmware."""
        shed = self.gateway(Tasmota(self.sun, [Inverter("t", "t", strings=1)],
                                    auth=Query("admin", "pass", old=old)))
        path = "cm?user=admin&password=pass&cmnd=STATUS+8"
        self.configure({"NumberOfTemplates": 1, "DTU": "template"},
                       TEMPLATE0=template(20, shed.host, path, CUST_Power="StatusSNS/ENERGY/Power"))
        program = self.start()
        self.wait_live(shed)
        shed.auth = Query("admin", "changed", old=old)
        self.wait("a word about it", lambda: program.lines("WARNING", "TEMPLATE0", "password"))
        self.wait_value(SERVICE, "/StatusCode", 10)

    # --- https --------------------------------------------------------------------------------

    CERTIFICATES = [
        ("ip_address", "IP:127.0.0.1", VALID, None, None),
        ("tls_1_3_only", "IP:127.0.0.1", VALID, ssl.TLSVersion.TLSv1_3, None),
        ("tls_1_2_only", "IP:127.0.0.1", VALID, ssl.TLSVersion.TLSv1_2, None),
        ("wrong_name", "DNS:other.example,IP:192.0.2.1", VALID, None, "certificate"),
        ("expired", "IP:127.0.0.1", EXPIRED, None, "certificate"),
    ]

    @on_every_model("ip_address", "tls_1_3_only", "wrong_name", "expired")
    @each(*CERTIFICATES)
    def test_https(self, names, valid, version, refused):
        authority = Authority(self.folder)
        dtu = self.dtu(tls=authority.context(names, valid, version))
        program = self.run_dtu(dtu, CACert=authority.file, HTTPTimeout=5)
        if refused:
            self.wait("a word about it", lambda: program.lines("WARNING", "DEFAULT", refused))
            self.assertEqual([], self.client.names())
            self.assertEqual(0, dtu.counts.total, "nothing may be asked of it")
        else:
            self.wait_live(dtu)

    def test_https_by_name(self):
        authority = Authority(self.folder)
        dtu = self.dtu(tls=authority.context("DNS:localhost"))
        self.run_dtu(dtu, Host=f"https://localhost:{dtu.port}", CACert=authority.file,
                     HTTPTimeout=5)
        self.wait_live(dtu)

    def test_https_of_an_unknown_authority(self):
        authority = Authority(self.folder)
        dtu = self.dtu(tls=authority.context("IP:127.0.0.1"))
        program = self.run_dtu(dtu, HTTPTimeout=5)
        self.wait("a word about what to do", lambda: program.lines("WARNING", "CACert"))
        self.assertEqual(0, dtu.counts.total)

    def test_https_without_verification(self):
        authority = Authority(self.folder)
        dtu = self.dtu(tls=authority.context("DNS:other.example", EXPIRED))
        self.run_dtu(dtu, TlsVerify=0, HTTPTimeout=5)
        self.wait_live(dtu)

    # --- redirects ----------------------------------------------------------------------------

    def test_redirect_within_the_host(self):
        pages = {"/here": {"apower": 12.5}}
        plug = self.gateway(Generic(pages))
        plug.fault = Fault("status", path="Switch", status=302, location="/here")
        self.run_plug(plug)
        self.wait_value(SERVICE, "/Ac/Power", 12.5)

    @each(("other_port", "http://127.0.0.1:{port}/"), ("other_name", "http://localhost:{port}/"),
          ("other_scheme", "ftp://127.0.0.1/"), ("file", "file:///etc/passwd"))
    def test_redirect_to_elsewhere_is_refused(self, where):
        """Neither request nor credentials go there."""
        other = self.gateway(Generic({"/": {"apower": 666}}))
        plug = self.plug()
        plug.fault = Fault("status", status=302, location=where.format(port=other.port))
        program = self.run_plug(plug, Username="admin", Password="secret")
        self.wait("a word about it", lambda: program.lines("WARNING", "TEMPLATE0"))
        self.wait_requests(plug, 2)
        self.assertEqual(0, other.counts.total)
        self.assertEqual([], self.client.names())

    def test_redirect_for_ever(self):
        plug = self.plug()
        plug.fault = Fault("status", status=302, location="/" + PLUG)
        self.run_plug(plug)
        self.wait_requests(plug, 7)
        times = [when for when, _ in plug.counts.targets]
        polls = 1 + sum(after - before > 0.5 for before, after in zip(times, times[1:]))
        self.assertLessEqual(len(times), 3 * polls, "a poll follows two redirects at most")

    def test_no_proxy_from_the_environment(self):
        dtu = self.dtu()
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        nowhere = "http://127.0.0.1:9"
        self.start(environment={"http_proxy": nowhere, "ALL_PROXY": nowhere})
        self.wait_live(dtu)
