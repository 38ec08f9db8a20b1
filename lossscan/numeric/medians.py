"""Medians of short arrays: what the engine and the rules ask for a hundred times a run.

`np.median` spends ten times as long on its checks as on the few hundred numbers of a log, and
`np.pad` and `sliding_window_view` longer on a running median than its sorting takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np
from bottleneck import move_median  # in C, and 2 ms to import; scipy.ndimage takes 200
from numpy.lib.stride_tricks import sliding_window_view

from lossscan.numeric.arrays import BLOCK, FloatArray, IntArray, blocks, differences

MAD_TO_SIGMA = 1.4826  # of a normal distribution
MEDIAN_ERROR = 1.25  # standard error of a median over that of a mean, for normal noise
COMPARED = 5  # points a side at most: with more, the heaps of bottleneck are as fast
LONG = 20_000  # numbers of an array whose medians are not all taken
APART = 16  # places of it whose windows are sorted: with more of them others are taken than saved
FEW = 1000  # numbers that are sorted in less time than their middle is found


def median(values: FloatArray | IntArray | Sequence[float], *, spoil: bool = False) -> float:
    """The median; NaN where there is nothing, or a NaN in it.

    `spoil`: the values are of no more use, and may be left in another order instead of copied.
    """
    n = len(values)
    if n == 0:
        return math.nan
    if n > FEW:
        array = np.asarray(values)
        return math.nan if math.isnan(array.max()) else float(row_medians(array, spoil=spoil))
    ordered = np.array(values)  # to call `np.sort` takes as long as both
    ordered.sort()
    low, high = (n - 1) // 2, n // 2
    return math.nan if math.isnan(ordered[-1]) else (float(ordered[low]) + float(ordered[high])) / 2


def spacing(steps: IntArray) -> float:
    """Steps between neighboring points, as most have it; NaN of a single one."""
    return median(differences(steps), spoil=True)


def row_medians(rows: FloatArray | IntArray, *, spoil: bool = False) -> FloatArray:
    """The median of each row of finite numbers, over the last axis of any array."""
    width = rows.shape[-1]
    low, high = (width - 1) // 2, width // 2
    if rows.size <= FEW:
        ordered = np.sort(rows)
        return np.asarray((ordered[..., low] + ordered[..., high]) / 2)
    halved = rows if spoil else rows.copy()
    halved.partition(high)  # for one place it takes a third of what sorting takes
    middle = halved[..., high]
    return np.asarray(middle if low == high else (halved[..., :high].max(axis=-1) + middle) / 2)


def row_sigmas(rows: FloatArray) -> FloatArray:
    """The `robust_sigma` of each row of finite numbers, over the last axis of any array."""
    away = rows - row_medians(rows)[..., None]
    return MAD_TO_SIGMA * row_medians(np.abs(away, out=away), spoil=True)


def block_medians(values: FloatArray, size: int) -> FloatArray:
    """The median of each whole block of `size` finite numbers."""
    rows = values[: len(values) // size * size].reshape(-1, size)
    some = [row_medians(rows[at]) for at in blocks(len(rows), max(BLOCK // size, 1))]
    return np.concatenate(some) if some else np.empty(0)


def block_means(values: FloatArray, size: int) -> FloatArray:
    """The mean of each whole block of `size` numbers."""
    return np.asarray(values[: len(values) // size * size].reshape(-1, size).mean(axis=1))


def running_median(values: FloatArray, window: int) -> FloatArray:
    """(n,) median over `window` points around each, an odd number; edges repeated, NaN left out."""
    found = np.empty(len(values))
    for at in blocks(len(values)):
        found[at] = medians_within(values, window, at)
    return found


def medians_within(values: FloatArray, window: int, at: slice) -> FloatArray:
    """The `running_median` of `at`, a stretch of places, from what is around them alone."""
    half = min(window, len(values)) // 2
    first = max(at.start - half, 0)
    around = _running_median(values[first : at.stop + half], half)
    return around[at.start - first :][: at.stop - at.start]


def above_median(
    values: FloatArray, noise: FloatArray, window: int, at: slice, least: float
) -> FloatArray:
    """How far finite numbers at a stretch of places are above their running median, by their noise.

    Exact for short arrays, and for all that are `least` or more above or below it. Elsewhere in a
    long one the median is that of a place up to half of APART away.
    """
    if len(values) <= LONG:
        return np.asarray((values[at] - medians_within(values, window, at)) / noise)
    half, count = window // 2, at.stop - at.start
    places = np.arange(at.start - half, at.start + -(-count // APART) * APART + half)
    around = values.take(places, mode="clip")
    windows = sliding_window_view(around, window)
    ordered = np.sort(windows[APART // 2 :: APART])
    near = around[half:-half].reshape(-1, APART)
    reach = np.full(near.shape, np.inf)
    np.multiply(noise, least, out=reach.ravel()[:count])
    # A window moved by so many places leaves its median between that many ranks down and up.
    low, middle, high = (ordered[:, half + ranks, None] for ranks in (-APART // 2, 0, APART // 2))
    far = np.flatnonzero((near - low >= reach) | (high - near >= reach))
    above = (near - middle).ravel()[:count]
    above[far] = around[half + far] - row_medians(windows[far], spoil=True)
    above /= noise
    return above


def _running_median(values: FloatArray, half: int) -> FloatArray:
    ends = np.repeat(values[:1], half), np.repeat(values[-1:], half)
    padded = np.concatenate([ends[0], values, ends[1]], dtype=np.float64)
    if 0 < half <= COMPARED:
        found = _compared(padded, half)
        if not np.isnan(found).any():
            return found
    return np.asarray(move_median(padded, 2 * half + 1, min_count=1)[2 * half :])


def _compared(padded: FloatArray, half: int) -> FloatArray:
    """The medians of all windows by comparing slices; NaN where a window holds one.

    `half` neighbors are sorted for the window that ends with them and for the one that begins
    there. Of two sorted halves, one turned round, the lower of each pair are the lower half
    (Batcher 1968); the median is what lies between the two halves.
    """
    count = len(padded) - 2 * half
    rows = [padded[at : at + count + half + 1] for at in range(half)]
    for last in range(half - 1, 0, -1):
        for at in range(last):
            first, second = rows[at : at + 2]
            rows[at : at + 2] = np.minimum(first, second), np.maximum(first, second)
    before, behind = [row[:count] for row in rows], [row[half + 1 :] for row in rows[::-1]]
    low = reduce(np.maximum, map(np.minimum, before, behind))
    high = reduce(np.minimum, map(np.maximum, before, behind))
    return np.maximum(low, np.minimum(padded[half:-half], high))


def past_median(values: FloatArray, window: int) -> FloatArray:
    """(n,) median of each finite number and those before it, `window` of them or what is there.

    An odd number, 3 to 11.
    """
    first, half = values[: window - 1], window // 2
    whole = _compared(values, half) if len(values) >= window else values[:0]
    return np.concatenate([move_median(first, len(first), min_count=1), whole])


def step_noise(values: FloatArray) -> float:
    """Standard deviation of one point, by how far neighbors differ; a slow course adds nothing."""
    return robust_sigma(differences(values), spoil=True) / math.sqrt(2)


def robust_sigma(residuals: FloatArray, *, spoil: bool = False) -> float:
    """Standard deviation from the median absolute deviation; 0 of nothing.

    `spoil`: the residuals are of no more use, and what is made of them takes their memory.
    """
    if len(residuals) == 0:
        return 0.0
    middle = median(residuals, spoil=spoil)
    away = np.subtract(residuals, middle, out=residuals if spoil else None)
    return MAD_TO_SIGMA * median(np.abs(away, out=away), spoil=True)
