"""A Venus service of another program: what the tests want it to say."""

import threading

from jeepney import DBusAddress, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

BUS_ITEM = "com.victronenergy.BusItem"


def variants(items):
    """path -> value as the body of GetItems: numbers are doubles."""
    def variant(value):
        return ("s", value) if isinstance(value, str) else ("d", float(value))
    return {path: {"Value": variant(value), "Text": ("s", str(value))}
            for path, value in items.items()}


class Peer(threading.Thread):
    """Owns a name and answers GetItems. silent: it answers nothing at all."""

    def __init__(self, bus, name, items, silent=False):
        super().__init__(daemon=True)
        self.items = dict(items)
        self._silent = silent
        self._connection = open_dbus_connection(bus.address)
        self._connection.send_and_get_reply(message_bus.RequestName(name), timeout=5.0)
        self._ending = threading.Event()
        self.start()

    def close(self):
        self._ending.set()
        self.join()
        self._connection.close()

    def change(self, **items):
        """Announces new values; Ac_Power is /Ac/Power."""
        changed = {"/" + name.replace("_", "/"): value for name, value in items.items()}
        self.items.update(changed)
        emitter = DBusAddress("/", interface=BUS_ITEM)
        self._connection.send(new_signal(emitter, "ItemsChanged", "a{sa{sv}}",
                                         (variants(changed),)))

    def run(self):
        while not self._ending.is_set():
            try:
                message = self._connection.receive(timeout=0.1)
            except TimeoutError:
                continue
            except OSError:
                return
            if message.header.message_type == MessageType.method_call and not self._silent:
                self._connection.send(new_method_return(message, "a{sa{sv}}",
                                                        (variants(self.items),)))
