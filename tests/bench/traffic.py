"""What goes over the bus: everybody's messages, and how soon a call is answered."""

import threading
import time
from dataclasses import dataclass

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call
from jeepney.bus_messages import Monitoring, message_bus
from jeepney.io.blocking import open_dbus_connection
from jeepney.low_level import Message, calc_msg_size

from tests.integration.bus import BUS_ITEM

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

    def __init__(self, monitor, services, since=0.0):
        self._monitor, self._since = monitor, since
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
        self._under_way, self._took = {}, {}
        self.unique_name = self._connection.unique_name

    def close(self):
        self._connection.close()

    def run(self, seconds, rate):
        """Milliseconds of each call; how many have no answer yet (those count for as long as they
        have lasted); and milliseconds of calls to the bus itself in between: the machine's own."""
        begin, number = time.monotonic(), 0
        self._under_way, self._took = {}, {BUS: [], POWER: []}
        while time.monotonic() < begin + seconds:
            if time.monotonic() >= begin + number / rate / 2:
                self._send(number)
                number += 1
            self._receive(min(begin + number / rate / 2, begin + seconds))
        self._receive(time.monotonic() + 0.2, all_of_them=True)
        end = time.monotonic()
        lasting = [(end - sent) * 1000 for sent, what in self._under_way.values() if what == POWER]
        return self._took[POWER] + lasting, len(lasting), self._took[BUS]

    def _send(self, number):
        """A service's power and the bus' id in turn."""
        if number % 2:
            what, message = BUS, message_bus.GetId()
        else:
            service = self._services[number // 2 % len(self._services)]
            what, message = POWER, new_method_call(
                DBusAddress(POWER, bus_name=service, interface=BUS_ITEM), "GetValue")
        serial = next(self._connection.outgoing_serial)
        self._under_way[serial] = time.monotonic(), what
        self._connection.send(message, serial=serial)

    def _receive(self, until, all_of_them=False):
        while not all_of_them or self._under_way:
            try:
                reply = self._connection.receive(timeout=max(until - time.monotonic(), 0))
            except TimeoutError:
                return
            found = self._under_way.pop(reply.header.fields.get(HeaderFields.reply_serial), None)
            if found:
                sent, what = found
                self._took[what].append((time.monotonic() - sent) * 1000)
