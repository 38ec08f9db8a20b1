"""What may be behind a loss or a gradient that is not finite, and the climb that led there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.model import Advice, Run, Series, Suspect
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.medians import median
from lossscan.rules.kit.context import stated
from lossscan.rules.kit.domain import LORA_RATE, is_tuned_with_adam, rate_limit
from lossscan.rules.kit.nan_filter import restarted
from lossscan.rules.kit.rates import high_rate, rate_at
from lossscan.rules.kit.skips import skipped_updates

MIN_POINTS = 4  # fewer show no course
LAST_POINTS = 3  # tell the last level: of so many one may be off, as the one NaN inflates
RISE = 1.5  # of the lowest level: beyond the noise of most runs
ABSURD = 10.0  # times the usual limit: a slip of the decimal point, which no model survives
SURE = 0.95  # above the bare statement that the weights are lost (0.9)


def nan_suspects(
    run: Run,
    step: int,
    lost: dict[str, int] | None,
    *,
    rose: bool = False,
    alone: bool = False,
) -> tuple[Suspect, ...]:
    """What may be behind it; `lost`: since when, where the weights are."""
    half = (*stated(run, "fp16", suggest=False), *stated(run, "bf16", suggest=True))
    return (
        *([Suspect(restarted("nan-in-weights", lost), 0.9)] if lost else []),
        *skipped_updates(run, step),
        *half_precision(run, 0.8, half),
        *other_suspects(run, step, rose=rose, alone=alone),
    )


def half_precision(run: Run, score: float, config: tuple[Advice, ...] = ()) -> Iterator[Suspect]:
    """fp16, unless the run states that it is off."""
    if run.setting("fp16") is not False:
        yield Suspect("half-precision", score if run.setting("fp16") else 0.3, config=config)


def other_suspects(
    run: Run, step: int, *, rose: bool = False, alone: bool = False
) -> tuple[Suspect, ...]:
    """The rate, the data and the operations of the model."""
    likely = SURE if _is_absurd(run, step) else 0.7 if rose else 0.4
    return (
        high_rate(run, likely),
        Suspect("masked-batch", 0.6 if alone else 0.3),
        Suspect("numerics", 0.35),
    )


def _is_absurd(run: Run, step: int) -> bool:
    """Whether a pretrained model is tuned at a rate far beyond what Adam holds for any method."""
    rate = rate_at(run, step)
    if rate is None or not is_tuned_with_adam(run):
        return False
    return rate.value >= ABSURD * (rate_limit(run) or LORA_RATE)


def rose(before: FloatArray) -> bool:
    """Whether the loss had left its lowest level by half before it was lost."""
    values = before[np.isfinite(before)]
    if len(values) < MIN_POINTS:
        return False
    return median(values[-LAST_POINTS:]) > RISE * float(np.min(values)) > 0


def climbed(loss: Series, first: int) -> list[int]:
    """The steps from the lowest point up to where the loss is lost: one event with what follows."""
    if not rose(loss.values[:first]):
        return []
    lowest = int(np.nanargmin(loss.values[:first]))
    return [int(step) for step in loss.steps[lowest:first]]
