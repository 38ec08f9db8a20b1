"""Rows of a log in groups, whose cells are taken together key by key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct

from lossscan.numeric.arrays import IntArray

MOST_SHAPES: Final = 0.25  # of the rows; a row of a small group takes ten times as long


class Group(Struct, frozen=True):
    """Rows of a log that are taken together."""

    places: IntArray  # (n,), the number of each row in its log, rising
    cells: Mapping[str, Sequence[Any]]  # n by each raw key; None where a row has none

    def row(self, at: int) -> dict[str, Any]:
        """The filled cells of one row of the group."""
        return {key: row[at] for key, row in self.cells.items() if row[at] is not None}


def groups_of(rows: Sequence[Mapping[str, Any]], first: int = 0) -> Iterator[Group]:
    """Rows, numbered from `first`, with those of one shape together: that halves the time.

    Where nearly each has a shape of its own, the rows of one key are together.
    """
    shapes: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        shapes[tuple(row)].append(place)
    if len(shapes) > max(MOST_SHAPES * len(rows), 1):
        yield from groups_by_key(rows, first)
        return
    for keys, places in shapes.items():
        cells = {key: [rows[place][key] for place in places] for key in keys}
        yield Group(np.array(places, dtype=np.int64) + first, cells)


def groups_by_key(rows: Sequence[Mapping[str, Any]], first: int = 0) -> Iterator[Group]:
    """Rows, numbered from `first`, with those of one key together: their places rise then."""
    filled: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        for key in row:
            filled[key].append(place)
    for key, places in filled.items():
        cells = {key: [rows[place][key] for place in places]}
        yield Group(np.array(places, dtype=np.int64) + first, cells)
