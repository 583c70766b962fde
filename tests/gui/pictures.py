"""The pictures of docs/gx-screen.md: /usr/bin/python3 -m tests.gui.pictures FOLDER. Drawn with stand-ins, and labelled so."""

import sys
from pathlib import Path

from tests.gui.screen import SERVICE, Screen, device, gateway, inverter, service


def settings():
    values = {**service(2, 5, IpAddresses="192.168.1.51"), **gateway(1, Product="AhoyDTU", State=2, Added=1)}
    for number, name in enumerate(("Roof north", "Roof south", "Barn", "Garage", "Balcony")):
        values.update(device(number, Name=name, Power=(189.4, 212.8, 478.1, 360.3, 0)[number], State=2 if number == 4 else 1,
                             EnergyToday=(5.56, 5.81, 14.03, 10.55, 0.4)[number]))
        if number != 2:
            del values[f"{SERVICE}/Devices/11418294077{number}/PowerLimit/Limit"]
    return values


def main(folder):
    folder = Path(folder).resolve()
    screen = Screen()
    screen.run("Settings", settings(), height=630, picture=str(folder / "gx-settings.png"))
    screen.run("Values", inverter(StatusCode=12), properties={"device": {"serviceUid": "dbus/com.victronenergy.pvinverter.http_34"}},
               height=530, picture=str(folder / "gx-device.png"))
    screen.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
