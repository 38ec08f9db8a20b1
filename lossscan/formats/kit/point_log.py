"""Points that come one by one, each with its key and its step, as trackers store them."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from lossscan.errors import UnreadableLog
from lossscan.formats.kit.cells import number, step_number
from lossscan.formats.kit.columns import Sheet
from lossscan.formats.kit.grown import grown
from lossscan.formats.kit.many_keys import bounded
from lossscan.model import Column
from lossscan.numeric.arrays import FloatArray, IntArray, distinct
from lossscan.settings import Settings


class PointLog:
    """The points of a log by key: of those of one key and one step the last counts."""

    def __init__(self) -> None:
        self._steps: dict[str, array[int]] = defaultdict(lambda: array("q"))
        self._values: dict[str, array[float]] = defaultdict(lambda: array("d"))

    def add(self, key: str, step: Any, value: Any) -> None:
        """One more; one without a step, or whose value is no number, is left out."""
        place, found = step_number(step), number(value)
        if place is not None and found is not None:
            self._steps[key].append(place)
            self._values[key].append(found)

    def columns(self, settings: Settings) -> dict[str, Column]:
        """The columns of all points, a row for each step; raises UnreadableLog for no points."""
        points = {key: self._points(key) for key in bounded(self._steps)}
        steps = _all_of([each for each, _ in points.values()])
        sheet = Sheet(settings)
        for key, (own, values) in points.items():
            sheet.take(key, grown(np.searchsorted(steps, own), values))
        if not (found := sheet.columns(steps)):
            raise UnreadableLog("no_points")
        return found

    @property
    def keys(self) -> set[str]:
        """The keys of all points."""
        return set(self._steps)

    def _points(self, key: str) -> tuple[IntArray, FloatArray]:
        """The steps of a key, rising, and their last values."""
        steps = np.frombuffer(self._steps[key], dtype=np.int64)
        values = np.frombuffer(self._values[key])
        if (steps[1:] > steps[:-1]).all():
            return steps, values
        rising, last = np.unique(steps[::-1], return_index=True)
        return rising, values[::-1][last]


def _all_of(parts: Sequence[IntArray]) -> IntArray:
    """All steps, rising; most keys are logged at those of the key before."""
    apart = [one for one, two in pairwise(parts) if not np.array_equal(one, two)] + [*parts[-1:]]
    return (
        apart[0] if len(apart) == 1 else distinct(np.concatenate([np.empty(0, np.int64), *apart]))
    )
