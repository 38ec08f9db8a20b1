"""What a run shows around a step, as evidence: the rate, the gradient, the evaluation and so on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import numpy as np

from lossscan.model import Change, Departure, Evidence, Excursion, Message, Series
from lossscan.numeric.arrays import BoolArray
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import rate_limit
from lossscan.rules.kit.gradients import LEAD_POINTS, LEAD_SIGMA, leading_gradient
from lossscan.rules.kit.levels import last_since
from lossscan.rules.kit.order import file_order, in_resumed_epoch, step_of_order
from lossscan.rules.kit.rates import is_above_limit, rate_at

Kind: TypeAlias = Literal["rate", "limit", "gradient", "landmark", "order", "eval"]


def around(case: Case, at: Change | float, *kinds: Kind) -> tuple[Evidence, ...]:
    """The evidence of these kinds at a change or a step, as far as there is any, in their order."""
    step, change = (at.step, at) if isinstance(at, Change) else (int(at), None)
    found = (_KINDS[kind](case, step, change) for kind in kinds)
    return tuple(each for each in found if each is not None)


def size_evidence(case: Case, change: Departure) -> Evidence:
    """How sure a change of the loss is, and the noise of one point around the level before."""
    noise = case.curve.noise * (change.before if case.curve.log else 1)
    said = Message("size", sigma=abs(change.sigma), noise=noise)
    return Evidence(said, step=change.step, value=change.after)


def lone_evidence(spike: Excursion) -> Evidence:
    """How far the peak of a single spike is from the baseline, and how long it lasts."""
    said = Message("lone", sigma=abs(spike.sigma), points=spike.stop - spike.start)
    return Evidence(said, step=spike.step, value=spike.peak)


def rest_evidence(series: Series, mask: BoolArray) -> Iterator[Evidence]:
    """What is logged after the points of a mask, (n,) for n points; nothing where it is of all."""
    if mask.all():
        return
    first, last = int(np.argmax(mask)), int(np.flatnonzero(mask)[-1])
    if mask[-1]:
        since = last_since(mask)
        said = Message("to-the-end", since=int(series.steps[since]), count=len(series) - since)
    else:
        said = Message("followed", until=int(series.steps[last]), after=len(series) - 1 - last)
    yield Evidence(said, step=int(series.steps[first]), value=float(series.values[first]))


def _rate(case: Case, step: int, _: Change | None) -> Evidence | None:
    """The learning rate."""
    rate = rate_at(case, step)
    if rate is None:
        return None
    said = Message(_said_of(case), rate=rate.value, share=rate.share)
    return Evidence(said, case.run.source_of("learning_rate"), step, rate.value)


def _said_of(case: Case) -> str:
    """The sentence for the learning rate: of one that is constant there is no peak."""
    logged = case.points("learning_rate")
    if logged is None:
        return "learning-rate-set"
    constant = len(logged) > 1 and np.ptp(logged.values) == 0
    return "learning-rate-constant" if constant else "learning-rate"


def _limit(case: Case, step: int, _: Change | None) -> Evidence | None:
    """The usual limit of the learning rate, where it is above it."""
    above = is_above_limit(case, rate_at(case, step))
    return Evidence(Message("rate-limit", limit=rate_limit(case))) if above else None


def _gradient(case: Case, step: int, _: Change | None) -> Evidence | None:
    """Whether the gradient norm rose before, which speaks for or against instability."""
    lead = leading_gradient(case, step)
    if lead is None:
        return None
    said = "gradient-leads" if lead >= LEAD_SIGMA else "gradient-calm"
    numbers = Message(said, sigma=lead, points=LEAD_POINTS)
    return Evidence(numbers, case.run.source_of("grad_norm"), step, lead)


def _landmark(_: Case, __: int, change: Change | None) -> Evidence | None:
    """The landmark that a change belongs to."""
    mark = None if change is None else change.aligned_to
    if mark is None:
        return None
    kind = mark.kind.replace("_", "-")
    said = Message(f"at-{kind}", step=mark.step, p=mark.p_value, epoch=mark.epoch)
    return Evidence(said, step=int(mark.step))


def _order(case: Case, step: int, change: Change | None) -> Evidence | None:
    """Evidence of the order of the samples."""
    step = step if change is None else step_of_order(case, change)
    ordered = file_order(case, step)
    if ordered is None:
        return None
    if case.setting("shuffle") is not None:
        said, field = "shuffle-off" if ordered else "shuffle-on", "shuffle"
    else:
        kept = "trainer-rest-in-order" if in_resumed_epoch(case, step) else "trainer-in-order"
        said, field = kept if ordered else "trainer-shuffles", "data_order"
    return Evidence(Message(said), case.run.config[field].source)


def _eval(case: Case, step: int, _: Change | None) -> Evidence | None:
    """The evaluation loss before the change and at the end."""
    evaluated = case.eval_change(step)
    if evaluated is None:
        return None
    before, after = evaluated
    growth = after / before - 1 if before > 0 else None
    said = Message("evaluation", before=before, after=after, change=growth)
    return Evidence(said, case.run.source_of("eval_loss"), value=after)


_KINDS: Final = {
    "rate": _rate,
    "limit": _limit,
    "gradient": _gradient,
    "landmark": _landmark,
    "order": _order,
    "eval": _eval,
}
