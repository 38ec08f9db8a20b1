"""Rows in columns that break no word, or below each other where there is no room for that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lossscan.reporters.kit.prose import Prose, longest_unit
from lossscan.reporters.kit.style import shortened

GAP: Final = 2  # cells between columns
READABLE: Final = 24  # cells; prose in a narrower column is a ladder


def in_columns(
    rows: Sequence[Sequence[Text]], width: int, head: Sequence[str] = ()
) -> Iterator[RenderableType]:
    """The rows within so many cells; `head` names the columns."""
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
        yield from _stacked(rows, width, head)
        return
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    table.show_header = bool(head)
    for number, (low, high) in enumerate(zip(least, whole, strict=True)):
        wider = min(high - low, room)
        room -= wider
        table.add_column(head[number] if head else "", width=low + wider)
    for row in rows:
        table.add_row(*map(Prose, row))
    yield table


def _stacked(
    rows: Sequence[Sequence[Text]], width: int, head: Sequence[str]
) -> Iterator[RenderableType]:
    for first, *rest in rows:
        yield Text(shortened(first.plain, width), style=first.style)
        told = [cell for cell in rest if cell.plain]
        if head:
            names = [name for name, cell in zip(head[1:], rest, strict=True) if cell.plain]
            told = [
                (Text(f"{name}: ", style="dim") if name else Text()).append_text(cell)
                for name, cell in zip(names, told, strict=True)
            ]
        elif told:
            told = [Text(" " * GAP).join(told)]
        yield from (Padding(Prose(cell), (0, 0, 0, GAP)) for cell in told)
