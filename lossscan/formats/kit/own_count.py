"""Points that a tracker counts by the calls of its `log`: the trainer's own count is better."""

from __future__ import annotations

import numpy as np

from lossscan.formats.kit.columns import RowLog
from lossscan.model import Column
from lossscan.numeric.arrays import IntArray


def told_apart(steps: IntArray) -> IntArray:
    """The steps, or 1, 2, ... where all are 0: MLflow's for who gives none."""
    return steps if len(steps) == 1 or steps.any() else np.arange(1, len(steps) + 1)


def counted_columns(log: RowLog) -> dict[str, Column]:
    """The columns at the steps that rows state, those without one at that of the row before.

    Where none states any they keep the tracker's count.
    """
    sheet, rows = log.sheet, len(log)
    if not sheet.stated:
        return log.columns()
    steps = sheet.stated_steps(rows)
    last = np.maximum.accumulate(np.where(steps >= 0, np.arange(rows), 0))
    return sheet.columns(sheet.run_steps(np.maximum(steps[last], 0)))
