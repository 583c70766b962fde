"""The device language a second time, written from the words of core/json_terms.h, core/json.h, core/reading.h,
core/device_type.h and docs/config.md, and not from the C. test_language.py holds the two against each other.
"""

import json
import math
import re

NOWHERE = object()  # a path that leads nowhere; null is None
REPLIES_MAX, STRINGS_MAX = 4, 6
BLANK = " \t\n\v\f\r"
SIGN = r"(?<=[ \t\n\v\f\r])([+-])(?=[ \t\n\v\f\r])"
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

# What no device can have measured lies outside of these.
RANGES = {"Power": (-1e6, 1e6), "Voltage": (0, 1000), "Current": (-1e4, 1e4), "Total": (0, 1e8),
          "Return": (0, 1e8), "Today": (0, 1e5), "Frequency": (0, 100), "PowerFactor": (-1.01, 1.01),
          "Temperature": (-60, 200), "DCVoltage": (0, 2000), "MaxPower": (1, 1e6)}
OF_PHASES = ("Power", "Voltage", "Current", "Total", "Return", "PowerFactor")
ADD_UP = ("Power", "Total", "Return")  # the whole is what the phases are together
OF_STRINGS = (("Power", "Power"), ("Voltage", "DCVoltage"), ("Current", "Current"), ("Today", "Today"))


# --- a reply ----------------------------------------------------------------------------------

class Members(list):
    """An object: its members in their order, of which the first of a name counts."""


def parse(body):
    """The reply; NOWHERE when there is none, or when it is no JSON."""
    if body is None:
        return NOWHERE
    try:
        return json.loads(body, object_pairs_hook=Members, parse_int=float, parse_float=float,
                          parse_constant=lambda word: None)
    except (ValueError, RecursionError):
        return NOWHERE


def is_list(node):
    return isinstance(node, list) and not isinstance(node, Members)


def number(node):
    """A finite number within 1e15, also as text; true and false are 1 and 0. None is no number."""
    if isinstance(node, bool):
        return float(node)
    if isinstance(node, str):
        text = node.strip(" \t\n\r")
        node = float(text) if NUMBER.fullmatch(text) else None
    if not isinstance(node, float) or not math.isfinite(node) or abs(node) > 1e15:
        return None
    return node


def add(values):
    """One after the other, as floating point numbers are added everywhere; none are none."""
    total = 0.0 if values else None
    for value in values:
        total += value
    return total


def step(node, name):
    if isinstance(node, Members):
        return next((value for key, value in node if key == name), NOWHERE)
    if is_list(node) and re.fullmatch("[0-9]{1,7}", name) and int(name) < len(node):
        return node[int(name)]
    return NOWHERE


def follow(root, path):
    """Names and list indices, parted by '/'; one more at either end does no harm."""
    node, path = root, path[1:] if path.startswith("/") else path
    while path and node is not NOWHERE:
        name, _, path = path.partition("/")
        node = step(node, name)
    return node


# --- a path -----------------------------------------------------------------------------------

class Term:
    """One number of a reply, or what is there in its place."""

    left_out = False  # it may be, and is

    def __init__(self, path, reply=0, node=NOWHERE, value=None):
        self.path, self.reply, self.node, self.value = path, reply, node, value

    def times(self, factor):
        if self.value is not None:
            self.value *= factor
        return self


def add_up(path, reply, items):
    """All of a list. What is no number in it makes the sum none, and is what the term led to."""
    values = [number(item) for item in items]
    if None in values:
        return Term(path, reply, items[values.index(None)])
    return Term(path, reply, items, add(values))


def lead(replies, path, reply):
    root = replies[reply] if reply < len(replies) else NOWHERE
    node = follow(root, path)
    if node is NOWHERE and path.endswith("/*"):
        node = follow(root, path[:-2])
        if is_list(node):
            return add_up(path, reply, node)
    elif node is NOWHERE and path.endswith("/0"):
        single = follow(root, path[:-2])
        node = NOWHERE if isinstance(single, list) else single
    return Term(path, reply, node, number(node))


def finite(text):
    return float(text) if NUMBER.fullmatch(text) and math.isfinite(float(text)) else None


def read_term(replies, text):
    """[n], a path, a mark, and a factor; or a number in parentheses."""
    if follow(replies[0], text) is not NOWHERE:  # a name, whatever is in it
        return lead(replies, text, 0)
    factor, reply = 1.0, 0
    product = re.fullmatch(r"(.*[ \t\n\v\f\r])\*[ \t\n\v\f\r]+([^*]*)", text, re.DOTALL)
    if product and finite(product[2]) is not None:
        text, factor = product[1].rstrip(BLANK), finite(product[2])
    place = re.match(r"\[([1-9])\][ \t]*", text)
    if place:
        text, reply = text[place.end():], int(place[1]) - 1
    optional = text.endswith("?") and len(text) > 1
    if optional:
        text = text[:-1].rstrip(BLANK)
    if text.startswith("(") and text.endswith(")") and finite(text[1:-1]) is not None:
        return Term(text, reply, value=finite(text[1:-1])).times(factor)
    term = lead(replies, text, reply).times(factor)
    there = reply < len(replies) and replies[reply] is not NOWHERE
    term.left_out = optional and there and term.node is NOWHERE
    return term


def parted(replies, text):
    """What stands between two signs: a term, or several with a '+' that has no blanks."""
    term = read_term(replies, text)
    if "+" not in text or term.node is not NOWHERE or term.value is not None:
        return [term]
    several = [read_term(replies, piece.strip(BLANK)) for piece in text.split("+")]
    speaks = any(one.node is None or (one.node is not NOWHERE and one.value is not None)
                 for one in several)
    return several if speaks else [term]


def terms(replies, text):
    text = text.strip(BLANK)
    if follow(replies[0], text) is not NOWHERE:
        return [read_term(replies, text)]
    found, sign = [], 1.0
    if re.match(r"-[ \t\n\v\f\r]", text):
        sign, text = -1.0, text[2:]
    pieces = ["-" if sign < 0 else "+"] + re.split(SIGN, text)
    for mark, piece in zip(pieces[::2], pieces[1::2]):
        factor = -1.0 if mark == "-" else 1.0
        found += [term.times(factor) for term in parted(replies, piece.strip(BLANK))]
    return found


# --- a section --------------------------------------------------------------------------------

class Sum:
    """The value of a key: all of its terms, or none."""

    def __init__(self, replies, text):
        self.configured = bool(text) and text.lower() != "none"
        everything = terms(replies, text) if self.configured else []
        self.terms = [term for term in everything if not term.left_out] or everything
        values = [term.value for term in self.terms]
        self.value = add(values) if None not in values else None
        self.constant = all(t.node is NOWHERE and t.value is not None for t in self.terms)
        self.led = any(t.node is None or (t.node is not NOWHERE and t.value is not None)
                       for t in self.terms)  # to a number or a null of a reply


class Section:
    """The keys of a [TEMPLATEn], with those of its type, and the replies to its requests."""

    def __init__(self, keys, replies, channel=0):
        self.keys, self.replies, self.channel = keys, replies, channel

    def sum(self, key):
        return Sum(self.replies, self.keys.get("CUST_" + key, "").replace("{n}", str(self.channel)))

    def factor(self, field):
        factor = float(self.keys.get(f"CUST_{field}_Mult", 1))
        if field == "Voltage" and self.keys.get("CUST_VoltageLineToLine") == "1":
            factor /= math.sqrt(3)
        return factor

    def measured(self, field, key, factor):
        value = self.sum(key).value
        return None if value is None else in_range(field, value * factor)

    def slots(self, field):
        """The whole, L1, L2, L3."""
        factor, whole = self.factor(field), self.sum(field)
        names = [f"{field}_L{n}" for n in (1, 2, 3)] if field in OF_PHASES else []
        value = whole.value
        phases = [self.sum(name) for name in names]
        if not whole.configured and field in ADD_UP:
            own = [phase.value for phase in phases if phase.configured]
            value = add(own) if None not in own else None
        if value is None:
            fallback = self.keys.get(f"CUST_{field}_Default", "none")
            value = None if fallback == "none" else float(fallback)
        else:
            value *= factor
        return ([in_range(field, value)] + [self.measured(field, name, factor) for name in names]
                + [None] * (3 - len(names)))

    def strings(self):
        """The PV inputs up to the last one that has a key."""
        rows, last = [], 0
        for n in range(1, STRINGS_MAX + 1):
            keys = [f"String{n}_{what}" for what, _ in OF_STRINGS]
            if any(self.sum(key).configured for key in keys):
                last = n
            rows.append([self.measured(of, key, float(self.keys.get(f"CUST_{of}_Mult", 1)))
                         for key, (_, of) in zip(keys, OF_STRINGS)])
        return rows[:last]

    def sleeps(self):
        standby = self.sum("Standby")
        node = standby.terms[0].node if standby.terms else NOWHERE
        return (standby.value is not None and standby.value != 0 or
                isinstance(node, str) and node.lower() == "true")

    def all_sums(self):
        for field in RANGES:
            for key in [field] + [f"{field}_L{n}" for n in (1, 2, 3) if field in OF_PHASES]:
                yield field, self.sum(key)

    def reach(self, power):
        if self.sleeps():
            return "asleep"
        if power is not None:
            return "ok"
        lacking = [s for f, s in self.all_sums() if f == "Power" and s.configured and s.value is None]
        others = any(s.value is not None and s.led for f, s in self.all_sums() if f != "Power")
        return "asleep" if others and lacking and self.first_left_out(lacking) else "no power"

    @staticmethod
    def first_left_out(lacking):
        """Its power is null or left out as a whole."""
        return all(t.value is None and (t.node is None or t.node is NOWHERE)
                   for t in lacking[0].terms)

    def is_there(self):
        """Whether anything that is to be in the replies is."""
        sums = [s for _, s in self.all_sums()]
        return any(s.led for s in sums) or all(s.constant for s in sums)

    def reading(self, serial):
        values = {field: self.slots(field) for field in RANGES}
        if not self.is_there():
            nothing = {field: [None] * 4 for field in RANGES}
            return {"serial": serial, "reach": "no power", "phases": 0, "values": nothing, "strings": []}
        strings = self.strings()
        if self.keys.get("CUST_Reversed") == "1":
            values["Power"] = [None if value is None else 0 - value for value in values["Power"]]
            values["Total"], values["Return"] = values["Return"], values["Total"]
        phases = 3 if sum(v is not None for v in values["Power"][1:]) > 1 else 0
        reach = self.reach(values["Power"][0])
        if reach == "asleep" and self.sleeps():
            values["Power"] = [None] * 4
        return {"serial": serial, "reach": reach, "phases": phases, "values": values,
                "strings": strings}


def in_range(field, value):
    low, high = RANGES[field]
    return value if value is not None and low <= value <= high else None


def needed(keys, replies):
    """Which replies the power is in: without one of these there is no reading."""
    found = set()
    for key in ["Power"] + [f"Power_L{n}" for n in (1, 2, 3)]:
        text = keys.get("CUST_" + key, "")
        if text and text.lower() != "none":
            found |= {term.reply for term in terms([NOWHERE] * REPLIES_MAX, text)}
    return found or {0}


def readings(keys, bodies, channels=1):
    """What one cycle brings: the requests in their order, and a reading of each channel."""
    requests = [n for n in range(REPLIES_MAX) if n == 0 or keys.get(f"CUST_API_PATH_{n + 1}")]
    must = needed(keys, bodies)
    replies, asked = [NOWHERE] * REPLIES_MAX, []
    for n in [n for n in requests if n not in must] + [n for n in requests if n in must]:
        asked.append(f"/r{n + 1}")
        replies[n] = parse(bodies[n])
        if replies[n] is None:  # a device that answers null has no memory left
            replies[n] = NOWHERE
        if replies[n] is NOWHERE and n in must:
            return asked, []
    sections = [Section(keys, replies, channel) for channel in range(channels)]
    if not any(section.is_there() for section in sections):
        return asked, []
    names = ["TEMPLATE0" + (f"_{n + 1}" if n else "") for n in range(channels)]
    return asked, [section.reading(name) for section, name in zip(sections, names)]
