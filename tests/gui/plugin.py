"""What the tests of the GX screen's page share: its packer, its words, and reading it back by another way."""

import base64
import importlib.machinery
import importlib.util
import json
import struct
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUI = ROOT / "gui"
PAGES = GUI / "DbusOpendtu"
LANGUAGES = ("en", "de", "nl", "fr", "es", "it")


def packer():
    """gui/pack as a module."""
    loader = importlib.machinery.SourceFileLoader("gui_pack", str(GUI / "pack"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("gui_pack", loader))
    loader.exec_module(module)
    return module


def packed(folder, version="1.2.3"):
    """The JSON as `gui/pack` writes it there."""
    path = Path(folder) / "DbusOpendtu.json"
    subprocess.run([str(GUI / "pack"), version, str(path)], check=True)
    return path


def resource(path):
    return base64.b64decode(json.loads(Path(path).read_text(encoding="utf-8"))["resource"], validate=True)


class Resource:
    """A binary resource, read as Qt does it: a name is looked for by its hash, by halving."""

    def __init__(self, blob):
        self.blob = blob
        magic, self.version, self.tree, self.data, self.names = struct.unpack(">4sIIII", blob[:20])
        assert magic == b"qres", magic

    def node(self, index):
        """(name, hash, is a folder, number of children or 0, first child or place of the data)."""
        at = self.tree + 14 * index
        name, flags = struct.unpack(">IH", self.blob[at:at + 6])
        count, where = struct.unpack(">II", self.blob[at + 6:at + 14])
        length, value = struct.unpack(">HI", self.blob[self.names + name:self.names + name + 6])
        begin = self.names + name + 6
        text = self.blob[begin:begin + 2 * length].decode("utf-16-be")
        return text, value, bool(flags & 2), count if flags & 2 else 0, where

    def find(self, folder, name):
        """Index of that entry of that folder, or None."""
        wanted = 0
        for character in name:
            wanted = ((wanted << 4) + ord(character)) % (1 << 32)
            wanted ^= (wanted & 0xF0000000) >> 23
            wanted &= 0x0FFFFFFF
        _, _, _, count, first = self.node(folder)
        low, high = first, first + count
        while low < high:
            middle = (low + high) // 2
            if self.node(middle)[1] < wanted:
                low = middle + 1
            else:
                high = middle
        while low < first + count and self.node(low)[1] == wanted:
            if self.node(low)[0] == name:
                return low
            low += 1
        return None

    def read(self, path):
        """The bytes of /folder/file."""
        here = 0
        for part in path.strip("/").split("/"):
            here = self.find(here, part)
            if here is None:
                raise KeyError(path)
        at = self.data + self.node(here)[4]
        length, = struct.unpack(">I", self.blob[at:at + 4])
        return self.blob[at + 4:at + 4 + length]

    def names_in(self, path):
        index = self.find(0, path.strip("/"))
        _, _, _, count, first = self.node(index)
        return {self.node(entry)[0] for entry in range(first, first + count)}


def words():
    """Language → {id: text}, straight from the table."""
    lines = (GUI / "words.tsv").read_text(encoding="utf-8").splitlines()
    head, *rows = (line.split("\t") for line in lines)
    return {language: {row[0]: row[head.index(language)] for row in rows} for language in head[1:]}
