"""Lines that state a number before its name: `12 4.3 s run, 11.875 loss, 0.001 LR`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.counters import place_of
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, are_most, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

FEWEST: Final = 5  # lines with a loss and its rate: no document repeats such a sentence so often
_FIRST: Final = expression(r"\s{0,20}(\d{1,12})[:,]?\s")
_ITEM: Final = expression(  # a list of such: behind the name comes the next
    rf"(?<![\w.+-])({NUMBER}) ((?:(?:train|val(?:idation)?|eval|test)[ _])?loss|[lL][rR])"
    r"(?=\s{0,4}(?:[,;|]|- |$))"
)


def claims(head: Head) -> bool:
    """Whether most lines hold a loss before its name, or several also a rate; counts rise."""
    text = peek(head)
    if " loss" not in text:
        return False
    rows = _rows(text.splitlines(keepends=True))
    found = [(step, row) for step, row in rows if any(name.endswith("loss") for name in row)]
    rated = sum(len(row) > 1 for _, row in found) >= FEWEST
    rising = all(one < two for (one, _), (two, _) in pairwise(found))
    return rising and (rated or are_most(len(found), text))


def read(head: Head, settings: Settings) -> Table:
    """All lines at the count that they begin with or name, else counted as steps."""
    return Table(columns(_rows(lines(head)), settings))


def _rows(text: Iterable[str]) -> Iterator[Row]:
    counted = 0
    for line in text:
        row = {name: value for value, name in _ITEM.findall(line)} if line.endswith("\n") else {}
        first, place = _FIRST.match(line), place_of(line) if row else None
        counted += bool(row)
        if row:
            yield place.count if place else int(first[1]) if first else counted, row


FORMAT = Format(  # behind all that name a loss before its number
    "loss_behind", "12 4.3 s run, 11.875 loss, 0.001 LR", claims, read, priority=94
)
