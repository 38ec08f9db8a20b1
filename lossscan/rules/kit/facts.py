"""What several rules ask of a run: its levels, its stretches, and settings that need care."""

from __future__ import annotations

import re
from bisect import bisect_left

import numpy as np

from lossscan.model import Episode, Run, Series
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray
from lossscan.numeric.medians import median, row_medians, spacing
from lossscan.points import POLICY, finite

CROSS_ENTROPY = "cross-entropy"
POLICY_SIZE = 1.0  # of their loss: advantages have unit variance, more is a penalty run away


def is_cross_entropy(run: Run) -> bool:
    """Whether the loss is the mean negative logarithm of a probability."""
    return run.objective == CROSS_ENTROPY


def is_policy_size(run: Run, level: float) -> bool:
    """Whether a loss is of the size that a policy's has by nature.

    It begins at 0 and grows with the distance from the reference.
    """
    return run.objective in POLICY and abs(level) < POLICY_SIZE


def level_at(series: Series, step: float, *, points: int) -> float:
    """The median of the `points` logged nearest to a step."""
    place = bisect_left(series.steps, step)  # numpy would first make a float of each step
    near = slice(max(place - points, 0), place + points)  # the nearest are among them
    nearest = np.argsort(np.abs(series.steps[near] - step), kind="stable")[:points]
    return median(series.values[near][nearest])


def levels_at(series: Series, steps: IntArray, *, points: int) -> FloatArray:
    """(k,) the `level_at` each of k steps; the values are finite and no fewer than `points`."""
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


def stretches(mask: BoolArray) -> list[tuple[int, int]]:
    """The half-open index ranges over which a mask is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def episodes_of(series: Series, mask: BoolArray) -> tuple[Episode, ...]:
    """One episode for each stretch of a mask over the points of a series."""
    return tuple(
        Episode(int(series.steps[a]), int(series.steps[b - 1])) for a, b in stretches(mask)
    )


def eval_losses(run: Run) -> dict[str, Series]:
    """The finite evaluation losses: `eval_loss` and those of several sets (`eval_<name>_loss`)."""
    return {
        name: points
        for name, series in run.series.items()
        if is_eval_loss(name) and (points := finite(series)) is not None
    }


def is_eval_loss(name: str) -> bool:
    """Whether a series is the loss on an evaluation set."""
    return name.startswith("eval_") and name.endswith("loss")


def version_of(run: Run, field: str) -> tuple[int, ...] | None:
    """A version as numbers, without what follows them (`4.49.0.dev0` is 4.49.0)."""
    match = re.match(r"\d+(?:\.\d+)*", str(run.setting(field) or ""))
    return tuple(int(part) for part in match[0].split(".")) if match else None
