"""The loss climbs and keeps climbing, or blows up."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lossscan.model import Change, Curve, Episode, Evidence, Finding, Message, RuledOut, Severity
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.courses import kendall, knee
from lossscan.numeric.levels import SMOOTHER_POINTS
from lossscan.numeric.medians import block_means, block_medians, median, running_median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around
from lossscan.rules.kit.levels import END_POINTS, end_points
from lossscan.rules.kit.rates import lower_rate
from lossscan.rules.kit.rises import (
    collapse_evidence,
    is_policy_size,
    next_try,
    rise_causes,
    spike_behind,
    way_back,
)
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.running import running_of
from lossscan.rules.kit.sizes import effect_of, logistic

MIN_POINTS = 8  # fewer logged points have no course: only a loss that has exploded is sure then
CLIMB_SHARE = 0.1  # of the run that a climb takes at least: a last step up is not one
ONSET_SHARE = 0.1  # of the climb: where it shows at the latest
BEFORE_SHARE = 0.5  # of the points of the climb, looked at before it for the knee where it begins:
MOST_KNEES = 300  # in so many bins; 3 points off in 41 climbs put into real curves, 16 without
JUMP_SHARE = 0.6  # of the climb that one jump makes: then it is a jump
AT_ONCE = 5  # points in which a jump is made: a window may show one between, and one may be wild
START_POINTS = 5  # whose lowest is where the run began: an early spike is not
WORSE_THAN_START = 0.95  # of the first level, that a moderate climb must reach
SURE = (1.0, 0.5)  # 123 of 123 were right on the simulated train half, none below 5 noise units
# A smaller climb to above where the run began is sure, and a warning: of 341 clean labeled runs
# the highest reaches 1.06 at 3.5 noise units; a resume that lost its state, 1.14 at 8.3.
SMALL_RATIO, SMALL_SIGMA = 1.1, 7.0
# One that ends below where the run began may be the noise behind a steep fall: 12.4 in a clean run.
LOW_SIGMA = 20.0
# Times the lowest of the first points, in the median of the later half: diverged at once, whatever
# the noise. Of 458 clean labeled runs none comes to 2.6 times it but sums since an epoch began.
WILD = 10.0
WILD_SHARE = 0.9  # of the later points, that are half as high at least, on the logarithmic scale
WILD_SURE = 0.95  # as for a climb of 4 noise units: what there is of noise is the divergence itself
# Standard errors of Kendall's trend behind the lowest point, which needs no noise of one point: of
# 690 clean labeled runs none comes to 2.3 in a climb by 30 % to above its start.
TREND, TREND_SURE = 2.6, 0.9
STILL = 0.7  # of the climb: where less is left at the end, part of it is gone, and its top is told
BLOWN_UP = 3.0  # times the minimum (hiyouga/LlamaFactory#7129): diverged wherever it began


class Climb(Struct, frozen=True):
    """From the lowest stretch of a curve to its end."""

    low_index: int
    low: float
    end: float
    start: float  # the lowest of the first points: what a climb has to pass
    sigma: float  # in noise units of one point
    # Index from where it has left its first points for good, at once: all that follows is noise.
    wild: int | None = None


def check(
    case: Case, *, min_ratio: float = 1.3, min_sigma: float = 5.0
) -> Iterator[Finding | RuledOut]:
    """A climb from the lowest stretch that lasts to the end and is not one jump.

    `min_ratio`: end over minimum from which it is critical; slow drifts of clean public runs stay
    below 1.1.
    `min_sigma`: the climb in units of the noise of one point; the end is a median of several.
    """
    if not case.searched or not case.curve.log:
        return
    if len(case.curve.steps) < MIN_POINTS:
        climb = _exploded(case.curve)
    else:
        climb = _wild(case.curve) or _climb(case.curve, case.period_points or END_POINTS)
    if climb is None:
        return
    ratio = climb.end / max(climb.low, np.finfo(np.float64).tiny)
    bad = ratio >= BLOWN_UP or climb.end >= WORSE_THAN_START * climb.start
    large = ratio >= min_ratio and bad
    shape = _sure_by_shape(case.curve, climb) if large else 0.0
    large = large and (climb.sigma >= min_sigma or shape > 0)
    small = ratio >= SMALL_RATIO and climb.sigma >= SMALL_SIGMA and climb.end >= climb.start
    small |= ratio >= min_ratio and climb.sigma >= LOW_SIGMA
    if not large and not small:
        return
    running = running_of(case)  # a sum climbs in each epoch by what it is; one alone may be either
    if running is not None and running.kind == "sum" and len(running.starts) > 1:
        return
    severity = None if large else Severity.WARNING
    yield _other(case, climb, ratio) or _finding(case, climb, shape, severity)


def _other(case: Case, climb: Climb, ratio: float) -> RuledOut | None:
    """What such a climb is that calls for no finding, or for that of another rule."""
    if is_policy_size(case, climb.end):
        said = Message("policy", objective=case.run.objective, end=climb.end)
        own = case.changes("slope_up")
        return RuledOut(said, claims=frozenset(slope.step for slope in own))
    spike = spike_behind(case, climb.low_index, climb.low)
    if spike is not None:
        return RuledOut(Message("spike", step=spike.start_step))
    jump = _jump(case, np.log(ratio))
    return RuledOut(Message("one-jump", step=jump.step)) if jump is not None else None


def _climb(curve: Curve, least: int) -> Climb | None:
    """The climb between medians of a share of the run, or of `least` points."""
    n = len(curve.steps)
    tail = end_points(n, least)  # a whole period of a loss that comes in waves
    stretches = block_medians(curve.scaled, tail)
    at = int(np.argmin(stretches))
    low, end = float(stretches[at]), median(curve.scaled[-tail:])
    if n - at * tail < max(END_POINTS, CLIMB_SHARE * n):
        return None
    lowest = at * tail + int(np.argmin(curve.scaled[at * tail : (at + 1) * tail]))
    return Climb(
        low_index=lowest,
        low=float(np.exp(low)),
        end=float(np.exp(end)),
        start=float(curve.values[:START_POINTS].min()),
        sigma=(end - low) / median(curve.local_noise[at * tail :]),
    )


def _wild(curve: Curve) -> Climb | None:
    """The climb of a loss that leaves its first points for good, and is in no order after that."""
    low = float(curve.scaled[:START_POINTS].min())
    end = median(curve.scaled[len(curve.steps) // 2 :])
    high = curve.scaled[START_POINTS:] >= low + math.log(WILD) / 2
    if end - low < math.log(WILD) or high.mean() < WILD_SHARE:
        return None
    at = int(np.argmin(curve.scaled[:START_POINTS]))
    sigma = (end - low) / median(curve.local_noise)
    start, last = float(np.exp(low)), float(np.exp(end))
    return Climb(at, start, last, start, sigma, wild=at + 1)


def _exploded(curve: Curve) -> Climb | None:
    """The climb of a few points whose last two are far above all before."""
    at = int(np.argmin(curve.scaled[:-2]))
    low, end = float(curve.scaled[at]), float(curve.scaled[-2:].min())
    if end - low < math.log(WILD):
        return None
    start, last = float(np.exp(low)), float(curve.values[-1])
    sigma = (end - low) / median(curve.local_noise)
    below = np.flatnonzero(curve.scaled < low + math.log(WILD) / 2)
    return Climb(at, start, last, start, sigma, wild=int(below[-1]) + 1)


def _sure_by_shape(curve: Curve, climb: Climb) -> float:
    """The confidence that the order of the points alone gives, whatever their noise seems to be."""
    if climb.wild is not None:
        return WILD_SURE
    return TREND_SURE if kendall(curve.scaled[climb.low_index + 1 :]) >= TREND else 0.0


def _onset(curve: Curve, climb: Climb, rising: FloatArray) -> int:
    """The index of the knee between the course and the climb, once it has left its low for good."""
    length = len(curve.steps) - climb.low_index
    first = max(curve.descent_end, climb.low_index - int(BEFORE_SHARE * length))
    size = -(-(len(curve.steps) - first) // MOST_KNEES)
    bins = block_means(curve.clipped[first:], size)
    shows = _shows(climb, rising)
    earliest, latest = ((index - first) // size for index in (climb.low_index, shows))
    turn = first + knee(bins, earliest=max(earliest, 1), latest=max(latest, 1)) * size
    smooth = running_median(curve.scaled[climb.low_index : shows], SMOOTHER_POINTS)
    at_low = np.flatnonzero(smooth <= np.log(climb.low))
    return max(turn, climb.low_index + int(at_low[-1]) + 1 if len(at_low) else 0)


def _shows(climb: Climb, rising: FloatArray) -> int:
    """The index where a climb has begun to show."""
    low, end = math.log(climb.low), math.log(climb.end)
    below = np.flatnonzero(rising < low + ONSET_SHARE * (end - low))
    begun = int(below[-1]) + 1 if len(below) else 0
    return climb.low_index + min(begun, len(rising) - 1)


def _jump(case: Case, height: float) -> Change | None:
    """The single jump that makes most of the climb, if there is one."""
    scaled = case.curve.scaled
    for change in case.rises:
        at_once = median(scaled[change.index : change.index + AT_ONCE]) - scaled[change.index - 1]
        if min(np.log(change.ratio or 1.0), at_once) >= JUMP_SHARE * height:
            return change
    return None


def _top(climb: Climb, rising: FloatArray, onset: int) -> int | None:
    """The index from the onset on where it was highest, if much of it is gone by the end."""
    first, low = onset - climb.low_index, math.log(climb.low)
    at = first + int(np.argmax(rising[first:]))
    gone = math.log(climb.end) - low < STILL * (float(rising[at]) - low)
    return climb.low_index + at if gone else None


def _own_changes(case: Case, climb: Climb, onset: int) -> Iterator[int]:
    """The steps of the changes that the climb is made of: no jumps or climbs of their own.

    The slope in which it begins may leave the baseline before it: a line is fitted to both.
    """
    for change in case.changes("level_up", "slope_up"):
        if change.index >= climb.low_index:
            yield change.step
    before = [change for change in case.changes() if change.index <= onset]
    if before and before[-1].kind == "slope_up":
        yield before[-1].step


def _began(case: Case) -> float:
    """The first loss that is a number: what the run is said to have begun at."""
    values = case.run.series["loss"].values
    return float(values[np.isfinite(values)][0])


def _lost(case: Case, last: int) -> int | None:
    """The step behind the last finite loss where a log ends in NaN or infinity."""
    loss = case.run.series["loss"]
    return None if np.isfinite(loss.values[-1]) else int(loss.steps[loss.steps > last][0])


def _finding(case: Case, climb: Climb, shape: float, severity: Severity | None) -> Finding:
    curve = case.curve
    rising = running_median(curve.scaled[climb.low_index :], SMOOTHER_POINTS)  # from the low on
    index = climb.wild or _onset(curve, climb, rising)
    spike = spike_behind(case, climb.low_index, climb.low, STILL)
    spike = spike if spike is not None and index < spike.stop else None  # else it had come back
    index = index if spike is None else spike.start
    step, last = int(curve.steps[index]), int(curve.steps[-1])
    high = _top(climb, rising, index) if climb.wild is None else None
    if high == len(curve.steps) - 1:  # where the log ends: nothing of it is gone
        climb, high = replace(climb, end=float(curve.values[high])), None
    ratio = climb.end / climb.low
    onset = Change(
        "loss", "slope_up" if spike is None else "level_up", index, step, climb.low, climb.end,
        climb.end - climb.low, ratio, climb.sigma, 1.0,
    )  # fmt: skip
    top = {} if high is None else {"high": float(curve.values[high]), "at": int(curve.steps[high])}
    lower, causes, lost = lower_rate(case, onset.step), rise_causes(case, onset), _lost(case, last)
    return Finding(
        stated_severity=severity,
        confidence=max(logistic(climb.sigma, *SURE), shape),
        message=Message(
            "partly" if high is not None else "default" if lost is None else "lost", lost=lost,
            low=climb.low, end=climb.end, step=step, last=last, rise=ratio - 1, lower=lower, **top,
        ),
        episodes=(Episode(step, last, climb.sigma),),
        effect=effect_of(climb.low, climb.end, climb.sigma),
        evidence=(
            Evidence(
                Message("climb", low_step=int(curve.steps[climb.low_index]), start=_began(case),
                        sigma=climb.sigma),
                step=step, value=climb.end,
            ),
            *collapse_evidence(case, onset),
            *around(case, step, "rate", "limit", "gradient", "eval"),
        ),
        causes=causes,
        remedies=(way_back(case, onset),),
        next=next_try(case, onset, causes),
        claims=frozenset({step, *_own_changes(case, climb, index)}),
    )  # fmt: skip


RULE = Rule(name="divergence", check=check)
