"""The device language: what the program makes of random paths and replies is what a second implementation makes of
them, which was written from the documents alone. Each case is made from its number, so that a failure can be looked at.
"""

import json
import math
import os
import subprocess
import unittest

from tests.language import second
from tests.language.cases import Maker

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD") or os.path.join(ROOT, "build")
PROGRAM = os.path.join(BUILD, "x86_64-debug", "tests", "language_answers")
PATHS, SECTIONS, SHOWN = 6000, 3000, 3


def answers(cases):
    """What the program says of each case, all in one run."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([PROGRAM], input=lines, capture_output=True, text=True, check=False,
                          timeout=50, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def shown(value):
    """As JSON has it: what is no finite number is null."""
    return value if value is not None and math.isfinite(value) else None


def alike(a, b):
    """The same, numbers but for their last digits."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
    return a == b


def of_path(case):
    replies = [second.parse(body) for body in case["replies"]]
    return {"terms": [{"path": t.path, "reply": t.reply, "value": shown(t.value),
                       "null": t.node is None} for t in second.terms(replies, case["text"])]}


def lines_of(keys):
    return "".join(f"{key} = {value.replace('%', '%%')}\n" for key, value in keys.items())


def section(keys, channels, bodies):
    """The same as the program is asked it."""
    head = "[DEFAULT]\nDTU = template\nNumberOfTemplates = 1\n[TEMPLATE0]\nHost = x\n"
    if not channels:
        return {"config": head + lines_of(keys), "device": None, "replies": bodies}
    device = f"[DEVICE]\nTitle = Mine\nClasses = grid\nChannels = {channels}\n" + lines_of(keys)
    return {"config": head + "Type = mine\n", "device": device, "replies": bodies}


def of_section(keys, channels, bodies):
    requests, readings = second.readings(keys, bodies, channels or 1)
    for reading in readings:
        reading["values"] = {key: list(map(shown, slots)) for key, slots in reading["values"].items()}
    return {"requests": requests, "readings": readings}


class LanguageTest(unittest.TestCase):

    def compare(self, cases, expected):
        told = answers(cases)
        self.assertEqual(len(cases), len(told))
        wrong = [n for n, (mine, its) in enumerate(zip(expected, told)) if not alike(mine, its)]
        texts = [f"case {n}: {json.dumps(cases[n], ensure_ascii=False)}\nsecond:  {expected[n]}\n"
                 f"program: {told[n]}" for n in wrong[:SHOWN]]
        self.assertFalse(wrong, f"{len(wrong)} of {len(cases)} differ\n" + "\n".join(texts))

    def test_paths(self):
        cases = [Maker(f"path {n}").path_case() for n in range(PATHS)]
        expected = [of_path(case) for case in cases]
        self.compare(cases, expected)
        values = [t["value"] for answer in expected for t in answer["terms"]]
        self.assertGreater(sum(v is not None for v in values), len(values) / 8, "too few lead anywhere")

    def test_sections(self):
        made = [Maker(f"section {n}").section_case() for n in range(SECTIONS)]
        expected = [of_section(*one) for one in made]
        self.compare([section(*one) for one in made], expected)
        reaches = [r["reach"] for answer in expected for r in answer["readings"]]
        for reach in ("ok", "asleep", "no power"):
            self.assertGreater(reaches.count(reach), SECTIONS / 50, reach)


if __name__ == "__main__":
    unittest.main()
