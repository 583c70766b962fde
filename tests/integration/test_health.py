"""How a gateway answers, on the bus: /Debug/* of each of its services."""

from tests.integration.case import PVINVERTER, BusTest, each
from tests.integration.program import inverter
from tests.sim import Basic, Fault, Inverter

ROOF, BARN = PVINVERTER % 20, PVINVERTER % 21
# The fault, the kind that it is told as, what its text says.
FAULTS = [
    ("timeout", Fault("hang"), "timeout", "2"),
    ("status", Fault("status", status=500), "status", "500"),
    ("busy", Fault("status", status=503), "busy", "503"),
    ("null", Fault("null"), "busy", ""),
    ("cut", Fault("cut"), "cut off", ""),
    ("too_large", Fault("oversize"), "cut off", ""),
    ("html", Fault("html"), "bad reply", "HTML"),
]


class HealthTest(BusTest):

    def run_with(self, **options):
        dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"),
                           **options)
        self.configure({"Host": dtu.host, "HTTPTimeout": 2,
                        "Username": "admin", "Password": "pa55word"},
                       INVERTER0=inverter(20), INVERTER1=inverter(21, "L2"))
        self.start()
        return dtu

    def test_all_is_well(self):
        self.run_with()
        self.wait_value(ROOF, "/Debug/Requests", lambda v: isinstance(v, int) and v > 0)
        self.assert_value(ROOF, "/Debug/Failures", 0)
        self.assert_value(ROOF, "/Debug/FailuresByKind", "")
        self.assert_value(ROOF, "/Debug/LastError", "")
        self.assert_value(ROOF, "/Debug/Bytes", lambda v: isinstance(v, float) and v > 100)
        median, highest = (self.peek(ROOF, f"/Debug/RoundTrip{p}") for p in ("P50", "P99"))
        self.assertGreater(median, 0)
        self.assertGreaterEqual(highest, median)

    @each(*FAULTS)
    def test_fault(self, fault, kind, text):
        """Told at once, on each service of the gateway; gone on counting when it is over."""
        dtu = self.run_with()
        for service in (ROOF, BARN):
            self.wait_value(service, "/Debug/Failures", 0)
        dtu.fault = fault
        for service in (ROOF, BARN):
            self.wait_value(service, "/Debug/FailuresByKind", f"{kind} 1")
            self.assert_value(service, "/Debug/Failures", 1)
            self.assert_value(service, "/Debug/LastError", lambda v: v and text in v)
        self.wait_value(ROOF, "/StatusCode", 10, 10.0)
        dtu.fault = None
        for service in (ROOF, BARN):
            self.wait_value(service, "/Debug/Failures", lambda v: v >= 2, 10.0)
            self.wait_value(service, "/StatusCode", 7)

    def test_away(self):
        dtu = self.run_with()
        self.wait_value(ROOF, "/Debug/Failures", 0)
        dtu.refuse_connections()
        self.wait_value(ROOF, "/Debug/FailuresByKind", "unreachable 1")

    def test_wrong_password(self):
        """Told, but never the password; another kind of fault is told at once."""
        dtu = self.run_with()
        self.wait_value(ROOF, "/Debug/Failures", 0)
        dtu.auth = Basic("admin", "other")
        self.wait_value(ROOF, "/Debug/FailuresByKind", "unauthorized 1")
        self.assert_value(ROOF, "/Debug/LastError", lambda v: v and "pa55word" not in v)
        dtu.fault = Fault("hang")
        self.wait_value(ROOF, "/Debug/FailuresByKind",
                        lambda v: v.startswith("timeout 1, unauthorized "), 10.0)

    def test_no_signal_for_its_sake(self):
        """While a gateway is away for long, its services say no more than the first times."""
        dtu = self.run_with()
        self.wait_value(ROOF, "/Debug/Failures", 0)
        dtu.refuse_connections()
        self.wait_value(ROOF, "/StatusCode", 10, 10.0)
        before = len(self.recorder.signals(ROOF))
        self.assert_stays("no more signals",
                          lambda: len(self.recorder.signals(ROOF)) == before, 3.5)
