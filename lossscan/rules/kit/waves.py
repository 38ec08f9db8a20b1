"""What is an event in a loss that comes in waves: more than a crest, and longer than a period."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from lossscan.model import Change, Curve, Excursion
from lossscan.numeric.arrays import FloatArray, differences
from lossscan.numeric.medians import median, row_medians
from lossscan.rules.kit.case import Case

ABOVE_CREST = 2.5  # times the usual crest: 19 in 20 simulated runs with waves have no higher one
ALIKE = 0.5  # of the bends of neighboring epochs more agree in sign than not: 3 in 4 do
COMPARED = 1 << 12  # points of an epoch: they show it as well as a million
MIN_BENDS = 50  # of all pairs: by chance their signs agree so well in fewer than one in 1000
LASTING_SHARE = 0.5  # of a step, shown by means of whole periods: 2 % of those of waves show it


def wobble_alike(epochs: Sequence[FloatArray]) -> bool:
    """Whether neighboring epochs bend alike, whatever steps are between them: unshuffled data.

    By the signs alone: where a wobble fades, its first few bends would outweigh all others.
    """
    length = min(min(map(len, epochs), default=0), COMPARED)
    if (len(epochs) - 1) * (length - 2) < MIN_BENDS:
        return False
    bends = [np.sign(bends_of(epoch[:length])) for epoch in epochs]
    alike = sum(float((one * two).mean()) for one, two in pairwise(bends))
    return alike > ALIKE * (len(epochs) - 1)


def bends_of(values: FloatArray) -> FloatArray:
    """(n - 2,) how much the course bends at each point but the first and the last."""
    return differences(differences(values))


def above_crests(case: Case, spikes: Sequence[Excursion]) -> list[Excursion]:
    """The spikes that stand out from the crests of the loss, where that comes in waves."""
    curve, points = case.curve, case.period_points
    if points is None or not spikes:
        return list(spikes)
    enough = ABOVE_CREST * _crest(curve, points)
    return [spike for spike in spikes if _height(curve, spike, points) >= enough]


def _height(curve: Curve, spike: Excursion, points: int) -> float:
    """How far its top is above the middle of the period around it, on the curve's scale."""
    top = spike.start + int(np.argmax(curve.scaled[spike.start : spike.stop]))
    around = curve.scaled[max(top - points // 2, 0) : top + points // 2 + 1]
    return float(curve.scaled[top]) - median(around)


def outlives_period(case: Case, change: Change) -> bool:
    """Whether a change of level lasts longer than a wave of the loss, where that comes in waves.

    Behind one in the last period, as much as there is of it is held against the same part of the
    period before.
    """
    curve, points, at = case.curve, case.period_points, change.index
    if points is None:
        return True
    after = curve.scaled[at : at + points]
    before = curve.scaled[max(at - points, 0) :][: len(after)]
    share = float(after.mean() - before.mean()) / gap_of(curve, change)
    return at >= points and share >= LASTING_SHARE


def share_in_means(curve: Curve, index: int, points: int, gap: float) -> float:
    """The share of a gap at an index that the means of `points` points on either side show.

    The gap is on the curve's scale; the share is 0 where there are fewer points on a side.
    """
    before, after = curve.scaled[max(index - points, 0) : index], curve.scaled[index:]
    if min(len(before), len(after)) < points:
        return 0.0
    return float(after[:points].mean() - before.mean()) / gap


def _crest(curve: Curve, points: int) -> float:
    """How far the top of a period usually is above its middle, on the curve's scale."""
    periods = curve.scaled[len(curve.scaled) % points :].reshape(-1, points)
    return median(periods.max(axis=1) - row_medians(periods))


def gap_of(curve: Curve, change: Change) -> float:
    """The height of a change on the curve's scale."""
    return math.log(change.after / change.before) if curve.log else change.delta
