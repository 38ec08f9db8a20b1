"""The tail of the noise of a curve, told by how deep the points below its course are."""

from __future__ import annotations

import math

import numpy as np

from lossscan.numeric.arrays import FloatArray

HEAVY_SIGMA = 4.0  # of the deepest dip: normal noise goes as deep once in 30,000 points
TAIL_SHARE = 0.02  # of the points, the deepest dips: the tail of the noise, seen from below
TAIL_MIN = 5  # dips; fewer do not show how a tail falls off, so that as many of normal noise join:
TAIL_SIGMA, NORMAL_EXPONENT = 2.0, 0.16  # 2 % of it are deeper, and this is their exponent
LONGEST_REACH = 100.0  # log of the farthest extension, so that no tail overflows
TAIL_CHANCE = 0.01  # of one point of pure noise beyond the threshold in a whole run


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
