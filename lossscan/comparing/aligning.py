"""Series of several runs become Courses: all at the same steps, on one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from lossscan.model import Run, Series
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.numeric.scales import to_scale
from lossscan.points import points_of
from lossscan.signals.clean import MIN_POINTS, rounding_noise

LARGEST = 1e100  # of a value: the square of a larger one is no number any more; NaN is not smaller


class Courses(Struct, frozen=True):
    """One series of m runs at n equal steps."""

    steps: IntArray  # (n,)
    scaled: FloatArray  # (m, n), logarithms where `log`
    log: bool
    rounding: FloatArray  # (m, n) noise that the printing alone brings

    @property
    def gap(self) -> FloatArray:
        """(n,) second run - first run, on the scale."""
        return np.asarray(self.scaled[1] - self.scaled[0])


def aligned(runs: Sequence[Run], name: str) -> Courses | None:
    """A series of the runs at the steps of the sparsest where they overlap.

    A logged loss is mostly the mean since the one before: a denser log is averaged over the same
    steps; where its steps do not fit, and for evaluations, it is interpolated. None where a run
    lacks the series or fewer than 4 steps are shared.
    """
    finite = [_finite(points) for run in runs if (points := points_of(run, name)) is not None]
    if len(finite) < len(runs) or not all(map(len, finite)):
        return None
    grid = _grid(finite)
    if len(grid) < MIN_POINTS:
        return None
    averaged = name == "loss" and all(run.averaging == "window" for run in runs)
    values = np.concatenate([_sampled(series, grid, averaged=averaged) for series in finite])
    scaled, log = to_scale(values)
    shape = (len(runs), len(grid))
    return Courses(grid, scaled.reshape(shape), log, rounding_noise(values, log=log).reshape(shape))


def _finite(series: Series) -> Series:
    good = np.abs(series.values) < LARGEST
    return Series(series.name, series.steps[good], series.values[good])


def _grid(columns: Sequence[Series]) -> IntArray:
    """The steps of the sparsest series within all; the same whichever comes first."""
    low = max(column.steps[0] for column in columns)
    high = min(column.steps[-1] for column in columns)
    inside = [c.steps[(c.steps >= low) & (c.steps <= high)] for c in columns]
    return min(inside, key=lambda steps: (len(steps), steps.tolist()))


def _sampled(series: Series, grid: IntArray, *, averaged: bool) -> FloatArray:
    """(n,) values of a series at other steps within its range."""
    values = np.interp(grid, series.steps, series.values)
    if not averaged:
        return values
    width = np.diff(grid)
    typical = int(np.median(width))
    width = np.minimum(np.concatenate([[typical], width]), typical)  # a gap in the log is no window
    stop = np.searchsorted(series.steps, grid, side="right")
    start = np.searchsorted(series.steps, grid - width, side="right")
    tiles = (series.steps[stop - 1] == grid) & (stop - start > 1)
    total = np.concatenate([[0.0], np.cumsum(series.values)])
    values[tiles] = (total[stop] - total[start])[tiles] / (stop - start)[tiles]
    return values
