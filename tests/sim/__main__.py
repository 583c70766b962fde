"""Runs simulated gateways until Ctrl-C: python3 -m tests.sim [--speed N] [--start HH:MM]"""

import argparse
import contextlib
import signal

from tests.sim.ahoy import Ahoy
from tests.sim.auth import Digest
from tests.sim.control import Control
from tests.sim.inverter import Inverter
from tests.sim.opendtu import SHAPES, OpenDtu
from tests.sim.shelly import ShellyGen1, ShellyGen2
from tests.sim.sun import Sun
from tests.sim.tasmota import Tasmota


ENDING = {signal.SIGINT, signal.SIGTERM}


def gateways(sun, shape):
    """One of each kind, as a house might have them."""
    return {
        "opendtu": OpenDtu(sun, [Inverter("114182940773", "Roof south"),
                                 Inverter("114181705577", "Roof north", base_kwh=640.0),
                                 Inverter("1361a1b2c3d4", "Barn", strings=6, phases=3)],
                           shape=shape, pushes=True),
        "ahoy": Ahoy(sun, [Inverter("116190745467", "Garage", strings=4, base_kwh=1500.0)]),
        "shelly1": ShellyGen1(sun, [Inverter("shelly1pm", "Balcony", strings=1)]),
        "shelly2": ShellyGen2(sun, [Inverter("shellyplus1pm", "Fence", strings=1)],
                              auth=Digest("admin", "test", realm="shellyplus1pm-44179394d4d4")),
        "tasmota": Tasmota(sun, [Inverter("tasmota", "Shed", strings=1)]),
    }


def main():
    parser = argparse.ArgumentParser(prog="python3 -m tests.sim", description=__doc__)
    parser.add_argument("--speed", type=float, default=600.0, help="of the sun, default 600")
    parser.add_argument("--start", default="08:00", help="time of day to begin with")
    parser.add_argument("--shape", choices=SHAPES, default="v26", help="of OpenDTU's replies")
    parser.add_argument("--port", type=int, default=0, help="of the control interface")
    options = parser.parse_args()
    sun = Sun(options.start, options.speed)
    named = gateways(sun, options.shape)
    with contextlib.ExitStack() as stack:
        for name, gateway in named.items():
            stack.enter_context(gateway)
            print(f"{name:<9} {gateway.url}", flush=True)
        control = stack.enter_context(Control(named, sun, port=options.port))
        print(f"control   {control.url}", flush=True)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        signal.sigwait(ENDING)


if __name__ == "__main__":
    main()
