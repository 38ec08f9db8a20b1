"""Points that a tracker counts by the calls of its `log`: the trainer's own count is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lossscan.formats.kit.columns import RowLog, step_number
from lossscan.model import Column
from lossscan.numeric.arrays import IntArray
from lossscan.settings import Settings


def told_apart(steps: IntArray) -> IntArray:
    """The steps, or 1, 2, ... where all are 0: MLflow's for who gives none."""
    return steps if len(steps) == 1 or steps.any() else np.arange(1, len(steps) + 1)


class CountedLog:
    """The rows of a tracker's log."""

    def __init__(self, settings: Settings) -> None:
        self._rows = RowLog(settings)

    def add(self, calls: float | None, row: Mapping[str, Any]) -> None:
        """One more, at the tracker's count, or else at its number."""
        self._rows.add(step_number(len(self._rows) if calls is None else calls) or 0, row)

    @property
    def keys(self) -> list[str]:
        """The keys of all rows, in order."""
        return sorted(self._rows.sheet.numbers)

    def columns(self) -> dict[str, Column]:
        """The columns at the steps that rows state, those without one at that of the row before.

        Where none states any they keep the tracker's count.
        """
        sheet, rows = self._rows.sheet, len(self._rows)
        if not sheet.stated:
            return self._rows.columns()
        steps = sheet.stated_steps(rows)
        last = np.maximum.accumulate(np.where(steps >= 0, np.arange(rows), 0))
        return sheet.columns(sheet.run_steps(np.maximum(steps[last], 0)))
