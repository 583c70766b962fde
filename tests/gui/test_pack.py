"""The page for the GX screen as one JSON file: what is in it, read back by another reader, and with Qt's rcc where that is."""

import json
import re
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.gui.plugin import GUI, LANGUAGES, PAGES, ROOT, Resource, packed, packer, resource, words

RCC = Path("/usr/lib/qt6/libexec/rcc")
LRELEASE = Path("/usr/lib/qt6/bin/lrelease")


def messages(qm):
    """{id: text} of a .qm, found as QTranslator finds them: by the hash of the id."""
    magic = bytes.fromhex("3cb86418caef9c95cd211cbf60a1bddd")
    assert qm.startswith(magic)
    blocks, at = {}, len(magic)
    while at < len(qm):
        tag, length = struct.unpack(">BI", qm[at:at + 5])
        blocks[tag] = qm[at + 5:at + 5 + length]
        at += 5 + length
    hashes = [struct.unpack(">II", blocks[0x42][n:n + 8]) for n in range(0, len(blocks[0x42]), 8)]
    assert hashes == sorted(hashes), "Qt halves this list"
    found = {}
    for value, at in hashes:
        fields = {}
        while blocks[0x69][at] != 1:
            tag, length = struct.unpack(">BI", blocks[0x69][at:at + 5])
            fields[tag] = blocks[0x69][at + 5:at + 5 + length]
            at += 5 + length
        assert elf(fields[6]) == value, fields[6]
        found[fields[6].decode()] = fields[3].decode("utf-16-be")
    return blocks[0xA7].decode(), found


def elf(data):
    """The hash of System V's object files, as their specification has it."""
    value = 0
    for byte in data:
        value = ((value << 4) + byte) % (1 << 32)
        if value & 0xF0000000:
            value ^= (value & 0xF0000000) >> 24
        value &= 0x0FFFFFFF
    return value or 1


class PackTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = packed(self.folder)
        self.plugin = json.loads(self.path.read_text(encoding="utf-8"))

    def test_keys(self):
        url = "qrc:/DbusOpendtu/DbusOpendtu_"
        resource_key = self.plugin.pop("resource")
        self.assertRegex(resource_key, r"\A[A-Za-z0-9+/]+=*\Z")
        self.assertEqual(self.plugin, {
            "name": "DbusOpendtu",
            "version": "1.2.3",
            "minRequiredVersion": "v1.2.14",
            "maxRequiredVersion": "",
            "translations": sorted(f"{url}{language}.qm" for language in LANGUAGES),
            "integrations": [
                {"type": 1, "url": url + "Settings.qml"},
                {"type": 2, "productId": "0xD7D0", "title": "opendtu_more_values", "url": url + "Values.qml"}]})

    def test_product_is_that_of_the_services(self):
        text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "venus").glob("*.[ch]"))
        self.assertIn(self.plugin["integrations"][1]["productId"].lower(), text.lower())

    def test_each_file_is_read_back(self):
        read = Resource(resource(self.path))
        self.assertEqual(read.version, 1)
        pages = {path.name for path in PAGES.iterdir()}
        self.assertEqual(read.names_in("DbusOpendtu"), pages | {f"DbusOpendtu_{code}.qm" for code in LANGUAGES})
        for name in pages:
            self.assertEqual(read.read(f"/DbusOpendtu/{name}"), (PAGES / name).read_bytes(), name)

    def test_each_translation_is_read_back(self):
        read = Resource(resource(self.path))
        for language, texts in words().items():
            self.assertEqual(messages(read.read(f"/DbusOpendtu/DbusOpendtu_{language}.qm")), (language, texts))

    def test_what_pages_open_is_there(self):
        names = Resource(resource(self.path)).names_in("DbusOpendtu")
        opened = set()
        for path in PAGES.glob("*.qml"):
            text = path.read_text(encoding="utf-8")
            opened |= set(re.findall(r'"qrc:/DbusOpendtu/(\w+\.qml)"', text)) | set(re.findall(r'^import "(.+)" as', text, re.M))
        self.assertGreaterEqual(len(opened), 3)
        self.assertEqual(opened - names, set())

    def test_same_bytes_each_time(self):
        again = self.folder / "again"
        again.mkdir()
        self.assertEqual(packed(again).read_bytes(), self.path.read_bytes())
        self.assertNotEqual(packed(again, "1.2.4").read_bytes(), self.path.read_bytes())

    def test_a_fault_leaves_no_file(self):
        module = packer()
        good = module.contents()
        text = module.document("1.2.3", good)
        module.verify(text, good)
        for broken in (text[:len(text) // 2], text.replace('"resource": "', '"resource": "AAAA'), text + "x"):
            with self.assertRaises((SystemExit, ValueError, struct.error, UnicodeDecodeError)):
                module.verify(broken, good)
        module.contents = lambda: {name: data for name, data in good.items() if not name.endswith("Values.qml")}
        with self.assertRaises(SystemExit):
            module.main("1.2.3", str(self.folder / "none.json"))
        self.assertFalse((self.folder / "none.json").exists())

    def test_a_word_that_lacks_a_language_is_refused(self):
        table = self.folder / "words.tsv"
        lines = (GUI / "words.tsv").read_text(encoding="utf-8").splitlines()
        table.write_text("\n".join([*lines[:-1], lines[-1].rsplit("\t", 1)[0]]) + "\n", encoding="utf-8")
        with self.assertRaises(SystemExit):
            packer().words(table)

    @unittest.skipUnless(RCC.exists(), "Qt's rcc is not here")
    def test_as_rcc_makes_it(self):
        module = packer()
        files = module.contents()
        for name, data in files.items():
            (self.folder / name).write_bytes(data)
        listed = "".join(f"<file>{name}</file>" for name in files)
        (self.folder / "all.qrc").write_text(f'<RCC><qresource prefix="/DbusOpendtu">{listed}</qresource></RCC>')
        theirs = self.folder / "all.rcc"
        subprocess.run([RCC, "--binary", "--format-version", "1", "--no-compress", "-o", theirs, self.folder / "all.qrc"],
                       check=True)
        ours, theirs = module.resource("DbusOpendtu", files), theirs.read_bytes()
        self.assertEqual(len(ours), len(theirs))
        self.assertEqual(module.unpack(theirs), ("DbusOpendtu", files))
        for name, data in files.items():
            self.assertEqual(Resource(theirs).read(f"/DbusOpendtu/{name}"), data)
            self.assertEqual(Resource(ours).read(f"/DbusOpendtu/{name}"), data)

    @unittest.skipUnless(LRELEASE.exists(), "Qt's lrelease is not here")
    def test_as_lrelease_makes_it(self):
        entries = "".join(f'<message id="{key}"><source>x</source><translation>{text}</translation></message>'
                          for key, text in words()["fr"].items())
        (self.folder / "a_fr.ts").write_text('<?xml version="1.0" encoding="utf-8"?><!DOCTYPE TS><TS version="2.1" language="fr">'
                                             f"<context><name></name>{entries}</context></TS>", encoding="utf-8")
        subprocess.run([LRELEASE, "-silent", "-idbased", self.folder / "a_fr.ts", "-qm", self.folder / "a.qm"], check=True)
        self.assertEqual(messages((self.folder / "a.qm").read_bytes()), ("fr", words()["fr"]))


if __name__ == "__main__":
    unittest.main()
