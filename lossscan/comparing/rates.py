"""Whether two runs logged the same learning rates at the steps that both logged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossscan.model import Run
from lossscan.numeric.arrays import BoolArray, IntArray

DIFFERS = 0.01  # relative: less is rounding


def rates_differ(runs: Sequence[Run]) -> int | None:
    """The first shared step at which the logged learning rates are not the same."""
    steps, unlike = _compared(runs)
    return int(steps[unlike][0]) if unlike.any() else None


def same_rates(runs: Sequence[Run]) -> bool:
    """Whether both logged them and none differs."""
    steps, unlike = _compared(runs)
    return len(steps) > 0 and not unlike.any()


def _compared(runs: Sequence[Run]) -> tuple[IntArray, BoolArray]:
    one, other = (run.series.get("learning_rate") for run in runs)
    if one is None or other is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
    steps, left, right = np.intersect1d(one.steps, other.steps, return_indices=True)
    gap = np.abs(one.values[left] - other.values[right])
    largest = np.maximum(np.abs(one.values[left]), np.abs(other.values[right]))
    return steps, gap > DIFFERS * largest
