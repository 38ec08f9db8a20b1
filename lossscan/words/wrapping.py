"""Where lines of prose break: between words, and between Chinese characters.

Rich breaks lines at spaces only, and Chinese has none: a line would end at the last Latin word.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rich.cells import cell_len

from lossscan.expressions import expression

HAN = r"\u3040-\u9fff"
OPENING = "（《“【"  # stays with what follows,
CLOSING = r"，。：；！？、）》”】\]%"  # with what precedes
UNIT = expression(rf"[{OPENING}]{{0,4}}(?:[{HAN}][{CLOSING}]*|[^\s{HAN}{OPENING}]+)\s*|\s+|.")
WORD = expression(r"\S+\s*|\s+")  # a unit without Chinese: to compile the above takes 4 ms
FIRST_HAN = "\u3040"
PART = expression(r"[^/_.=,\-]*[/_.=,\-]+|[^/_.=,\-]+")  # of a name that no line holds


def wrapped(text: str, width: int) -> str:
    """The text in lines of so many cells at most."""
    places = [0, *breaks(text, width), len(text)]
    return "\n".join(text[start:stop].rstrip() for start, stop in pairwise(places))


def breaks(text: str, width: int) -> Iterator[int]:
    """Where lines begin: before the unit, or the part of one, that no longer fits."""
    place = used = 0
    for unit in _units(text, width):
        if used + cell_len(unit.rstrip()) > width and place:
            yield place
            used = 0
        place += len(unit)
        used += cell_len(unit)


def longest_unit(text: str) -> int:
    """Cells of the longest part that is broken only where nothing else helps."""
    return max((cell_len(unit.rstrip()) for unit in _whole_units(text)), default=0)


def _whole_units(text: str) -> list[str]:
    """Words, and single Chinese characters with their punctuation."""
    chinese = max(text, default="") >= FIRST_HAN or any(sign in text for sign in OPENING)
    return (UNIT if chinese else WORD).findall(text)


def _units(text: str, width: int) -> Iterator[str]:
    """Those that fit; longer ones break after a sign as in a path, and only then by letter."""
    for unit in _whole_units(text):
        fits = cell_len(unit.rstrip()) <= width
        for part in (unit,) if fits else PART.findall(unit):
            yield from (part,) if cell_len(part.rstrip()) <= width else part
