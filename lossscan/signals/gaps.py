"""The gap between two local lines: how far a curve steps at a place, its trend removed.

At index `i` a line is fitted to the window before and one to the window after, with one common
slope (an analysis of covariance). The gap is the distance of the two lines at `i`. It is blind to
any line and parabola, so that a decay that bends gently makes none; windows of equal length w give
it a variance of about 8/w of that of one point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossscan.arrays import FloatArray, IntArray

MIN_SIDE = 3  # points: fewer have no slope of their own


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps at several places; NaN where a side has fewer than 3 points."""

    size: FloatArray  # (k,), after minus before
    error: FloatArray  # (k,), standard error for points of unit noise


@dataclass(frozen=True, slots=True)
class Windows:
    """Index windows `[left, mid)` before and `[right, stop)` after each of k places."""

    left: IntArray
    mid: IntArray
    right: IntArray
    stop: IntArray


def windows_at(places: IntArray, width: int, *, n: int) -> Windows:
    """Windows of up to `width` points on each side of the places, within `[0, n)`.

    Both sides shrink together at the ends: only equal sides are blind to a parabola.
    """
    side = np.minimum(np.minimum(places, n - places), width)
    return Windows(left=places - side, mid=places, right=places, stop=places + side)


def gaps(curve: FloatArray, windows: Windows) -> Gaps:
    """The gap at each place, by prefix sums: O(n + k)."""
    level = np.concatenate([[0.0], np.cumsum(curve - curve.mean())])
    moment = np.concatenate([[0.0], np.cumsum(np.arange(len(curve)) * (curve - curve.mean()))])
    before = _side(level, moment, windows.left, windows.mid)
    after = _side(level, moment, windows.right, windows.stop)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = before.spread + after.spread
        apart = after.centre - before.centre
        slope = (before.covariance + after.covariance) / spread
        size = after.mean - before.mean - slope * apart
        error = np.sqrt(1 / before.count + 1 / after.count + apart**2 / spread)
    short = np.minimum(before.count, after.count) < MIN_SIDE
    return Gaps(size=np.where(short, np.nan, size), error=np.where(short, np.nan, error))


def placebos(level: FloatArray, noise: FloatArray, width: int) -> FloatArray:
    """Gaps in their standard errors at every place that has 3 points on each side."""
    places = np.arange(MIN_SIDE, len(level) - MIN_SIDE + 1)
    everywhere = gaps(level, windows_at(places, width, n=len(level)))
    return np.asarray(everywhere.size / (everywhere.error * noise[places]))


@dataclass(frozen=True, slots=True)
class _Side:
    count: FloatArray
    centre: FloatArray
    mean: FloatArray
    covariance: FloatArray  # of index and value, summed
    spread: FloatArray  # of the index, summed squares


def _side(level: FloatArray, moment: FloatArray, start: IntArray, stop: IntArray) -> _Side:
    count = (stop - start).astype(np.float64)
    total = level[stop] - level[start]
    centre = (start + stop - 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count
    return _Side(
        count=count,
        centre=centre,
        mean=mean,
        covariance=moment[stop] - moment[start] - centre * total,
        spread=(count**3 - count) / 12,
    )
