"""Evaluation loss is of another kind than training loss, from the first evaluation on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct

from lossscan.model import Cause, Episode, Evidence, Finding, Message, RuledOut, Series
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.levels import first_level, last_level
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import is_token_loss
from lossscan.rules.kit.levels import levels_at
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of

MIN_EVALUATIONS = 2  # one may have been cut short
MIN_POINTS = 8  # of the training loss: fewer have neither a start nor an end
NEAR = 5  # logged points that tell the training loss at an evaluation
ABOVE_START = 1.5  # times the untrained level: learning by heart never gets there at once
# Unless all is learned by the first evaluation; then it is less far above, and goes on rising.
BY_HEART, RISEN = 3.0, 1.2  # times the untrained level; times the first evaluation
WORSE = 0.3  # nats above a uniform guess: more than a short evaluation set is off by


class _Gap(Struct, frozen=True):
    """An evaluation loss next to the training loss at its steps."""

    series: Series
    levels: FloatArray  # (k,) of training, at each evaluation
    start: float  # of training
    end: float

    @property
    def ratio(self) -> float:
        return median(self.series.values) / median(self.levels)


def check(case: Case, *, factor: float = 10.0) -> Iterator[Finding | RuledOut]:
    """Yield a finding where each evaluation is `factor` times training, or worse than guessing."""
    loss = case.loss
    other = case.is_policy or case.trainer.sums_evaluation
    if loss is None or len(loss) < MIN_POINTS or other:
        return
    gaps = [gap for series in case.eval_losses().values() for gap in _gap(loss, series)]
    uniform = _uniform(case)
    apart = [gap for gap in gaps if case.begins and _is_order(gap, factor)]
    worse = [gap for gap in gaps if uniform is not None and _is_worse(gap, uniform)]
    if apart or worse:
        worst = max(apart or worse, key=lambda gap: gap.ratio)
        before = _end_before(case, loss)
        if before is not None:
            yield RuledOut(Message("goes-on", before=before, start=float(loss.values[0])))
        else:
            yield _finding(case, worst, None if apart and not worse else uniform)


def _end_before(case: Case, loss: Series) -> float | None:
    """Where a training before it in the log ended, if this one begins nearer to that than it did.

    With the weights of that one, what was learnt by heart is so from the first evaluation on.
    """
    dead = [r.dead["loss"] for r in case.run.schedule.resumes if r.fresh and "loss" in r.dead]
    for course in dead:
        begun, ended, start = course.values[0], course.values[-1], loss.values[0]
        if min(begun, ended, start) > 0 and start * start < begun * ended:
            return float(ended)
    return None


def _gap(loss: Series, evaluated: Series) -> Iterator[_Gap]:
    """The two losses, where both are positive and training falls."""
    if len(evaluated) < MIN_EVALUATIONS or (evaluated.values <= 0).any():
        return
    end = last_level(loss.values)
    start = max(first_level(loss.values), float(loss.values[0]))  # a steep fall is soon far below
    levels = levels_at(loss, evaluated.steps, points=NEAR)
    if min(float(levels.min()), end) > 0 and end < start:
        yield _Gap(evaluated, levels, start, end)


def _is_order(gap: _Gap, factor: float) -> bool:
    """Whether every evaluation is far above training there, and above where training began."""
    apart = bool((gap.series.values >= factor * gap.levels).all())
    first, last = float(gap.series.values[0]), float(gap.series.values[-1])
    by_heart = first < BY_HEART * gap.start and last >= RISEN * first
    return apart and first >= ABOVE_START * gap.start and not by_heart


def _is_worse(gap: _Gap, uniform: float) -> bool:
    """Whether every evaluation is worse than a uniform guess while training is better."""
    return float(gap.series.values.min()) > uniform + WORSE and float(gap.levels.max()) < uniform


def _uniform(case: Case) -> float | None:
    """The loss of a uniform guess, where the vocabulary is known and the loss is its own."""
    vocabulary = case.number("vocab_size")
    return math.log(vocabulary) if vocabulary and is_token_loss(case) else None


def _finding(case: Case, gap: _Gap, uniform: float | None) -> Finding:
    evaluated = gap.series
    first, last = int(evaluated.steps[0]), int(evaluated.steps[-1])
    value, level = median(evaluated.values), median(gap.levels)
    at_first = float(evaluated.values[0])
    return Finding(
        0.93 if len(evaluated) > MIN_EVALUATIONS else 0.85,  # two may share an odd cause
        series=evaluated.name,
        message=Message(
            "default" if uniform is None else "worse-than-guessing",
            evaluated=value,
            level=level,
            ratio=gap.ratio,
            uniform=uniform,
            count=len(evaluated),
            first=first,
        ),
        episodes=(Episode(first, last),),
        effect=effect_of(level, value),
        evidence=(
            Evidence(
                Message("training-falls", start=gap.start, end=gap.end), case.run.source_of("loss")
            ),
            Evidence(
                Message("first-evaluation", value=at_first, level=float(gap.levels[0])),
                step=first,
                value=at_first,
            ),
        ),
        causes=(
            Cause(Message("other-input"), 0.55, config=case.advise("template")),
            Cause(Message("other-reduction"), 0.5 if uniform is None else 0.35),
            Cause(Message("other-packing"), 0.4, config=case.advise("packing")),
            Cause(Message("other-weights"), 0.35),
        ),
        next=Message("evaluate-training-data"),
        claims=frozenset(case.run.series["loss"].steps[:1].tolist()),  # a ratio from the start on
    )


RULE = Rule(name="eval-mismatch", check=check)
