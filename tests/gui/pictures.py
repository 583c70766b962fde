"""The pictures of docs/gx-screen.md: /usr/bin/python3 -m tests.gui.pictures FOLDER. Drawn with stand-ins, and labelled so.

Each holds a sum of what it was drawn from, as a text of PNG's: who changes that draws it again.
"""

import hashlib
import struct
import sys
import zlib
from pathlib import Path

from tests.gui.screen import SERVICE, Screen, device, gateway, inverter, service

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("gx-settings.png", "gx-device.png")
KEYWORD = b"Source\0"


def drawn_from():
    """The sum of all that a picture depends on."""
    files = [*(ROOT / "gui" / "DbusOpendtu").iterdir(), ROOT / "gui" / "words.tsv", ROOT / "tests" / "gui" / "pictures.py",
             ROOT / "tests" / "gui" / "Harness.qml", *(ROOT / "tests" / "gui" / "standins").rglob("*.qml")]
    text = b"".join(file.read_bytes() for file in sorted(files))
    return hashlib.sha256(text).hexdigest().encode()


def chunks(picture):
    """(kind, content) of each chunk of a PNG."""
    at = 8
    while at < len(picture):
        size, kind = struct.unpack(">I4s", picture[at:at + 8])
        yield kind, picture[at + 8:at + 8 + size]
        at += size + 12


def said_source(picture):
    """What a picture says that it was drawn from; None where it does not."""
    return next((content[len(KEYWORD):] for kind, content in chunks(picture)
                 if kind == b"tEXt" and content.startswith(KEYWORD)), None)


def put_source(path):
    picture = path.read_bytes()
    out = picture[:8]
    for kind, content in chunks(picture):
        if kind == b"IEND":
            out += chunk(b"tEXt", KEYWORD + drawn_from())
        if not content.startswith(KEYWORD):
            out += chunk(kind, content)
    path.write_bytes(out)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


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
    for name in NAMES:
        put_source(folder / name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
