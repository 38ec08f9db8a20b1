"""Tables of MATLAB, whose header is underlined: a cell that is empty shows by its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import Final

from lossscan.expressions import expression

FIRST: Final = 20  # lines: no more are above the header of a table
_RULE: Final = expression(r"\A {0,40}_{2,80}(?: {1,40}_{2,80}){1,200} {0,40}\n?\Z")
_LINE: Final = expression(r"_{2,80}")
_NAME: Final = expression(r"\S+(?: \S+)*")
_BAR: Final = "|"


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
    if not _RULE.match(rule):
        return []
    spans = [match.span() for match in _LINE.finditer(rule)]
    if len(spans) != len(_NAME.findall(header)):
        return []
    return [(one[1] + two[0]) // 2 for one, two in pairwise(spans)]


def _barred(line: str, bounds: Sequence[int]) -> str:
    cells = pairwise([0, *bounds, len(line)])
    return _BAR.join(line[a:b].strip() for a, b in cells) + line[len(line.rstrip("\n")) :]
