"""Evaluation loss rises while training loss falls, or stays where it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from lossscan.model import (
    Cause,
    Episode,
    Evidence,
    Finding,
    Message,
    RuledOut,
    Series,
    Severity,
)
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.courses import kendall
from lossscan.numeric.medians import MAD_TO_SIGMA, median, running_median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import rate_limit
from lossscan.rules.kit.levels import level_at
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of
from lossscan.rules.kit.waves import bends_of

AFTER = 2  # evaluations behind the minimum: one may be bad luck
SMOOTHED_FROM = 6  # evaluations from which a median of 3 still keeps the shape
LONG = 24  # evaluations from which a median of 5 does
SHOWN = 0.0005  # of noise: what is less is printed as 0.0%
NOISE_SIGMA = 4.0  # a rise below this many noise units of the evaluation itself is no rise
BEND_TO_NOISE = MAD_TO_SIGMA / np.sqrt(6)  # from the median size of second differences
# Standard errors of Kendall's trend: chance brings that once in 100 runs, and of 16 runs whose
# noisy evaluation is no overfitting the highest has 2.04.
TREND = 2.33
# Evaluations below which three and more behind the lowest, all a tenth above it, tell of no noise
# if none rose before: of 60 labeled runs with so few none without overfitting has such an order.
TURN_BELOW = 10
STRONG = 1.3  # a rise by 30 % is strong (hiyouga/LlamaFactory#3687)
CLEAR = 1.1  # beyond what a reshuffled evaluation set brings
SLIGHT = 1.05  # less is a note: the best checkpoint is hardly better than the last
NEAR = 5  # logged training points that tell the level at an evaluation
STILL_FALLING = 0.99  # training loss must be lower at the end than at the minimum
FLAT = 0.8  # of a training loss that does not fall: no such run is labeled
SMALL_SET = 10_000  # samples; public reports of overfitting in 3 epochs stay below
FEW_EPOCHS = 2.0  # more than this is where a set is usually learnt by heart


class _Rise(Struct, frozen=True):
    """An evaluation loss that has passed its minimum."""

    series: Series
    low_step: int
    low: float  # the lowest value
    course: float  # the same without its luck: the lowest of the smoothed course
    high: float  # the level at the end
    sure: float  # the same without its luck
    noise: float  # of one evaluation, relative
    after: int  # evaluations behind the minimum

    @property
    def ratio(self) -> float:
        return self.high / self.low

    @property
    def sure_ratio(self) -> float:
        """The same without the luck of single evaluations."""
        return self.sure / self.course

    def least(self, min_rise: float) -> float:
        """The ratio from which it counts: the noise of few evaluations is unknown."""
        return max(1 + min_rise, SLIGHT if len(self.series) < SMOOTHED_FROM else 1.0)


class _Training(Struct, frozen=True):
    """The training loss around the minimum of the evaluation, and at the end."""

    before: float
    after: float

    @property
    def falls(self) -> bool:
        return self.after <= self.before * STILL_FALLING


def check(case: Case, *, min_rise: float = 0.01) -> Iterator[Finding | RuledOut]:
    """Yield a finding for the set that rises most, by `min_rise` of its minimum at least."""
    loss = case.loss
    if case.is_policy:
        return
    rises = [rise for series in _sets(case) for rise in _rise(series)]
    found = [rise for rise in rises if rise.sure_ratio >= rise.least(min_rise)]
    if not found:
        for rise in rises[:1]:
            few = rise.ratio >= rise.least(min_rise)  # only the last is so high
            key = "last-alone" if few else "no-rise"
            yield RuledOut(Message(key, low=rise.low, high=rise.high))
        return
    worst = max(found, key=lambda rise: rise.ratio)
    training = _training(loss, worst.low_step)
    alone = worst.sure_ratio >= CLEAR and _comes_down(worst) and not _climbs_too(case, worst)
    if training.falls or alone:
        yield _finding(case, worst, found, training)
    else:
        yield RuledOut(Message("training-rises", before=training.before, after=training.after))


def _climbs_too(case: Case, rise: _Rise) -> bool:
    """Whether the training loss rises since the evaluation before the minimum: others tell that."""
    since = rise.series.steps[rise.series.steps < rise.low_step][-1:].max(initial=0)
    slopes = case.changes("slope_up")
    return any(change.step >= since for change in (*case.rises, *slopes))


def _comes_down(rise: _Rise) -> bool:
    """Whether the evaluation falls to its lowest: of few, one may be low by noise alone."""
    until = rise.series.values[: len(rise.series) - rise.after]
    return len(rise.series) >= SMOOTHED_FROM or bool((np.diff(until) < 0).all())


def _sets(case: Case) -> list[Series]:
    """The evaluation losses but the parts of one: boxes may fit worse while the sum still falls."""
    found = case.eval_losses()
    if "eval_loss" not in found:
        return list(found.values())
    parts = {f"eval_{name}" for name in case.run.series} - {"eval_loss"}
    return [series for name, series in found.items() if name not in parts]


def _rise(series: Series) -> Iterator[_Rise]:
    """The rise behind the minimum, where it is longer and larger than noise."""
    if len(series) <= AFTER or (series.values <= 0).any():
        return
    values, points = series.values, len(series)
    half = 0 if points < SMOOTHED_FROM else 1 if points < LONG else 2
    course = running_median(values, 2 * half + 1)  # less the noise of single evaluations
    middle = int(np.argmin(course))
    at = max(middle - half, 0) + int(np.argmin(values[max(middle - half, 0) : middle + half + 1]))
    after = len(values) - 1 - at
    if after < AFTER:
        return
    noise, low = min(_noise(values), _noise(values[at:]) or np.inf), float(course[middle])
    end = values[-min(after, 2 * half + 1) :]
    level = median(end)
    high = float(end[-1]) if (np.diff(end) > 0).all() else level  # still rising: no luck of one
    sure = level if half else float(values[-AFTER:].min())  # few: one may be bad luck
    climbs = kendall(values[at + 1 :]) >= TREND
    if np.log(sure / low) > NOISE_SIGMA * noise or climbs or _turns(values, at):
        lowest = float(values[at])
        yield _Rise(series, int(series.steps[at]), lowest, low, high, sure, noise, after)


def _turns(values: FloatArray, at: int) -> bool:
    """Whether so few evaluations that their noise is unknown fall to the lowest, and all rise."""
    behind = values[at + 1 :]
    return bool(
        len(values) < TURN_BELOW
        and len(behind) > AFTER
        and (np.diff(values[: at + 1]) < 0).all()
        and behind.min() >= CLEAR * values[at]
    )


def _noise(values: FloatArray) -> float:
    """Relative noise of one evaluation, from how the series bends; 0 where too short to tell.

    A steep fall bends as well: the part behind the minimum tells it alone where it is long enough.
    Of a few bends the median is a matter of luck: what a line leaves of them says more.
    """
    if len(values) < SMOOTHED_FROM:
        return 0.0
    level, at = np.log(values), np.arange(len(values))
    left = level - np.polyval(np.polyfit(at, level, 1), at)
    around = float(np.sqrt(left @ left / (len(values) - 2)))
    return min(float(BEND_TO_NOISE * median(np.abs(bends_of(level)))), around)


def _training(loss: Series | None, low_step: int) -> _Training:
    if loss is None:
        return _Training(1.0, 0.0)  # nothing says that training did not improve
    points = min(NEAR, max(len(loss) // NEAR, 1))  # of a short run five are most of it
    before = level_at(loss, low_step, points=points)
    return _Training(before, median(loss.values[-points:]))


def _confidence(rise: _Rise, *, falls: bool) -> float:
    if not falls:
        return FLAT
    strong, steady = rise.ratio >= STRONG, rise.after > AFTER
    # A rise by a third over many evaluations is never noise; one of 5 % over two may be.
    return 0.97 if strong and steady else 0.95 if strong or rise.ratio >= CLEAR else 0.92


def _finding(case: Case, rise: _Rise, found: list[_Rise], training: _Training) -> Finding:
    last = int(rise.series.steps[-1])
    strong = rise.ratio >= STRONG or case.loss is None
    return Finding(
        _confidence(rise, falls=training.falls),
        series=rise.series.name,
        stated_severity=Severity.INFO if rise.ratio < SLIGHT else None,
        message=Message(
            "flat" if not training.falls else "strong" if strong else "default",
            low=rise.low,
            low_step=rise.low_step,
            high=rise.high,
            rise=rise.ratio - 1,
            last=last,
            count=rise.after,
        ),
        episodes=(Episode(rise.low_step, last),),
        effect=effect_of(rise.low, rise.high),
        evidence=tuple(_evidence(case, rise, found, training)),
        causes=tuple(_causes(case, rise, falls=training.falls)),
        remedies=(Message("best-checkpoint"),),
        next=Message("task-metric"),
    )


def _evidence(
    case: Case, rise: _Rise, found: list[_Rise], training: _Training
) -> Iterator[Evidence]:
    yield Evidence(Message("evaluation"), step=rise.low_step, value=rise.low)
    if "loss" in case.run.series:
        said = Message("training", before=training.before, after=training.after)
        yield Evidence(said, case.run.source_of("loss"))
    if rise.noise >= SHOWN:
        yield Evidence(Message("noise", noise=rise.noise))
    for other in (other for other in found if other is not rise):
        yield Evidence(Message("other-set", name=other.series.name, also=other.ratio - 1))


def _low_epoch(case: Case, rise: _Rise) -> float | None:
    """How many epochs were done at the minimum; None where their length is unknown."""
    per_epoch = case.run.schedule.steps_per_epoch
    done = rise.low_step + int(rise.series.steps[0] == 0)  # a count from 0 is of what was begun
    return done / per_epoch if per_epoch else None


def _causes(case: Case, rise: _Rise, *, falls: bool) -> Iterator[Cause]:
    epochs, rate = case.run.schedule.epochs, case.number("learning_rate")
    examples, often = case.number("num_examples"), (epochs or 0) > FEW_EPOCHS
    if falls:
        yield Cause(Message("memorisation"), 0.85 if often else 0.5)
    else:
        yield Cause(Message("unstable"), 0.5)
        yield Cause(Message("other-data"), 0.4)
    low_epoch = _low_epoch(case, rise)
    if falls and often and low_epoch is not None:
        fewer = round(low_epoch) if low_epoch >= 1 else float(f"{low_epoch:.2g}")
        # Where no evaluation is before the lowest, the best model may be earlier.
        late = low_epoch > 1 and rise.low_step <= rise.series.steps[0]
        said = Message(
            "evaluated-late" if late else "too-many-epochs", epochs=epochs, low_epoch=low_epoch
        )
        config = case.advise("eval_steps" if late else "num_train_epochs", None if late else fewer)
        yield Cause(said, 0.8, config)
    limit = rate_limit(case)
    if rate is not None and limit is not None and rate > limit:
        said = Message("learning-rate-high", rate=rate, limit=limit)
        yield Cause(said, 0.6, case.advise("learning_rate", limit))
    if falls and examples is not None and examples < SMALL_SET:
        yield Cause(Message("small-set", examples=int(examples)), 0.6)


RULE = Rule(name="overfitting", check=check)
