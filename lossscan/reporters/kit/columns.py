"""Rows in columns that break no word, or below each other where there is no room for that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from lossscan.reporters.kit.terminal import Prose, shortened
from lossscan.words.wrapping import longest_unit

GAP: Final = 2  # cells between columns
READABLE: Final = 24  # cells; prose in a narrower column is a ladder


def in_columns(
    rows: Sequence[Sequence[Text]], width: int, head: Sequence[str] = (), colon: str = ": "
) -> Iterator[RenderableType]:
    """The rows within so many cells; `head` names the columns, in a line where they are stacked."""
    if not rows:
        return
    columns = list(zip(*rows, *([[Text(name) for name in head]] if head else []), strict=True))
    whole = [max(cell_len(cell.plain) for cell in column) for column in columns]
    least = [
        max(min(READABLE, wanted), *(longest_unit(cell.plain) for cell in column))
        for column, wanted in zip(columns, whole, strict=True)
    ]
    room = width - GAP * (len(columns) - 1) - sum(least)
    if room < 0:
        yield from _stacked(rows, width, head, colon)
        return
    lacks = [high - low for low, high in zip(least, whole, strict=True)]
    for _ in range(min(room, sum(lacks))):
        lacks[lacks.index(max(lacks))] -= 1  # the longest prose takes the most lines
    widths = [high - lacking for high, lacking in zip(whole, lacks, strict=True)]
    if head:
        yield from _side_by_side([Text(name, style="dim") for name in head], widths)
    for row in rows:
        yield from _side_by_side(row, widths)


def _side_by_side(cells: Sequence[Text], widths: Sequence[int]) -> Iterator[Text]:
    """The lines of one row; a cell that is shorter than its neighbors is blank below."""
    columns = (Prose(cell).lines(width) for cell, width in zip(cells, widths, strict=True))
    for line in zip_longest(*columns, fillvalue=Text()):
        whole = Text()
        for part, width in zip(line, widths, strict=True):
            whole.append_text(part).append(" " * (width + GAP - part.cell_len))
        whole.rstrip()
        yield whole


def _stacked(
    rows: Sequence[Sequence[Text]], width: int, head: Sequence[str], colon: str
) -> Iterator[RenderableType]:
    for first, *rest in rows:
        yield Text(shortened(first.plain, width), style=first.style)
        told = [cell for cell in rest if cell.plain]
        if head:
            names = [name for name, cell in zip(head[1:], rest, strict=True) if cell.plain]
            told = [
                (Text(f"{name}{colon}", style="dim") if name else Text()).append_text(cell)
                for name, cell in zip(names, told, strict=True)
            ]
        elif told:
            told = [Text(" " * GAP).join(told)]
        yield from (Padding(Prose(cell), (0, 0, 0, GAP)) for cell in told)
