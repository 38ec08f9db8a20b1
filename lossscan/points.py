"""The logged points that are values: finite, and of a loss not the zeros that stand for none."""

from __future__ import annotations

import numpy as np

from lossscan.model import Run, Schedule, Series
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray
from lossscan.numeric.medians import spacing

POLICY = ("grpo", "ppo", "rloo", "reinforce")  # their loss is not what training improves
ADVERSARIAL = "adversarial"  # two nets: one gains what the other loses
NEVER_ZERO = ("cross-entropy", "classification", "distillation")  # the loss of RL may well be 0
COMPOSITE = "composite"  # a sum of parts, as of a detector
NEAR = 5  # logged values on either side of a zero that tell whether it may be one of them
ROUNDED = 0.01  # a loss around it rounds to 0.0 at four decimals now and then: 100 last digits


def finite(series: Series | None) -> Series | None:
    """The finite points of a series, or None where there are none."""
    return None if series is None else _kept(series, np.isfinite(series.values))


def points_of(run: Run, name: str) -> Series | None:
    """The finite points of a series by name, of the loss without its blanks; None of none."""
    points = finite(run.series.get(name))
    if points is None or name != "loss" or run.objective not in NEVER_ZERO:
        return points
    return _kept(points, ~blanks(points.values))


def blanks(values: FloatArray) -> BoolArray:
    """(n,) which finite losses are exactly 0 where nothing near is small enough to round to it.

    They are no losses: a trainer logs 0.0 for a window whose updates were all skipped, whose losses
    were all NaN, or that held no label.
    """
    zero = values == 0
    if not zero.any() or (values < 0).any():  # an objective that crosses zero may well meet it
        return np.zeros_like(zero)
    return np.asarray(zero & ~near_zero(values, ROUNDED))


def are_epochs(steps: IntArray, schedule: Schedule) -> bool:
    """Whether each logged point is a whole epoch, with all samples in it."""
    per_epoch = schedule.steps_per_epoch or np.inf
    return len(steps) > 1 and bool(spacing(steps) >= per_epoch)


def near_zero(values: FloatArray, limit: float) -> BoolArray:
    """(n,) which finite values are 0 with one of at most `limit` among the ten others around."""
    zero = values == 0
    wall = np.full(NEAR, np.inf)
    others = np.concatenate([wall, values[~zero], wall])
    behind = np.cumsum(~zero)[zero]  # how many of them are before each zero
    least = np.lib.stride_tricks.sliding_window_view(others, 2 * NEAR).min(axis=1)
    zero[zero] = least[behind] <= limit
    return np.asarray(zero)


def _kept(series: Series, good: BoolArray) -> Series | None:
    if good.all():  # nearly always
        return series if len(series) else None
    return Series(series.name, series.steps[good], series.values[good]) if good.any() else None
