"""The format of lines that one trainer alone prints: all it takes is what finds their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

HEADLINE = 1 << 12  # characters before the first mark where what belongs to its row may be


def own_lines(
    name: str,
    sample: str,
    marks: tuple[str, ...],
    rows: Callable[[Iterable[str]], Iterator[Row]],
    *,
    shows: Callable[[Mapping[str, Any]], bool] = bool,
    says: tuple[str, ...] = (),
    **fields: Any,
) -> Format:
    """The format whose points are the `rows` of the lines of a file.

    A file is claimed for a row that `shows` it; what is far before the first of `marks` in a text
    is not looked through. `fields` are those of the table. Where loops of one's own print such
    lines too, the framework is that of texts that hold one of `says`.
    """

    def claims(head: Head) -> bool:
        text = peek(head)
        first = min((at for mark in marks if (at := text.find(mark)) >= 0), default=None)
        if first is None:
            return False
        begin = text.rfind("\n", 0, max(first - HEADLINE, 0)) + 1
        return any(shows(row) for _, row in rows(text[begin:].splitlines(keepends=True)))

    def read(head: Head, settings: Settings) -> Table:
        series = columns(rows(lines(head)), settings)
        text = peek(head) if says else ""
        own = not says or any(mark in text for mark in says)
        told = fields if own else fields | {"framework": None}
        return Table(series, **told)

    return Format(name, sample, claims, read, printed=True)
