"""The steps of log entries that state only their epoch: transformers' console prints no step.

The epoch is rounded (two decimals in 4.x, four digits in 5.x), so in a long epoch many entries
share one. But trainers log every L steps: where the epochs agree with such a grid, the entries
are counted along it.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.numeric.medians import median

AGREEING = 0.95  # of the entries must be on the grid: a few lines may be lost
MOST_STEPS = 2.0**53  # beyond, a float no longer tells neighbors apart
FINE = 0.25  # of an interval: with epochs known better than this each entry finds its own place


class Scale(Struct, frozen=True):
    """How many steps an epoch has, and how far off that may be, as a share of it."""

    steps_per_epoch: float
    doubt: float = 0.0


def usable(scale: Scale | None) -> Scale | None:
    """The scale, unless numbers out of any range made it: a log may state them."""
    sound = scale is not None and 0 < scale.steps_per_epoch <= MOST_STEPS and scale.doubt >= 0
    return scale if sound else None


def placed(epochs: FloatArray, slack: FloatArray, scale: Scale) -> IntArray:
    """The steps of one launch's entries, strictly rising, from their epochs.

    `slack` is half of the last digit of each epoch, (n,).
    """
    return _rising(_on_grid(*_reckoned(epochs, slack, scale)))


def agree(steps: IntArray, epochs: FloatArray, slack: FloatArray, scale: Scale) -> bool:
    """Whether the steps that a launch's entries show are those of their epochs, as far as known."""
    raw, width = _reckoned(epochs, slack, scale)
    return bool(np.mean(np.abs(steps - raw) <= width + 1) >= AGREEING)


def misfit(epochs: FloatArray, scale: Scale) -> float:
    """How far the mean interval of one launch's entries is from a whole number of steps."""
    mean = (epochs[-1] - epochs[0]) * scale.steps_per_epoch / max(len(epochs) - 1, 1)
    return abs(float(mean) - round(float(mean)))


def counted(count: int, start: int) -> IntArray:
    """The entries themselves as steps, where nothing tells more."""
    return np.arange(start + 1, start + count + 1, dtype=np.int64)


def _reckoned(epochs: FloatArray, slack: FloatArray, scale: Scale) -> tuple[FloatArray, FloatArray]:
    """The steps of the epochs, and how far off each may be."""
    raw = np.clip(epochs * scale.steps_per_epoch, 0, MOST_STEPS)
    return raw, slack * scale.steps_per_epoch + raw * scale.doubt


def _on_grid(raw: FloatArray, width: FloatArray) -> IntArray:
    mean = (raw[-1] - raw[0]) / (len(raw) - 1) if len(raw) > 1 else 1.0
    interval = max(round(mean), 1)
    if interval > 1 and median(width) <= FINE * interval:
        grid = interval * np.rint(raw / interval)
        allowed = width + 1
    else:
        first = np.rint(median(raw / interval - np.arange(len(raw))))
        grid = interval * (first + np.arange(len(raw)))
        allowed = width + interval
    agreeing = np.mean(np.abs(grid - raw) <= allowed) >= AGREEING
    return np.rint(np.clip(grid if agreeing else raw, 0, MOST_STEPS)).astype(np.int64)


def _rising(steps: IntArray) -> IntArray:
    """Each step at least one after the one before; the first entry may be that of step 1."""
    ahead = np.arange(len(steps))
    rising: IntArray = np.maximum.accumulate(np.maximum(steps, 1) - ahead) + ahead
    return rising
