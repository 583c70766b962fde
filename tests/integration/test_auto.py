"""A DTU of a kind that the configuration does not tell: found out by asking."""

from tests.integration.case import PVINVERTER, BusTest, each
from tests.integration.program import ini, inverter
from tests.sim import Ahoy, Inverter, OpenDtu
from tests.sim.web import Response

LIST, LIVE = "/api/livedata/status", "/api/live"
FIRST, SECOND = "114182000001", "114182000002"


class Talkative(Ahoy):
    """Answers what it does not have as an AhoyDTU 0.8 does: 200, and what it has."""

    def page(self, request, rows=None):
        page = super().page(request, rows)
        if page is None and request.path.startswith("/api/"):
            return Response.json({"generic": self._generic(), "live": self.url + LIVE,
                                  "inverter/list": self.url + "/api/inverter/list"})
        return page


class AutoTest(BusTest):

    def site(self, gateway, **default):
        self.gateway(gateway)
        self.configure(default={"DTU": "auto", "Host": gateway.host, "AutoAdd": 0, **default},
                       INVERTER0=inverter(34))
        return gateway

    def wait_serial(self, serial, timeout=6.0):
        self.wait_value(PVINVERTER % 34, "/Serial", serial, timeout)

    def unit(self, serial=FIRST, **options):
        return Inverter(serial, "Roof", **options)

    @each(("opendtu", OpenDtu, "v26"), ("opendtu_in_one", OpenDtu, "v24.1"),
          ("opendtu_array", OpenDtu, "2022-10"))
    def test_finds(self, kind, shape):
        dtu = self.site(kind(self.sun, [self.unit()], shape=shape))
        program = self.start()
        self.wait_serial(FIRST)
        self.assert_value(PVINVERTER % 34, "/ProductName", "OpenDTU")
        self.wait_polls(dtu, LIST, 2)
        self.assertEqual(dtu.counts.requests[LIVE], 0)
        self.assertNotIn("neither", program.log())

    @each(("ahoy", Ahoy, "0.8"), ("ahoy_inline", Ahoy, "0.5.66"), ("ahoy_talkative", Talkative, "0.8"))
    def test_finds_behind(self, kind, version):
        dtu = self.site(kind(self.sun, [self.unit()], version=version))
        program = self.start()
        self.wait_serial(FIRST)
        self.assert_value(PVINVERTER % 34, "/ProductName", "AhoyDTU")
        self.wait_polls(dtu, LIVE, 3)
        self.assertEqual(dtu.counts.requests[LIST], 1)
        self.assertNotIn("WARNING", program.log())

    def test_default(self):
        """The key DTU need not be there at all."""
        dtu = self.gateway(Ahoy(self.sun, [self.unit()]))
        self.write_config(ini({"Host": dtu.host}, {"INVERTER0": inverter(34)}))
        self.start()
        self.wait_serial(FIRST)

    def test_neither(self):
        class Camera(OpenDtu):
            def page(self, request, change=None):
                return None

        dtu = self.site(Camera(self.sun, []))
        program = self.start()
        self.wait("what was tried", lambda: "no OpenDTU or AhoyDTU answers" in program.log())
        self.assertIn("describe another device, such as a Shelly, in a [TEMPLATEn]", program.log())
        self.assertIn("no such page", program.log())
        self.assertEqual(dtu.counts.requests[LIST], dtu.counts.requests[LIVE])

    @each(("ahoy_for_opendtu", OpenDtu, Ahoy), ("opendtu_for_ahoy", Ahoy, OpenDtu))
    def test_another_moves_in(self, first, second):
        before = self.site(first(self.sun, [self.unit()]), RetryAfterSeconds=1)
        self.start()
        self.wait_serial(FIRST)
        before.stop()
        self.gateway(second(self.sun, [self.unit(SECOND)], port=before.port))
        self.wait_serial(SECOND, timeout=15.0)
