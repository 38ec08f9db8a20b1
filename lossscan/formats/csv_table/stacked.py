"""Headers of tables that are printed over several lines: of MATLAB, narrow boxes, Vowpal Wabbit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import number

_BAR: Final = "|"
FEWEST_BARS: Final = 3  # a table of two columns
FEWEST_WORDS: Final = 4  # without bars: no two lines of prose are above as many numbers
_RULE: Final = expression(r"[\s|:-]{1,400}\Z")  # of Markdown, between both
_LETTER: Final = expression(r"[^\W\d_]")
_NUMBER: Final = expression(r"(?:\A|[\s|])[-+]?\d")


def unstacked(lines: Sequence[str]) -> list[str]:
    """The lines, with a header of several as one in the place of its last.

    So that none counts twice, the places of the others are empty.
    """
    joined = list(lines)
    for at in range(1, len(joined)):
        first = at - 2 if at > 1 and _RULE.match(joined[at - 1]) else at - 1
        above, below = joined[first], joined[at]
        if _goes_on(above, below):
            pairs = _paired(above.split(_BAR), below.split(_BAR))
            header = _BAR.join(f"{one.rstrip()} {two.strip()}" for one, two in pairs).rstrip()
        elif _are_words(above, below) and _is_row(joined[at + 1 : at + 2], len(below.split())):
            header = " ".join(map("_".join, zip(above.split(), below.split(), strict=True)))
        else:
            continue
        joined[first : at + 1] = ["\n"] * (at - first) + [header + "\n"]
    return joined


def _paired(above: Sequence[str], below: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The names of each column; where those below repeat, what is above holds for several."""
    names = [name.strip() for name in below if name.strip()]
    several, held = len(set(names)) < len(names), ""
    for one, two in zip(above, below, strict=True):
        held = one if one.strip() or not several else held
        yield held, two


def _goes_on(above: str, below: str) -> bool:
    """Whether both lines are of words alone, between as many bars."""
    if not FEWEST_BARS <= below.count(_BAR) == above.count(_BAR):
        return False
    return all(_LETTER.search(line) and not _NUMBER.search(line) for line in (above, below))


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
