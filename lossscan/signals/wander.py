"""The wander of a smoothed loss: the mean of its last points goes up and down by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from lossscan.model import Change, Curve, Excursion
from lossscan.numeric.arrays import FloatArray, differences
from lossscan.numeric.courses import neighbor_correlation
from lossscan.numeric.medians import median, robust_sigma, running_median
from lossscan.signals.clean import CLIP_SIGMA, NOISE_WINDOW, STEP_POINTS, TINY
from lossscan.signals.outbursts import FAR

Found = TypeVar("Found", Change, Excursion)

MEAN_POINTS = 20  # of a running mean: the window of torchvision's MetricLogger and its copies
MIN_POINTS, MOST_POINTS = 2 * MEAN_POINTS, 20_000  # fewer show no wander, more have many placebos
# Correlation of neighbors: 0 of white noise, 1 of a running mean or a slow EMA, .07 of the median
# of 1,771 labeled runs. Above 2, differences hold on: a course that is all trend.
WALK, TREND = 0.5, 2.0
# In usual moves: 150 of 165 departures in healthy smoothed losses have less, of 33 labeled ones in
# correlated losses none.
SUDDEN = 4.0


def beyond_wander(curve: Curve, found: Sequence[Found]) -> list[Found]:
    """What was found, less what a smoothed loss does by itself.

    Its distances from a course are not independent, its moves are: of a departure that is more than
    wander, one is far larger than usual, over a point or over as many as a step takes. Neighbors
    are alike on a steep course, too, that falls from where a loss leapt to: no wander is wild.
    """
    if not found or not _is_smoothed(curve):
        return list(found)
    moves = [_moves(curve.scaled, points) for points in (1, STEP_POINTS)]
    sudden = (any(_largest(own, each) >= SUDDEN for own in moves) for each in found)
    return [each for each, moved in zip(found, sudden, strict=True) if moved or _is_wild(each)]


def _is_wild(found: Change | Excursion) -> bool:
    """Whether the loss rises to so many times what it was."""
    if isinstance(found, Excursion):
        return 0 < FAR * found.base <= found.peak
    return found.ratio is not None and found.ratio >= FAR


def _is_smoothed(curve: Curve) -> bool:
    """Whether neighbors are surely correlated, by what is left of it less its standard error."""
    settled = curve.scaled[curve.descent_end :]
    if len(settled) <= MEAN_POINTS or not MIN_POINTS <= len(curve.scaled) <= MOST_POINTS:
        return False
    steps = differences(settled)
    found = neighbor_correlation(steps, CLIP_SIGMA)
    if found is None:  # few digits are printed: most neighbors differ by the same
        found = 1.0
    return found - 2 / math.sqrt(len(steps)) >= WALK and found <= TREND


def _moves(values: FloatArray, points: int) -> FloatArray:
    """(n,) how far the values move within so many points up to each, in usual moves.

    The first of a running mean are means of fewer points, and the mean of k moves by a kth of its
    noise where that of n moves by sqrt(2) / n of it.
    """
    moves = values[points:] - values[:-points]
    usual = max(robust_sigma(moves - running_median(moves, NOISE_WINDOW)), TINY)  # no trend
    moves -= median(moves)
    averaged = np.arange(points + 1, len(values) + 1)
    moves /= usual * np.maximum(MEAN_POINTS / math.sqrt(2) / averaged, 1)
    return np.concatenate([np.zeros(points), moves])


def _largest(moves: FloatArray, found: Change | Excursion) -> float:
    """The largest move within an excursion or next to a change, in its direction."""
    if isinstance(found, Excursion):
        return float(moves[max(found.start - 1, 0) : found.stop + 1].max())
    near = moves[max(found.index - STEP_POINTS, 0) : found.index + STEP_POINTS]
    return float((near if found.kind == "level_up" else -near).max())
