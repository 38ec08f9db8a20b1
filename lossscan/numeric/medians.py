"""Medians of short arrays: what the engine and the rules ask for a hundred times a run.

`np.median` spends ten times as long on its checks as on the few hundred numbers of a log, and
`np.pad` and `sliding_window_view` longer on a running median than its sorting takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lossscan.numeric.arrays import FloatArray, IntArray

MAD_TO_SIGMA = 1.4826  # of a normal distribution
FEW_IN_ALL = 12_000  # values in all windows: 0.1 ms here, while importing scipy.ndimage takes 200


def median(values: FloatArray | IntArray | Sequence[float]) -> float:
    """The median; NaN where there is nothing, or a NaN in it."""
    n = len(values)
    if n == 0:
        return math.nan
    low, high = (n - 1) // 2, n // 2
    ordered = np.sort(values)  # of 100 numbers in less time than np.partition finds three of them
    return math.nan if math.isnan(ordered[-1]) else float(ordered[low] + ordered[high]) / 2


def spacing(steps: IntArray) -> float:
    """Steps between neighbouring points, as most have it; NaN of a single one."""
    return median(np.diff(steps))


def row_medians(rows: FloatArray) -> FloatArray:
    """The median of each row of finite numbers, over the last axis of any array."""
    width = rows.shape[-1]
    ordered = np.sort(rows)
    return np.asarray((ordered[..., (width - 1) // 2] + ordered[..., width // 2]) / 2)


def row_sigmas(rows: FloatArray) -> FloatArray:
    """The `robust_sigma` of each row of finite numbers, over the last axis of any array."""
    return MAD_TO_SIGMA * row_medians(np.abs(rows - row_medians(rows)[..., None]))


def block_medians(values: FloatArray, size: int) -> FloatArray:
    """The median of each whole block of `size` finite numbers."""
    return row_medians(values[: len(values) // size * size].reshape(-1, size))


def running_median(values: FloatArray, window: int) -> FloatArray:
    """(n,) median over `window` points around each, an odd number; edges repeated."""
    half = min(window, len(values)) // 2
    size = 2 * half + 1
    if len(values) * size <= FEW_IN_ALL:
        around = np.arange(len(values))[:, None] + np.arange(-half, half + 1)
        return np.sort(values.take(around, mode="clip"), axis=1)[:, half]
    from scipy.ndimage import median_filter  # in C, up to 6 times as fast, after its import

    return np.asarray(median_filter(values, size, mode="nearest"))


def robust_sigma(residuals: FloatArray) -> float:
    """Standard deviation from the median absolute deviation; 0 of nothing."""
    if len(residuals) == 0:
        return 0.0
    return MAD_TO_SIGMA * median(np.abs(residuals - median(residuals)))
