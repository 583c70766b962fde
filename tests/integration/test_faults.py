"""Every fault of the simulator, during three polls and after it, on every kind of gateway at once.

Several programs share one bus here: a configuration has one DTU, and all kinds are to be tried.
"""

from tests.integration.case import PVINVERTER, BusTest, each, on_every_model
from tests.integration.program import inverter, template
from tests.sim import (Ahoy, Digest, Fault, Inverter, OpenDtu, Query, ShellyGen1, ShellyGen2,
                       Tasmota)

# Which fault, and what must be seen of it:
#   away       0 W, error, energy kept
#   no value   nothing that looks like a live measurement
#   harmless   values as if nothing were wrong
FAULTS = [
    ("hang", Fault("hang"), "away"),
    ("drip", Fault("drip"), "away"),
    ("cut_off_body", Fault("cut"), "away"),
    ("connection_reset", Fault("reset"), "away"),
    ("closed_without_reply", Fault("silent-close"), "away"),
    ("refused", None, "away"),
    ("status_401", Fault("status", status=401), "away"),
    ("status_404", Fault("status", status=404), "away"),
    ("status_429", Fault("status", status=429, retry_after=1), "away"),
    ("status_500", Fault("status", status=500), "away"),
    ("status_503", Fault("status", status=503, retry_after=1), "away"),
    ("body_null", Fault("null"), "no value"),
    ("html", Fault("html"), "away"),
    ("cut_off_json", Fault("truncated"), "away"),
    ("empty_body", Fault("body"), "away"),
    ("empty_object", Fault("empty-object"), "no value"),
    ("more_than_1_mib", Fault("oversize"), "away"),
    ("deep_nesting", Fault("deep"), "away"),
    ("null_values", Fault("nulls"), "no value"),
    ("numbers_as_text", Fault("text-numbers"), "harmless"),
    ("1_mib", Fault("huge"), "harmless"),
    ("late_but_in_time", Fault("delay", seconds=0.3), "harmless"),
]
MEANINGS = [("no_inverters", Fault("empty"), "away"), ("no_ac", Fault("no-ac"), "no value")]


class Site:
    """One gateway with its instance numbers, and the request that begins each poll."""

    def __init__(self, gateway, target, instances):
        self.gateway, self.target, self.instances = gateway, target, instances

    @property
    def services(self):
        return [PVINVERTER % instance for instance in self.instances]

    def polls(self):
        return self.gateway.counts.requests[self.target]


class FaultTest(BusTest):

    timeout_s = 1

    def dtu(self, place, kind, path, gateway, first):
        """A program with one DTU that has two inverters."""
        self.gateway(gateway)
        self.configure({"DTU": kind, "Host": gateway.host, "ESP8266PollingIntervall": 1000,
                        "HTTPTimeout": self.timeout_s}, place,
                       INVERTER0=inverter(first), INVERTER1=inverter(first + 1, "L2"))
        return Site(gateway, path, [first, first + 1])

    def inverters(self, prefix):
        return [Inverter(f"{prefix}1", "One", base_kwh=100),
                Inverter(f"{prefix}2", "Two", base_kwh=500)]

    def dtus(self):
        """Programs by place: a DTU of each kind."""
        live = "/api/livedata/status"
        return {
            "today": self.dtu("today", "opendtu", live,
                              OpenDtu(self.sun, self.inverters("1141820000a"), "v26"), 20),
            "summer": self.dtu("summer", "opendtu", live,
                               OpenDtu(self.sun, self.inverters("1141820000b"), "v24.1"), 30),
            "flat": self.dtu("flat", "opendtu", live,
                             OpenDtu(self.sun, self.inverters("1141820000c"), "2022-11"), 40),
            "ahoy": self.dtu("ahoy", "ahoy", "/api/live",
                             Ahoy(self.sun, self.inverters("1161820000d"), "0.8"), 50),
            "inline": self.dtu("inline", "ahoy", "/api/live",
                               Ahoy(self.sun, self.inverters("1161820000e"), "0.5.66"), 60),
        }

    def templates(self):
        """One program, three gateways: templates, each with a way of its own to log in."""
        one = lambda name: [Inverter(name, name, strings=1)]
        relay = self.gateway(ShellyGen1(self.sun, one("gen1")))
        login = Digest("admin", "pw", once=True)
        plug = self.gateway(ShellyGen2(self.sun, one("gen2"), auth=login))
        shed = self.gateway(Tasmota(self.sun, one("tasmota"), auth=Query("admin", "pw")))
        self.configure(
            {"NumberOfTemplates": 3, "DTU": "template"}, "templates",
            TEMPLATE0=template(70, relay.host, "status", CUST_Power="meters/0/power",
                               CUST_Total="meters/0/total", CUST_Total_Mult=1 / 60000),
            TEMPLATE1=template(71, plug.host, "rpc/Switch.GetStatus?id=0", Username="admin",
                               Password="pw", DigestAuth="True", CUST_Power="apower",
                               CUST_Total="aenergy/total", CUST_Total_Mult=0.001,
                               CUST_Voltage="voltage", CUST_Current="current"),
            TEMPLATE2=template(72, shed.host, "cm?user=admin&password=pw&cmnd=STATUS+8",
                               CUST_Power="StatusSNS/ENERGY/Power",
                               CUST_Total="StatusSNS/ENERGY/Total"))
        return [Site(relay, "/status", [70]), Site(plug, "/rpc/Switch.GetStatus?id=0", [71]),
                Site(shed, "/cm?user=admin&password=pw&cmnd=STATUS+8", [72])]

    def live(self, sites):
        """Waits for the true watts of every inverter; what they are, and the energy."""
        good = {}
        for site in sites:
            for service, device in zip(site.services, site.gateway.inverters):
                reading = device.reading(self.sun.now())
                self.wait_value(service, "/Ac/Power", reading.power, 8.0)
                good[service] = (reading.power, self.client.value(service, "/Ac/Energy/Forward"))
        return good

    def spoil(self, sites, fault):
        for site in sites:
            if fault is None:
                site.gateway.refuse_connections()
            site.gateway.fault = fault

    def mend(self, sites):
        for site in sites:
            site.gateway.fault = None
            site.gateway.accept_connections()

    def three_polls(self, sites, refused):
        """During the fault. A closed port counts nothing: time has to do there."""
        begin = {site: site.polls() for site in sites}
        if refused:
            self.assert_stays("all programs run",
                              lambda: all(p.running for p in self.programs), 3.5)
            return
        for site in sites:
            self.wait(f"three polls of {type(site.gateway).__name__}",
                      lambda s=site: s.polls() >= begin[s] + 3, 14.0)

    def expect(self, sites, good, seen):
        for site in sites:
            for service in site.services:
                power, energy = good[service]
                if seen == "away":
                    self.wait_value(service, "/Ac/Power", 0.0, 6.0)
                    self.wait_value(service, "/StatusCode", 10, 3.0)
                elif seen == "no value":
                    self.wait_value(service, "/Ac/Power", lambda v: v in (None, 0.0), 6.0)
                else:
                    self.assert_value(service, "/Ac/Power", power)
                    self.assert_value(service, "/StatusCode", 7)
                self.wait_value(service, "/Ac/Energy/Forward",
                                lambda v, e=energy: abs(v - e) < 0.001 if v else seen == "no value")

    def check_fault(self, sites, fault, seen):
        """Good values, the fault, good values again; the services stay all the time."""
        good = self.live(sites)
        names = self.client.names()
        lines = sum(len(p.log().splitlines()) for p in self.programs)
        self.spoil(sites, fault)
        self.three_polls(sites, fault is None)
        self.expect(sites, good, seen)
        self.assertEqual(self.client.names(), names)
        said = sum(len(p.log().splitlines()) for p in self.programs) - lines
        self.assertLessEqual(said, 2 * len(sites) + 2 * len(names), "the log must not fill up")
        self.mend(sites)
        for service, (power, energy) in good.items():
            self.wait_value(service, "/Ac/Power", power, 4.0)
            self.assert_value(service, "/StatusCode", 7)
            self.wait_value(service, "/Ac/Energy/Forward", energy, 2.0)

    @each(*FAULTS, *MEANINGS)
    def test_dtu(self, fault, seen):
        """Each kind of DTU."""
        if seen == "harmless":  # whatever a busy machine takes over such a reply
            self.timeout_s = 10
        sites = self.dtus()
        for place in sites:
            self.start(place)
        self.check_fault(list(sites.values()), fault, seen)

    @each(*FAULTS)
    def test_template(self, fault, seen):
        """Shelly of both generations, and Tasmota."""
        sites = self.templates()
        self.start("templates")
        self.check_fault(sites, fault, seen)

    @on_every_model("hang", "cut_off_json")
    @each(("hang", Fault("hang"), "away"), ("cut_off_json", Fault("truncated"), "away"))
    def test_opendtu(self, fault, seen):
        """The most common one by itself, where time is dear."""
        site = self.dtu("today", "opendtu", "/api/livedata/status",
                        OpenDtu(self.sun, self.inverters("1141820000a"), "v26"), 20)
        self.start("today")
        self.check_fault([site], fault, seen)
