"""Headers that are not one line of names: over several lines, or underlined as MATLAB does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.cells import number

_BAR: Final = "|"
FEWEST_BARS: Final = 3  # a table of two columns
FEWEST_WORDS: Final = 4  # without bars: no two lines of prose are above as many numbers
_RULE: Final = expression(r"[\s|:-]{1,400}\Z")  # of Markdown, between both
_LETTER: Final = expression(r"[^\W\d_]")
_NUMBER: Final = expression(r"(?:\A|[\s|])[-+]?\d")
FIRST: Final = 20  # lines: no more are above the header of a table
_UNDERLINE: Final = expression(r"\A {0,40}_{2,80}(?: {1,40}_{2,80}){1,200} {0,40}\n?\Z")
_LINE: Final = expression(r"_{2,80}")
_NAME: Final = expression(r"\S+(?: \S+)*")


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


def unruled(lines: Iterable[str]) -> Iterator[str]:
    """The lines, those of such a table with bars between their cells and without the rule."""
    below = iter(lines)
    above: list[str] = []
    for line in islice(below, FIRST):
        if above and (bounds := _bounds(above[-1], line)):
            header = _BAR.join(name[0] for name in _NAME.finditer(above.pop())) + "\n"
            barred = (_barred(each, bounds) if each.strip() else each for each in below)
            return chain(above, [header], barred)
        above.append(line)
    return chain(above, below)  # of a table of millions of rows none is looked at


def _bounds(header: str, rule: str) -> list[int]:
    """Where a column ends and the next begins: between their rules; none where it is no rule."""
    if not _UNDERLINE.match(rule):
        return []
    spans = [match.span() for match in _LINE.finditer(rule)]
    if len(spans) != len(_NAME.findall(header)):
        return []
    return [(one[1] + two[0]) // 2 for one, two in pairwise(spans)]


def _barred(line: str, bounds: Sequence[int]) -> str:
    cells = pairwise([0, *bounds, len(line)])
    return _BAR.join(line[a:b].strip() for a, b in cells) + line[len(line.rstrip("\n")) :]
