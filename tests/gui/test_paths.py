"""Every path that the pages read is one that the program has, and what they write can be written: by docs/dbus.md."""

import re
import unittest

from tests.gui.plugin import GUI, PAGES

DOCUMENT = (GUI.parent / "docs" / "dbus.md").read_text(encoding="utf-8")
HEADING = "\n## The service of the page\n"
# What stands before a path, by page: where that lies.
PLACES = {
    ("Settings", "root.service"): "",
    ("Settings", "gateway.uid"): "/Gateways/<id>",
    ("Settings", "device.uid"): "/Devices/<id>",
    ("Gateway", "root.uid"): "/Gateways/<id>",
    ("Device", "root.uid"): "/Devices/<id>",
    ("Device", "root.service"): "",
    ("Values", "root.uid"): "of a device: ",
    ("Values", "input.uid"): "of a device: /Pv/{0...5}",
}


def rows(text):
    """{path: whether it can be set}, of the tables of a part of the document."""
    found = {}
    for line in re.findall(r"^\| `/.*$", text, re.M):
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        first, *last = re.findall(r"`(/[^`]*)`", cells[0])
        head, _, digit = first.rpartition("/")
        for path in ([f"{head}/{n}" for n in range(int(digit), int(last[0].rpartition("/")[2]) + 1)] if last else [first]):
            found[path] = bool(cells[1])
    return found


def known():
    devices, _, own = DOCUMENT.partition(HEADING)
    # The "set" column of a class' table is another one: nothing of it is written here.
    return {**rows(own), **{"of a device: " + path: False for path in rows(devices)}}


def used():
    """(page, path) of all that the pages read; a number or an id that is put behind is left out."""
    for page in PAGES.glob("*.qml"):
        name = page.stem.partition("_")[2]
        for before, path in re.findall(r'(\w+\.(?:uid|service)) \+ "(/[\w/]*)"', page.read_text(encoding="utf-8")):
            yield name, PLACES[name, before] + path


def written():
    """(page, path) of what a switch or a field writes."""
    for page in PAGES.glob("*.qml"):
        name = page.stem.partition("_")[2]
        for block in re.findall(r"(?:ListSwitch|ListTextField) \{(.*?)\n\t+\}", page.read_text(encoding="utf-8"), re.S):
            before, path = re.search(r'dataItem\.uid: (\w+\.\w+) \+ "(/[\w/]*)"', block).groups()
            yield name, PLACES[name, before] + path


class PathsTest(unittest.TestCase):
    def test_the_document_is_read(self):
        self.assertIn("/Config/Message/7", known())
        self.assertTrue(known()["/Devices/<id>/Enabled"])
        self.assertFalse(known()["/Devices/<id>/Power"])
        self.assertIn("of a device: /Ac/Power", known())

    def test_each_path_is_there(self):
        paths = known()
        for page, path in used():
            ends = [path] if not path.endswith("/") else [p for p in paths if p.startswith(path)]
            self.assertTrue(ends and ends[0] in paths, f"{page}: {path}")

    def test_what_is_written_can_be(self):
        there = list(written())
        self.assertGreaterEqual(len(there), 5)
        for page, path in there:
            self.assertTrue(known()[path], f"{page}: {path}")

    def test_the_button_writes_what_can_be_written(self):
        self.assertTrue(known()["/Refresh"])


if __name__ == "__main__":
    unittest.main()
