"""Stand-ins for what else is on a GX device's bus: com.victronenergy.settings, and other drivers.

The rules are those of localsettings 1.46 (github.com/victronenergy/localsettings):

- AddSettings keeps a value that is there, refuses another type (-5), and when default, min or max
  differ it announces the value, unchanged, before it answers (GroupObject.addSetting()).
- A ClassAndVrmInstance that is taken is moved to the next free number of its class, whether it
  comes by AddSettings or by SetValue, which then returns 0 (ClassAndVrmInstance._setValue() calls
  DevicesGroup.assureFreeInstance()); a text that is not "class:number" is refused.
- SetValue does not check a minimum or maximum of 0 ("if self.min and v < self.min").
- RemoveSettings announces an empty array.
- All of it is one XML file: with one text that XML cannot hold, nothing is saved any more (saves()).

One exception: 1.57 let AddSettings overwrite the class of an existing ClassAndVrmInstance, which
was taken back (victronenergy/venus issue 1159); this one never does.
"""

import re
import threading
import time
from dataclasses import dataclass

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from tests.integration.bus import BUS_ITEM, INVALID

SETTINGS = "com.victronenergy.settings"
SETTINGS_INTERFACE = "com.victronenergy.Settings"
DEVICES = "/Settings/Devices"
INSTANCE = "ClassAndVrmInstance"


class Refusal(Exception):
    """Answered with a D-Bus error."""


class Exporter:
    """A name on the bus and a thread that answers its calls.

    It can hang, be slow, go and come again.
    """

    def __init__(self, bus, name):
        self.name = name
        self.hang = False     # swallows every call
        self.fail = False     # answers every call with an error
        self.delay = 0.0      # seconds before every answer
        self.calls = []       # (member, path, body) of every call
        self._bus = bus
        self._lock = threading.RLock()  # of the data, and of what is sent
        self._connection = self._thread = None

    def come(self):
        connection = open_dbus_connection(self._bus.address)
        reply = connection.send_and_get_reply(message_bus.RequestName(self.name, 4), timeout=5.0)
        if reply.body != (1,):
            connection.close()
            raise RuntimeError(f"the name {self.name} is taken")
        self._connection = connection
        self._thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        self._thread.start()
        return self

    def go(self):
        """Off the bus when it returns; the data stays for the next time."""
        with self._lock:
            connection, self._connection = self._connection, None
        if not connection:
            return
        self._thread.join()
        try:  # of a connection that is closed the bus learns in its own time
            connection.send_and_get_reply(message_bus.ReleaseName(self.name), timeout=5.0)
        except OSError:
            pass  # the bus has gone
        connection.close()

    close = go

    @property
    def there(self):
        return self._connection is not None

    def count(self, member):
        """How often a method was called."""
        with self._lock:
            return sum(call[0] == member for call in self.calls)

    def signal(self, path, member, signature, body):
        address = DBusAddress(path, interface=BUS_ITEM)
        with self._lock:
            if self._connection:
                self._connection.send(new_signal(address, member, signature, body))

    def _serve(self, connection):
        while self._connection is connection:
            try:
                message = connection.receive(timeout=0.05)
            except TimeoutError:
                continue
            except OSError:
                return  # the bus has gone
            if message.header.message_type == MessageType.method_call:
                self._answer(connection, message)

    def _answer(self, connection, call):
        fields = call.header.fields
        interface, member = fields.get(HeaderFields.interface), fields[HeaderFields.member]
        path = fields[HeaderFields.path]
        with self._lock:
            self.calls.append((member, path, call.body))
        if self.hang:
            return
        time.sleep(self.delay)
        with self._lock:
            try:
                if self.fail:
                    raise Refusal("not today")
                signature, body = self.handle(interface, member, path, call.body)
                reply = new_method_return(call, signature, body)
            except Refusal as error:
                reply = new_error(call, "org.freedesktop.DBus.Error.Failed", "s", (str(error),))
            try:
                connection.send(reply)
            except OSError:
                pass  # it has gone meanwhile

    def handle(self, interface, member, path, body):
        """(signature, body) of the reply; Refusal."""
        raise NotImplementedError


class Other(Exporter):
    """Some other driver's service: nothing but a device instance and a product name."""

    def __init__(self, bus, name, instance):
        super().__init__(bus, f"com.victronenergy.{name}")
        self.instance = instance

    def change(self, instance):
        self.instance = instance
        self.signal("/DeviceInstance", "PropertiesChanged", "a{sv}",
                    ({"Value": ("i", instance), "Text": ("s", str(instance))},))

    def handle(self, interface, member, path, body):
        items = {"/DeviceInstance": ("i", self.instance), "/ProductName": ("s", "Another")}
        if path == "/" and member == "GetItems":
            return "a{sa{sv}}", ({key: {"Value": value, "Text": ("s", str(value[1]))}
                                  for key, value in items.items()},)
        if path not in items or member not in ("GetValue", "GetText"):
            raise Refusal("there is no such thing")
        kind, value = items[path]
        return ("v", ((kind, value),)) if member == "GetValue" else ("s", (str(value),))


@dataclass
class Setting:
    """One setting: kind is i, d or s."""

    kind: str
    value: object = None
    default: object = None
    minimum: object = None
    maximum: object = None

    def attributes(self):
        return (self.default, self.minimum, self.maximum)


KINDS = {"i": "i", "x": "i", "u": "i", "d": "d", "s": "s"}
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CONVERT = {"i": int, "d": float, "s": str}


def typed(kind, value):
    if kind == "i" and not -2 ** 31 <= value < 2 ** 31:
        kind = "x"
    return kind, value


class SettingsService(Exporter):
    """com.victronenergy.settings. come() puts it on the bus."""

    def __init__(self, bus, announces="PropertiesChanged"):
        super().__init__(bus, SETTINGS)
        self.settings = {}    # path -> Setting; outlives go()
        self.refuse = {}      # path -> what AddSettings and SetValue answer for it, negative
        self.writes = []      # (path, value) of all that has changed
        self.announces = announces  # or "ItemsChanged", as newer libraries do

    # --- what a test says and sees ------------------------------------------------------------

    def value(self, path):
        """None when there is no such setting."""
        with self._lock:
            setting = self.settings.get(path)
            return setting.value if setting else None

    def paths(self, end=""):
        with self._lock:
            return sorted(path for path in self.settings if path.endswith(end))

    def saves(self):
        """Whether the file can be written: every text is one that XML can hold."""
        with self._lock:
            return not any(NO_XML.search(str(setting.value)) for setting in self.settings.values())

    def put(self, path, value):
        """A setting from before, of which nothing is announced."""
        kind = {int: "i", float: "d", str: "s"}[type(value)]
        with self._lock:
            self.settings[path] = Setting(kind, value, value)

    def change(self, path, value):
        """As the GX screen does it. Returns SetValue's answer."""
        with self._lock:
            return self._set(path, value)

    def erase(self):
        """Back to the state of delivery, without a word."""
        with self._lock:
            self.settings.clear()

    # --- the rules ----------------------------------------------------------------------------

    def _free_instance(self, path, text):
        """The text with the next number that no other device of the class has; None: is none."""
        name, colon, number = text.partition(":")
        try:
            number = int(number)
        except ValueError:
            return None
        taken = {setting.value for other, setting in self.settings.items()
                 if other != path and other.endswith("/" + INSTANCE)}
        while colon and text in taken:
            number += 1
            text = f"{name}:{number}"
        return text if colon else None

    def _store(self, path, value, attributes=False):
        """False when it is no value for this path."""
        setting = self.settings[path]
        if path.startswith(DEVICES) and path.endswith("/" + INSTANCE):
            value = self._free_instance(path, value)
            if value is None:
                return False
        if value != setting.value:
            self.writes.append((path, value))
        setting.value = value
        changes = {"Value": typed(setting.kind, value), "Text": ("s", str(value))}
        if attributes:
            changes.update({"Min": typed("i", setting.minimum or 0),
                            "Max": typed("i", setting.maximum or 0),
                            "Default": typed(setting.kind, setting.default)})
        self._announce(path, changes)
        return True

    def _announce(self, path, changes):
        if self.announces == "ItemsChanged":
            self.signal("/", "ItemsChanged", "a{sa{sv}}", ({path: changes},))
        else:
            self.signal(path, "PropertiesChanged", "a{sv}", (changes,))

    def _set(self, path, value):
        setting = self.settings[path]
        if path in self.refuse:
            return self.refuse[path]
        try:
            value = CONVERT[setting.kind](value)
        except (TypeError, ValueError):
            return -1
        if setting.minimum and value < setting.minimum:
            return -1
        if setting.maximum and value > setting.maximum:
            return -1
        return 0 if value == setting.value or self._store(path, value) else -1

    def _add(self, prefix, asked):
        """The answer to one of the settings of AddSettings."""
        kind, path = asked.get("path", ("", ""))
        if kind != "s":
            return {"error": ("i", -4)}
        kind, default = asked.get("default", ("", None))
        error = self._add_one(prefix + path, KINDS.get(kind), default,
                              asked.get("min", ("i", None))[1], asked.get("max", ("i", None))[1])
        answer = {"path": ("s", path), "error": ("i", error)}
        if not error:
            setting = self.settings[prefix + path]
            answer["value"] = typed(setting.kind, setting.value)
        return answer

    def _fault(self, path, kind, default, minimum, maximum):
        if path in self.refuse:
            return self.refuse[path]
        if "/_" in path:
            return -2
        if kind is None:
            return -3
        if not path.startswith("/Settings/"):
            return -9
        if any(other.startswith(path + "/") for other in self.settings):
            return -8
        if minimum is not None and default < minimum or maximum is not None and default > maximum:
            return -7
        if path in self.settings and self.settings[path].kind != kind:
            return -5
        return 0

    def _add_one(self, path, kind, default, minimum, maximum):
        if kind == "s" or minimum == 0 and maximum == 0:
            minimum = maximum = None
        error = self._fault(path, kind, default, minimum, maximum)
        if error:
            return error
        new = Setting(kind, None, default, minimum, maximum)
        old = self.settings.get(path)
        if old and old.attributes() == new.attributes():
            return 0
        self.settings[path] = new
        if self._store(path, old.value if old else default, attributes=True):
            return 0
        del self.settings[path]  # only a new one can be wrong
        return -6

    def _remove(self, prefix, path):
        if self.settings.pop(prefix + path, None) is None:
            return -1
        self._announce(prefix + path, {"Value": INVALID, "Text": ("s", "")})
        return 0

    # --- methods ------------------------------------------------------------------------------

    def handle(self, interface, member, path, body):
        if interface == SETTINGS_INTERFACE and path in ("/", DEVICES):
            return self._settings_method(member, "" if path == "/" else DEVICES + "/", body)
        if path in self.settings:
            return self._leaf_method(member, path, body)
        if path == "/" and member == "GetItems":
            return "a{sa{sv}}", ({key: {"Value": typed(s.kind, s.value),
                                        "Text": ("s", str(s.value))}
                                  for key, s in self.settings.items()},)
        below = {key[len(path.rstrip("/")) + 1:]: s for key, s in self.settings.items()
                 if key.startswith(path.rstrip("/") + "/")}
        if below and member == "GetValue":
            return "v", (("a{sv}", {key: typed(s.kind, s.value) for key, s in below.items()}),)
        if below and member == "GetText":
            return "a{ss}", ({key: str(s.value) for key, s in below.items()},)
        raise Refusal(f"there is no {member} at {path}")

    def _settings_method(self, member, prefix, body):
        if member == "AddSettings":
            return "aa{sv}", ([self._add(prefix, asked) for asked in body[0]],)
        if member == "RemoveSettings":
            return "ai", ([self._remove(prefix, path) for path in body[0]],)
        if member == "AddSetting":
            group, name, default, kind, minimum, maximum = body
            path = f"{prefix}{group.rstrip('/')}/{name.lstrip('/')}"
            kind = {"i": "i", "f": "d", "s": "s"}.get(kind)
            return "i", (self._add_one(path, kind, default[1], minimum[1], maximum[1]),)
        raise Refusal(f"there is no {member}")

    def _leaf_method(self, member, path, body):
        setting = self.settings[path]
        if member == "GetValue":
            return "v", (typed(setting.kind, setting.value),)
        if member == "GetText":
            return "s", (str(setting.value),)
        if member == "SetValue":
            return "i", (self._set(path, body[0][1]),)
        if member in ("GetMin", "GetMax"):
            limit = setting.minimum if member == "GetMin" else setting.maximum
            return "v", (typed("i", limit or 0),)
        if member == "GetDefault":
            return "v", (typed(setting.kind, setting.default),)
        raise Refusal(f"there is no {member} at {path}")
