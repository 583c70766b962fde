"""Several DTUs in one configuration, of any kind, beside templates."""

from tests.integration.case import PVINVERTER, BusTest
from tests.integration.program import ini, inverter, template
from tests.sim import Ahoy, Inverter, OpenDtu, ShellyGen2

ROOF, SHED, BARN = PVINVERTER % 34, PVINVERTER % 35, PVINVERTER % 36
METER = PVINVERTER % 40


class DtusTest(BusTest):

    def setUp(self):
        super().setUp()
        # Each lists an "inverter 0"; the last one is not told of which kind it is.
        self.first = self.opendtu(Inverter("114182000001", "Roof"))
        self.second = self.gateway(Ahoy(self.sun, [Inverter("114182000002", "Shed")]))
        self.third = self.opendtu(Inverter("114182000003", "Barn"), shape="v24.1")
        self.meter = self.gateway(ShellyGen2(self.sun, [Inverter("m", "Meter", strings=1)]))
        self.write_config(ini(
            {"Host": self.first.host, "PollingInterval": 1000, "HTTPTimeout": 1, "Logging": "INFO",
             "RetryAfterSeconds": 1, "MinRetriesUntilFail": 2, "NumberOfTemplates": 1},
            {"DTU1": {"Type": "ahoy", "Host": self.second.host},
             "DTU7": {"Host": self.third.host},
             "INVERTER0": inverter(34),
             "INVERTER1": inverter(35, DTU=1),
             "INVERTER2": inverter(36, DTU=7),
             "TEMPLATE0": template(40, self.meter.host, "rpc/Switch.GetStatus?id=0",
                                   CUST_Power="apower", CUST_Total="aenergy/total",
                                   CUST_Total_Mult=0.001)}))

    def test_each_has_its_own(self):
        program = self.start()
        for service, serial in ((ROOF, "114182000001"), (SHED, "114182000002"),
                                (BARN, "114182000003"), (METER, "T40")):
            self.wait_value(service, "/Serial", serial)
        self.wait_names(ROOF, SHED, BARN, METER)
        self.assertIn(self.second.host, self.peek(SHED, "/Mgmt/Connection"))
        self.assertNotIn("WARNING", program.log())

    def test_one_that_is_down_touches_nobody_else(self):
        self.start()
        for service in (ROOF, SHED, BARN, METER):
            self.wait_value(service, "/StatusCode", 7)
        self.second.refuse_connections()
        self.wait_value(SHED, "/StatusCode", 10)
        self.wait_polls(self.third, "/api/livedata/status", 3)
        for service in (ROOF, BARN, METER):
            self.assert_value(service, "/StatusCode", 7)
        self.second.accept_connections()
        self.wait_value(SHED, "/StatusCode", 7)
