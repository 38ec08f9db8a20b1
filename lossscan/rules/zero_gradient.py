"""No update is made: the gradient norm, or every difference that makes the gradient, is 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.model import Cause, Effect, Episode, Evidence, Finding, Message, Series
from lossscan.numeric.arrays import BoolArray, FloatArray, stretches
from lossscan.numeric.medians import median, robust_sigma
from lossscan.points import NEVER_ZERO, finite
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rule import Rule

TAIL = 6  # zeros up to the end, as the sigma of a break: one masked batch in ten gives 1 in 10**6
LONG_SHARE = 0.1  # of the entries: shorter stretches are masked samples one after the other
END = 5  # logged losses that make a level, where a fall is steep and ends soon;
PARTS = 4  # or as many as a fourth of them, where it is slow or noisy
MOVED_SIGMA = 5.0  # of a level's error: a loss that falls so far is trained, its norm unmeasured
PAIRS = ("dpo", "kto", "simpo", "ipo", "hinge", "orpo")  # objectives that compare two answers
DIFFERENCES = ("rewards/margins", "rewards/chosen", "rewards/rejected")
LOG_PROBABILITIES = ("logps/chosen", "logps/rejected")
SPREADS = ("reward_std",)  # of the answers to one prompt: 0 leaves a group without advantage
_CAUSES = {  # what each sign points at, and how likely
    "default": {"frozen-parameters": 0.7, "masked-labels": 0.5, "graph-cut": 0.5},
    "policy": {"frozen-parameters": 0.6, "graph-cut": 0.5, "equal-rewards": 0.3},
    "pairs": {"masked-labels": 0.7, "same-as-reference": 0.5, "frozen-parameters": 0.4},
    "rewards": {"equal-rewards": 0.8},
}


def check(case: Case, *, min_points: int = 10) -> Iterator[Finding]:
    """Yield a finding where at least `min_points` entries in a row show no gradient."""
    norms = case.points("grad_norm")
    found = _stretch(norms.values == 0, min_points) if norms is not None else None
    if norms is not None and found is not None and not _is_else(case, norms, found):
        yield _finding(case, norms, found, "policy" if case.is_policy else "default")
        return
    if norms is not None and (norms.values > 0).any():
        return  # a gradient there is, whatever else is logged
    for message, series in _signs(case):
        if len(series) >= min_points:
            yield _finding(case, series, (0, len(series)), message)
            return


def _stretch(zero: BoolArray, min_points: int) -> tuple[int, int] | None:
    """The longest stretch of zeros, where it is long by itself and of the run.

    One that the log ends in had no time to grow longer: it may be of TAIL points.
    """
    spans = stretches(zero)
    if not spans:
        return None
    start, stop = max(spans, key=lambda span: span[1] - span[0])
    ends = start > 0 and stop == len(zero)
    least = max(min(TAIL, min_points) if ends else min_points, LONG_SHARE * len(zero))
    return (start, stop) if stop - start >= least else None


def _is_else(case: Case, norms: Series, span: tuple[int, int]) -> bool:
    """Whether the loss is not logged there, is 0 as well, or falls: then the norm is unmeasured."""
    loss = case.points("loss")
    if loss is None:
        return True
    first, last = norms.steps[span[0]], norms.steps[span[1] - 1]
    inside = loss.values[(loss.steps >= first) & (loss.steps <= last)]
    if len(inside) < TAIL:
        return True
    if case.run.objective in NEVER_ZERO and median(inside) == 0:
        return True  # a loss of masked labels is the business of zero-loss
    return any(_falls(inside, points) for points in (END, len(inside) // PARTS))


def _falls(values: FloatArray, points: int) -> bool:
    """Whether the level of the last points is below that of the first, beyond noise."""
    fell = median(values[:points]) - median(values[-points:])
    return bool(fell > MOVED_SIGMA * robust_sigma(np.diff(values)) / np.sqrt(points))


def _signs(case: Case) -> Iterator[tuple[str, Series]]:
    """The series that are exactly 0 throughout where they make the gradient of the objective."""
    for names in (DIFFERENCES, LOG_PROBABILITIES) if case.run.objective in PAIRS else ():
        logged = [s for n in names if (s := case.points(n)) is not None]
        if logged and all((series.values == 0).all() for series in logged):
            yield "pairs", logged[0]
    if case.is_policy:
        for series in map(finite, map(case.run.series.get, SPREADS)):
            if series is not None and (series.values == 0).all():
                yield "rewards", series


def _finding(case: Case, series: Series, span: tuple[int, int], message: str) -> Finding:
    first, last = int(series.steps[span[0]]), int(series.steps[span[1] - 1])
    count = span[1] - span[0]
    whole = count == len(series)
    rewards = case.points("reward_std")
    spread = None if rewards is None else median(rewards.values)
    excluded = {"equal-rewards"} if message == "policy" and spread else ()
    advice = case.advise("finetuning_type")
    zero = Message("zero", name=series.name, count=count, of=len(series))
    return Finding(
        0.97 if whole else 0.92,  # a stretch may be a part of the data without labels
        series=series.name,
        message=Message(message, first=first, last=last, count=count, name=series.name),
        episodes=(Episode(first, last),),
        effect=Effect(after=0.0),
        evidence=(
            Evidence(zero, case.run.source_of(series.name), first, 0.0),
            *([Evidence(Message("rewards-differ", spread=spread))] if excluded else []),
        ),
        causes=tuple(
            Cause(Message(cause), score, advice if "frozen" in cause else ())
            for cause, score in _CAUSES[message].items()
            if cause not in excluded
        ),
        next=Message("one-update"),
        claims=frozenset({first}),
    )


RULE = Rule(name="zero-gradient", check=check)
