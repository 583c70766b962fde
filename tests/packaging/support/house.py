"""What a device meets in a house: gateways at addresses as they are usual there, port 80, and
Venus OS' own settings service on the device's bus.

    python3 -m tests.packaging.support.house BUS_SOCKET KIND    until it is ended; says "ready" when it is
"""

import contextlib
import json
import os
import signal
import sys
from types import SimpleNamespace

from tests.integration.settings_service import SettingsService
from tests.sim import Basic, Digest, Generic, Inverter, OpenDtu, ShellyGen2, Sun

ENDING = {signal.SIGINT, signal.SIGTERM}
NOON = Sun("12:00")  # stands still: what is measured is the same each time


def hour():
    return [
        OpenDtu(NOON, [Inverter("114182940773", "Roof south", base_kwh=812.0),
                       Inverter("114181705577", "Roof north", base_kwh=640.5)],
                address="192.168.1.74", port=80),
        # Read-only access without a password is switched off, and the password is the firmware's.
        OpenDtu(NOON, [Inverter("1161a1b2c3d4", "Barn", strings=4, base_kwh=2301.7)],
                address="192.168.1.75", port=80, auth=Basic("admin", "openDTU42")),
        ShellyGen2(NOON, [Inverter("shellyplus1pm", "Balcony", strings=1, base_kwh=96.1)],
                   address="192.168.1.80", port=80,
                   auth=Digest("admin", "sunny side", realm="shellyplus1pm-44179394d4d4")),
    ]


def device(kind, address, name, mac):
    """A device of this type, which sends what its fixture has."""
    path = os.path.join(os.path.dirname(__file__), f"../../fixtures/devices/{kind}.json")
    with open(path, encoding="utf-8") as file:
        replies = json.load(file)
    replies["/shelly"].update(name=name, mac=mac)
    return Generic({target.split("?")[0]: lambda request: replies.get(request.target, {})
                    for target in replies}, address=address, port=80)


def discovery():
    return [
        OpenDtu(NOON, [Inverter("114182940773", "Roof south", base_kwh=812.0),
                       Inverter("114181705577", "Roof north", base_kwh=640.5)],
                address="192.168.1.74", port=80),
        device("shelly-pro-3em", "192.168.1.81", None, "A0B1C2D3E4F5"),
        device("shelly-plus-1pm", "192.168.1.82", "Balcony", "A0B1C2999999"),
        Generic({"/": "a printer"}, address="192.168.1.9", port=80),
    ]


KINDS = {"hour": hour, "discovery": discovery}


def main():
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    with contextlib.ExitStack() as stack:
        for gateway in KINDS[sys.argv[2]]():
            stack.enter_context(gateway)
        settings = SettingsService(SimpleNamespace(address=f"unix:path={sys.argv[1]}"))
        settings.come()
        stack.callback(settings.go)
        print("ready", flush=True)
        signal.sigwait(ENDING)


if __name__ == "__main__":
    main()
