"""Commands: what an inverter obeys, and how an OpenDTU and an AhoyDTU pass limits, on and off on.

An inverter follows a limit some time after it has acknowledged it, along a ramp, and forgets one that is
not persistent when it loses its DC. The DTU queues a command, tells "Pending" until the inverter has answered or
the last resend has failed, and answers "success" although it drops a command that is disabled. An AhoyDTU has no queue, acknowledges limits only, and
wants a token where it has a password.
"""

import json
import secrets
import threading
import time
from urllib.parse import parse_qs

from tests.sim.auth import Basic
from tests.sim.web import Response

ABSOLUTE, RELATIVE = 0, 1
LIMIT_MAX = 2250  # W: more is refused as a number


class Obedience:
    """The limit of one inverter as its output follows it."""

    def __init__(self, nominal, delay=0.2, ramp=1.0):
        """delay: seconds until it begins to follow; ramp: share of its nominal power for each second."""
        self.nominal, self.delay, self.ramp = nominal, delay, ramp
        self.target = self._from = float(nominal)
        self.off = False
        self._since = time.monotonic()

    def switch(self, on):
        """Off is at once; switched on again it begins from nothing."""
        if on and self.off:
            self._from, self._since = 0.0, time.monotonic() + self.delay
        self.off = not on

    def set(self, watts):
        self._from = self.now()
        self.target = min(float(watts), float(self.nominal))
        self._since = time.monotonic() + self.delay

    def now(self):
        """The most that it makes at present, in W."""
        if self.off:
            return 0.0
        step = max(0.0, time.monotonic() - self._since) * self.ramp * self.nominal
        if self.target < self._from:
            return max(self.target, self._from - step)
        return min(self.target, self._from + step)

    def lose(self):
        """It has been without DC: what was not persistent is gone, at once, and it is on."""
        self.off = False
        self.target = self._from = float(self.nominal)


class OpenDtuLimits:
    """The limit part of an OpenDTU. Its web page always asks for the admin's password here.

    radio: seconds that an inverter takes to acknowledge; deaf: serials that never do, which the DTU finds out after
    give_up seconds; starves: while a command is under way the radio fetches no measurements; disabled: serials that no command is sent to; forgetful: serials whose read-back shows their
    persistent limit (new HMS firmware).
    """

    def __init__(self, radio=0.4, give_up=2.0, admin=None, starves=False):
        self.radio, self.give_up, self.starves = radio, give_up, starves
        self.admin = admin or Basic("admin", "openDTU42")
        self.deaf, self.disabled, self.forgetful = set(), set(), set()
        self.warns = None  # a text: every command is refused with it
        self.commands = []  # (monotonic time, serial, W) of each that was accepted
        self.refused = 0
        self.switched = []  # (serial, on) of each that was accepted
        self._told = {}  # serial -> [status, percent, W under way, when that ends]
        self._switches = {}  # serial -> [status, on or None while nothing is under way, when that ends]
        self._lock = threading.Lock()

    # --- pages --------------------------------------------------------------------------------

    def page(self, request, inverters):
        """The reply, or None where it is no page of this part."""
        if request.path == "/api/limit/status":
            return Response.json(self.status(inverters))
        if request.path == "/api/power/status":
            return Response.json(self.power_status(inverters))
        if request.path not in ("/api/limit/config", "/api/power/config", "/api/inverter/list"):
            return None
        refusal = self.admin.refusal(request)
        if refusal is not None:
            self.refused += 1
            return refusal
        if request.path == "/api/inverter/list":
            return Response.json({"inverter": [self._entry(n, i) for n, i in enumerate(inverters)]})
        if request.method != "POST":
            return Response(404, b"Not found", content_type="text/plain")
        take = self._config if request.path == "/api/limit/config" else self._power
        return take(request, {i.serial: i for i in inverters})

    def _entry(self, place, inverter):
        enabled = inverter.serial not in self.disabled
        return {"id": place, "order": place, "name": inverter.name, "serial": inverter.serial,
                "poll_enable": True, "poll_enable_night": True, "command_enable": enabled,
                "command_enable_night": enabled}

    @staticmethod
    def _told_by(request):
        return json.loads(parse_qs(request.body.decode(), strict_parsing=True)["data"][0])

    def _power(self, request, inverters):
        try:
            told = self._told_by(request)
            serial, on = told["serial"], told["power"]
        except (ValueError, KeyError, UnicodeDecodeError):
            return self._warning("Values are missing!")
        if serial not in inverters:
            return self._warning("Invalid inverter specified!")
        if self.warns:
            return self._warning(self.warns)
        with self._lock:
            self.switched.append((serial, on))
            if serial not in self.disabled:
                deaf = serial in self.deaf or not inverters[serial].reachable
                self._switches[serial] = ["Pending", on,
                                          time.monotonic() + (self.give_up if deaf else self.radio)]
        return Response.json({"type": "success", "message": "Settings saved!", "code": 1001})

    def power_status(self, inverters):
        self.settle(inverters)
        return {i.serial: {"power_set_status": self._switches.get(i.serial, ["Unknown"])[0]}
                for i in inverters}

    def _config(self, request, inverters):
        try:
            told = self._told_by(request)
            serial, kind, value = told["serial"], told["limit_type"], float(told["limit_value"])
        except (ValueError, KeyError, UnicodeDecodeError):
            return self._warning("Values are missing!")
        if not isinstance(serial, str) or serial not in inverters:
            return self._warning("Invalid inverter specified!")
        if self.warns:
            return self._warning(self.warns)
        if kind not in (ABSOLUTE, RELATIVE) or not 0 <= value <= LIMIT_MAX:
            return self._warning("Invalid limit or type specified!")
        self._accept(inverters[serial], kind, value)
        return Response.json({"type": "success", "message": "Settings saved!", "code": 1001})

    @staticmethod
    def _warning(message):
        return Response.json({"type": "warning", "message": message, "code": 1002})

    # --- what becomes of a command ------------------------------------------------------------

    def _accept(self, inverter, kind, value):
        percent = min(value, 100.0) if kind == RELATIVE else value * 100 / inverter.max_power
        watts = min(percent, 100.0) * inverter.max_power / 100
        with self._lock:
            self.commands.append((time.monotonic(), inverter.serial, watts))
            if inverter.serial in self.disabled:
                return
            entry = self._told.setdefault(inverter.serial, ["Ok", 100.0, None, 0.0])
            deaf = inverter.serial in self.deaf or not inverter.reachable
            entry[0], entry[2] = "Pending", watts
            entry[3] = time.monotonic() + (self.give_up if deaf else self.radio)

    def _starve(self, inverters):
        """The last packets stay as they are, and grow old."""
        busy = any(entry[2] is not None for entry in self._told.values())
        for inverter in inverters:
            if busy and not inverter.is_held:
                inverter.hold()
            elif not busy and inverter.is_held:
                inverter.hear()
                inverter.follow_sun()

    def settle(self, inverters):
        """What has ended by now."""
        with self._lock:
            for inverter in inverters:
                entry = self._told.setdefault(inverter.serial, ["Ok", 100.0, None, 0.0])
                if entry[2] is None or time.monotonic() < entry[3]:
                    continue
                watts, entry[2] = entry[2], None
                if inverter.serial in self.deaf or not inverter.reachable:
                    entry[0] = "Failure"
                    continue
                entry[0] = "Ok"
                entry[1] = round(watts * 100 / inverter.max_power, 1)
                inverter.obedience.set(watts)
            for inverter in inverters:
                switch = self._switches.get(inverter.serial)
                if switch is None or switch[1] is None or time.monotonic() < switch[2]:
                    continue
                on, switch[1] = switch[1], None
                deaf = inverter.serial in self.deaf or not inverter.reachable
                switch[0] = "Failure" if deaf else "Ok"
                if not deaf:
                    inverter.obedience.switch(on)
            if self.starves:
                self._starve(inverters)

    def status(self, inverters):
        self.settle(inverters)
        return {i.serial: {"limit_relative": self.relative(i), "max_power": i.max_power,
                           "limit_set_status": self._told[i.serial][0]} for i in inverters}

    def relative(self, inverter):
        if inverter.serial in self.forgetful:
            return 100.0
        entry = self._told.get(inverter.serial)
        return entry[1] if entry else 100.0

    def read_back(self, inverters):
        """It has asked each inverter for its limit, as it does every other minute."""
        with self._lock:
            for inverter in inverters:
                entry = self._told.setdefault(inverter.serial, ["Ok", 100.0, None, 0.0])
                entry[1] = round(inverter.obedience.target * 100 / inverter.max_power, 1)

    def restart(self):
        """The DTU has: what it had queued is gone, and what it knew of limits."""
        with self._lock:
            for serial in self._told:
                self._told[serial] = ["Unknown", 0.0, None, 0.0]
            self._switches.clear()

    def other_controller(self, inverter, watts):
        """Another program has set a limit, by the same DTU."""
        with self._lock:
            self._told[inverter.serial] = ["Ok", round(watts * 100 / inverter.max_power, 1), None, 0.0]
        inverter.obedience.set(watts)


class AhoyLimits:
    """The limit part of an AhoyDTU. password: None where it has none; deaf: serials that never acknowledge."""

    COMMANDS = {"limit_nonpersistent_absolute": ABSOLUTE, "limit_nonpersistent_relative": RELATIVE}

    def __init__(self, password=None, radio=0.4, queue=0.3):
        """queue: seconds until a command goes on air; until then the acknowledgement is that of the limit before."""
        self.password, self.radio, self.queue = password, radio, queue
        self.deaf = set()
        self.token = None
        self.commands = []  # (monotonic time, serial, W)
        self.switched = []  # (serial, on)
        self._under_way = {}  # id -> (what then happens, when it is on air, when it arrives)
        self._acknowledged = {}  # id -> whether the last limit was; switching changes nothing of that
        self._lock = threading.Lock()

    def expire(self):
        """As after 20 minutes, or a restart."""
        self.token = None

    def page(self, request, inverters):
        """inverters: by their ids; None for a gap."""
        if request.path == "/api/ctrl" and request.method == "POST":
            return Response.json(self._control(json.loads(request.body), inverters))
        if request.path.startswith("/api/inverter/pwrack/"):
            place = int(request.path.rsplit("/", 1)[1])
            self.settle(inverters)
            return Response.json({"ack": self._acknowledged.get(place, False)})
        return None

    def _control(self, told, inverters):
        if "auth" in told:
            if self.password is None or told["auth"] != self.password:
                return {"success": False, "error": "ERR_AUTH"}
            self.token = secrets.token_hex(8)
            return {"success": True, "token": self.token}
        if self.password is not None and (not self.token or told.get("token") != self.token):
            return {"success": False, "error": "ERR_PROTECTED"}
        place = told.get("id", -1)
        if not 0 <= place < len(inverters) or inverters[place] is None:
            return {"success": False, "error": "ERR_INDEX"}
        inverter = inverters[place]
        if told.get("cmd") == "power":
            with self._lock:
                self.switched.append((inverter.serial, told["val"] != 0))
                self._send(place, False, lambda: inverter.obedience.switch(told["val"] != 0))
            return {"success": True, "id": place}
        if told.get("cmd") not in self.COMMANDS:
            return {"success": False, "error": "ERR_UNKNOWN_CMD"}
        share = told["val"] / 100 if self.COMMANDS[told["cmd"]] == RELATIVE else \
            told["val"] / inverter.max_power
        with self._lock:
            watts = min(share, 1.0) * inverter.max_power
            self.commands.append((time.monotonic(), inverter.serial, watts))
            self._send(place, True, lambda: inverter.obedience.set(watts))
        return {"success": True, "id": place}

    def _send(self, place, limits, act):
        on_air = time.monotonic() + self.queue
        self._under_way[place] = (limits, act, on_air, on_air + self.radio)

    def settle(self, inverters):
        with self._lock:
            for place, (limits, act, on_air, arrives) in list(self._under_way.items()):
                if limits and time.monotonic() >= on_air:
                    self._acknowledged[place] = False
                inverter = inverters[place]
                if time.monotonic() < arrives or inverter is None or inverter.serial in self.deaf:
                    continue
                del self._under_way[place]
                act()
                if limits:
                    self._acknowledged[place] = True
