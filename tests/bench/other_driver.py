#!/usr/bin/python3
"""A driver that owns the same names, as simple as can be: what scripts/bench is tried with.

Reads config.ini where it stands, asks an OpenDTU for a summary and then for each inverter, all of it
blocking, and announces three values of each by PropertiesChanged.
"""

import configparser
import json
import time
import urllib.request

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

BUS_ITEM = "com.victronenergy.BusItem"
PATHS = {"/Ac/Power": "Power", "/Ac/L1/Voltage": "Voltage", "/Ac/L1/Current": "Current"}


class Service:

    def __init__(self, name):
        self.connection = open_dbus_connection()
        self.values = {}
        self.connection.send_and_get_reply(message_bus.RequestName(name))

    def update(self, ac):
        for path, key in PATHS.items():
            self.values[path] = ac[key]["v"]
            change = {"Value": ("d", self.values[path]), "Text": ("s", str(self.values[path]))}
            emitter = DBusAddress(path, interface=BUS_ITEM)
            self.connection.send(new_signal(emitter, "PropertiesChanged", "a{sv}", (change,)))

    def answer(self, seconds):
        """Every call that comes meanwhile is taken for a GetValue."""
        end = time.monotonic() + seconds
        while True:
            try:
                call = self.connection.receive(timeout=max(end - time.monotonic(), 0))
            except TimeoutError:
                return
            if call.header.message_type == MessageType.method_call:
                value = self.values.get(call.header.fields[HeaderFields.path], 0.0)
                self.connection.send(new_method_return(call, "v", (("d", value),)))


def main():
    config = configparser.ConfigParser(interpolation=None)
    config.read("config.ini")
    host = config["DEFAULT"]["Host"]
    interval = config.getfloat("DEFAULT", "PollingInterval") / 1000
    services = [Service(f"{keys['Servicename']}.http_{keys['DeviceInstance']}")
                for keys in map(config.__getitem__, config.sections())]

    def ask(query=""):
        url = f"http://{host}/api/livedata/status{query}"
        with urllib.request.urlopen(url, timeout=60) as reply:
            return json.load(reply)["inverters"]

    while True:
        begin = time.monotonic()
        for service, inverter in zip(services, ask()):
            service.update(ask("?inv=" + inverter["serial"])[0]["AC"]["0"])
        while time.monotonic() < begin + interval:
            for service in services:
                service.answer(0.01)


main()
