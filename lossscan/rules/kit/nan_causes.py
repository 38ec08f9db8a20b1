"""What may be behind a loss or a gradient that is not finite, and the climb that led there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec.structs import asdict, replace

from lossscan.model import Advice, Cause, Episode, Evidence, Finding, Message, Series
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import is_absurd_rate, is_usual_rate, learns_every_token
from lossscan.rules.kit.evidence import around
from lossscan.rules.kit.nan_filter import LEAPS, Hidden, lost_at, restarted
from lossscan.rules.kit.rates import high_rate, rate_at
from lossscan.rules.kit.skips import skipped_updates

NONE: FloatArray = np.empty(0)
MIN_POINTS = 4  # fewer show no course
MIN_RATES = 4  # logged; fewer show no schedule
STEADY_POINTS = 8  # fewer may be the climb itself
LAST_POINTS = 3  # tell the last level: of so many one may be off, as the one NaN inflates
NEAR_LOWEST = 0.1  # above it: noise of most runs, and no part of a climb
RISE = 1.5  # of the lowest level: beyond the noise of most runs
FP16_MAX = 65504.0  # a finite loss above it was not computed in fp16
SURE = 0.95  # of a rate that no model survives, where the loss did not fall at it
ROSE = 0.7  # the way of a rate that is too high: the loss climbs before it is lost
# A loss that falls as before up to its last point speaks against the rate, which lets it climb
# first, and for a value out of range (8 of 8 trained runs; 2 of 2 that climbed had a high rate).
CALM, UNKNOWN = 0.25, 0.4  # scores of the rate
OUT_OF_RANGE = {True: 0.28, False: 0.2}  # of fp16 that nothing states: below data and numerics
FP16 = 0.8  # where it is stated
WIDE = 0.1  # score where bf16 is stated, which holds what float32 does


def nan_causes(  # noqa: PLR0913 - what the rule knows of it
    case: Case,
    step: int,
    sound: FloatArray = NONE,
    *,
    alone: bool = False,
    calm: bool = False,
    skipped: bool = False,
    idle: bool = False,
) -> tuple[Cause, ...]:
    """Possible causes; `sound`: the loss before; `calm`: nothing points to the learning rate.

    `skipped`: the loss goes on behind NaN gradients, as only a loss scaler lets it; `idle`: no
    update was made at all, and the rate moved nothing.
    """
    half = (*case.advise("fp16", suggest=False), *case.advise("bf16", suggest=True))
    calm = calm or _is_calm(case, step, sound)
    fp16 = half_precision(case, FP16, half, unknown=FP16 if skipped else OUT_OF_RANGE[calm])
    return (
        *skipped_updates(case, step),
        *(() if _leapt(sound) and sound[-1] > FP16_MAX else fp16),
        *other_causes(case, step, sound, alone=alone, calm=calm, idle=idle),
    )


def weights_lost(lost: dict[str, int] | None) -> tuple[Evidence, ...]:
    """Evidence that nothing trained after the first NaN is usable, if the weights hold NaN."""
    return (Evidence(restarted("weights-lost", lost)),) if lost else ()


def restart(lost: dict[str, int] | None) -> tuple[Message, ...]:
    """The remedy against it."""
    return (restarted("restart", lost),) if lost else ()


def with_hidden_nan(case: Case, loss: Series, hidden: Hidden, found: Finding) -> Finding:
    """The finding of zeros that hide NaN: where it began, what that means, why and what to do.

    The window that NaN inflated and all behind it are one event.
    """
    step, lost = int(loss.steps[hidden.start]), lost_from(case, loss, hidden.begin)
    law = [] if hidden.inflation is None else [Message("inflated", **asdict(hidden.inflation))]
    if hidden.leapt and not law:
        law = [Message("leapt", value=hidden.leapt)]
    return replace(
        found,
        episodes=(Episode(hidden.begin, int(loss.steps[-1])),),
        evidence=(
            *found.evidence,
            *map(Evidence, law),
            *around(case, step, "rate"),
            *weights_lost(lost),
        ),
        causes=nan_causes(case, step, loss.values[loss.steps < lost["since"]]),
        remedies=restart(lost),
        claims=found.claims | frozenset(loss.steps[hidden.start - 1 :].tolist()),
    )


def half_precision(
    case: Case,
    score: float,
    config: tuple[Advice, ...] = (),
    *,
    unknown: float = OUT_OF_RANGE[False],
) -> Iterator[Cause]:
    """fp16, unless the run states that it is off; `unknown`: the score where nothing states it."""
    fp16 = case.setting("fp16")
    if fp16 is not False:
        other = WIDE if case.setting("bf16") else unknown
        yield Cause(Message("half-precision"), score if fp16 else other, config=config)


def other_causes(
    case: Case,
    step: int,
    sound: FloatArray = NONE,
    *,
    alone: bool = False,
    calm: bool = False,
    idle: bool = False,
) -> tuple[Cause, ...]:
    """The rate, unless it is usual or moved nothing, the data and the operations of the model."""
    climbs = rose(sound) or _gradient_rose(case, step)
    rate = rate_at(case, step)
    usual = not climbs and rate is not None and is_usual_rate(case, rate.value)
    likely = CALM if calm else ROSE if climbs else UNKNOWN
    if rate is not None and is_absurd_rate(case, rate.value) and likely != CALM:
        likely = SURE
    masked = () if learns_every_token(case) else (Message("masked-batch"),)
    at_once = (  # a batch or an operation that is NaN lets no loss climb before it
        *(Cause(each, 0.6 if alone else 0.3) for each in masked),
        Cause(Message("numerics"), 0.35),
    )
    rates = () if usual or idle else (high_rate(case, step, likely),)
    return rates if _leapt(sound) else (*rates, *at_once)


def _is_calm(case: Case, step: int, before: FloatArray) -> bool:
    """Whether the loss had a course of its own and kept to it, and the gradient did so too."""
    steady = int(np.isfinite(before).sum()) >= STEADY_POINTS and not rose(before)
    return steady and not _gradient_rose(case, step)


def _gradient_rose(case: Case, step: int) -> bool:
    """Whether the last finite gradient norm before a step is far above the usual one."""
    norms = case.points("grad_norm")
    before = norms.values[norms.steps < step] if norms is not None else NONE
    return len(before) >= MIN_POINTS and before[-1] > LEAPS * median(before)


def rose(before: FloatArray, times: float = RISE) -> bool:
    """Whether the loss had left its lowest level by half, or so many times, before it was lost."""
    values = before[np.isfinite(before)]
    if len(values) < MIN_POINTS:
        return False
    return median(values[-LAST_POINTS:]) > times * float(np.min(values)) > 0


def _leapt(before: FloatArray) -> bool:
    return rose(before, LEAPS)


def frozen(case: Case) -> Iterator[Evidence]:
    """The scheduler moves only with the optimizer: a rate that does not move means no update."""
    rate, schedule = case.logged("learning_rate"), case.setting("lr_scheduler_type")
    moves = schedule or case.trainer.of_transformers  # whose rate falls where nothing is stated
    if rate is None or len(rate) < MIN_RATES or schedule == "constant":
        return
    if np.ptp(rate.values) == 0 and (moves or rate.values[0] == 0):  # 0, where a warm-up begins
        source = case.run.source_of("learning_rate")
        yield Evidence(Message("frozen"), source, value=float(rate.values[0]))


def keeps_its_loss(case: Case, first: int) -> bool:
    """Whether the loss goes on as numbers that have not risen: no update spoilt the weights."""
    loss = case.logged("loss")
    if loss is None or not (loss.values[loss.steps >= first] > 0).all():
        return False
    return not rose(loss.values)


def climbed(loss: Series, first: int) -> list[int]:
    """The steps up which the loss goes until it is lost: one event with what follows.

    A climb as long as a course is a finding by itself, which says where it began.
    """
    climb = _climb(loss.values[:first])
    return [] if len(climb) >= STEADY_POINTS else loss.steps[climb].tolist()


def _climb(before: FloatArray) -> IntArray:
    """The indices of a climb up to the end, from the last point near the lowest on."""
    if not rose(before):
        return np.empty(0, dtype=np.int64)
    low = np.flatnonzero(before <= (1 + NEAR_LOWEST) * np.nanmin(before))
    return np.arange(low[-1], len(before))


def lost_from(case: Case, loss: Series, step: int) -> dict[str, int]:
    """`lost_at` a step; a checkpoint is clean no later than where the climb to it began."""
    lost, climb = lost_at(case, step), _climb(loss.values[loss.steps < step])
    if len(climb):
        lost["clean"] = min(lost["clean"], int(loss.steps[climb[0]]))
    return lost
