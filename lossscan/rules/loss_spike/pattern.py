"""What the spikes of a run have in common: where in their epochs they are, how long and wide."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from msgspec import Struct

from lossscan.model import Curve, Excursion
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.levels import BLOCK_POINTS
from lossscan.numeric.medians import spacing
from lossscan.numeric.meetings import surely_meet
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.gradients import LEAD_SIGMA, leading_gradient

SAME_PLACE_SHARE = 0.02  # of an epoch within which two spikes are at the same place
ORDER_CORRELATION = 0.5  # between epochs at equal places (jingyaogong/minimind#173)
AT_ENDS = 0.7  # of the recurring spikes, as many as must show an incomplete last group
LOW_SHARE, HALF = 0.1, 0.5  # of a peak: a point below the first belongs to the course


class Pattern(Struct, frozen=True):
    """What the spikes of a run have in common."""

    recurring: frozenset[int]  # start steps of those that return at the same place of an epoch
    at_ends: bool  # that place is the end of the epoch, and each is a point wide
    slowest: int  # points of the longest
    widest: int  # of them at half of its height and more: what one odd batch leaves behind is less
    correlation: float | None
    leads: bool | None  # the gradient rose before the highest; None where it is not logged
    passed: bool  # an epoch before the highest read the same samples, and did so calmly

    @property
    def returns(self) -> bool:
        """Whether spikes come back with the samples; those at the ends of epochs need no order."""
        return bool(self.recurring) and not self.at_ends

    @property
    def is_long(self) -> bool:
        """Whether one is longer than one odd batch and what that leaves behind, a point or two."""
        return self.widest >= BLOCK_POINTS or (self.widest > 1 and self.slowest > BLOCK_POINTS)

    @property
    def in_order(self) -> bool | None:
        """Whether epochs show one order of the samples; None where they do not tell."""
        if self.correlation is not None and self.correlation >= ORDER_CORRELATION:
            return True
        return None if self.correlation is None or self.recurring else False


def pattern_of(case: Case, spikes: list[Excursion], top: Excursion) -> Pattern:
    """The pattern of the spikes of a run; `top` is the highest of them."""
    recurring = recurring_of(case, spikes)
    lead, correlation = leading_gradient(case, top.start_step), case.signals.epoch_correlation
    in_order = correlation is not None and correlation >= ORDER_CORRELATION
    per_epoch = case.run.schedule.steps_per_epoch or np.inf
    return Pattern(
        recurring=recurring,
        at_ends=_at_ends(case, [spike for spike in spikes if spike.start_step in recurring]),
        slowest=max(_high_points(case.curve, spike) for spike in spikes),
        widest=max(int((_shares(case.curve, spike) >= HALF).sum()) for spike in spikes),
        correlation=correlation,
        leads=None if lead is None else lead >= LEAD_SIGMA,
        passed=(in_order or case.of_epochs)
        and top.start_step > per_epoch
        and top.start_step not in recurring,
    )


def _high_points(curve: Curve, spike: Excursion) -> int:
    """The points of an excursion without those that are back at the course between two peaks."""
    low = _shares(curve, spike) < LOW_SHARE
    return spike.stop - spike.start - int(np.count_nonzero(low[:-1]))


def _shares(curve: Curve, spike: Excursion) -> FloatArray:
    """How high its points are, in its height."""
    level = curve.values[spike.start : spike.stop]
    return np.asarray((level - spike.base) / (spike.peak - spike.base))


def recurring_of(case: Case, spikes: Sequence[Excursion]) -> frozenset[int]:
    """Spikes at the same place of their epoch as one of another epoch, more than chance brings."""
    per_epoch = case.run.schedule.steps_per_epoch
    if not per_epoch or not spikes:
        return frozenset()
    apart = spacing(case.run.series["loss"].steps)
    reach = max(apart, SAME_PLACE_SHARE * per_epoch)
    if per_epoch <= 2 * reach:  # in one or two points, all places are the same
        return frozenset()
    starts = np.array([spike.start_step for spike in spikes])
    return frozenset(starts[surely_meet(starts, per_epoch, reach, apart)].tolist())


def _at_ends(case: Case, spikes: list[Excursion]) -> bool:
    """Whether the spikes are the points that hold the last batch of an epoch."""
    window = spacing(case.run.series["loss"].steps)
    marks = case.run.schedule.of("epoch_boundary")
    ends = sorted((mark.step + mark.slack, mark.step - mark.slack) for mark in marks)
    late = [late for late, _ in ends]
    earliest = list(accumulate((early for _, early in reversed(ends)), min, initial=np.inf))[::-1]
    there = [
        spike.stop - spike.start < BLOCK_POINTS
        and earliest[bisect_right(late, spike.start_step - window)] <= spike.end_step
        for spike in spikes
    ]
    return bool(there) and sum(there) >= AT_ENDS * len(there)
