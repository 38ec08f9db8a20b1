"""Headers of tables that are printed over several lines: of MATLAB, narrow boxes, Vowpal Wabbit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import number

_BAR: Final = "|"
FEWEST_BARS: Final = 3  # a table of two columns
FEWEST_WORDS: Final = 4  # without bars: no two lines of prose are above as many numbers
_LETTER: Final = expression(r"[^\W\d_]")
_NUMBER: Final = expression(r"(?:\A|[\s|])[-+]?\d")


def unstacked(lines: Sequence[str]) -> list[str]:
    """The lines, with a header of several as one in the place of its last.

    So that none counts twice, the places of the others are empty.
    """
    joined = list(lines)
    for at in range(1, len(joined)):
        above, below = joined[at - 1], joined[at]
        if _goes_on(above, below):
            pairs = zip(above.split(_BAR), below.split(_BAR), strict=True)
            header = _BAR.join(f"{one.rstrip()} {two.strip()}" for one, two in pairs).rstrip()
        elif _are_words(above, below) and _is_row(joined[at + 1 : at + 2], len(below.split())):
            header = " ".join(map("_".join, zip(above.split(), below.split(), strict=True)))
        else:
            continue
        joined[at - 1 : at + 1] = ["\n", header + "\n"]
    return joined


def _goes_on(above: str, below: str) -> bool:
    """Whether both lines are of words alone, between as many bars."""
    bars = below.count(_BAR)
    return (
        bars >= FEWEST_BARS
        and bars == above.count(_BAR)
        and all(_LETTER.search(line) and not _NUMBER.search(line) for line in (above, below))
    )


def _are_words(above: str, below: str) -> bool:
    """Whether both lines are of as many words."""
    words = below.split()
    return len(words) == len(above.split()) >= FEWEST_WORDS and all(
        word.isalpha() for word in (*above.split(), *words)
    )


def _is_row(lines: Sequence[str], width: int) -> bool:
    """Whether the line is of so many numbers."""
    cells = lines[0].split() if lines else []
    return len(cells) == width and all(number(cell) is not None for cell in cells)
