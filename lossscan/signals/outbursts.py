"""What no noise does: points of many times all others, however few are logged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from lossscan.model import Change, Curve, Excursion, Landmark
from lossscan.numeric.arrays import FloatArray, stretches
from lossscan.numeric.levels import highest_first
from lossscan.numeric.medians import median, robust_sigma, running_median
from lossscan.signals.gaps import Break
from lossscan.signals.levels import change_at
from lossscan.signals.spikes import MIN_POINTS, excursion

FAR = 10.0  # times as high
WILD = math.log(FAR)  # above all others: no healthy labeled run rises to 2.6 times its first loss
LEAST = 6  # points: fewer tell no level that some could leave
FEW = 3  # points at the end: more are looked at by the search
CLIMBING = 4.0  # noise units above the level, from where the last points only go on: no step up


def wild_end(curve: Curve, landmarks: tuple[Landmark, ...]) -> Change | None:
    """The rise to the last points where they are wild, the highest loss of the run left behind."""
    level, n = curve.scaled, len(curve.steps)
    if not curve.log or n < LEAST:
        return None
    for points in range(FEW, 0, -1):
        rest = level[:-points]
        if level[-points:].min() >= rest.max() + WILD:
            usual, noise = median(rest), _noise(curve, rest)
            height = median(level[-points:]) - usual
            found = Break(n - points, height, height / noise, points)
            climbs = rest[-1] - usual > CLIMBING * noise
            return None if climbs else change_at(curve, found, landmarks)
    return None


def wild_points(curve: Curve) -> Iterator[Excursion]:
    """The wild points within a curve too short for a course, all of them far above the rest."""
    if not curve.log or not LEAST <= len(curve.steps) < MIN_POINTS:
        return
    order = np.sort(curve.scaled)
    top = int(np.diff(order).argmax())
    wild = stretches(curve.scaled > order[top])
    if order[top + 1] - order[top] < WILD or wild[0][0] == 0:  # the first descent
        return
    rest = curve.scaled[curve.scaled <= order[top]]
    level, noise = median(rest), _noise(curve, rest)
    for start, stop in wild:
        if stop < len(curve.steps):
            sigma = (float(curve.scaled[start:stop].max()) - level) / noise
            yield excursion(curve, np.full(stop - start, level), start, stop, sigma)


def off_floor(
    curve: Curve, landmarks: tuple[Landmark, ...]
) -> tuple[list[Change], list[Excursion]]:
    """The wild stretches of a loss that had reached the floor of its printing: all else is noise.

    They come to a tenth of where it began. Few points may be hard samples among those learned.
    """
    lowest, smooth = curve.values.min(), running_median(curve.values, FEW)
    if smooth.min() > lowest:  # it is met by single points only
        return [], []
    floor = max(int(smooth.argmin()), curve.descent_end)
    found = [(floor + a, floor + b) for a, b in stretches(smooth[floor:] > lowest) if b - a > FEW]
    rest = curve.values.copy()
    for start, stop in ((0, floor), *found):
        rest[start:stop] = lowest
    tops = [float(smooth[start:stop].max()) for start, stop in found]
    began = highest_first(curve.values) / FAR**2
    gaps = pairwise(sorted([float(rest.max()), *tops]))
    least = max((top for below, top in gaps if top >= FAR * max(below, began)), default=math.inf)
    changes: list[Change] = []
    bursts: list[Excursion] = []
    for (start, stop), top in zip(found, tops, strict=True):
        gap = float(curve.scaled[start:stop].max() - curve.scaled.min())
        if top >= least and stop < len(rest):
            course = np.full(stop - start, curve.scaled.min())
            bursts.append(excursion(curve, course, start, stop, gap / curve.noise))
        elif top >= least:
            at = Break(start, gap, gap / curve.noise, stop - start)
            changes.append(change_at(curve, at, landmarks))
    return changes, bursts


def _noise(curve: Curve, rest: FloatArray) -> float:
    """That of the other points around their level; of equal ones a part of the curve's own."""
    return robust_sigma(rest) or curve.noise
