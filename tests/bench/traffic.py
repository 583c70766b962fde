"""What goes over the bus: everybody's messages, and how soon a call is answered."""

import threading
import time
from collections import deque
from dataclasses import dataclass

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call
from jeepney.bus_messages import Monitoring
from jeepney.io.blocking import open_dbus_connection
from jeepney.low_level import Message, calc_msg_size

from tests.integration.bus import BUS_ITEM, PREFIX

BUS = "org.freedesktop.DBus"
POWER = "/Ac/Power"


@dataclass
class Seen:
    """A message that went over the bus."""

    when: float
    size: int
    message: Message

    def field(self, which):
        return self.message.header.fields.get(which)

    @property
    def is_signal(self):
        return self.message.header.message_type == MessageType.signal

    @property
    def power(self):
        """/Ac/Power, if this announces it, in either way."""
        if not self.is_signal or self.field(HeaderFields.interface) != BUS_ITEM:
            return None
        member, changes = self.field(HeaderFields.member), self.message.body[0]
        if member == "ItemsChanged":
            changes = changes.get(POWER, {})
        elif member != "PropertiesChanged" or self.field(HeaderFields.path) != POWER:
            return None
        kind, value = changes.get("Value", ("", None))
        return value if kind in ("d", "i") else None


class Monitor(threading.Thread):
    """A connection that sees every message. It keeps bytes, and parses them when it is asked."""

    def __init__(self, bus):
        super().__init__(daemon=True)
        self._connection = open_dbus_connection(bus.address)
        self._connection.send_and_get_reply(Monitoring().BecomeMonitor([]), timeout=5.0)
        self._raw = []  # (time, bytes)
        self._ending = threading.Event()
        self.start()

    def run(self):
        sock, buffer = self._connection.sock, b""
        sock.settimeout(0.2)
        while not self._ending.is_set():
            try:
                data = sock.recv(1 << 18)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            now, buffer = time.monotonic(), buffer + data
            while len(buffer) >= 16 and len(buffer) >= calc_msg_size(buffer[:16]):
                size = calc_msg_size(buffer[:16])
                self._raw.append((now, buffer[:size]))
                buffer = buffer[size:]

    def close(self):
        self._ending.set()
        self.join()
        self._connection.close()

    def seen(self, begin=0.0, end=float("inf")):
        """What was seen between two monotonic times."""
        return [Seen(when, len(raw), Message.from_buffer(raw))
                for when, raw in list(self._raw) if begin <= when <= end]


class Watch:
    """Follows who owns the services, and when each had its first value."""

    def __init__(self, monitor, services):
        self._monitor, self._since = monitor, 0.0
        self.services = services
        self.owned, self.valued = {}, {}  # service -> time
        self.place = {}  # unique name -> place of the service

    def update(self):
        for seen in self._monitor.seen(self._since):
            self._since = seen.when + 1e-9
            sender = seen.field(HeaderFields.sender)
            if (sender == BUS and seen.field(HeaderFields.member) == "NameOwnerChanged" and
                    seen.message.body[0] in self.services and seen.message.body[2]):
                self.owned.setdefault(seen.message.body[0], seen.when)
                self.place[seen.message.body[2]] = self.services.index(seen.message.body[0])
            elif sender in self.place and (seen.power or 0) > 0:
                self.note_value(self.services[self.place[sender]], seen.when)

    def note_value(self, service, when):
        self.valued.setdefault(service, when)

    def published(self, begin, end):
        """(when, place, power) of every signal with a power."""
        found = []
        for seen in self._monitor.seen(begin, end):
            place, power = self.place.get(seen.field(HeaderFields.sender)), seen.power
            if place is not None and power is not None:
                found.append((seen.when, place, round(power, 3)))
        return found

    def messages(self, begin, end, mine):
        """(messages, bytes) that a driver sent; mine are the connections of the bench."""
        sizes = [seen.size for seen in self._monitor.seen(begin, end)
                 if seen.field(HeaderFields.sender) not in (BUS, *mine)]
        return len(sizes), sum(sizes)


class Caller:
    """GetValue calls at a rate, whether the one before has been answered or not."""

    def __init__(self, bus, services):
        self._connection = open_dbus_connection(bus.address)
        self._services = services
        self.unique_name = self._connection.unique_name

    def close(self):
        self._connection.close()

    def run(self, seconds, rate):
        """Milliseconds of each call, and how many have no answer yet: those count for as long as
        they have lasted."""
        begin, number, under_way, took = time.monotonic(), 0, {}, deque()
        while True:
            now = time.monotonic()
            if now >= begin + seconds:
                break
            if now >= begin + number / rate:
                under_way[self._send(number)] = time.monotonic()
                number += 1
            self._receive(min(begin + number / rate, begin + seconds), under_way, took)
        self._receive(time.monotonic() + 0.2, under_way, took, all_of_them=True)
        end = time.monotonic()
        lasting = [(end - sent) * 1000 for sent in under_way.values()]
        return list(took) + lasting, len(lasting)

    def _send(self, number):
        service = self._services[number % len(self._services)]
        message = new_method_call(DBusAddress(POWER, bus_name=service, interface=BUS_ITEM),
                                  "GetValue")
        serial = next(self._connection.outgoing_serial)
        self._connection.send(message, serial=serial)
        return serial

    def _receive(self, until, under_way, took, all_of_them=False):
        while not all_of_them or under_way:
            try:
                reply = self._connection.receive(timeout=max(until - time.monotonic(), 0))
            except TimeoutError:
                return
            sent = under_way.pop(reply.header.fields.get(HeaderFields.reply_serial), None)
            if sent is not None:
                took.append((time.monotonic() - sent) * 1000)


__all__ = ["Caller", "Monitor", "Seen", "Watch", "PREFIX"]
