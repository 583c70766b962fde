"""Random paths, sections and replies for the device language: each from its seed alone."""

import json
import random

from tests.language.second import OF_PHASES, OF_STRINGS, RANGES

NAMES = ("a", "b", "c", "p1", "p2", "Power", "em:0", "x y", "grün", "0", "1", "none")
ODD_NAMES = ("a+b", "p1+p2", "+P", "-A", "a - b", "a + b", "a * 2", "(3)", "[2]a", "*", "", "2*a",
             "- a", "b+", "/a", "a/b")
NUMBERS = (0, 1, 2, 7.5, -3, 230, 100, 1e15, 0.001, 12345)
HUGE = (1e16, -1e18, 1e300)
TEXTS = ("12.5", " 7 ", "-3e2", "+4", ".5", "5.", "0x1F", "nan", "inf", "", "on", "true", "TRUE", "1e999",
         "1 2", "--1", "1e", "\t9\n")
SIGNS = (" + ", " - ", "  +  ", "\t-\t", " +", "- ", "+", "-")
NO_JSON = ("", "<html>", "[1", "{\"a\":}", "null", "nope")
DEFAULTS = ("none", "0", "5", "-1", "230", "1e12")


class Maker:
    """Makes one case."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.replies = []

    def one(self, *choices):
        return self.random.choice(choices)

    def often(self, chance):
        return self.random.random() < chance

    # --- replies ------------------------------------------------------------------------------

    def name(self):
        return self.one(*ODD_NAMES) if self.often(0.25) else self.one(*NAMES)

    def scalar(self):
        kind = self.random.random()
        if kind < 0.6:
            return self.one(*NUMBERS) if self.often(0.9) else self.one(*HUGE)
        if kind < 0.8:
            return self.one(*TEXTS)
        return self.one(None, None, True, False)

    def value(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.55:
            return self.scalar()
        size = self.random.randrange(4)
        if kind < 0.75:
            return [self.value(depth - 1) for _ in range(size)]
        return {self.name(): self.value(depth - 1) for _ in range(size)}

    def reply(self):
        if self.often(0.1):
            return self.value(2)
        return {self.name(): self.value(2) for _ in range(self.random.randrange(1, 7))}

    def body(self, reply):
        """As a device may write it: a name twice, a bare NaN, blanks around."""
        text = json.dumps(reply, ensure_ascii=self.often(0.5))
        if isinstance(reply, dict) and reply and self.often(0.1):
            text = text[:-1] + f", {json.dumps(self.one(*reply))}: 77" + "}"
        if self.often(0.05):
            text = text.replace(": null", ": " + self.one("NaN", "-Infinity", "Infinity"))
        return self.one("", " ", "\n") + text + self.one("", "\r\n")

    # --- paths --------------------------------------------------------------------------------

    def lead(self, node):
        """A path that leads somewhere in node."""
        names = []
        while isinstance(node, (dict, list)) and node and self.often(0.9):
            key = self.one(*node) if isinstance(node, dict) else self.random.randrange(len(node))
            if isinstance(node, list) and self.often(0.4):
                names.append("*")
                break
            names.append(str(key))
            node = node[key]
        if not isinstance(node, (dict, list)) and self.often(0.2):
            names.append(self.one("0", "*", "1"))
        return self.one("", "", "", "/") + "/".join(names) + self.one("", "", "", "", "", "", "/")

    def path(self):
        if self.often(0.15):
            return "/".join(self.name() for _ in range(self.random.randrange(1, 3)))
        return self.lead(self.one(*self.replies))

    def factor(self):
        return self.one(" * 2", " * -1", " * 0.001", "  *  1e+3", " *\t.5", "*2", " * x", " * 2 * 3", " * 1e999",
                        " * ", " *2")

    def term(self):
        if self.often(0.08):
            return self.one("(5)", "(-2.5)", "(+1)", "(1e+3)", "( 5 )", "(5) * 2", "(x)", "()")
        place = self.one("", "", "[1]", "[2]", "[2] ", "[3]", "[4]", "[9]", "[0]", "[12]")
        text = (place if self.often(0.4) else "") + self.path()
        text += self.one("?", "?", " ?", "??") if self.often(0.2) else ""
        return text + (self.factor() if self.often(0.25) else "")

    def text(self):
        text = self.one("", "", "", "", "- ", "-", " ", "+ ") + self.term()
        for _ in range(self.one(0, 0, 0, 1, 1, 2, 4)):
            sign = "+" if self.often(0.3) else self.one(*SIGNS)
            text += sign + self.term()
        return text[:200]

    # --- cases --------------------------------------------------------------------------------

    def bodies(self, count):
        self.replies = [self.reply() for _ in range(count)]
        bodies = [self.body(reply) for reply in self.replies]
        if self.often(0.1):
            bodies[self.random.randrange(count)] = self.one(None, *NO_JSON)
        return bodies + [None] * (4 - count)

    def path_case(self):
        bodies = self.bodies(self.random.randrange(1, 4))
        return {"text": self.text(), "replies": bodies}

    def section_case(self):
        """(keys, type's keys or None, channels, bodies)"""
        count = self.one(1, 1, 1, 2, 3)
        bodies = self.bodies(count)
        keys = {f"CUST_API_PATH_{n}" if n > 1 else "CUST_API_PATH": f"r{n}"
                for n in range(1, count + 1)}
        if self.often(0.7):
            self.add_value(keys, "Power", count, 1.0)
        else:
            self.add_value(keys, "Power_L1", count, 1.0)
        for field in self.random.sample(sorted(RANGES), self.random.randrange(5)):
            self.add_field(keys, field, count)
        if self.often(0.2):
            self.add_strings(keys, count)
        self.add_value(keys, "Standby", count, 0.1)
        if self.often(0.1):
            keys["CUST_VoltageLineToLine"] = self.one("0", "1")
        if self.often(0.1):
            keys["CUST_Reversed"] = self.one("0", "1")
        return keys, self.channels(keys), bodies

    def channels(self, keys):
        """1 without a type."""
        if self.often(0.75):
            return 0
        for key in list(keys):
            a_path = "API" not in key and not key.endswith(("_Mult", "_Default", "LineToLine", "Reversed"))
            if a_path and self.often(0.3):
                keys[key] = keys[key].replace("0", "{n}").replace("/1", "/{n}")
        return self.random.randrange(1, 5)

    def add_value(self, keys, name, count, chance):
        """A path that a configuration can hold, and of replies that are asked for."""
        if not self.often(chance):
            return
        text = self.text().strip()
        places = [f"[{n}]" for n in range(1, count + 1)]
        while not text or text.lower() == "none" or "\n" in text or any(
                f"[{n}]" in text and f"[{n}]" not in places for n in range(1, 10)):
            text = self.text().strip()
        keys["CUST_" + name] = text

    def add_field(self, keys, field, count):
        self.add_value(keys, field, count, 0.7)
        for n in (1, 2, 3):
            if field in OF_PHASES:
                self.add_value(keys, f"{field}_L{n}", count, 0.3)
        if self.often(0.4):
            keys[f"CUST_{field}_Mult"] = self.one("0.001", "-1", "2", "0", "1e3", "0.01")
        if self.often(0.3):
            keys[f"CUST_{field}_Default"] = self.one(*DEFAULTS)

    def add_strings(self, keys, count):
        for _ in range(self.random.randrange(1, 5)):
            what, _ = self.one(*OF_STRINGS)
            self.add_value(keys, f"String{self.random.randrange(1, 7)}_{what}", count, 1.0)
