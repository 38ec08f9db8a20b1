"""The gap between two local lines: how far a curve steps at a place, its trend removed.

At index `i` a line is fitted to the window before and one to the window after, with one common
slope (an analysis of covariance). The gap is the distance of the two lines at `i`. It is blind to
any line and parabola, so that a decay that bends gently makes none; windows of equal length w give
it a variance of about 8/w of that of one point.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lossscan.numeric.arrays import FloatArray, IntArray

MIN_SIDE = 3  # points: fewer have no slope of their own
REMEMBERED = 500  # points; the windows of a longer curve are not worth their memory
MANY_LENGTHS = 256  # of windows that are remembered, 40 MB at most: a batch meets them again
TOGETHER = 2000  # points; of a longer curve each width by itself, which is as fast in less memory


@dataclass(frozen=True, slots=True)
class Windows:
    """As many points before as after each of k places, 3 at least, and what follows from them."""

    left: IntArray  # (k,) the window before is [left, start)
    start: IntArray
    stop: IntArray  # the one after is [stop, right): what lies between the two belongs to neither
    right: IntArray
    count: FloatArray  # (k,) points of either
    early: FloatArray  # centre of the window before
    late: FloatArray  # centre of the window after
    apart: FloatArray  # distance of the two centres
    spread: FloatArray  # of the index within both windows, summed squares
    error: FloatArray  # standard error of the gap for points of unit noise


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of the first 0, 1, ..., n values of a curve, plain and times their index."""

    level: FloatArray  # (n + 1,)
    moment: FloatArray

    def __len__(self) -> int:
        return len(self.level) - 1


def sums_of(curve: FloatArray) -> Sums:
    """What makes the line through any window O(1)."""
    centred = curve - curve.sum() / len(curve)
    return Sums(_summed(centred), _summed(np.arange(len(curve)) * centred))


def _summed(values: FloatArray) -> FloatArray:
    total = np.zeros(len(values) + 1)
    values.cumsum(out=total[1:])
    return total


def windows(start: IntArray, stop: IntArray, side: IntArray) -> Windows:
    """Windows of `side` points before each `start` and from each `stop` on.

    Both sides are equal: only then is the gap blind to a parabola.
    """
    left, right, count = start - side, stop + side, side.astype(np.float64)
    apart = count + (stop - start)
    spread = (count * count * count - count) / 6  # count**3 takes ten times as long
    error = np.sqrt(2 / count + apart**2 / spread)
    early = start - (count + 1) / 2
    return Windows(left, start, stop, right, count, early, early + apart, apart, spread, error)


def windows_at(places: IntArray, *widths: int, n: int) -> Windows:
    """(w, k) windows of up to each width on each side of the places, within `[0, n)`.

    Both sides shrink together at the ends.
    """
    side = np.minimum(np.minimum(places, n - places), np.array(widths)[:, None])
    return windows(places, places, side)


def everywhere(n: int, *widths: int) -> Windows:
    """(w, k) windows at every place of a curve that has 3 points on each side, from index 3 on."""
    return (_remembered if n <= REMEMBERED else _everywhere)(n, *widths)


def _everywhere(n: int, *widths: int) -> Windows:
    return windows_at(np.arange(MIN_SIDE, n - MIN_SIDE + 1), *widths, n=n)


_remembered = lru_cache(MANY_LENGTHS)(_everywhere)


def gaps(sums: Sums, at: Windows) -> FloatArray:
    """(k,) or (w, k) the gap at each place: after minus before."""
    level, moment = sums.level, sums.moment
    early, late = level[at.start] - level[at.left], level[at.right] - level[at.stop]
    covariance = (
        (moment[at.start] - moment[at.left] - at.early * early)
        + (moment[at.right] - moment[at.stop])
        - at.late * late
    )
    slope = covariance / at.spread
    return np.asarray(late / at.count - early / at.count - slope * at.apart)


def placebos(sums: Sums, noise: FloatArray, *widths: int) -> FloatArray:
    """(w, k) gaps in their standard errors at every place that has 3 points on each side.

    Those of a short curve are taken together, for each call of numpy costs more than its points.
    """
    if len(sums) > TOGETHER and len(widths) > 1:
        return np.concatenate([placebos(sums, noise, width) for width in widths])
    at = everywhere(len(sums), *widths)
    return np.asarray(gaps(sums, at) / (at.error * noise[MIN_SIDE : len(sums) - MIN_SIDE + 1]))
