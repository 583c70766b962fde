"""Simulated solar gateways over real HTTP.

A test makes a gateway, gives it inverters, and scripts what goes wrong:

    sun = Sun("12:00")
    dtu = OpenDtu(sun, [Inverter("114182940773", "Roof", strings=2)], shape="v26")
    with dtu:
        dtu.fault = Fault("hang")

`python3 -m tests.sim` runs a few of them with a control interface over HTTP.
"""

from tests.sim.ahoy import Ahoy
from tests.sim.auth import Basic, Bearer, Digest, Query
from tests.sim.control import Control
from tests.sim.fault import FAULTS, Fault
from tests.sim.gateway import Gateway
from tests.sim.generic import Generic
from tests.sim.inverter import Inverter, Reading, StringReading
from tests.sim.opendtu import OpenDtu
from tests.sim.shelly import ShellyGen1, ShellyGen2
from tests.sim.sun import Sun
from tests.sim.tasmota import Tasmota

__all__ = [
    "Ahoy", "Basic", "Bearer", "Control", "Digest", "FAULTS", "Fault", "Gateway", "Generic", "Inverter",
    "OpenDtu", "Query", "Reading", "ShellyGen1", "ShellyGen2", "StringReading", "Sun", "Tasmota",
]
