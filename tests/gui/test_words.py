"""gui/words.tsv: every word of the pages in six languages, and no row that no page uses."""

import re
import unittest
from collections import Counter

from tests.gui import pictures
from tests.gui.plugin import GUI, LANGUAGES, PAGES, packer, words


def used():
    """The ids in the pages and in what gui-v2 itself translates."""
    found = set()
    for path in PAGES.iterdir():
        found |= set(re.findall(r'qsTrId\("(\w+)"\)', path.read_text(encoding="utf-8")))
    return found | {entry["title"] for entry in packer().INTEGRATIONS if "title" in entry}


class WordsTest(unittest.TestCase):
    def test_table_is_whole(self):
        lines = (GUI / "words.tsv").read_text(encoding="utf-8").splitlines()
        self.assertEqual(lines[0].split("\t"), ["id", *LANGUAGES])
        for line in lines[1:]:
            cells = line.split("\t")
            self.assertEqual(len(cells), 1 + len(LANGUAGES), line)
            for cell in cells:
                self.assertEqual(cell, cell.strip(), line)
                self.assertTrue(cell, line)
            # gui-v2 has ids of its own.
            self.assertRegex(cells[0], r"\Aopendtu_[a-z_]+\Z")

    def test_each_id_once(self):
        lines = (GUI / "words.tsv").read_text(encoding="utf-8").splitlines()
        twice = [key for key, times in Counter(line.split("\t")[0] for line in lines).items() if times > 1]
        self.assertEqual(twice, [])

    def test_each_word_of_the_pages_is_in_the_table(self):
        self.assertEqual(used() - set(words()["en"]), set())

    def test_no_row_is_unused(self):
        self.assertEqual(set(words()["en"]) - used(), set())

    def test_words_are_named_literally(self):
        """So that the two tests above see all of them; and no page has a text of its own."""
        for path in PAGES.iterdir():
            text = path.read_text(encoding="utf-8")
            self.assertEqual(len(re.findall(r"qsTrId\(", text)), len(re.findall(r'qsTrId\("\w+"\)', text)), path.name)
            for label in re.findall(r'\btext: "([^"]*)"', text):
                self.fail(f"{path.name}: {label!r} is not in the table")

    def test_pictures(self):
        """Small, as they lie in the repository; and drawn from what is there now."""
        for name in pictures.NAMES:
            picture = (GUI.parent / "docs" / name).read_bytes()
            self.assertTrue(picture.startswith(b"\x89PNG"), name)
            self.assertLess(len(picture), 60000, name)
            self.assertEqual(pictures.drawn_from(), pictures.said_source(picture), f"{name} is out of date: make gui-pictures")

    def test_places_for_values(self):
        for language, texts in words().items():
            for key, text in texts.items():
                self.assertEqual(sorted(set(re.findall(r"%\d", text))), sorted(set(re.findall(r"%\d", words()["en"][key]))),
                                 f"{language} {key}")


if __name__ == "__main__":
    unittest.main()
