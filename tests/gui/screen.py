"""A page of the plugin on a screen without glass: loaded by Qt from the packed resource, drawn by stand-ins for Victron's components."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.gui.plugin import LANGUAGES, ROOT, Resource, packed, resource

QML = "/usr/lib/qt6/bin/qml"
QMLLINT = "/usr/lib/qt6/bin/qmllint"
STANDINS = ROOT / "tests" / "gui" / "standins"
SERVICE = "dbus/com.victronenergy.opendtu"


class Screen:
    """A folder with what Qt needs for each run."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        plugin = resource(packed(self.folder))
        (self.folder / "plugin.rcc").write_bytes(plugin)
        shutil.copy(ROOT / "tests" / "gui" / "Harness.qml", self.folder / "Harness.qml")
        # Qt takes them from here by the same rules as gui-v2's loader from the plugin: folder, name, "_", language.
        (self.folder / "i18n").mkdir()
        for language in LANGUAGES:
            (self.folder / "i18n" / f"qml_{language}.qm").write_bytes(
                Resource(plugin).read(f"/DbusOpendtu/DbusOpendtu_{language}.qm"))
        subprocess.run(["gcc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", self.folder / "resource.so",
                        ROOT / "tests" / "gui" / "resource.c", "-ldl"], check=True)

    def close(self):
        self._folder.cleanup()

    def run(self, page, values, *actions, language="en", **scenario):
        """What is to be seen at first and after each action. Anything that Qt complains of is an error."""
        (self.folder / "scenario.json").write_text(json.dumps(
            {"page": f"qrc:/DbusOpendtu/DbusOpendtu_{page}.qml", "values": values, "actions": actions, "language": language,
             **scenario}))
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software",
                       "QML_XHR_ALLOW_FILE_READ": "1", "LC_ALL": "C.UTF-8",
                       "LD_PRELOAD": str(self.folder / "resource.so"), "DTU_RESOURCE": str(self.folder / "plugin.rcc"),
                       "XDG_RUNTIME_DIR": str(self.folder), "QT_FORCE_STDERR_LOGGING": "1"}
        done = subprocess.run([QML, "-I", STANDINS, self.folder / "Harness.qml"], env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        lines = (done.stdout + done.stderr).splitlines()
        seen = [line for line in lines if "SCREEN " in line]
        complaints = [line for line in lines if line not in seen and "Last-Modified" not in line]
        if len(seen) != 1 or complaints:
            raise AssertionError("Qt says:\n" + "\n".join(complaints or lines))
        return [View(view) for view in json.loads(seen[0].split("SCREEN ", 1)[1])]


class View:
    """What stands on the screen: rows of (kind, label, what is behind it); and what was written since."""

    def __init__(self, view):
        self.title = view["title"]
        self.rows = [tuple(row) for row in view["rows"]]
        self.written = [tuple(entry) for entry in view["written"]]
        self.labels = [label for _, label, _ in self.rows]

    def behind(self, label):
        found = [shown for _, text, shown in self.rows if text == label]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} rows {label!r} in {self.rows}")
        return found[0]


# ---- What is on the bus ----------------------------------------------------------------------------------

def below(prefix, **leaves):
    return {f"{prefix}/{name.replace('__', '/')}": value for name, value in leaves.items() if value is not None}


def gateway(number, **changes):
    name = "DEFAULT" if number == 0 else f"DTU{number}"
    return below(f"{SERVICE}/Gateways/{name}", **{
        "Address": f"http://192.168.1.{50 + number}", "Product": "OpenDTU", "Firmware": "v24.10.15", "State": 1, "Push": 1,
        "Latency": 12.4, "Devices": 1, "Added": 0, **changes})


def device(number, **changes):
    return below(f"{SERVICE}/Devices/11418294077{number}", **{
        "Service": f"com.victronenergy.pvinverter.http_{34 + number}", "DeviceInstance": 34 + number, "Class": "pvinverter",
        "Name": f"Roof {number}", "Serial": f"11418294077{number}", "Product": "OpenDTU", "Gateway": "DEFAULT", "State": 1,
        "Power": 189.2 + number, "EnergyToday": 5.56, "Energy": 646.1, "MaxPower": 400, "Age": 0, "Enabled": 1,
        "PowerLimit__Enabled": 1, "PowerLimit__Final": 0, "PowerLimit__Limit": 390, "PowerLimit__Manual": 400,
        "PowerLimit__Min": 8, "PowerLimit__Max": 400, "PowerLimit__State": "390 W asked, confirmed", "Switch__Enabled": 0,
        "Switch__Final": 0, **changes})


def service(gateways=1, devices=1, **changes):
    """The control service with so many of each."""
    names = ["DEFAULT", *(f"DTU{n}" for n in range(1, gateways))][:gateways]
    values = below(SERVICE, **{
        "Mgmt__ProcessVersion": "1.2.3", "State": 1, "Config__Path": "/data/dbus-opendtu/config.ini", "Config__Errors": 0,
        "Config__Warnings": 0, "Refresh": 0, "IpAddresses": "", "GatewayList": ",".join(names),
        "DeviceList": ",".join(f"11418294077{n}" for n in range(devices)), **changes})
    for number in range(gateways):
        values.update(gateway(number))
    for number in range(devices):
        values.update(device(number))
    return values


PV = "dbus/com.victronenergy.pvinverter.http_34"


def inverter(**changes):
    """A device's own service."""
    values = below(PV, **{
        "StatusCode": 7, "Energy__Today": 5.56, "Temperature": 31.5, "Ac__MaxPower": 800, "Ac__Frequency": 50.02,
        "Ac__PowerLimit": 600, "Debug__PowerLimitState": "600 W asked, confirmed", "Debug__RoundTripP50": 12, "Age": 120,
        "ValueSource": 1, "Serial": "114182940773", **changes})
    for number in range(2):
        values.update(below(f"{PV}/Pv/{number}", V=33.1, I=5.42, P=179.4, Yield=2.78, Name="East" if number == 0 else None))
    return values
