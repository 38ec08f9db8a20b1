"""How large a change is, how small a one the noise would let through, and how sure that makes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from lossscan.model import BoundaryTest, Departure, Effect, Message, RuledOut
from lossscan.rules.kit.case import Case

HOPELESS = 2.3  # log of ten times the loss: no rise of a trainable loss is as large
STRONG, VERY_STRONG = 6.0, 10.0  # twice the log of a Bayes factor (Kass and Raftery 1995)
STEPS_DOWN = -2.8  # standard errors of steps together: 0.3 % of runs without any come so low


def effect_of(before: float, after: float, sigma: float | None = None) -> Effect:
    """The size of a step between two levels."""
    ratio = after / before if before > 0 else None
    return Effect(before, after, after - before, ratio, sigma)


def growth_of(rise: Departure) -> float:
    """After over before; on a scale that crosses zero, the rise in units of the level's size."""
    if rise.before > 0:
        return rise.after / rise.before
    return 1 + (rise.after - rise.before) / abs(rise.before) if rise.before else math.inf


def logistic(strength: float, half: float, slope: float) -> float:
    """A probability from the strength of the evidence: 0.5 at `half`."""
    return float(1 / (1 + np.exp(-slope * (strength - half))))


def relative(gap: float, before: float, *, log: bool = False) -> float:
    """A gap on the curve's scale as a share of the level before it: -0.2 is a fifth lost.

    Of a level near 0, as on a scale that crosses it, a gap is all there is.
    """
    if log:
        return float(np.expm1(gap))
    return gap / max(abs(before), abs(gap)) if gap else 0.0


def share_of(case: Case, test: BoundaryTest) -> float:
    """By what share of its level the loss steps at a landmark."""
    return relative(test.gap, test.before, log=case.curve.log)


def pooled(tests: Sequence[BoundaryTest]) -> float:
    """The size of steps together in standard errors, each weighed by how precise it is."""
    sigmas, errors = np.array([(test.sigma, test.gap / test.sigma) for test in tests]).T
    return float((sigmas / errors).sum() / np.sqrt((errors**-2).sum()))


def least_seen(case: Case, tests: Sequence[BoundaryTest], sigma: float) -> float:
    """The smallest fall, as a share of the loss, that tests show together at so many errors."""
    error = sum(abs(test.gap / test.sigma) for test in tests) / len(tests)
    gap = -sigma * error / float(np.sqrt(len(tests)))
    return -relative(gap, tests[0].before, log=case.curve.log)


def none_seen(case: Case, least: float | None, counted: float) -> Iterator[RuledOut]:
    """No rise was found: how large must one be to count, or to stand out from the noise?

    `least`: the smallest out of the noise, on the curve's scale; None where none was looked for.
    `counted`: the smallest that the rule counts, as a share of the loss; of a loss that crosses
    zero or is zero for long, a share says nothing.
    """
    if least is None or not case.curve.log:
        return
    if least >= HOPELESS:
        yield RuledOut(Message("undecidable"))
        return
    visible = float(np.expm1(least))
    said = "none-visible" if visible > counted else "none"
    yield RuledOut(Message(said, least=max(visible, counted)))
