#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws docs/rooms.svg: which room includes headers of which, from the #include lines themselves.

usage: docs/rooms.py [--check]       --check: whether the picture is that of this tree
"""
import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PICTURE = os.path.join(TOP, "docs", "rooms.svg")
CELL, LEFT, ABOVE = 26, 92, 78


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def rooms():
    """From left to right, as tests/check_floors.sh has them."""
    return re.search(r"^rooms='(.*?)'", read(os.path.join(TOP, "tests", "check_floors.sh")), re.M | re.S)[1].split()


def included(room):
    folder = os.path.join(TOP, room if room == "bench" else os.path.join("src", room))
    found = set()
    for path in glob.glob(os.path.join(folder, "*.[ch]")):
        found |= {name.split("/")[0] for name in re.findall(r'^#\s*include\s*"([^"]+)"', read(path), re.M)}
    return found


def draw():
    names = rooms()
    width, height = LEFT + CELL * len(names) + 12, ABOVE + CELL * len(names) + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13" role="img">',
        "<!-- SPDX-License-Identifier: GPL-2.0-or-later; made by docs/rooms.py -->",
        "<title>Rows include headers of the columns that have a dot. Everything is on the left of the diagonal.</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for i, name in enumerate(names):
        middle = CELL * i + CELL // 2
        lines.append(f'<text x="{LEFT - 8}" y="{ABOVE + middle + 5}" text-anchor="end">{name}</text>')
        lines.append(f'<text x="{LEFT + middle + 4}" y="{ABOVE - 8}" '
                     f'transform="rotate(-60 {LEFT + middle + 4} {ABOVE - 8})">{name}</text>')
        others = included(name)
        for j, other in enumerate(names):
            fill = "#d8d8d8" if i == j else "#f6f6f6" if j < i else "none"
            lines.append(f'<rect x="{LEFT + CELL * j + 1}" y="{ABOVE + CELL * i + 1}" width="{CELL - 2}" height="{CELL - 2}" '
                         f'fill="{fill}"/>')
            if other in others and i != j:
                lines.append(f'<circle cx="{LEFT + CELL * j + CELL // 2}" cy="{ABOVE + middle}" r="5" fill="#2a5db0"/>')
    lines.append(f'<text x="{LEFT}" y="{height - 14}" fill="#444444">row includes headers of column</text>')
    return "\n".join(lines) + "\n</svg>\n"


def main():
    picture = draw()
    if sys.argv[1:] == ["--check"]:
        same = os.path.exists(PICTURE) and read(PICTURE) == picture
        print("ok - docs/rooms.svg shows the includes of this tree" if same else "not ok - docs/rooms.svg is old: docs/rooms.py")
        sys.exit(not same)
    with open(PICTURE, "w", encoding="utf-8") as file:
        file.write(picture)


main()
