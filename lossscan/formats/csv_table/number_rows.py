"""Rows of a table that hold nothing but numbers and empty cells: as JSON, a third of the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

import msgspec

_Cell: TypeAlias = int | float | None


def number_columns(lines: Sequence[str], separator: str) -> list[list[_Cell]] | None:
    """The cells of each column, None where empty; None where one is no number of JSON.

    So `nan`, `.5` and text are; lines that have not equally many cells, or are cut, are no rows.
    """
    text, blank = "".join(lines), separator.isspace() and separator != "\t"  # any number of them
    if blank or not text.endswith("\n") or (separator != "," and "," in text):
        return None
    rows = text[:-1].replace(separator, ",").replace("\n", "],[")
    rows = f"[[{rows}]]"
    if ",," in rows or "[," in rows or ",]" in rows:
        rows = rows.replace(",,", ",null,").replace(",,", ",null,")  # each finds every other one
        rows = rows.replace("[,", "[null,").replace(",]", ",null]")
    width = lines[0].count(separator) + 1
    try:
        found = _decoder(width)(rows.encode())
    except (ValueError, RecursionError):
        return None
    if len(found) != len(lines):  # a bracket is in a cell
        return None
    cells = list(chain.from_iterable(found))
    return [cells[at::width] for at in range(width)]


@lru_cache(maxsize=4)  # tables of a run
def _decoder(width: int) -> Callable[[bytes], list[tuple[_Cell, ...]]]:
    """What decodes rows of so many cells, and no others."""
    row: Any = tuple[(_Cell,) * width]  # type: ignore[misc]
    return msgspec.json.Decoder(list[row]).decode
