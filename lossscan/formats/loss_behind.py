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

NAME: Final = "loss_behind"
_FIRST: Final = expression(r"\s{0,20}(\d{1,12})[:,]?\s")
_ITEM: Final = expression(  # a list of such: behind the name comes the next
    rf"(?<![\w.+-])({NUMBER}) ((?:(?:train|val(?:idation)?|eval|test)[ _])?loss|[lL][rR])"
    r"(?=\s{0,4}(?:[,;|]|- |$))"
)


def claims(head: Head) -> bool:
    """Whether most of its lines hold a loss before its name, and their counts rise."""
    text = peek(head)
    if " loss" not in text:
        return False
    steps = [step for step, row in _rows(text.splitlines(keepends=True)) if _has_loss(row)]
    return are_most(len(steps), text) and all(one < two for one, two in pairwise(steps))


def read(head: Head, settings: Settings) -> Table:
    """All lines at the count that they begin with or name."""
    return Table(path=head.path, format=NAME, columns=columns(_rows(lines(head)), settings))


def _has_loss(row: Iterable[str]) -> bool:
    return any(name.endswith("loss") for name in row)


def _rows(text: Iterable[str]) -> Iterator[Row]:
    for line in text:
        row = {name: value for value, name in _ITEM.findall(line)} if line.endswith("\n") else {}
        first, place = _FIRST.match(line), place_of(line) if row else None
        if row and place is not None:
            yield place.count, row
        elif row and first is not None:
            yield int(first[1]), row


FORMAT = Format(
    name=NAME,
    sample="12 4.3 s run, 11.875 loss, 0.001 LR",
    claims=claims,
    read=read,
    priority=94,  # behind all that name a loss before its number
)
