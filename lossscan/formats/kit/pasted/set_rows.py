"""Tables of an epoch with a row for each set, as Ludwig draws them: rows as pairs of each set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.canonical.sets import HELD_OUT, TRAINING
from lossscan.expressions import expression

_BAR: Final = "[│|┃]"
_HEADER: Final = expression(rf"(?i)\s{{0,8}}{_BAR}[^\n]{{0,400}}{_BAR} {{0,20}}loss {{0,20}}{_BAR}")
_ROW: Final = expression(rf"(?i)\s{{0,8}}{_BAR} ?(?:({TRAINING})|vali|{HELD_OUT}) {{0,40}}{_BAR}")
_COUNT: Final = expression(r"(?i)\W{0,9}(?:epoch|.{0,40}\bevaluation for step)[ :]{1,4}\d{1,12}\b")
_CELLS: Final = expression(_BAR)


def has_set_rows(text: str) -> bool:
    """Whether rows named by sets are below a header with a loss."""
    return "loss " in text and sum(_ROW.match(line) is not None for line in text.split("\n")) > 1


def named_rows(text: Iterable[str]) -> Iterator[str]:
    """The lines; below such a header `│ train │ 1.15 │` is `Epoch 4, train loss: 1.15`."""
    header: list[str] = []
    count = ""
    for line in text:
        if found := _COUNT.match(line):
            count = found[0]
        if _HEADER.match(line):
            header = _cells(line)
        row = _cells(line) if header and _ROW.match(line) else []
        if len(row) == len(header) > 1:
            named = zip(header[1:], row[1:], strict=True)
            yield ", ".join([count, *(f"{row[0]} {name}: {value}" for name, value in named)]) + "\n"
        else:
            yield line


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELLS.split(line.strip())[1:-1]]
