"""What several rules ask of a run around one step: learning rate, evaluation, noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from lossscan.model import (
    Advice,
    Alignment,
    BoundaryTest,
    Curve,
    Effect,
    Evidence,
    LandmarkKind,
    Message,
    Number,
    RuledOut,
    Run,
    Series,
)
from lossscan.samples import samples_per_step

HOPELESS = 2.3  # log of ten times the loss: no rise of a trainable loss is as large


def relative(gap: float, before: float, *, log: bool) -> float:
    """A gap on the curve's scale as a share of the level before it: -0.2 is a fifth lost.

    Of a level near 0, as on a scale that crosses it, a gap is all there is.
    """
    if log:
        return float(np.expm1(gap))
    return gap / max(abs(before), abs(gap)) if gap else 0.0


def least_seen(tests: Sequence[BoundaryTest], sigma: float, *, log: bool) -> float:
    """The smallest fall, as a share of the loss, that tests show together at so many errors."""
    error = sum(abs(test.gap / test.sigma) for test in tests) / len(tests)
    return -relative(-sigma * error / float(np.sqrt(len(tests))), tests[0].before, log=log)


def none_seen(rule: str, curve: Curve, least: float | None, counted: float) -> Iterator[RuledOut]:
    """That no rise was found, and how large one must be: to count, or to stand out of the noise.

    `least`: the smallest out of the noise, on the curve's scale; None where none was looked for.
    `counted`: the smallest that the rule counts, as a share of the loss; of a loss that crosses
    zero or is zero for long, a share says nothing.
    """
    if least is None or not curve.log:
        return
    if least >= HOPELESS:
        yield RuledOut(rule, Message("undecidable"))
        return
    visible = float(np.expm1(least))
    said = "none-visible" if visible > counted else "none"
    yield RuledOut(rule, Message(said, least=max(visible, counted)))


def value_at(series: Series | None, step: float) -> float | None:
    """The last finite value logged at or before a step; the first one where none is."""
    if series is None:
        return None
    finite = np.isfinite(series.values)
    steps, values = series.steps[finite], series.values[finite]
    if len(steps) == 0:
        return None
    return float(values[max(int(np.searchsorted(steps, step, side="right")) - 1, 0)])


def near_landmark(run: Run, step: float, kinds: Iterable[LandmarkKind], reach: float) -> bool:
    """Whether a landmark of these kinds is within so many steps of a step."""
    marks = chain.from_iterable(map(run.schedule.of, kinds))
    return any(abs(mark.step - step) <= reach + mark.slack for mark in marks)


def number(run: Run, field: str) -> float | None:
    """A config field as a number, or None where it is not one."""
    value = run.setting(field)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def eval_change(run: Run, step: float) -> tuple[float, float] | None:
    """The evaluation loss last seen up to a step, and the last of the run after it."""
    series = run.series.get("eval_loss")
    if series is None:
        return None
    finite = np.isfinite(series.values)
    steps, values = series.steps[finite], series.values[finite]
    at = int(np.searchsorted(steps, step, side="right"))
    if at == 0 or at == len(steps):
        return None
    return float(values[at - 1]), float(values[-1])


def samples_between(run: Run, first: int, last: int) -> tuple[int, int] | None:
    """The samples of their epoch that the steps (first, last] read, where order is fixed."""
    batch = samples_per_step(run.config, run.framework)
    per_epoch = run.schedule.steps_per_epoch
    if batch is None or not per_epoch:
        return None
    start = int((first % per_epoch) * batch)
    return start, start + int((last - first) * batch)


def landmark_evidence(at: Alignment | None) -> Evidence | None:
    """The landmark that a change belongs to, as evidence."""
    if at is None:
        return None
    numbers: dict[str, Number | str | None] = {"step": at.step, "p": at.p_value, "epoch": at.epoch}
    return Evidence(Message(f"at-{at.kind.replace('_', '-')}", **numbers), step=int(at.step))


def level_evidence(run: Run, curve: Curve, before: float, after: float, step: int) -> Evidence:
    """The two levels and the noise they are measured against, as evidence."""
    return Evidence(
        Message(
            "levels", before=before, after=after, noise=curve.noise * (100 if curve.log else 1)
        ),
        source=run.source_of(curve.name),
        step=step,
        value=after,
    )


def eval_evidence(run: Run, step: float) -> Evidence | None:
    """What evaluation said before a step and at the end, as evidence."""
    change = eval_change(run, step)
    if change is None:
        return None
    return Evidence(
        Message("evaluation", before=change[0], after=change[1], change=_growth(*change)),
        source=run.source_of("eval_loss"),
        value=change[1],
    )


def _growth(before: float, after: float) -> float | None:
    return after / before - 1 if before > 0 else None


def step_effect(before: float, after: float, sigma: float) -> Effect:
    """The size of a step between two levels."""
    ratio = after / before if before > 0 else None
    return Effect(before, after, after - before, ratio, sigma)


def drop_none(*evidence: Evidence | None) -> tuple[Evidence, ...]:
    """The evidence that there is."""
    return tuple(each for each in evidence if each is not None)


def advise_if_set(run: Run, field: str, suggest: object = None) -> tuple[Advice, ...]:
    """Advice on a field, where the run states it."""
    return (Advice(field, suggest=suggest),) if field in run.config else ()


def logistic(strength: float, half: float, slope: float) -> float:
    """A probability from the strength of the evidence: 0.5 at `half`."""
    return float(1 / (1 + np.exp(-slope * (strength - half))))
