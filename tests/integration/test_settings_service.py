"""The stand-in for the settings service keeps the contract of the real one."""

import time

from tests.integration.bus import BUS_ITEM, INVALID, BusError
from tests.integration.case import BusTest, each
from tests.integration.settings_service import (DEVICES, SETTINGS, SETTINGS_INTERFACE, Other,
                                                SettingsService)

FIRST = f"{DEVICES}/dtu_1/ClassAndVrmInstance"
SECOND = f"{DEVICES}/dtu_2/ClassAndVrmInstance"
NAME = f"{DEVICES}/dtu_1/CustomName"
POSITION = f"{DEVICES}/dtu_1/Position"


class SettingsServiceTest(BusTest):

    def setUp(self):
        super().setUp()
        self.service = SettingsService(self.bus).come()
        self.addCleanup(self.service.close)

    def add(self, path, kind, default, at="/", **limits):
        """(error, value) of one setting."""
        asked = {"path": ("s", path), "default": (kind, default),
                 **{key: (kind, value) for key, value in limits.items()}}
        answers, = self.client.call(SETTINGS, at, SETTINGS_INTERFACE, "AddSettings", "aa{sv}",
                                    ([asked],))
        self.assertEqual(1, len(answers))
        self.assertEqual(("s", path), answers[0]["path"])
        return answers[0]["error"][1], answers[0].get("value", (None, None))[1]

    def changes(self):
        """Of what was announced: [path, value]."""
        self.client.items(SETTINGS)  # its answer comes after all that it announced before
        found = [(s.path, s.body[0]["Value"]) for s in self.recorder.signals()
                 if s.member == "PropertiesChanged"]
        self.recorder.clear()
        return found

    def test_added_and_kept(self):
        self.assertEqual((0, ""), self.add(NAME, "s", ""))
        self.assertEqual([(NAME, ("s", ""))], self.changes())
        self.assertEqual(0, self.client.set(SETTINGS, NAME, "s", "Barn"))
        self.assertEqual([(NAME, ("s", "Barn"))], self.changes())
        self.assertEqual((0, "Barn"), self.add(NAME, "s", ""))
        self.assertEqual([], self.changes())
        self.assertEqual((0, "Barn"), self.add(NAME, "s", "Roof"), "another default")
        self.assertEqual([(NAME, ("s", "Barn"))], self.changes())
        self.assertEqual("Barn", self.client.value(SETTINGS, NAME))
        self.assertEqual("Barn", self.client.text(SETTINGS, NAME))
        self.assertEqual({NAME: ("s", "Barn", "Barn")}, self.client.items(SETTINGS))
        self.assertEqual(0, self.client.set(SETTINGS, NAME, "s", "Barn"))
        self.assertEqual([], self.changes(), "the same value is not announced")

    def test_instances(self):
        self.assertEqual((0, "pvinverter:34"), self.add(FIRST, "s", "pvinverter:34"))
        self.assertEqual((0, "pvinverter:35"), self.add(SECOND, "s", "pvinverter:34"))
        self.assertEqual((0, "pvinverter:35"), self.add(SECOND, "s", "pvinverter:50"))
        self.assertEqual((0, "grid:34"),
                         self.add(f"{DEVICES}/x/ClassAndVrmInstance", "s", "grid:34"))
        self.changes()
        self.assertEqual(0, self.client.set(SETTINGS, FIRST, "s", "pvinverter:35"), "is moved")
        self.assertEqual([(FIRST, ("s", "pvinverter:36"))], self.changes())
        self.assertEqual(0, self.client.set(SETTINGS, FIRST, "s", "grid:34"))
        self.assertEqual("grid:35", self.service.value(FIRST))
        for nonsense in ("pvinverter", "pvinverter:x", ""):
            self.assertEqual(-1, self.client.set(SETTINGS, FIRST, "s", nonsense))
        self.assertEqual((-6, None), self.add(f"{DEVICES}/y/ClassAndVrmInstance", "s", "nonsense"))
        self.assertIsNone(self.service.value(f"{DEVICES}/y/ClassAndVrmInstance"))

    @each(("underscore", f"{DEVICES}/_x/Name", "s", "", {}, -2),
          ("type", f"{DEVICES}/x/Name", "b", True, {}, -3),
          ("range", f"{DEVICES}/x/Position", "i", 3, {"min": 0, "max": 2}, -7),
          ("group", f"{DEVICES}/dtu_1", "i", 3, {}, -8),
          ("elsewhere", "/Other/Name", "s", "", {}, -9),
          ("other_type", NAME, "i", 3, {}, -5))
    def test_errors(self, path, kind, default, limits, error):
        self.add(NAME, "s", "")
        self.assertEqual((error, None), self.add(path, kind, default, **limits))

    def test_limits(self):
        self.assertEqual((0, 2), self.add(POSITION, "i", 2, min=1, max=2))
        for value, answer in ((3, -1), (0, -1), ("x", -1), ("1", 0), (1.0, 0), (2, 0)):
            kind = {int: "i", float: "d", str: "s"}[type(value)]
            self.assertEqual(answer, self.client.set(SETTINGS, POSITION, kind, value), value)
        self.assertEqual(("i", 2), self.client.typed(SETTINGS, POSITION))

    def test_relative_and_removed(self):
        self.assertEqual((0, "pvinverter:34"),
                         self.add("dtu_1/ClassAndVrmInstance", "s", "pvinverter:34", DEVICES))
        self.assertEqual("pvinverter:34", self.service.value(FIRST))
        self.assertEqual(("a{sv}", {"dtu_1/ClassAndVrmInstance": ("s", "pvinverter:34")}),
                         self.client.typed(SETTINGS, DEVICES))
        self.changes()
        removed, = self.client.call(SETTINGS, "/", SETTINGS_INTERFACE, "RemoveSettings", "as",
                                    ([FIRST, NAME],))
        self.assertEqual([0, -1], removed)
        self.assertEqual([(FIRST, INVALID)], self.changes())
        with self.assertRaises(BusError):
            self.client.value(SETTINGS, FIRST)

    def test_one_by_one(self):
        added, = self.client.call(SETTINGS, "/", SETTINGS_INTERFACE, "AddSetting", "ssvsvv",
                                  ("/Settings/Devices/dtu_1", "Position", ("i", 1), "i", ("i", 0),
                                   ("i", 2)))
        self.assertEqual(0, added)
        self.assertEqual(1, self.service.value(POSITION))

    def test_items_changed(self):
        self.service.announces = "ItemsChanged"
        self.add(NAME, "s", "Barn")
        signal = self.wait("ItemsChanged", self.recorder.signals)[0]
        self.assertEqual(("/", {NAME}), (signal.path, set(signal.body[0])))
        self.assertEqual(("s", "Barn"), signal.body[0][NAME]["Value"])

    def test_goes_and_comes(self):
        self.add(NAME, "s", "Barn")
        self.service.go()
        self.assertIsNone(self.client.owner(SETTINGS))
        self.assertFalse(self.service.there)
        self.service.come()
        self.assertEqual((0, "Barn"), self.add(NAME, "s", ""))
        self.service.go()
        self.service.erase()
        self.service.come()
        self.assertEqual((0, ""), self.add(NAME, "s", ""))

    def test_faults(self):
        self.service.refuse[NAME] = -4
        self.assertEqual((-4, None), self.add(NAME, "s", ""))
        self.service.fail = True
        with self.assertRaises(BusError):
            self.add(POSITION, "i", 1)
        self.service.fail, self.service.hang = False, True
        with self.assertRaises(TimeoutError):
            self.client.call(SETTINGS, "/", BUS_ITEM, "GetItems", timeout=0.3)
        self.service.hang, self.service.delay = False, 0.2
        begin = time.monotonic()
        self.assertEqual((0, 1), self.add(POSITION, "i", 1))
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)
        self.assertEqual(3, self.service.count("AddSettings"))

    def test_the_screen_changes_one(self):
        self.service.put(NAME, "Barn")
        self.service.put(FIRST, "pvinverter:34")
        self.service.put(SECOND, "pvinverter:35")
        self.assertEqual([], self.changes())
        self.assertEqual(0, self.service.change(SECOND, "pvinverter:34"))
        self.assertEqual([(SECOND, ("s", "pvinverter:35"))], self.changes(), "moved back")
        self.assertEqual(0, self.service.change(NAME, "Roof"))
        self.assertIn((NAME, ("s", "Roof")), self.changes())
        self.assertIn((NAME, "Roof"), self.service.writes)
        self.assertEqual([FIRST, SECOND], self.service.paths("/ClassAndVrmInstance"))


class OtherTest(BusTest):

    def test_other_driver(self):
        other = Other(self.bus, "pvinverter.fronius", 20).come()
        self.addCleanup(other.close)
        name = "com.victronenergy.pvinverter.fronius"
        self.assertEqual([name], self.client.names())
        self.assertEqual(("i", 20), self.client.typed(name, "/DeviceInstance"))
        self.assertEqual(20, self.client.items(name)["/DeviceInstance"][1])
        other.change(21)
        signal = self.wait("PropertiesChanged", lambda: self.recorder.signals(name))[0]
        self.assertEqual(("/DeviceInstance", ("i", 21)), (signal.path, signal.body[0]["Value"]))
        with self.assertRaises(BusError):
            self.client.value(name, "/Ac/Power")
        with self.assertRaises(RuntimeError):
            Other(self.bus, "pvinverter.fronius", 20).come()
        other.go()
        self.assertEqual([], self.client.names())
