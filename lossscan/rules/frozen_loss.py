"""The loss stops moving: from some step on, all entries are one number, digit by digit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.model import Cause, Episode, Finding, Message
from lossscan.numeric.arrays import FloatArray, differences, settled_from
from lossscan.numeric.decimals import last_place
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around
from lossscan.rules.kit.rates import rate_at
from lossscan.rules.kit.rule import Rule

LAST = 5  # entries before it stops, which tell whether it stops at once
# Digits of the print by which these differ: a loss that converges moves by 1 or 2 before it stops.
DIGITS = 10.0
PLACES = tuple(10.0**-place for place in range(9))  # of a print; 32 bits hold no more of a loss
AT_ONCE = 2  # points in which it may get to where it stops
SINGLE = float(np.finfo(np.float32).eps)  # of a loss: the spacing of floats of 32 bits
REPEATED = 0.1  # of the entries before, that are as the one before: a print that repeats itself


def check(case: Case, *, min_points: int = 10) -> Iterator[Finding]:
    """Yield a finding where a loss that moved is the same number from an entry to the end.

    `min_points`: so many entries before and behind; with noise of ten digits, two are alike by
    chance in 1 of 20 runs, three hardly ever.
    """
    loss = case.loss
    if loss is None or len(loss) < 2 * min_points:
        return
    since = settled_from(loss.values)
    count = len(loss) - since
    if min(since, count) < min_points or not _moves(loss.values[:since]):
        return
    step, rate = int(loss.steps[since]), rate_at(case, loss.steps[since])
    idle = rate is not None and rate.value == 0
    yield Finding(
        0.95,
        message=Message("default", step=step, count=count, level=float(loss.values[-1])),
        episodes=(Episode(step, int(loss.steps[-1])),),
        evidence=around(case, step, "rate"),
        causes=(
            Cause(Message("stale-value"), 0.5),
            Cause(Message("no-update"), 0.9 if idle else 0.4, config=case.advise("learning_rate")),
        ),
        next=Message("compare-weights"),
        claims=_outset(case, since) or frozenset({step}),
    )


def _outset(case: Case, since: int) -> frozenset[int]:
    """Where the loss leaves its level for that at which it stops, by a rise or a peak."""
    rises = case.changes("level_up", "slope_up")
    starts = [(rise.index, rise.step) for rise in rises]
    starts += [(spike.start, spike.start_step) for spike in case.spikes]
    return frozenset(step for at, step in starts if since - AT_ONCE <= at <= since)


def _moves(before: FloatArray) -> bool:
    """Whether a loss moves by far more than a digit up to its last point, and from each to each."""
    steps = np.abs(differences(before))
    printed = last_place(before, PLACES) or PLACES[-1]
    digit = max(printed, SINGLE * float(np.abs(before).max()))
    return bool((steps == 0).mean() <= REPEATED) and median(steps[-LAST:]) >= DIGITS * digit


RULE = Rule(name="frozen-loss", check=check)
