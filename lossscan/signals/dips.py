"""How far a loss dips below its course: noise that climbs dips as well, and tells its own tail."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from lossscan.model import Curve, Excursion
from lossscan.numeric.arrays import BoolArray, FloatArray, blocks
from lossscan.numeric.levels import LEVEL_POINTS, SMOOTH_POINTS
from lossscan.numeric.medians import median, medians_within

BLOCK_DIPS = 1.5  # times the deepest dip, which correlated noise makes of several points, too,
LONG_DIPS = 1.2  # and of many: a long block was 1.22 times it, in trained runs
MANY_POINTS = 9  # of excursions of so many and more the dips are as smooth: short ones say little
MOST_POINTS = 51  # of an excursion by whose length dips are looked for: slower is the trend
HEAVY_SIGMA = 4.0  # of the deepest dip: normal noise goes as deep once in 30,000 points
TAIL_SHARE = 0.02  # of the points, the deepest dips: the tail of the noise, seen from below
TAIL_MIN = 5  # dips; fewer do not show how a tail falls off, so that as many of normal noise join:
TAIL_SIGMA, NORMAL_EXPONENT = 2.0, 0.16  # 2 % of it are deeper, and this is their exponent
LONGEST_REACH = 100.0  # log of the farthest extension, so that no tail overflows
TAIL_CHANCE = 0.01  # of one point of pure noise beyond the threshold in a whole run
# Noise, as a share of the loss, whose symmetry tells its scale: in less the two are alike, and what
# is wider and as wide downward would reach below zero.
WIDE, WIDEST = 0.1, 1 / 3
SAMPLED = 5000  # points whose symmetry stands for all of a longer run
TAILS = (0.05, 0.1, 0.2)  # of the points, whose reach tells it: the peaks asked about are farther


def dips_below(curve: Curve, smoothed: int, points: int) -> Iterator[tuple[slice, FloatArray]]:
    """How far a median of `smoothed` points is below one of twice `points`, the course.

    Some places at a time, behind the first descent, which bends: who asks whether any dip is deeper
    than something is often told by the first. Waves, and means of many steps, dip as they climb.
    """
    for block in blocks(len(curve.scaled)):
        at = slice(max(block.start, curve.descent_end), block.stop)
        if at.start < at.stop:
            course = medians_within(curve.scaled, 2 * points + 1, at)
            course -= medians_within(curve.scaled, smoothed, at)
            yield at, course.clip(0.0, out=course)


def standing_out(curve: Curve, found: Sequence[Excursion]) -> list[Excursion]:
    """The excursions that are higher above the points before them than the loss dips elsewhere.

    Correlated noise makes both, for a few points more easily than for many. Of 34 blocks, long
    spikes and resumes of 6 noise units and more (simulated train half) the lowest is 2.2 times as
    high.
    """
    aside = np.zeros(len(curve.steps), dtype=bool)  # next to an excursion the course is high
    reach = _reach(found) + 1
    for each in found:
        aside[max(each.start - reach, 0) : each.stop + reach] = True
    few = [each for each in found if each.stop - each.start < MANY_POINTS]
    many = [each for each in found if each.stop - each.start >= MANY_POINTS]
    return [
        *_beyond_dips(curve, few, aside, SMOOTH_POINTS, BLOCK_DIPS),
        *_beyond_dips(curve, many, aside, MANY_POINTS, LONG_DIPS),
    ]


def _reach(found: Sequence[Excursion]) -> int:
    """As many points as the longest has, within limits."""
    longest = max((each.stop - each.start for each in found), default=0)
    return min(max(longest, SMOOTH_POINTS), MOST_POINTS)


def _beyond_dips(
    curve: Curve, found: Sequence[Excursion], aside: BoolArray, smoothed: int, times: float
) -> list[Excursion]:
    """Those that are so many times the dips of medians of so many points outside of `aside`."""
    kept = [(each, height_of(curve, each.start, each.stop)) for each in found]
    dips = dips_below(curve, smoothed, _reach(found)) if kept else ()
    for at, below in dips:
        deepest = float((below / curve.local_noise[at]).max(initial=0.0, where=~aside[at]))
        kept = [(each, height) for each, height in kept if height >= times * deepest]
        if not kept:
            break
    return [each for each, _ in kept]


def height_of(curve: Curve, start: int, stop: int) -> float:
    """How high the points `[start, stop)` are together above those before, in the noise of one."""
    before = curve.scaled[max(start - LEVEL_POINTS, 0) : max(start, 1)]
    climb = median(curve.scaled[start:stop]) - median(before)
    return climb / float(curve.local_noise[start:stop].max())


def as_shares(curve: Curve, level: FloatArray, start: int) -> None:
    """Heights from `start` on as shares of the course, where that makes noise more symmetric.

    A mean over few tokens or samples may spread as far upward as downward: the logarithm of such a
    loss stretches the dips, and makes peaks small next to them.
    """
    if not curve.log or not WIDE <= curve.noise < WIDEST:
        return
    noise = curve.local_noise[start:]
    some = slice(None, None, -(-len(level) // SAMPLED))
    away = np.sort(level[some] * noise[some])
    if abs(_skew(np.expm1(away))) < abs(_skew(away)):
        for at in blocks(len(level)):
            level[at] = np.expm1(level[at] * noise[at]) / noise[at]


def _skew(ordered: FloatArray) -> float:
    """How much farther sorted numbers reach above their median than below, for their spread."""
    tail = [int(share * len(ordered)) for share in TAILS]
    low, middle, high = ordered[tail], ordered[len(ordered) // 2], ordered[::-1][tail]
    return float(((high + low - 2 * middle) / (high - low)).sum())


def deepest_of(sigma: FloatArray) -> FloatArray:
    """The depths of as many dips as define their tail, and of one more, the deepest first."""
    count = min(_in_tail(len(sigma)) + 1, len(sigma))
    below = sigma[sigma < 0]
    if len(below) > count:
        below.partition(count - 1)
    dips = np.zeros(count)
    deepest = np.sort(below[:count])
    dips[: len(deepest)] = -deepest
    return dips


def noise_reach(dips: FloatArray, points: int) -> float:
    """How far upward noise alone may throw a point of this run, judged by its dips.

    Noise on the right scale is symmetric, a spike is not. Where the dips go deeper than normal
    noise does, their tail is taken as a power law (the Hill estimator) and extended to where one
    point in a hundred runs would lie. `dips`: distances below the course of so many points, the
    deepest first.
    """
    count = _in_tail(points)
    if len(dips) <= count or dips[0] < HEAVY_SIGMA:
        return 0.0
    begin = max(float(dips[count]), TAIL_SIGMA)
    tail = np.log(dips[dips > begin] / begin)
    if not len(tail):  # the deepest are all alike: no tail
        return begin
    exponent = (float(tail.sum()) + TAIL_MIN * NORMAL_EXPONENT) / (len(tail) + TAIL_MIN)
    steps = min(exponent * math.log(len(tail) / TAIL_CHANCE), LONGEST_REACH)
    return begin * math.exp(steps)


def _in_tail(points: int) -> int:
    return max(TAIL_MIN, int(TAIL_SHARE * points))
