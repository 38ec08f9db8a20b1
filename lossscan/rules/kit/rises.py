"""Why a loss jumped or climbed: each cause scored by what speaks for and against it in the run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from lossscan.model import Advice, Cause, Change, Evidence, Excursion, Message
from lossscan.numeric.levels import LEVEL_POINTS
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import SATURATED, is_absurd_rate, is_usual_rate
from lossscan.rules.kit.gradients import LEAD_SIGMA, leading_gradient
from lossscan.rules.kit.order import file_order, step_of_order
from lossscan.rules.kit.rates import (
    RAISED,
    highest_rate,
    is_above_limit,
    lost_state,
    lower_rate,
    rate_at,
    rate_raised,
    set_back,
)
from lossscan.rules.kit.skips import skipped_updates

# A score is a sum of such weights: what a sign makes likelier. The order of causes is what counts;
# it is measured on runs whose cause is known (sample_logs).
BASE = 0.3  # the commonest cause in public reports (hiyouga/LlamaFactory#7129)
STRONG, MILD = 0.3, 0.15
NEAR_PEAK = 0.5  # of the highest rate: runs break between warm-up's end and half way down
EARLY_SHARE = 0.1  # of the run: where a missing warm-up shows
BLOWN_UP = 1.5  # times the highest loss before: few data are harder than all were untrained,
BLOWN_FAR = 10.0  # and with calm gradients 5.5 times was other data, 60 and more the rate (trained)
POLICY_SIZE = 1.0  # of their loss: advantages have unit variance, more is a penalty run away
EVALUATED = 0.5  # of the relative rise that the evaluation shows too
OVERFLOW_POINTS = 5  # logged points up to the jump in which a non-finite gradient counts


OVER = 0.2  # of a rise, or of a spike's height: where less is left at the end, it is over
FIRST_POINTS = 5  # of a run: no checkpoint from before them has learned what is worth keeping
OF_RATE = {  # causes that a lower learning rate tells from the data
    "learning-rate-too-high", "learning-rate-unknown", "learning-rate-raised", "rate-leaps",
    "no-warmup", "skipped-updates", "overflow",
}  # fmt: skip
CLASSES = (10, 100, 1000)  # of data sets that classifiers are trained on
GUESSING = 0.005  # of ln of them: how near to it a model ends that answers the same to everything
LOST = 0.18  # score of older weights: any level the loss had before can be theirs; below the data


def spike_behind(case: Case, first: int, low: float, left: float = OVER) -> Excursion | None:
    """A spike from a level on, of whose height no more than a share is left at the end.

    It leaves the level from which the rise is counted, and not one that had climbed by then.
    """
    end = median(case.curve.values[-LEVEL_POINTS:])
    high = (s for s in case.spikes if s.start >= first and end - low <= left * (s.peak - low))
    return next((s for s in high if s.base - low <= OVER * (end - low)), None)


def is_policy_size(case: Case, level: float) -> bool:
    """Whether a loss is of the size that a policy's has by nature.

    It begins at 0 and grows with the distance from the reference.
    """
    return case.is_policy and abs(level) < POLICY_SIZE


def rise_causes(case: Case, change: Change) -> tuple[Cause, ...]:
    """The causes with a score above nothing."""
    lead = leading_gradient(case, change.step)
    return (
        *_learning_rate(case, change, lead),
        *_no_warmup(case, change),
        *skipped_updates(case, change.step),
        *_overflow(case, change),
        *(_resume(change) or lost_state(case, change.step) or set_back(case, change.step)),
        *_data(case, change, lead),
        *_older_weights(case, change),
    )


def collapsed(case: Case, level: float) -> Message | None:
    """A message if the loss has risen to the level of a model that has lost all it learned."""
    if abs(level / SATURATED - 1) <= GUESSING:
        return Message("saturated", after=level)
    vocabulary = int(case.number("vocab_size") or 0)
    known = (vocabulary,) if vocabulary > 1 else () if case.trainer.text else CLASSES
    near = (k for k in known if abs(level / math.log(k) - 1) <= GUESSING)
    return next((Message("guessing", after=level, choices=k) for k in near), None)


def collapse_evidence(case: Case, change: Change) -> tuple[Evidence, ...]:
    """The same as evidence."""
    said = collapsed(case, change.after)
    return () if said is None else (Evidence(said, step=change.step, value=change.after),)


def _learning_rate(case: Case, change: Change, lead: float | None) -> Iterator[Cause]:
    climbs = change.kind == "slope_up"
    there = rate_at(case, change.step)
    rate = highest_rate(case, change.step) if climbs else there
    if rate is None or there is None:
        broken = climbs or collapsed(case, change.after) or _is_blown_up(case, change, lead)
        score = (BASE if broken else MILD) + STRONG * worsened(case, change)
        yield Cause(Message("learning-rate-unknown"), score)
        return
    suggest = lower_rate(case, change.step)
    if suggest is None:  # 0 until there
        return
    configured = case.number("learning_rate")
    beyond = configured is not None and rate.value > RAISED * configured
    leaps = rate_raised(case, change.step)
    raised = beyond or leaps
    if not raised and is_usual_rate(case, rate.value):
        return
    score = BASE
    score += STRONG * is_above_limit(case, rate)
    score += MILD if rate.share >= NEAR_PEAK else -MILD
    score += MILD if lead is not None and lead >= LEAD_SIGMA else 0.0
    score += STRONG if collapsed(case, change.after) else 0.0
    borne = not is_absurd_rate(case, rate.value) and _is_borne(case, change, lead)
    score += STRONG * leaps - STRONG * borne
    yield Cause(
        Message(
            _of_rate(beyond=beyond, leaps=leaps),
            rate=rate.value if raised else there.value,
            suggest=suggest,
            configured=configured,
        ),
        float(np.clip(score, 0.05, 0.95)),
        () if raised else (Advice("learning_rate", suggest=suggest),),
    )


def worsened(case: Case, change: Change) -> bool:
    """Whether the evaluation rises with the loss: the model changed, and not only its data.

    The first one behind the change: later ones rise as other data make a model forget.
    """
    evaluated = case.eval_change(change.step, until=1)
    if evaluated is None or change.ratio is None or not evaluated[0] > 0:
        return False
    return evaluated[1] / evaluated[0] - 1 >= EVALUATED * (change.ratio - 1) > 0


def _of_rate(*, beyond: bool, leaps: bool) -> str:
    if beyond:
        return "learning-rate-raised"
    return "rate-leaps" if leaps else "learning-rate-too-high"


def _is_borne(case: Case, change: Change, lead: float | None) -> bool:
    """Whether the loss jumps at a rate that the run had borne, with no gradient that leads.

    A rate that is too high shows early, or where it rises; a change of the data does not ask it.
    """
    calm = _is_calm(lead)
    if change.kind == "slope_up" or calm is False or _is_blown_up(case, change, lead):
        return False
    if not calm and worsened(case, change):
        return False
    rate, first = case.points("learning_rate"), case.run.series["loss"].steps[0]
    if rate is None:
        return False
    borne = rate.steps <= change.step - EARLY_SHARE * (case.run.series["loss"].steps[-1] - first)
    now = rate_at(case, change.step)
    return now is not None and bool((rate.values[borne] >= now.value).any())


def from_the_start(case: Case, change: Change) -> bool:
    """Whether a change is within the first points of a run that began at step 0."""
    steps = case.curve.steps
    return change.index < FIRST_POINTS and bool(2 * steps[0] <= steps[1] + 1)


def way_back(case: Case, change: Change) -> Message:
    """From where to train again."""
    return Message("start-over" if from_the_start(case, change) else "last-good-checkpoint")


def next_try(case: Case, change: Change, causes: Iterable[Cause]) -> Message:
    """The short run that tells the learning rate from the data, or the data from all else."""
    early = from_the_start(case, change)
    if not any(cause.text.key in OF_RATE for cause in causes):
        return Message("start-over-in-other-order" if early else "replay-in-other-order")
    if lower_rate(case, change.step) is None:
        return Message("start-over" if early else "replay")
    return Message("start-over-at-rate" if early else "replay-at-rate")


def _is_calm(lead: float | None) -> bool | None:
    """Whether no gradient leads to the change; None where none is logged."""
    return None if lead is None else lead < LEAD_SIGMA


def _is_blown_up(case: Case, change: Change, lead: float | None) -> bool:
    """Whether the loss is beyond what data can make of it that were not seen before.

    One that crosses zero has no ratio to tell that by.
    """
    begun = float(case.curve.values[: change.index].max(initial=-np.inf))
    most = BLOWN_FAR if _is_calm(lead) else BLOWN_UP
    return case.curve.log and change.after > most * begun


def _no_warmup(case: Case, change: Change) -> Iterator[Cause]:
    early = change.step <= EARLY_SHARE * case.run.series["loss"].steps[-1]
    warmed = bool(case.number("warmup_steps") or case.number("warmup_ratio"))
    rate, later = rate_at(case, change.step), highest_rate(case, change.step)
    warms = rate is not None and later is not None and later.value > rate.value
    if early and rate and not (warmed or warms or case.run.schedule.of("warmup_end")):
        named = case.trainer.of_transformers  # others name it otherwise
        advice = (Advice("warmup_ratio", suggest=0.03),) if named else ()
        yield Cause(Message("no-warmup"), 0.6, config=advice)


def _overflow(case: Case, change: Change) -> Iterator[Cause]:
    grads = case.logged("grad_norm")
    if grads is None:
        return
    at = int(np.searchsorted(grads.steps, change.step))
    near = grads.values[max(at - OVERFLOW_POINTS, 0) : at + 1]  # what comes later is an effect
    if len(near) and not np.all(np.isfinite(near)):
        half = bool(case.setting("fp16"))
        advice = (Advice("bf16", suggest=True), *case.advise("fp16", suggest=False))
        yield Cause(Message("overflow"), 0.85 if half else 0.6, config=advice)


def _resume(change: Change) -> tuple[Cause, ...]:
    return (Cause(Message("optimizer-state-lost"), 0.85),) if change.is_at("resume") else ()


def _data(case: Case, change: Change, lead: float | None) -> Iterator[Cause]:
    ordered = file_order(case, step_of_order(case, change))
    weight = {True: STRONG, False: -MILD, None: 0.0}[ordered]
    if ordered and not file_order(case, change.step):  # file order ends there
        weight += STRONG
    # No other data costs just that, or changes what the evaluation reads.
    broken = collapsed(case, change.after) or _is_blown_up(case, change, lead)
    weight -= MILD if broken or worsened(case, change) else 0.0
    yield Cause(Message("data-switch"), max(0.2 + MILD * bool(_is_calm(lead)) + weight, 0.05))


def _older_weights(case: Case, change: Change) -> Iterator[Cause]:
    """An older checkpoint or a part of one, where the loss is back at a level that it had."""
    before = case.curve.steps < change.step
    if collapsed(case, change.after):
        return
    if change.kind == "level_up" and change.after <= case.curve.values[before].max(initial=-np.inf):
        yield Cause(Message("older-weights"), LOST + MILD * worsened(case, change))
