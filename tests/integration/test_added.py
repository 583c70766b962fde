"""DTUs that are added on the GX screen: whoever may write there leads the program nowhere but into the house."""

import json
import os

from tests.integration.bus import PAGE
from tests.integration.case import BusTest
from tests.integration.nearby import FAR, GOOD, HERE, LOGIN, OWN, SERIALS, STRAY, STRAY_FEED
from tests.integration.program import ROOT
from tests.integration.test_resolver import namespaces

NAMES = f"""127.0.0.1 localhost
{GOOD} dtu.house
{FAR} far.house
{HERE} here.house
{FAR} both.house
{GOOD} both.house
"""
ADDED = "/Gateways/ADDED%d"
ACCEPTED, REFUSED = 0, 2


class AddedTest(BusTest):

    def scene(self, **keys):
        if not namespaces():
            self.skipTest("needs root and `unshare --net --mount`")
        names = os.path.join(self.folder, "hosts")
        with open(names, "w", encoding="utf-8") as file:
            file.write(NAMES)
        self.configure({"Host": OWN, "Username": LOGIN[0], "Password": LOGIN[1], **keys})
        house = os.path.join(ROOT, "tests", "integration", "nearby.py")
        self.program = self.start(prefix=["unshare", "--net", "--mount", "/usr/bin/python3", house, names])
        self.wait_value(PAGE, "/DeviceList", SERIALS[OWN], 10.0)

    def add(self, text):
        return self.client.set(PAGE, "/IpAddresses", "s", text)

    def seen(self):
        """What each host saw: the end of the program."""
        self.assertEqual(0, self.program.stop()[0])
        self.programs.remove(self.program)
        line, = self.program.lines("seen:")
        return json.loads(line.split("seen:")[1])

    def assert_stayed_in_the_house(self, seen):
        self.assertEqual((0, 0), (seen[FAR]["connections"], seen[HERE]["connections"]))
        for address, what in seen.items():
            if address != OWN:
                self.assertEqual(0, what["with_login"], address)
        self.assertGreater(seen[OWN]["with_login"], 1)

    def test_what_lies_outside(self):
        """An address is refused; a name is held to it when it has become one."""
        self.scene()
        for text in (FAR, HERE, f"{GOOD},{FAR}", f"::ffff:{FAR}", "3405803781"):
            self.assertEqual(REFUSED, self.add(text), text)
        self.assertEqual(ACCEPTED, self.add("far.house,here.house,localhost,nowhere.house"))
        for n in range(1, 5):
            self.wait_value(PAGE, ADDED % n + "/State", 3, 20.0)
        for n, name in enumerate(("far.house", "here.house", "localhost"), 1):
            self.assertIn(f"{name} lies outside", self.client.value(PAGE, ADDED % n + "/LastError"))
        self.wait("room for it", lambda: self.client.set(PAGE, "/Refresh", "i", 1) == ACCEPTED, 15.0)
        self.assertEqual(SERIALS[OWN], self.client.value(PAGE, "/DeviceList"))
        self.assert_stayed_in_the_house(self.seen())

    def test_a_dtu(self):
        """By its address and by its name, also where that has another address besides; with no login."""
        self.scene()
        self.assertEqual(ACCEPTED, self.add("dtu.house"))
        self.wait_value(PAGE, "/DeviceList", f"{SERIALS[OWN]},{SERIALS[GOOD]}", 15.0)
        self.wait_value(PAGE, ADDED % 1 + "/Push", 1, 15.0)
        self.assertEqual(ACCEPTED, self.add("both.house"))
        self.wait_value(PAGE, ADDED % 1 + "/Address", "http://both.house", 15.0)
        self.wait_value(PAGE, ADDED % 1 + "/State", 1, 15.0)
        self.assertEqual(ACCEPTED, self.add(GOOD))
        self.wait_value(PAGE, ADDED % 1 + "/Address", f"http://{GOOD}", 15.0)
        self.wait_value(PAGE, ADDED % 1 + "/State", 1, 15.0)
        self.wait_value(PAGE, f"/Devices/{SERIALS[GOOD]}/State", 1, 15.0)
        self.assertEqual("ADDED1", self.client.value(PAGE, f"/Devices/{SERIALS[GOOD]}/Gateway"))
        self.wait_value(PAGE, f"/Devices/{SERIALS[GOOD]}/DeviceInstance", 35, 20.0)
        self.assertIsNone(self.client.value(PAGE, f"/Devices/{SERIALS[GOOD]}/PowerLimit/Enabled"))
        for leaf in ("PowerLimit/Enabled", "Switch/Enabled"):  # they want a login
            self.assertEqual(REFUSED, self.client.set(PAGE, f"/Devices/{SERIALS[GOOD]}/{leaf}", "i", 1))
        seen = self.seen()
        self.assertGreater(seen[GOOD]["pushed"], 0)
        self.assertEqual(set(), {t for t in seen[GOOD]["requests"] if "config" in t or "list" in t})
        self.assert_stayed_in_the_house(seen)

    def test_one_that_sends_elsewhere(self):
        """Its answers, and its feed, redirect to a host outside: nobody goes there."""
        self.scene()
        self.assertEqual(ACCEPTED, self.add(f"{STRAY},{STRAY_FEED}"))
        self.wait_value(PAGE, "/DeviceList", f"{SERIALS[OWN]},{SERIALS[STRAY_FEED]}", 15.0)
        self.wait_value(PAGE, ADDED % 1 + "/State", 3, 15.0)
        self.wait_value(PAGE, ADDED % 2 + "/State", 1, 15.0)
        self.wait("room for it", lambda: self.client.set(PAGE, "/Refresh", "i", 1) == ACCEPTED, 15.0)
        self.wait_value(PAGE, f"/Devices/{SERIALS[STRAY_FEED]}/State", 1, 15.0)
        seen = self.seen()
        self.assertGreater(seen[STRAY]["connections"], 0)
        self.assertGreater(seen[STRAY_FEED]["requests"].get("/livedata", 0), 0)
        self.assert_stayed_in_the_house(seen)
