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

from lossscan.arrays import FloatArray, IntArray

MIN_SIDE = 3  # points: fewer have no slope of their own
REMEMBERED = 2000  # points; the windows of a longer curve are not worth their memory
MANY_LENGTHS = 256  # of windows that are remembered: a batch meets the same again and again


@dataclass(frozen=True, slots=True)
class Side:
    """Index windows `[start, stop)` on one side of k places, each of 3 points at least."""

    start: IntArray
    stop: IntArray
    count: FloatArray
    centre: FloatArray


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows before and after each of k places, and what follows from them alone."""

    before: Side
    after: Side
    apart: FloatArray  # distance of the two centres
    spread: FloatArray  # of the index within the sides, summed squares
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
    np.cumsum(values, out=total[1:])
    return total


def windows(left: IntArray, mid: IntArray, right: IntArray, stop: IntArray) -> Windows:
    """Windows `[left, mid)` before and `[right, stop)` after each place."""
    before, after = _side(left, mid), _side(right, stop)
    apart = after.centre - before.centre
    cubes = before.count**3 - before.count + after.count**3 - after.count
    spread = cubes / 12
    error = np.sqrt(1 / before.count + 1 / after.count + apart**2 / spread)
    return Windows(before, after, apart, spread, error)


def _side(start: IntArray, stop: IntArray) -> Side:
    return Side(start, stop, (stop - start).astype(np.float64), (start + stop - 1) / 2)


def windows_at(places: IntArray, width: int, *, n: int) -> Windows:
    """Windows of up to `width` points on each side of the places, within `[0, n)`.

    Both sides shrink together at the ends: only equal sides are blind to a parabola.
    """
    side = np.minimum(np.minimum(places, n - places), width)
    return windows(places - side, places, places, places + side)


def everywhere(n: int, width: int) -> Windows:
    """Windows at every place of a curve that has 3 points on each side, the first at index 3."""
    return (_remembered if n <= REMEMBERED else _everywhere)(n, width)


def _everywhere(n: int, width: int) -> Windows:
    return windows_at(np.arange(MIN_SIDE, n - MIN_SIDE + 1), width, n=n)


_remembered = lru_cache(MANY_LENGTHS)(_everywhere)


def gaps(sums: Sums, at: Windows) -> FloatArray:
    """(k,) the gap at each place: after minus before."""
    before, after = at.before, at.after
    early = sums.level[before.stop] - sums.level[before.start]
    late = sums.level[after.stop] - sums.level[after.start]
    covariance = (
        (sums.moment[before.stop] - sums.moment[before.start] - before.centre * early)
        + (sums.moment[after.stop] - sums.moment[after.start])
        - after.centre * late
    )
    slope = covariance / at.spread
    return np.asarray(late / after.count - early / before.count - slope * at.apart)


def placebos(sums: Sums, noise: FloatArray, width: int) -> FloatArray:
    """Gaps in their standard errors at every place that has 3 points on each side."""
    at = everywhere(len(sums), width)
    return np.asarray(gaps(sums, at) / (at.error * noise[MIN_SIDE : len(sums) - MIN_SIDE + 1]))
