#!/usr/bin/python3
"""Does what a recipe of docs/dev/development.md says: recipes.py DOCUMENT HEADING FOLDER

A recipe is a section. A block in it goes into the file that the line above it ends with, as in "`src/x.c`:". That file
must not be there yet; but a block of the kind `diff` changes one that is: the lines that begin with a blank or with
"-" are there just once, side by side, and become those that begin with a blank or with "+". A block right below another
is for the same file. Each indented line is a command: these are printed, for the caller to run.
"""

import re
import sys
from pathlib import Path


def section(text, heading):
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))[heading]


def steps(text):
    """(file, kind of the block, its lines) of each block; (None, "", command) of each command."""
    name = above = None
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("```"):
            named = re.search(r"`([^`]+)`:$", above or "")
            name = named[1] if named else name if (above or "").startswith("```") else None
            yield name, line[3:], list(iter(lambda: next(lines), "```"))
        elif line.startswith("    "):
            yield None, "", line.strip()
        above = line if line.strip() else above


def change(path, lines):
    before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
    after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
    text = path.read_text(encoding="utf-8")
    found = f"\n{text}".count(f"\n{before}")
    if found != 1:
        sys.exit(f"{path} has these lines {found} times instead of once:\n{before}")
    path.write_text(f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:], encoding="utf-8")


def create(path, lines):
    if path.exists():
        sys.exit(f"{path} is there already")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main(document, heading, folder):
    for name, kind, content in steps(section(Path(document).read_text(encoding="utf-8"), heading)):
        if isinstance(content, str):
            print(content)
        elif not name:
            sys.exit(f"{document}, {heading}: no file is named above the block {content[:1]}")
        else:
            (change if kind == "diff" else create)(Path(folder, name), content)


if __name__ == "__main__":
    main(*sys.argv[1:])
