"""A private dbus-daemon, a client on it, and a recorder of what is announced there."""

import math
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

from jeepney import DBusAddress, HeaderFields, MessageFlag, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from tests.integration.program import patience

BUS_ITEM = "com.victronenergy.BusItem"
PREFIX = "com.victronenergy."
PAGE = "com.victronenergy.opendtu"  # what the page on the GX screen reads: always there, and no device
INVALID = ("ai", [])  # how "no value" looks on the bus

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""


class BusError(Exception):
    """An error reply."""

    def __init__(self, name, text):
        super().__init__(f"{name}: {text}")
        self.name = name


class Bus:
    """A dbus-daemon of our own, on a socket in a folder of our own."""

    def __init__(self, folder):
        config = os.path.join(folder, "bus.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(socket=os.path.join(folder, "bus")))
        readable, writable = os.pipe()
        with os.fdopen(readable) as address:
            self._process = subprocess.Popen(
                ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile",
                 f"--print-address={writable}"],
                pass_fds=[writable], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            os.close(writable)
            # Without the bus' own id: another daemon on the same socket will do as well.
            self.address = address.readline().strip().split(",guid=")[0]
        if not self.address:
            self.close()
            raise RuntimeError("dbus-daemon did not start")

    def hang(self):
        """It accepts nothing and answers nothing, until resume()."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


class Client:
    """Calls from another process, as the rest of Venus OS makes them."""

    def __init__(self, bus):
        self._connection = open_dbus_connection(bus.address)
        self.unique_name = self._connection.unique_name

    def close(self):
        self._connection.close()

    def call(self, service, path, interface, member, signature=None, body=(), timeout=5.0):
        """The reply's body; BusError when it is an error, TimeoutError when there is none.

        timeout: before patience.
        """
        address = DBusAddress(path, bus_name=service, interface=interface)
        message = new_method_call(address, member, signature, body)
        reply = self._connection.send_and_get_reply(message, timeout=timeout * patience())
        if reply.header.message_type == MessageType.error:
            raise BusError(reply.header.fields[HeaderFields.error_name],
                           reply.body[0] if reply.body else "")
        return reply.body

    def send(self, message):
        """Without waiting for anything."""
        self._connection.send(message)

    def bus_call(self, message):
        return self._connection.send_and_get_reply(message, timeout=5.0).body

    def names(self):
        """Every Venus service that is there but for the page's, sorted."""
        names, = self.bus_call(message_bus.ListNames())
        return sorted(name for name in names if name.startswith(PREFIX) and name != PAGE)

    def owner(self, name):
        """The unique name of the connection that owns a name, or None."""
        reply = self.bus_call(message_bus.GetNameOwner(name))
        return reply[0] if reply[0].startswith(":") else None

    def items(self, service):
        """GetItems: path -> (type, value, text)."""
        items, = self.call(service, "/", BUS_ITEM, "GetItems")
        return {path: (*item["Value"], item["Text"][1]) for path, item in items.items()}

    def typed(self, service, path):
        """GetValue: (type, value)."""
        return self.call(service, path, BUS_ITEM, "GetValue")[0]

    def value(self, service, path):
        """GetValue without its type; None for "no value"."""
        typed = self.typed(service, path)
        return None if typed == INVALID else typed[1]

    def text(self, service, path):
        return self.call(service, path, BUS_ITEM, "GetText")[0]

    def set(self, service, path, kind, value):
        """SetValue's answer: 0 accepted, 1 not writable, 2 refused."""
        return self.call(service, path, BUS_ITEM, "SetValue", "v", ((kind, value),))[0]

    def introspect(self, service, path):
        return self.call(service, path, "org.freedesktop.DBus.Introspectable", "Introspect")[0]


@dataclass
class Signal:
    """One signal of a Venus service."""

    when: float
    sender: str
    path: str
    member: str
    body: tuple
    no_reply: bool

    @property
    def items(self):
        """Of ItemsChanged: path -> (type, value, text)."""
        return {path: (*item["Value"], item["Text"][1]) for path, item in self.body[0].items()}


class Recorder(threading.Thread):
    """Listens to everything that Venus services announce, on a connection of its own.

    Whoever asks it sees, or clears, all that the bus had passed on when they asked.
    """

    RULES = (f"type='signal',interface='{BUS_ITEM}'",
             "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'")

    def __init__(self, bus):
        super().__init__(daemon=True)
        self._connection = open_dbus_connection(bus.address)
        for rule in self.RULES:
            self._connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=5.0)
        self._lock = threading.Lock()
        self._caught_up = threading.Condition(self._lock)
        self._answered = 0  # the last of our own calls that the bus has answered
        self._signals = []
        self._owned = []  # (time, name, old owner, new owner)
        self._ending = threading.Event()
        self.start()

    def close(self):
        self._ending.set()
        self.join()
        self._connection.close()

    def run(self):
        while not self._ending.is_set():
            try:
                message = self._connection.receive(timeout=0.1)
            except TimeoutError:
                continue
            except OSError:
                self._note_answer(math.inf)  # the bus has gone
                return
            if message.header.message_type == MessageType.signal:
                self._note(message)
            else:
                self._note_answer(message.header.fields[HeaderFields.reply_serial])

    def _note_answer(self, serial):
        with self._caught_up:
            self._answered = serial
            self._caught_up.notify_all()

    def _catch_up(self):
        """Waits until all is noted that was on the bus before this call.

        The bus passes messages on in the order in which it gets them: what it answers to us comes
        after every signal that another connection has already seen the like of.
        """
        serial = next(self._connection.outgoing_serial)
        try:
            self._connection.send(message_bus.GetId(), serial=serial)
        except OSError:
            return  # the bus has gone
        with self._caught_up:
            if not self._caught_up.wait_for(lambda: self._answered >= serial, 5.0 * patience()):
                raise TimeoutError("the bus does not answer")

    def _note(self, message):
        fields = message.header.fields
        member = fields[HeaderFields.member]
        with self._lock:
            if member == "NameOwnerChanged":
                if message.body[0].startswith(PREFIX):
                    self._owned.append((time.monotonic(), *message.body))
            elif fields.get(HeaderFields.interface) == BUS_ITEM:
                self._signals.append(Signal(
                    time.monotonic(), fields[HeaderFields.sender], fields[HeaderFields.path],
                    member, message.body,
                    bool(message.header.flags & MessageFlag.no_reply_expected)))

    def clear(self):
        self._catch_up()
        with self._lock:
            self._signals.clear()

    def signals(self, service=None):
        """What was announced so far, by one service or by all."""
        self._catch_up()
        with self._lock:
            senders = {new for _, name, _, new in self._owned if name == service and new}
            return [s for s in self._signals if service is None or s.sender in senders]

    def appeared(self, service):
        """When a name was claimed, last; None when it was not."""
        with self._lock:
            times = [when for when, name, _, new in self._owned if name == service and new]
        return times[-1] if times else None

    def vanished(self, service):
        """When a name was released, last; None when it was not."""
        with self._lock:
            times = [when for when, name, _, new in self._owned if name == service and not new]
        return times[-1] if times else None
