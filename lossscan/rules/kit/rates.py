"""The learning rate around a step: where it is, how it moves, and what it says of a cause."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

import numpy as np
from msgspec import Struct

from lossscan.model import Advice, Cause, Message
from lossscan.numeric.arrays import FloatArray
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import LORA_RATE, is_absurd_rate, rate_limit

RAISED = 1.5  # times the configured rate: no schedule of a trainer goes above it
RATE_STEP = 0.1  # of the rate's peak before: a restart goes no higher
MIN_RATES = 2  # logged; one has no spacing
RATE_POINTS = 3  # logged points around the change in which it counts
RETURN_POINTS = 10  # logged points over which a loss answers to a rate that came back
RETURNED = 0.5  # of its highest, by which a restart raises the rate
EPOCH_ROUNDED = 0.05  # of an epoch, by which printed ones may seem to go back
EPOCHS_BACK = 0.85  # score of a resume where epochs are counted from there
SET_BACK = 0.6  # score of a resume from older weights, or a new schedule, where the rate goes up
AT_ONCE = 0.8  # of the higher rate is the lower one: a decay by less bends a loss and is no step
FELL = 0.1  # of the rate before: no schedule but one that restarts falls so between two points


class Rate(Struct, frozen=True):
    """The learning rate at a step, and what share of its peak that is."""

    value: float
    share: float


def rate_at(case: Case, step: float) -> Rate | None:
    """The logged learning rate, else the configured one taken as constant."""
    series = case.points("learning_rate")
    if series is not None:
        at = max(bisect_right(series.steps, step) - 1, 0)
        value, peak = float(series.values[at]), float(series.values.max())
        return Rate(value, value / peak if peak > 0 else 0.0)
    stated = case.number("learning_rate")
    return None if stated is None else Rate(stated, 1.0)


def is_above_limit(case: Case, rate: Rate | None) -> bool:
    """Whether a rate, if one is known, is above the usual limit of the method."""
    limit = rate_limit(case)
    return rate is not None and limit is not None and rate.value > limit


def highest_rate(case: Case, step: float) -> Rate | None:
    """The learning rate where it is highest from a step on: a climb meets it as it warms up."""
    series = case.logged("learning_rate")
    later = None if series is None else series.values[series.steps >= step]
    if series is None or later is None or not np.isfinite(later).any():
        return rate_at(case, step)
    value, peak = float(np.nanmax(later)), float(np.nanmax(series.values))
    return Rate(value, value / peak if peak > 0 else 0.0)


def rate_steps(case: Case, step: float, within: int = RATE_POINTS) -> bool:
    """Whether the learning rate leaves its smooth course within a few points of a step."""
    series = case.logged("learning_rate")
    if series is None or len(series) < MIN_RATES:
        return False
    return case.is_near(step, ("lr_change",), within * case.rate_spacing)


def rate_restarts(case: Case, step: float) -> bool:
    """Whether the learning rate rises at a step to where it was before, as warm restarts do."""
    near, before = _rates_around(case, step)
    return bool(len(near) and near[-1] > near[0] and near.max() <= (1 + RATE_STEP) * before.max())


def rate_raised(case: Case, step: float, within: int = RATE_POINTS) -> bool:
    """Whether the learning rate leaps to more than it was in all of the run before.

    At a step, or up to so many logged points before it, as a loss that bursts has to grow first.
    """
    near, before = _rates_around(case, step, within)
    return bool(len(near) and near.max() > (1 + RATE_STEP) * before.max())


def rate_leaps(case: Case, step: float) -> bool:
    """Whether the learning rate changes at once near a step, or none is logged that would tell."""
    near, _ = _rates_around(case, step)
    lower, higher = np.minimum(near[1:], near[:-1]), np.maximum(near[1:], near[:-1])
    return not len(near) or bool((lower <= AT_ONCE * higher).any())


def _rates_around(
    case: Case, step: float, within: int = RATE_POINTS
) -> tuple[FloatArray, FloatArray]:
    """The rates logged around a step and all before them; none where the rate keeps its course."""
    if not rate_steps(case, step, within):
        return np.empty(0), np.empty(0)
    series = case.run.series["learning_rate"]
    at = int(series.steps.searchsorted(math.ceil(step)))  # rates may change thousands of times
    near = series.values[max(at - within, 0) : at + RATE_POINTS]
    return near, series.values[: max(at - within, 1)]


def lost_state(case: Case, step: float) -> tuple[Cause, ...]:
    """A resume without its state as the cause, where the rate falls at once and warms up again."""
    near, _ = _rates_around(case, step)
    fell = np.flatnonzero(near[1:] <= FELL * near[:-1]) + 1
    restarts = len(fell) and near[-1] > near[fell[0]]
    return (Cause(Message("state-lost"), 0.85),) if restarts else ()


def set_back(case: Case, step: float) -> tuple[Cause, ...]:
    """A resume that no log states as the cause: the epochs go back, or the rate up, at once."""
    epochs = case.points("epoch")
    at = 0 if epochs is None else bisect_left(epochs.steps, step)
    if epochs is not None and 0 < at < len(epochs):
        before, after = epochs.values[at - 1 : at + 1].tolist()
        if after < before - EPOCH_ROUNDED:
            return (Cause(Message("epoch-restarts", before=before, after=after), EPOCHS_BACK),)
    rate = rate_at(case, step)
    if rate is None or not rate_restarts(case, step):
        return ()
    return (Cause(Message("rate-restarts", rate=rate.value), SET_BACK),)


def rate_returns(case: Case, step: float) -> bool:
    """Whether the rate came back from a low, to where it was, in the points up to a step.

    The loss rises with it for some points, and is down again as the rate is.
    """
    series = case.logged("learning_rate")
    at = 0 if series is None else bisect_right(series.steps, step) - 1
    if series is None or at < 1:
        return False
    near = max(at - RETURN_POINTS, 0)
    low = near + int(np.argmin(series.values[near:at]))
    highest = float(series.values[: low + 1].max())
    gained = float(series.values[at] - series.values[low])
    return gained >= RETURNED * highest and series.values[at] <= (1 + RATE_STEP) * highest


def high_rate(case: Case, step: float, score: float) -> Cause:
    """The learning rate up to a step as a cause, with a lower one to set where any is known."""
    lower, stated = lower_rate(case, step), case.number("learning_rate")
    lowers = lower is not None and (stated is None or lower < stated)  # what raised it is not set
    advice = (Advice("learning_rate", suggest=lower),) if lowers else ()
    return Cause(Message("learning-rate-too-high"), score, config=advice)


def lower_rate(case: Case, step: float) -> float | None:
    """A learning rate to set instead: a fifth of what was reached up to a step, or less.

    The highest up to there: what follows in a warm-up the run never saw, and a schedule that has
    come down is set by its peak. Not above the usual limit; None where no rate is known. Where
    something raised the rate, the configured one: what came before shows what it does.
    """
    series, limit = case.points("learning_rate"), rate_limit(case)
    stated = case.number("learning_rate") or 0.0
    reached = 0.0 if series is None else series.values[series.steps <= step].max(initial=0.0)
    rate = float(reached or stated)
    if 0 < RAISED * stated < rate and rate_raised(case, step):
        return stated
    if limit is None and is_absurd_rate(case, rate):
        limit = LORA_RATE  # the highest of any method
    fifth = rate / 5
    return float(f"{fifth if limit is None else min(fifth, limit):.1g}") or None
