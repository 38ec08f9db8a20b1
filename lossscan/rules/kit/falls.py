"""What explains a fall of the loss, and whether a change only takes back one before it."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

import numpy as np

from lossscan.model import Change, Curve
from lossscan.numeric.levels import (
    EDGE_POINTS,
    LEVEL_POINTS,
    SMOOTHER_POINTS,
    TAKEN_BACK,
    first_level,
    last_level,
    takes_back,
)
from lossscan.numeric.medians import median, running_median, spacing
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rates import rate_leaps, rate_steps
from lossscan.rules.kit.waves import gap_of, outlives_period

EARLY_SHARE = 0.2  # of the run: there a steep fall may be learning (stas00/ml-engineering)
# Of an early fall within ten points behind it: 109 simulated ends of a warm-up's shelf show .14 and
FALLS_ON = 0.12  # more, 40 drops that were put into real curves .08 and less
DESCENT_SHARE = 0.3  # of a fall, on both sides of it: of 70 labeled steps none has more, a bend .43
# Times as far as within any other two points nearby: a logistic fall with .3 of it on each side of
# ten points goes 1.3 times as far there, and one that is over in three points 2.1 times.
SHARP, SHARP_POINTS = 2.5, 5
CLIMBED = 0.5  # of a fall, from the first quarter of an epoch to its last: trained runs .65 and 2.1
CROWDED = 1 / 3  # of all places near such a landmark: standing near one explains nothing
EPOCHS: Final = ("epoch_boundary", "last_data_epoch")
STATED: Final = ("resume", "lr_change")  # not the end of warm-up: the rate has no step there
EXPLAINING: Final = (*EPOCHS, *STATED)
NEAR_POINTS = 2  # logged points from what explains a fall: it shows in the next or the one after


def explanation(case: Case, fall: Change) -> str | None:
    """What explains a fall, as the id of a sentence; None where nothing does."""
    place = fall.aligned_to
    by_rate = _is_of_rate(case, fall)
    if place is not None and is_at(fall, STATED if by_rate else ("resume",)):
        return f"at-{place.kind.replace('_', '-')}"
    if _may_be_learning(case, fall.index, -gap_of(case.curve, fall)):
        return "early"
    begins = _begins_descent(case.curve, fall)
    if begins or _in_descent(case.curve, fall):
        return "first-descent" if begins else "descent"
    if not outlives_period(case, fall):
        return "wave"
    if _takes_back(case, fall) or _ends_a_spike(case, fall):
        return "recovery"
    hidden = "last-climb" if ends_a_climb(case, fall) else None
    return "learning-rate" if by_rate and rate_steps(case, fall.step) else hidden


def _is_of_rate(case: Case, fall: Change) -> bool:
    """Whether a change of the learning rate may be behind a fall: behind one at once, only a leap.

    Where the rate only begins to decay, the loss bends and does not step.
    """
    return not _is_sharp(case.curve, fall.index) or rate_leaps(case, fall.step)


def is_at(fall: Change, kinds: Container[str]) -> bool:
    """Whether a fall is at a landmark of these kinds, which does not stand everywhere."""
    place = fall.aligned_to
    return place is not None and place.kind in kinds and (place.p_value or 0.0) <= CROWDED


def _may_be_learning(case: Case, at: int, gap: float) -> bool:
    """Whether a fall by a gap is early and takes its time, or the loss falls on behind it.

    The first points of a coarse log fall at once where warm-up ends, and on from there; a loss that
    comes in waves falls on from one to the next.
    """
    curve, period = case.curve, case.period_points
    after = curve.scaled[at : at + (2 * period if period else LEVEL_POINTS)]
    if period:
        fell = float(after[:period].mean() - after[-period:].mean())
    else:
        fell = first_level(after) - last_level(after)
    early = at < EARLY_SHARE * len(curve.steps)
    return early and (fell >= FALLS_ON * gap or not _is_sharp(curve, at))


def _in_descent(curve: Curve, fall: Change) -> bool:
    """Whether the loss falls as fast on both sides of a fall as in it: that is a bend of a descent.

    Either side is as long as the levels that make the fall; near an end of the run one is, and
    the fall itself is no step.
    """
    sides = (
        curve.scaled[max(fall.index - LEVEL_POINTS, 0) : fall.index],
        curve.scaled[fall.index : fall.index + LEVEL_POINTS],
    )
    long = [side for side in sides if len(side) == LEVEL_POINTS]
    gap = -gap_of(curve, fall)
    edge = last_level(sides[0]) - first_level(sides[1])
    if not long or (len(long) < len(sides) and edge >= TAKEN_BACK * gap):
        return False
    fell = [first_level(side) - last_level(side) for side in long]
    return min(fell) >= DESCENT_SHARE * gap and not _is_sharp(curve, fall.index)


def _begins_descent(curve: Curve, fall: Change) -> bool:
    """Whether the loss has stayed where the run began until it falls, and takes its time for it."""
    gap = -gap_of(curve, fall)
    began = first_level(curve.scaled)
    fell = began - median(curve.scaled[max(fall.index - LEVEL_POINTS, 0) : fall.index])
    return fell <= DESCENT_SHARE * gap and not _is_sharp(curve, fall.index)


def _is_sharp(curve: Curve, at: int) -> bool:
    """Whether the loss falls far more within two points at an index than within any two near it."""
    first = max(at - SHARP_POINTS, 0)
    near = curve.scaled[first : at + SHARP_POINTS + 1]
    fell = near[:-2] - near[2:]
    across = at - first - 2  # the first of the three pairs that hold the edge
    edge = across + int(np.argmax(fell[across : across + 3]))
    return bool(fell[edge] >= SHARP * np.delete(fell, slice(edge - 1, edge + 2)).max())


def _takes_back(case: Case, fall: Change) -> bool:
    """Whether the loss only falls back from the last jump, to about where it came from."""
    curve = case.curve
    rises = [c for c in case.rises if c.index < fall.index]
    return bool(rises) and takes_back(gap_of(curve, rises[-1]), -gap_of(curve, fall))


def _ends_a_spike(case: Case, fall: Change) -> bool:
    """Whether the loss only comes down from a spike: in its tail, and about to where it began."""
    return any(
        spike.sigma > 0
        and spike.start_step < fall.step <= 2 * spike.end_step - spike.start_step
        and spike.base - fall.after <= (1 - TAKEN_BACK) * (fall.before - fall.after)
        for spike in case.spikes
    )


def ends_a_climb(case: Case, fall: Change) -> bool:
    """Whether a fall ends what the loss climbed in an epoch in which the rate leapt.

    The climb hides what the rate did to the loss until the next epoch begins.
    """
    place, length = fall.aligned_to, case.run.schedule.steps_per_epoch
    if place is None or place.kind != "epoch_boundary" or not length:
        return False
    curve, began = case.curve, place.step - length
    epoch = curve.scaled[int(np.searchsorted(curve.steps, began, side="right")) : fall.index]
    part = max(len(epoch) // 4, 1)
    climbed = median(epoch[-part:]) - median(epoch[:part])
    marks = (mark.step for mark in case.run.schedule.of("lr_change"))
    leaps = any(began < step <= place.step and rate_leaps(case, step) for step in marks)
    return leaps and climbed >= -CLIMBED * gap_of(curve, fall)


def dip_before(case: Case, rise: Change) -> int | None:
    """The index at which a dip began that a rise ends; None if the rise ends no dip.

    Such a dip begins with a fall as abrupt and about as large, in the middle of the run and away
    from whatever explains a fall. A long one begins where the engine found the fall, a short one,
    in which the engine sees no fall, behind the last points above its middle.
    """
    curve = case.curve
    before = curve.scaled[: rise.index]
    middle = median(before[-LEVEL_POINTS:]) + gap_of(curve, rise) / 2
    high = np.flatnonzero(running_median(before, SMOOTHER_POINTS) > middle)
    falls = [c.index for c in case.falls]
    starts = [*[at for at in falls if at < rise.index][-1:], *(high[-1:] + 1)]
    return next((int(at) for at in starts if _is_dip(case, int(at), rise.index)), None)


def _is_dip(case: Case, start: int, stop: int) -> bool:
    """Whether the loss falls at an index and is back at another, for no other reason."""
    curve = case.curve
    if not EDGE_POINTS <= start < stop:
        return False
    before, dip, after = curve.scaled[:start], curve.scaled[start:stop], curve.scaled[stop:]
    fall = median(before[-LEVEL_POINTS:]) - median(dip[:LEVEL_POINTS])
    edge = last_level(before) - first_level(dip)
    back = median(after[:LEVEL_POINTS]) - median(dip[-LEVEL_POINTS:])
    abrupt = edge >= TAKEN_BACK * back  # a descent is gradual
    reach = NEAR_POINTS * spacing(curve.steps)
    explained = case.is_near(int(curve.steps[start]), EXPLAINING, reach)
    learns = _may_be_learning(case, start, fall)
    return abrupt and takes_back(fall, back) and not (explained or learns)


def end_of(case: Case, fall: Change) -> Change | None:
    """The rise that takes a fall back, or None where the loss stays down."""
    for rise in case.rises:
        if rise.index > fall.index:
            start = dip_before(case, rise)
            near = start is not None and abs(start - fall.index) <= SMOOTHER_POINTS
            return rise if near else None
    return None
