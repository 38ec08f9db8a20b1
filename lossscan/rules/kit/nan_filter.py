"""What transformers' filter makes of NaN: zeros, and before them a value that is too large."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from lossscan.model import Message, Series
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case, is_eval_loss
from lossscan.rules.kit.levels import window_lengths
from lossscan.trainers import may_be_transformers

HALF = 0.5  # of the gradient norms next to the zeros: the scale search of fp16 spoils fewer
MIN_ZEROS = 2  # a single 0.0 may be one masked sample
NEAR = 5  # logged points that tell the level before
FLOOR_LEVEL = 0.05  # 500 times the print floor: a loss there does not round to 0.0 by itself
SAME_LEVEL = 0.3  # the law gives a value within 30 % of the level before
MIN_INFLATION = 1.5  # a weaker rise is within the noise of many runs and proves nothing
FROM_SCRATCH = {  # no checkpoint is clean
    "nan-in-weights": "nan-from-the-start",
    "weights-lost": "weights-lost-from-scratch",
    "restart": "restart-from-scratch",
    "find-first": "find-first-from-scratch",
    "filter-off": "filter-off-from-scratch",
}
MAX_LOSS = 12.6  # ln of the largest vocabulary in use (Hunyuan, 290943)
LEAPS = 10.0  # times the usual gradient norm, the lowest loss or the level before: beyond any noise
NO_START = 8 * MAX_LOSS  # a guess times eight accumulation steps: no first loss is above it


class Inflation(Struct, frozen=True):
    """A logged value explained: `good` steps of loss `value` in a window, and NaN behind them."""

    logged: float
    value: float
    good: int
    window: int
    accumulation: int


class Hidden(Struct, frozen=True):
    """Zeros to the end of a run that stand for NaN."""

    start: int  # index of the first zero in the loss
    begin: int  # first step that shows it: NaN begins inside the window before the zeros
    leapt: float | None  # the loss before the zeros, where it leapt
    spoilt: bool  # whether gradient norms next to the zeros are not finite
    inflation: Inflation | None


def hidden_nan(case: Case, loss: Series) -> Hidden | None:
    """Zeros to the end behind a normal level, with NaN gradients or the law as proof."""
    zeros, leapt = _trailing_zeros(loss), leapt_before(case, loss)
    if not (1 if leapt else MIN_ZEROS) <= zeros < len(loss):
        return None
    start = len(loss) - zeros
    before = median(loss.values[max(0, start - NEAR - 1) : max(1, start - 1)])
    norms = case.logged("grad_norm")
    spoilt = norms is not None and _spoilt(norms, int(loss.steps[start]))
    inflation = _inflation(case, loss, start - 1)
    proven = spoilt or leapt or (norms is None and inflation is not None)
    shown = inflation or leapt or _is_spoilt(norms, loss.steps[start - 1])
    begin = start - 1 if shown else start
    found = Hidden(start, int(loss.steps[begin]), leapt, spoilt, inflation)
    return found if proven and before >= FLOOR_LEVEL else None


def leapt_before(case: Case, loss: Series) -> float | None:
    """The last loss before zeros to the end, where no sound model has it and no norm tells more."""
    at = len(loss) - 1 - _trailing_zeros(loss)
    if not 0 <= at < len(loss) - 1 or case.logged("grad_norm") is not None:
        return None
    before = loss.values[max(0, at - NEAR) : at]
    usual = median(before) if len(before) else NO_START / LEAPS
    last = float(loss.values[at])
    return last if last > LEAPS * usual and may_be_transformers(case.run.framework) else None


def lost_at(case: Case, step: int) -> dict[str, int]:
    """The step at which NaN first shows (`since`), and the last clean checkpoint (`clean`).

    The gradient norm or an evaluation may show it first. Clean is the last logged step before that;
    of the first logged window its begin, which is 0 unless the run was resumed there.
    """
    norms, loss = case.logged("grad_norm"), case.logged("loss")
    since = evaluated_first(case, step)
    if norms is not None:
        steps, sound = norms.steps[norms.steps <= step], np.isfinite(norms.values)
        behind = np.flatnonzero(sound[: len(steps)])
        spoilt = steps[behind[-1] + 1 :] if len(behind) else steps
        since = min(since, int(spoilt[0])) if len(spoilt) else since
    logged = next((s for s in (loss, norms) if s is not None and len(s)), None)
    if logged is None:
        return {"since": since, "clean": 0}
    at = int(np.searchsorted(logged.steps, since))
    clean = logged.steps[at - 1] if at else logged.steps[0] - window_lengths(logged)[0]
    return {"since": since, "clean": max(int(clean), 0)}


def evaluated_first(case: Case, step: int) -> int:
    """The step of an evaluation that shows it before training does, with no loss between; else it.

    What is NaN longer than that in an evaluation is its own affair.
    """
    loss = case.logged("loss")
    before = np.empty(0) if loss is None else loss.steps[loss.steps < step]
    if not len(before):
        return step
    evaluated = (series for name, series in case.run.series.items() if is_eval_loss(name))
    lost = (int(at) for each in evaluated for at in each.steps[~np.isfinite(each.values)])
    return min((at for at in lost if before[-1] <= at < step), default=step)


def restarted(name: str, lost: dict[str, int]) -> Message:
    """A sentence on restarting; another one where no step is clean."""
    return Message(name if lost["clean"] else FROM_SCRATCH.get(name, name), **lost)


def _trailing_zeros(loss: Series) -> int:
    nonzero = np.flatnonzero(loss.values != 0)
    return len(loss) - 1 - int(nonzero[-1]) if len(nonzero) else len(loss)


def _spoilt(norms: Series, since: int) -> bool:
    later = norms.values[norms.steps >= since]
    return bool(len(later)) and float(np.mean(~np.isfinite(later))) >= HALF


def _is_spoilt(norms: Series | None, step: int) -> bool:
    return norms is not None and bool((~np.isfinite(norms.values[norms.steps == step])).any())


def _inflation(case: Case, loss: Series, index: int) -> Inflation | None:
    """After j good steps of loss v in a window of L, NaN makes the log j v ((L+1)/(j+1))^G / L.

    Solved for v at every j; derived from the filter in Trainer, exact in simulation.
    """
    accumulation, logged = case.accumulation, float(loss.values[index])
    window = int(loss.steps[index] - (loss.steps[index - 1] if index else 0))
    if accumulation is None or window < MIN_ZEROS:
        return None
    good = np.arange(1, window)
    value = logged * window / (good * ((window + 1) / (good + 1)) ** accumulation)
    best = _fitting(value, logged, loss.values[max(0, index - NEAR) : index])
    if best is None:
        return None
    return Inflation(logged, float(value[best]), int(good[best]), window, accumulation)


def _fitting(value: np.ndarray, logged: float, before: np.ndarray) -> int | None:
    """Index of the value nearest to the level before; without one, of the only value possible."""
    if len(before):
        usual = median(before)
        best = int(np.argmin(np.abs(value - usual)))
        near = abs(value[best] - usual) <= SAME_LEVEL * usual
        return best if near and logged > MIN_INFLATION * usual else None
    possible = np.flatnonzero(value <= MAX_LOSS)
    return int(possible[0]) if len(possible) == 1 else None
