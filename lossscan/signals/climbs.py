"""Climbs that are too slow for a step: at the start of a run, and back to the lowest level later.

They show in a median of 3 points that leaves its running minimum.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from lossscan.model import Change, Curve, Excursion, Landmark
from lossscan.numeric.arrays import FloatArray, IntArray, blocks, stretches
from lossscan.numeric.levels import LEVEL_POINTS, SMOOTH_POINTS
from lossscan.numeric.medians import medians_within, running_median
from lossscan.signals.dips import height_of, standing_out
from lossscan.signals.gaps import Break
from lossscan.signals.levels import CLIMB_SIGMA, change_at
from lossscan.signals.spikes import excursion

EARLY_POINTS = 3  # of fewer no median is made
# Where no descent shows since the loss rises at once, the first tenth counts as one: so many points
EARLY_SHARE, EARLY_LEAST, EARLY_MOST = 10, 5, 20  # at least, and at most: later it may be a wave


def early_rise(
    curve: Curve, landmarks: tuple[Landmark, ...], *, before: int
) -> Change | Excursion | None:
    """A rise at the start of a run, where a healthy loss only falls: one that stays, or not.

    It is the climb of a median of 3 points from its running minimum to the highest point before the
    curve is back at that minimum. `before`: the index of the first break that the search found.
    """
    first = min(max(len(curve.steps) // EARLY_SHARE, EARLY_LEAST), EARLY_MOST)
    stop = max(curve.descent_end, min(first, before))
    if stop < EARLY_POINTS:
        return None
    smooth = running_median(curve.scaled[: stop + SMOOTH_POINTS], SMOOTH_POINTS)[:stop]
    low = np.minimum.accumulate(smooth)
    climb = np.subtract(smooth, low, out=smooth)
    climb /= curve.local_noise[:stop]
    top = int(np.argmax(climb))
    if climb[top] < CLIMB_SIGMA or _goes_on(curve, top, stop):
        return None
    start = top - int(np.argmax((climb[: top + 1] < CLIMB_SIGMA / 2)[::-1])) + 1
    back = curve.scaled[top + 1 :] <= low[top]
    if back.any():
        end = top + 1 + int(back.argmax())
        smooth = running_median(curve.scaled[: end + SMOOTH_POINTS], SMOOTH_POINTS)
        course = np.minimum.accumulate(smooth)[start:end]
        return excursion(curve, course, start, end, float(climb[top]))
    rise = Break(start, float(climb[top] * curve.local_noise[top]), float(climb[top]), top - start)
    return change_at(curve, rise, landmarks)


def late_rises(
    curve: Curve, known: Sequence[int], aside: Sequence[Excursion]
) -> Iterator[Excursion]:
    """Climbs of a few points behind the start that come back to the lowest level before them.

    On a smooth curve they are plain, and too slow for a step or a spike. `known`: indices of what
    has been found, with `aside`; a climb at one of them is no other. Of 700 clean labeled runs
    none has one.
    """
    yield from standing_out(curve, _late_climbs(curve, known, aside))


def _late_climbs(curve: Curve, known: Sequence[int], aside: Sequence[Excursion]) -> list[Excursion]:
    climb, lows = _above_lowest(curve)
    lowest = int(lows[-1]) + 1
    climb = climb[:lowest]  # up to the last return to the lowest
    raised = stretches(climb >= CLIMB_SIGMA / 2)  # at one point alone: between two peaks
    raised = [(at - 1, to + 1) if to - at == 1 else (at, to) for at, to in raised]
    if not raised:
        return []
    tops = np.maximum.reduceat(climb, [start for start, _ in raised])  # between two it is lower
    within = np.zeros(lowest, dtype=bool)
    for block in aside:
        within[block.start : block.stop] = True
    known = sorted(known)
    return [
        excursion(curve, _lowest_before(curve, lows, start, stop), start, stop, top)
        for (start, stop), top in zip(raised, tops.tolist(), strict=True)
        if top >= CLIMB_SIGMA
        and start > curve.descent_end
        and not within[start]
        and bisect_left(known, start - LEVEL_POINTS) == bisect_left(known, stop)
        # The lowest may have been a dip: of trained runs true climbs are 5.9 above what is before.
        and height_of(curve, start, stop) >= CLIMB_SIGMA / 2
    ]


def _above_lowest(curve: Curve) -> tuple[FloatArray, IntArray]:
    """(n,) how far a median of 3 points is above its running minimum, in noise; where it is at it.

    Some places at a time, as the minimum itself would take as much memory.
    """
    climb, lowest, lows = running_median(curve.scaled, SMOOTH_POINTS), np.inf, []
    for at in blocks(len(climb)):
        low = np.minimum(np.minimum.accumulate(climb[at]), lowest)
        lowest = low[-1]
        climb[at] -= low
        lows.append(np.flatnonzero(climb[at] <= 0) + at.start)
        climb[at] /= curve.local_noise[at]
    return climb, np.concatenate(lows)


def _lowest_before(curve: Curve, lows: IntArray, start: int, stop: int) -> FloatArray:
    """The running minimum at the points `[start, stop)`; `lows`: where the curve is at it."""
    last = int(lows[bisect_right(lows, start) - 1])
    level = medians_within(curve.scaled, SMOOTH_POINTS, slice(last, last + 1))
    smooth = medians_within(curve.scaled, SMOOTH_POINTS, slice(start, stop))
    return np.minimum(np.minimum.accumulate(smooth), level)


def _goes_on(curve: Curve, top: int, stop: int) -> bool:
    """Whether a rise up to `top` is the beginning of a climb, which is no step of its own."""
    since, first = curve.scaled[top:], max(stop - top, 1)
    ahead = (slice(at.start + first, at.stop + first) for at in blocks(len(since) - first))
    highest = (medians_within(since, SMOOTH_POINTS, at).max() for at in ahead)
    higher = max(highest, default=-np.inf) - curve.scaled[top]
    return bool(higher >= CLIMB_SIGMA * curve.local_noise[top])
