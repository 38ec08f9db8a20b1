"""Levels and stretches of a series."""

from __future__ import annotations

import numpy as np

from lossscan.model import Episode, Series
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray, stretches
from lossscan.numeric.medians import row_medians, spacing

END_SHARE, END_POINTS = 0.05, 3  # of the run, or points at least, whose median is where it ends


def end_points(points: int, least: int = END_POINTS) -> int:
    """How many of so many points are the end of a run."""
    return max(least, int(END_SHARE * points))


def level_at(series: Series, step: int, *, points: int) -> float:
    """The median of the `points` finite values logged nearest to a step, or of all there are."""
    return float(levels_at(series, np.array([step]), points=points)[0])


def levels_at(series: Series, steps: IntArray, *, points: int) -> FloatArray:
    """(k,) the `level_at` each of k steps."""
    points = min(points, len(series))
    reach = np.arange(-points, points)
    places = np.searchsorted(series.steps, steps)[:, None] + reach
    outside = (places < 0) | (places >= len(series))
    places = places.clip(0, len(series) - 1)
    away = np.abs(series.steps[places] - steps[:, None])
    away[outside] = np.iinfo(away.dtype).max
    nearest = np.argsort(away, axis=1, kind="stable")[:, :points]
    return row_medians(np.take_along_axis(series.values[places], nearest, axis=1))


def window_lengths(series: Series) -> IntArray:
    """(n,) steps that each logged point stands for; of the first as many as of most, if so many."""
    first = int(series.steps[0])
    usual = int(spacing(series.steps)) if len(series.steps) > 1 else first
    return np.maximum(np.diff(series.steps, prepend=first - min(first, usual)), 1)


def last_since(changed: BoolArray) -> int:
    """The index from which on all points have changed; the length where the last has not."""
    before = np.flatnonzero(~changed)
    return int(before[-1]) + 1 if len(before) else 0


def episodes_of(series: Series, mask: BoolArray) -> tuple[Episode, ...]:
    """One episode for each stretch of a mask over the points of a series."""
    return tuple(
        Episode(int(series.steps[a]), int(series.steps[b - 1])) for a, b in stretches(mask)
    )
