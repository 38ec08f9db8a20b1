"""The logged loss is multiplied (or divided) by the gradient accumulation steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from msgspec import Struct

from lossscan.model import Effect, Episode, Evidence, Finding, Message, RuledOut, Series
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray
from lossscan.numeric.levels import first_level, last_level
from lossscan.numeric.medians import median
from lossscan.rules.ga_loss_scaling.defects import (
    Defect,
    defect_of,
    is_divided_twice,
    scaling_causes,
)
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.levels import level_at, levels_at
from lossscan.rules.kit.rule import Rule
from lossscan.trainers import may_be_transformers

NAME: Final = "ga-loss-scaling"

NEAR = 3  # logged points around an evaluation: one alone is noisy, more reach into another level
AGREEING = 0.8  # share of evaluations at which the ratio must hold: a few may be noisy
TELLING = 4  # accumulation steps from which no under- or overfitting gives the ratio by itself
ABOVE_UNIFORM = 1.1  # above ln V by a tenth is worse than guessing (hiyouga/LlamaFactory#7443)
LOWEST_START = 0.3  # of the loss once divided: a fine-tuned model seldom starts lower
STRONG_GRADIENT = 5.0  # median norm before clipping; usual: near 1 (hiyouga/LlamaFactory#7443)
EARLY_RATIO = 0.1  # how near the first ratio must be: a model that has hardly learned has no other
EARLY_LOSS = 0.75  # of where it began, above which it has hardly learned
LATE_LOSS = 0.7  # of it, below which it has: a ratio that stays multiplies, dropout only adds
EARLY_COUNT = 3  # evaluations, all near: fewer may be so by chance
ONE_FACTOR = 0.05  # by which all ratios are alike and near the steps: nothing else brings that
UNEQUAL = 1.3  # times: training and evaluation loss differ by that much for many reasons
FALLING = 1.5  # times the next point: a mean over both is then a quarter above what is reached
MIN_POINTS: Final = 2  # of the first epoch: a rounded one may be a fraction by chance
MOST: Final = 256  # steps looked for: more are rare, and more fractions fit
EXACT: Final = 1e-9  # of the length of an epoch: what floats leave of a ratio
WHOLE: Final = 1e-6  # micro-batches

# Confidence by what agrees. The ratio alone, with few steps, is what dropout may bring: silent.
_SURE = {
    "ratio library": 0.98,
    "ratio initial": 0.97,
    "ratio gradient": 0.92,
    "ratio early": 0.85,  # with few steps: over- and underfitting bring no ratio that early
    "ratio": 0.97,  # from TELLING steps on: of 31 such findings all were right
    "library": 0.85,  # nothing to compare with, but worse than uniform to the end, as known
    "initial": 0.8,  # the same without a known culprit: of three in trained runs all were right
}


class _Scaled(Struct, frozen=True):
    """What is known of one run."""

    case: Case
    loss: Series
    steps: int  # accumulation
    ratios: FloatArray  # train / eval at each evaluation
    defect: Defect | None

    def near(self, target: float, tolerance: float) -> bool:
        """Whether the ratio is near a target at most evaluations.

        The first may be within the first descent, where a mean of the past is above what the
        model reaches by then: it counts against a ratio below 1 alone, which overfitting brings.
        """
        if not len(self.ratios):
            return False
        close = np.abs(self.ratios / target - 1) <= tolerance
        return float(close.mean()) >= AGREEING and (target > 1 or bool(close[0]))


def check(
    case: Case, *, tolerance: float = 0.25, min_ratio: float = 1.7
) -> Iterator[Finding | RuledOut]:
    """Compare training with evaluation loss, the first loss with ln V, the library with a table.

    `tolerance`: how far train/eval may be from the accumulation steps, relatively.
    `min_ratio`: a lower ratio is what dropout and hard training samples bring.
    """
    loss, stated = case.loss, case.accumulation
    steps = stated or told_by_epochs(case)
    if loss is None or steps is None or steps <= 1 or not case.is_cross_entropy:
        return
    scaled = _Scaled(case, loss, steps, _ratios(case, loss), defect_of(case))
    agreeing = _agreeing(scaled, tolerance, min_ratio)
    telling = stated or (steps >= TELLING and len(scaled.ratios))
    if agreeing in _SURE and telling:
        yield _multiplied(scaled, agreeing)
    elif not stated:
        return  # epochs tell a divisor of the steps: only a ratio that confirms it counts
    elif _is_divided(scaled, tolerance):
        yield _divided(scaled)
    elif _speaks_against(scaled, tolerance):
        yield RuledOut(Message("ratio", ratio=median(scaled.ratios), accumulation=steps))


def _ratios(case: Case, loss: Series) -> FloatArray:
    """Training over evaluation loss at each evaluation during training, but in steep falls."""
    evaluated = case.points("eval_loss")
    if evaluated is None:
        return np.zeros(0)
    after = evaluated.steps >= loss.steps[0]  # an evaluation before training has no partner
    after &= ~_in_fall(loss, evaluated.steps)
    trained = levels_at(loss, evaluated.steps[after], points=NEAR)
    values = evaluated.values[after]
    positive = (values > 0) & (trained > 0)
    return np.asarray(trained[positive] / values[positive])


def _in_fall(loss: Series, steps: IntArray) -> BoolArray:
    """(k,) whether the loss falls by a third between the points around each of k steps."""
    falls = np.concatenate([[False], loss.values[:-1] > FALLING * loss.values[1:], [False]])
    at = np.searchsorted(loss.steps, steps).clip(0, len(loss) - 1)
    return np.asarray(falls[at] | falls[at + 1])


def _agreeing(scaled: _Scaled, tolerance: float, min_ratio: float) -> str:
    """Which kinds of evidence agree, as a key of `_SURE`; another word where too few do."""
    ratio = scaled.near(scaled.steps, tolerance) and median(scaled.ratios) >= min_ratio
    initial = _worse_than_uniform(scaled)
    support = "library" if scaled.defect else "initial" if initial else ""
    if ratio:
        support = support or ("gradient" if _strong_gradient(scaled.case) else "")
        early = scaled.steps < TELLING and _is_early(scaled)
        support = support or ("early" if early else "")
        return f"ratio {support}".strip() if support or scaled.steps >= TELLING else "too few"
    return support if initial and not len(scaled.ratios) else "nothing"


def _is_early(scaled: _Scaled) -> bool:
    """Whether the ratio is there before the model has learned, and at each evaluation since.

    A model that never learns much may have a lasting ratio for other reasons, but not this factor.
    """
    if len(scaled.ratios) < EARLY_COUNT or abs(scaled.ratios[0] / scaled.steps - 1) > EARLY_RATIO:
        return False
    evaluated = scaled.case.points("eval_loss")
    if evaluated is None:
        return False
    first = evaluated.steps[evaluated.steps >= scaled.loss.steps[0]][0]
    began = first_level(scaled.loss.values)
    learned = last_level(scaled.loss.values) <= LATE_LOSS * began
    early = level_at(scaled.loss, first, points=NEAR) >= EARLY_LOSS * began
    return early and (learned or _is_one_factor(scaled))


def _is_one_factor(scaled: _Scaled) -> bool:
    """Whether all evaluations show one and the same ratio, that of the steps."""
    alike = float(scaled.ratios.max() / scaled.ratios.min()) <= 1 + ONE_FACTOR
    return alike and abs(median(scaled.ratios) / scaled.steps - 1) <= ONE_FACTOR


def _speaks_against(scaled: _Scaled, tolerance: float) -> bool:
    """Whether training and evaluation differ, and by another ratio than the steps would give."""
    if not len(scaled.ratios):
        return False
    ratio = median(scaled.ratios)
    fits = any(abs(ratio / way - 1) <= tolerance for way in (scaled.steps, 1 / scaled.steps))
    return not fits and abs(math.log(ratio)) > math.log(UNEQUAL)


def _worse_than_uniform(scaled: _Scaled) -> bool:
    """Above ln V at the start and still far up at the end, and both plausible once divided.

    A model that only starts badly falls below ln V; one that is known to multiply may as well.
    """
    vocabulary = scaled.case.setting("vocab_size")
    if not vocabulary:
        return False
    uniform = math.log(vocabulary)
    start, end = first_level(scaled.loss.values), last_level(scaled.loss.values)
    highest = uniform * ABOVE_UNIFORM
    plausible = LOWEST_START <= end / scaled.steps <= start / scaled.steps <= highest
    return start > highest and plausible and (end > uniform or bool(scaled.defect))


def _strong_gradient(case: Case) -> bool:
    norms = case.points("grad_norm")
    return norms is not None and median(norms.values) > STRONG_GRADIENT


def _is_divided(scaled: _Scaled, tolerance: float) -> bool:
    telling = scaled.steps >= TELLING or is_divided_twice(scaled.case)
    return telling and scaled.near(1 / scaled.steps, tolerance)


def _multiplied(scaled: _Scaled, agreeing: str) -> Finding:
    message = "default" if len(scaled.ratios) else "initial"
    return _finding(scaled, _SURE[agreeing], message, float(scaled.steps))


def _divided(scaled: _Scaled) -> Finding:
    sure = 0.92 if is_divided_twice(scaled.case) else 0.75  # duplicate samples may look alike
    return _finding(scaled, sure, "divided", 1 / scaled.steps)


def _finding(scaled: _Scaled, confidence: float, message: str, factor: float) -> Finding:
    first = int(scaled.loss.steps[0])
    logged = first_level(scaled.loss.values)
    return Finding(
        confidence,
        message=Message(
            message,
            accumulation=scaled.steps,
            ratio=median(scaled.ratios) if len(scaled.ratios) else None,
            logged=logged,
            true=logged / factor,
        ),
        episodes=(Episode(first, scaled.case.run.last_step),),
        effect=Effect(before=logged / factor, after=logged, ratio=factor),
        evidence=tuple(_evidence(scaled)),
        causes=scaling_causes(scaled.case, divided=factor < 1),
        next=Message("one-step"),
        claims=frozenset({first}),
    )


def _evidence(scaled: _Scaled) -> Iterator[Evidence]:
    case, vocabulary = scaled.case, scaled.case.setting("vocab_size")
    if len(scaled.ratios):
        low, high = float(scaled.ratios.min()), float(scaled.ratios.max())
        yield Evidence(Message("ratio", low=low, high=high, evaluations=len(scaled.ratios)))
    if vocabulary and _worse_than_uniform(scaled):
        said = Message("uniform", uniform=math.log(vocabulary), vocabulary=vocabulary)
        yield Evidence(said, step=int(scaled.loss.steps[0]))
    if case.accumulation is None:
        yield Evidence(Message("epochs", accumulation=scaled.steps), case.run.source_of("epoch"))
    if scaled.defect:
        version = case.run.config["transformers_version"]
        said = Message("library", model=scaled.defect.name, version=version.value)
        yield Evidence(said, version.source)
    norms = case.points("grad_norm")
    if norms is not None and _strong_gradient(case):
        said = Message("gradient", norm=median(norms.values))
        yield Evidence(said, case.run.source_of("grad_norm"))


def told_by_epochs(case: Case) -> int | None:
    """The fewest accumulation steps that make an epoch a whole number of micro-batches.

    transformers counts an epoch in micro-batches, so 346.0625 updates are 5,537 of them at 16 each.
    The steps are a multiple of this; 1 says nothing. None where epochs are rounded.
    """
    epochs = case.points("epoch")
    if epochs is None or not may_be_transformers(case.run.framework):
        return None
    first = (epochs.values > 0) & (epochs.values < 1)
    if first.sum() < MIN_POINTS:
        return None
    lengths = epochs.steps[first] / epochs.values[first]
    length = float(lengths[0])
    if np.ptp(lengths) > EXACT * length:
        return None
    counts = np.arange(1, MOST + 1)
    whole = np.abs(counts * length - np.round(counts * length)) <= WHOLE
    return int(counts[whole.argmax()]) if whole.any() else None


RULE = Rule(name=NAME, check=check)
