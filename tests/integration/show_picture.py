"""docs/show.svg: what `show` looks like in a terminal, with the simulated house.

    /usr/bin/python3 -m tests.integration.show_picture docs/show.svg

It takes six minutes, in which a whole row of its last column fills. test_readme.py compares what stands in it with
what the program shows now, but for the figures.
"""

import contextlib
import re
import shutil
import sys
import tempfile
import time
from html import escape

from tests.integration.bus import Bus, Client
from tests.integration.house import configuration, gateways
from tests.integration.program import SANITIZERS, Program, command, patience
from tests.integration.screen import Screen
from tests.integration.settings_service import SettingsService
from tests.sim import Sun

WIDTH, HEIGHT = 112, 9
COLUMN, LINE, FONT, EDGE = 8.0, 19, 13.5, 14
PLAIN, BACKGROUND = "#d4d4d4", "#181818"
COLORS = {"31": "#f14c4c", "32": "#4ec07a", "33": "#e5c07b", "36": "#56b6c2"}
FAINT, BOLD = "#8a8a8a", "#ffffff"


@contextlib.contextmanager
def shown(folder, speed):
    """`show` on a screen, as soon as all devices of the house run. speed: of the sun."""
    with contextlib.ExitStack() as stack:
        sun = Sun("07:00", speed)
        houses = gateways(sun)
        for house in houses.values():
            stack.enter_context(house)
        bus = stack.enter_context(contextlib.closing(Bus(folder)))
        client = stack.enter_context(contextlib.closing(Client(bus)))
        settings = SettingsService(bus)
        settings.come()
        stack.callback(settings.go)
        program = Program(folder, bus.address)
        with open(program.config_path, "w", encoding="utf-8") as file:
            file.write(configuration(houses))
        program.start()
        stack.callback(program.stop)
        wait(lambda: sum(name.startswith("com.victronenergy.pvinverter.") for name in client.names()) == 5)
        screen = stack.enter_context(contextlib.closing(
            Screen(folder, {"DBUS_SESSION_BUS_ADDRESS": bus.address, "LANG": "C.UTF-8", **SANITIZERS},
                   WIDTH, HEIGHT)))
        screen.type(" ".join([*command(), "show"]))
        wait(lambda: "5 of 5 inverters running" in screen.lines()[-2])
        yield screen


def wait(condition):
    end = time.monotonic() + 30 * patience()
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the house is not on the screen")
        time.sleep(0.1)


def pieces(line):
    """(column, word, colour) of each word of a line that tmux has told with its colours."""
    column, color = 0, PLAIN
    for sequence, text in re.findall(r"\x1b\[([\d;]*)m|([^\x1b]+)", line):
        if text:
            for word in re.finditer(r"\S+", text):
                yield column + word.start(), word[0], color
            column += len(text)
        elif sequence in ("", "0", "39"):
            color = PLAIN
        else:
            for code in sequence.split(";"):
                color = COLORS.get(code, FAINT if code == "2" else BOLD if code == "1" else color)


def svg(lines):
    """Each word has its place and its width, so that the columns hold with any font."""
    width, height = EDGE * 2 + WIDTH * COLUMN, EDGE * 2 + LINE * (len(lines) + 1)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
           f'height="{height}" font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" '
           f'font-size="{FONT}">',
           f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>']
    for row, line in enumerate(["\x1b[2m$ dbus-opendtu show\x1b[0m", *lines]):
        for column, text, color in pieces(line):
            out.append(f'<text x="{EDGE + column * COLUMN:.0f}" y="{EDGE + LINE * row + 14}" fill="{color}" '
                       f'textLength="{len(text) * COLUMN:.0f}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>')
    return "\n".join([*out, "</svg>", ""])


def words(lines):
    """What does not depend on the time: each line without its figures and its picture."""
    plain = (re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines)
    plain = (re.sub(r"[▁▂▃▄▅▆▇█]+", "", line) for line in plain)
    return [re.sub(r"(?<![\w.])[\d.]+s?(?![\w.])", "N", re.sub(r" +", " ", line)).strip() for line in plain]


def words_of_svg(text):
    """The same of a picture."""
    lines = {}
    for row, word in re.findall(r'<text x="\d+" y="(\d+)"[^>]*>([^<]*)</text>', text):
        lines.setdefault(int(row), []).append(word)
    return words(" ".join(line) for line in list(lines.values())[1:])


def main(path):
    folder = tempfile.mkdtemp(prefix="dtu-")
    try:
        with shown(folder, 50.0) as screen:
            time.sleep(340)
            lines = screen.lines(color=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(svg(lines))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
