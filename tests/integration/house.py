"""A house to show: an OpenDTU, an AhoyDTU and a Shelly, simulated, with what config.ini says of them."""

from tests.integration.program import ini
from tests.sim import Ahoy, Digest, Inverter, OpenDtu, ShellyGen2


def gateways(sun):
    """The OpenDTU has three inverters, one of them on three phases; there are two more."""
    return {
        "dtu": OpenDtu(sun, [Inverter("114182940773", "Roof south", base_kwh=812.0),
                             Inverter("114181705577", "Roof north", base_kwh=640.5),
                             Inverter("1361a1b2c3d4", "Barn", strings=6, phases=3, peak=2250.0,
                                      base_kwh=2301.7)]),
        "ahoy": Ahoy(sun, [Inverter("116190745467", "Garage", strings=4, base_kwh=1502.3)]),
        "plug": ShellyGen2(sun, [Inverter("plug", "Balcony", strings=1, base_kwh=96.1)],
                           auth=Digest("admin", "sunny side", realm="shellyplus1pm-44179394d4d4")),
    }


def configuration(houses):
    """Two DTUs and a Shelly; what no section names is found by itself."""
    plug = {"Host": houses["plug"].host, "Username": "admin", "Password": "sunny side",
            "DigestAuth": 1, "CUST_SN": "44179394d4d4",
            "CUST_API_PATH": "rpc/Switch.GetStatus?id=0", "CUST_POLLING": 1000,
            "CUST_Power": "apower", "CUST_Total": "aenergy/total", "CUST_Total_Mult": 0.001,
            "CUST_Voltage": "voltage", "CUST_Current": "current",
            "DeviceInstance": 30, "AcPosition": 0, "Name": "Balcony"}
    return ini({"Host": houses["dtu"].host, "PollingInterval": 1000, "Logging": "INFO",
                "NumberOfTemplates": 1},
               {"DTU1": {"Host": houses["ahoy"].host, "Phase": "L3", "AcPosition": 0},
                "INVERTER0": {"DeviceInstance": 20},
                "INVERTER1": {"DeviceInstance": 21, "Phase": "L2"},
                "INVERTER2": {"DeviceInstance": 22}, "TEMPLATE0": plug})
