"""How far a loss dips below its course: correlated noise that climbs dips as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lossscan.model import Curve, Excursion
from lossscan.numeric.arrays import BoolArray, FloatArray, blocks
from lossscan.numeric.levels import LEVEL_POINTS
from lossscan.numeric.medians import median, medians_within

BLOCK_DIPS = 1.5  # times the deepest dip, which correlated noise makes of several points, too,
LONG_DIPS = 1.2  # and of many: a long block was 1.22 times it, in trained runs
SMOOTH_POINTS = 3  # whose median one deep point does not move,
MANY_POINTS = 9  # and of excursions of so many and more: short dips say little of them
MOST_POINTS = 51  # of an excursion by whose length dips are looked for: slower is the trend


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
