"""The numbers of one key of a log, grown row by row while the log is read, and columns of them.

An `array` grows in place: the pages of a large one are moved and not copied. So a column takes 8
bytes a row, and no more while it grows. Of the rows only those are kept that do not follow the one
before, so that a column with a gap in every thousandth row costs no more than one without.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from lossscan.model import Column
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray, Once, differences

Kind = TypeVar("Kind", np.float64, np.int64)


class Grown(Generic[Kind]):
    """Numbers and the rows that hold them, in the order in which they came."""

    def __init__(self, kind: type[Kind]) -> None:
        self._kind: type[Kind] = kind
        self._values: array[Any] = array(np.dtype(kind).char)
        self._begins: array[int] = array("I")  # of each run of rows side by side: its first number
        self._firsts: array[int] = array("I")  # and its first row
        self._next = 0  # the row that would go on with the last run

    def __len__(self) -> int:
        return len(self._values)

    def add(self, places: IntArray, values: NDArray[Kind]) -> None:
        """Some more numbers, at rising places."""
        if not len(places):
            return
        last = int(places[-1])
        if places[0] != self._next or last - self._next >= len(places):  # else all side by side
            apart = np.append(places[0] != self._next, differences(places) != 1)
            begins = np.flatnonzero(apart)
            self._begins.frombytes((begins + len(self)).astype(np.uint32).tobytes())
            self._firsts.frombytes(places[begins].astype(np.uint32).tobytes())
        self._next = last + 1
        self._values.frombytes(values.tobytes())

    def fills(self, rows: int) -> bool:
        """Whether each of so many rows holds a number, in their order."""
        return not self._begins and len(self) == rows

    @property
    def places(self) -> IntArray:
        """(n,) the row of each number."""
        places = np.arange(len(self), dtype=np.int64)
        if self._begins:
            begins = np.array(self._begins, dtype=np.int64)
            ahead = np.array(self._firsts, dtype=np.int64) - begins
            ends = np.array(self._begins[1:] + array("I", [len(self)]))
            places[begins[0] :] += np.repeat(ahead, ends - begins)
        return places

    @property
    def values(self) -> NDArray[Kind]:
        """(n,) the numbers, not copied: no more can be added while they are in use."""
        if not len(self):
            return np.empty(0, self._kind)
        return np.frombuffer(self._values, dtype=self._kind)

    def spread(self, rows: int) -> tuple[BoolArray, FloatArray]:
        """(rows,) which rows hold a number, and (rows,) the numbers, NaN in the others."""
        places, held, values = self.places, np.zeros(rows, dtype=bool), np.full(rows, np.nan)
        held[places], values[places] = True, self.values
        return held, values

    def scale(self, factor: float) -> None:
        """Multiply all numbers."""
        if factor != 1:
            np.multiply(self.values, factor, out=self.values)


def grown(places: IntArray, values: FloatArray) -> Grown[np.float64]:
    """Numbers at their places, (n,) each, in rising order of these."""
    numbers = Grown(np.float64)
    if (np.diff(places) < 0).any():
        order = np.argsort(places, kind="stable")
        places, values = places[order], values[order]
    numbers.add(places, values)
    return numbers


def joined(numbers: Sequence[Grown[np.float64]]) -> tuple[IntArray, FloatArray]:
    """Places and values of all, one behind the other."""
    if len(numbers) == 1:
        return numbers[0].places, numbers[0].values
    none = Grown(np.float64)  # of no numbers, none are joined
    parts = [(each.places, each.values) for each in (none, *numbers)]
    return np.concatenate([p for p, _ in parts]), np.concatenate([v for _, v in parts])


class RowSteps:
    """The steps of all rows, below 0 for none; columns of the same rows share theirs."""

    def __init__(self, steps: IntArray) -> None:
        self._steps = steps
        self._placed = bool((steps >= 0).all())
        self._shared = Once()

    def column(self, numbers: Sequence[Grown[np.float64]]) -> Column:
        """The numbers of one quantity at their steps; of two in a row that of the fuller counts."""
        if len(numbers) == 1 and numbers[0].fills(len(self._steps)) and self._placed:
            return Column(steps=self._steps, values=numbers[0].values)
        if len(numbers) > 1:
            numbers = sorted(numbers, key=self._fullness, reverse=True)
        places, values = joined(numbers)
        placed = self._steps[places] >= 0
        if not placed.all():
            places, values = places[placed], values[placed]
        if (places[1:] <= places[:-1]).any():
            places, first = np.unique(places, return_index=True)
            values = values[first]
        return Column(steps=self._shared.of(self._steps[places]), values=values)

    def _fullness(self, numbers: Grown[np.float64]) -> tuple[bool, int]:
        """How many rows a key tells of; one that is NaN throughout, as Lightning's own, is last."""
        told = not np.isnan(numbers.values).all()
        return told, int(np.count_nonzero(self._steps[numbers.places] >= 0))
