"""Confirmed breaks become Changes, or Excursions where the next break takes them back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from lossscan.model import BoundaryTest, Change, Curve, Excursion, Landmark
from lossscan.numeric.levels import LEVEL_POINTS, SMOOTH_POINTS, TAKEN_BACK, takes_back
from lossscan.numeric.medians import MEDIAN_ERROR, median, running_median
from lossscan.signals.align import align, reach_of
from lossscan.signals.breaks import SIGMA_TO_CONFIRM
from lossscan.signals.clean import from_scale
from lossscan.signals.gaps import Break
from lossscan.signals.spikes import excursion

STAYS = 0.5  # of a rise; one that loses more than half within this many points is fading:
STAY_POINTS, STAY_SHARE = 20, 0.1  # or this share of the run; later the trend itself moves it
MOST_BENT = 3.0  # times steeper before a stretch than behind it: an exponential decay within a run
FALLS_SIGMA = 3.0  # standard errors of a course that is said to fall
CLIMB_SIGMA = 8.5  # of medians of 3, above the lowest: healthy real runs reach 4.8, simulated 8.0
MAX_EXCURSION_SHARE = 0.25  # of the run: a longer stay is a level of its own


def split(
    curve: Curve, breaks: list[Break], landmarks: tuple[Landmark, ...]
) -> tuple[list[Change], list[Excursion]]:
    """Changes that stay, and rises that a later fall takes back or that fade."""
    changes: list[Change] = []
    excursions: list[Excursion] = []
    at = 0
    while at < len(breaks):
        pair = breaks[at : at + 2]
        if len(pair) == 2 and _taken_back(curve, *pair):  # noqa: PLR2004 - a rise and its fall
            up, down = pair
            course = np.full(len(curve.steps), _level(curve, up.index - LEVEL_POINTS, up.index))
            both = (up.sigma - down.sigma) / math.sqrt(2)  # from two edges, as sure as each other
            excursions.append(excursion(curve, course, up.index, down.index, both))
            at += 2
            continue
        stop = breaks[at + 1].index if at + 1 < len(breaks) else len(curve.steps)
        change = _change(curve, pair, landmarks)
        known = excursions[-1].stop if excursions else 0
        hump = _hump_before(curve, pair[0], known) if change.kind == "level_down" else None
        if hump is not None:
            excursions.append(hump)
        elif change.kind == "level_up" and (change.stays < STAYS or _decays(curve, *pair)):
            excursions.append(_fading(curve, change, stop))
        else:
            changes.append(change)
        at += 1
    return changes, excursions


def rises_at(
    curve: Curve,
    tests: Iterable[BoundaryTest],
    landmarks: tuple[Landmark, ...],
    known: Sequence[Change | Excursion],
) -> list[Change]:
    """Rises at tested landmarks that stay and are as sure as any break, but that no search found.

    Of 341 clean labeled runs none has a step up so sure at the end of an epoch. One at a resume is
    the resume's. A rise that half of the epochs end with is a wave: only what is above it counts.
    """
    own = [t for t in tests if t.landmark.kind != "resume"]
    gaps = sorted([0.0, *(t.gap for t in own)])
    usual = max(gaps[len(own) // 2], 0.0)  # the lower median: of a lone one, none
    sure = [t for t in own if t.sigma * (1 - usual / t.gap) >= SIGMA_TO_CONFIRM]
    at = [t for t in sure if not any(_is_known(t.index, each) for each in known)]
    rises = (change_at(curve, Break(t.index, t.gap, t.sigma, t.points), landmarks) for t in at)
    return [rise for rise in rises if rise.stays >= STAYS]


def _is_known(index: int, found: Change | Excursion) -> bool:
    """Whether what is at an index is a change next to it, or an excursion over it."""
    if isinstance(found, Excursion):
        return found.start <= index < found.stop
    return abs(found.index - index) <= LEVEL_POINTS


def _decays(curve: Curve, at: Break, following: Break | None = None) -> bool:
    """Whether a rise loses more than half of its first points' height: a spike that decays.

    The level of 10 points hides that where a spike decays within as many, or the run ends there.
    """
    stop = _horizon(curve, at, following)
    last = min(LEVEL_POINTS, max((stop - at.index) // 3, 1))
    before = _level(curve, at.index - LEVEL_POINTS, at.index)
    first = _level(curve, at.index, at.index + SMOOTH_POINTS)
    late = _level(curve, stop - last, stop) + _course_fall(curve, at.index, stop)
    return late - before < STAYS * (first - before)


def _course_fall(curve: Curve, index: int, stop: int) -> float:
    """How far the course itself falls from a rise to `stop`, judged by its slopes before and after.

    A rise within a descent would else seem to recover with it. What does not fall behind it is no
    descent; where the run ends there, the descent is taken to come to its end.
    """
    span = max(stop - index, 2 * LEVEL_POINTS)
    before = _steepness(curve, index - span, index)
    if len(curve.steps) - stop < 2 * SMOOTH_POINTS:
        return before / 2 * (stop - index)
    after = _steepness(curve, stop, stop + span)
    return (min(before, MOST_BENT * after) + min(before, after)) / 2 * (stop - index)


def _steepness(curve: Curve, start: int, stop: int) -> float:
    """How much the curve falls from point to point of a stretch; 0 where noise may do as much."""
    half = (min(stop, len(curve.steps)) - max(start, 0)) // 2
    if half < SMOOTH_POINTS:
        return 0.0
    middle = max(start, 0) + half
    fall = _level(curve, middle - half, middle) - _level(curve, middle, middle + half)
    error = MEDIAN_ERROR * float(curve.local_noise[middle]) * math.sqrt(2 / half)
    return fall / half if fall >= FALLS_SIGMA * error else 0.0


def _fading(curve: Curve, rise: Change, stop: int) -> Excursion:
    """A rise that fades by itself, up to where half of it is gone; its first point may be low."""
    before = _level(curve, rise.index - LEVEL_POINTS, rise.index)
    after = _level(curve, rise.index, min(rise.index + LEVEL_POINTS, stop))
    smooth = running_median(curve.scaled[rise.index : stop], SMOOTH_POINTS)
    high = smooth > (before + after) / 2
    top = int(high.argmax())
    end = rise.index + top + max(int(high[top:].argmin()), 1) if not high[top:].all() else stop
    course = np.full(end - rise.index, before)
    return excursion(curve, course, rise.index, end, rise.sigma)


def _taken_back(curve: Curve, up: Break, down: Break) -> bool:
    short = down.index - up.index <= MAX_EXCURSION_SHARE * len(curve.steps)
    return up.gap > 0 > down.gap and short and takes_back(up.gap, -down.gap)


def _hump_before(curve: Curve, fall: Break, known: int) -> Excursion | None:
    """The climb that a fall takes back, from the lowest level before it; None where more is left.

    Within a descent it shows no step up. What the course falls meanwhile is no part of the fall.
    `known`: where the last excursion ends.
    """
    at = fall.index
    first = max(at - LEVEL_POINTS, 0)
    smooth = running_median(curve.scaled[first:at], SMOOTH_POINTS)[:-1]  # the last may be an edge
    low = first + int(smooth.argmin())
    base, after = float(smooth.min()), _level(curve, at, at + SMOOTH_POINTS)
    edge = _level(curve, at - SMOOTH_POINTS, at) - after
    left = base - after - _course_fall(curve, low + 1, at)
    high = curve.scaled[low:at] > base + CLIMB_SIGMA / 2 * curve.local_noise[low]
    start = low + int(high.argmax())
    if not high.any() or left > (1 - TAKEN_BACK) * edge or start < known:
        return None
    course = np.linspace(base, after, at - low + 1)[start - low : -1]
    return excursion(curve, course, start, at, -fall.sigma)


def _horizon(curve: Curve, at: Break, following: Break | None) -> int:
    """Index up to which a break is asked whether it stays: a while, or up to the next.

    A fall behind a rise may be the end of it, and two rises in a row the teeth of a saw, which
    sinks back before it rises again.
    """
    while_later = at.index + max(STAY_POINTS, int(STAY_SHARE * len(curve.steps)))
    end = min(while_later, len(curve.steps))
    if following is None or at.gap > 0 > following.gap:
        return end
    return following.index if min(at.gap, following.gap) > 0 else min(end, following.index)


def _change(curve: Curve, pair: list[Break], landmarks: tuple[Landmark, ...]) -> Change:
    """The first of one or two breaks as a change."""
    at, following = pair[0], pair[1] if len(pair) > 1 else None
    stop = len(curve.steps) if following is None else following.index
    horizon = _horizon(curve, at, following)
    before = _level(curve, at.index - LEVEL_POINTS, at.index)
    after = _level(curve, at.index, min(at.index + LEVEL_POINTS, stop))
    late = _level(curve, max(horizon - LEVEL_POINTS, at.index), horizon)
    late += _course_fall(curve, at.index, horizon) if at.gap > 0 else 0.0
    low, high = from_scale(before, log=curve.log), from_scale(after, log=curve.log)
    reach = reach_of(abs(at.gap) / float(curve.local_noise[at.index]))
    return Change(
        series=curve.name,
        kind="level_up" if at.gap > 0 else "level_down",
        index=at.index,
        step=int(curve.steps[at.index]),
        before=low,
        after=high,
        delta=high - low,
        ratio=high / low if low > 0 and high > 0 else None,
        sigma=at.sigma,
        stays=min(max((late - before) / (after - before), 0.0), 1.0) if after != before else 0.0,
        aligned_to=align(curve, at.index, landmarks, reach=reach),
    )


def change_at(curve: Curve, at: Break, landmarks: tuple[Landmark, ...]) -> Change:
    """One break that nothing follows, as a change."""
    return _change(curve, [at], landmarks)


def _level(curve: Curve, start: int, stop: int) -> float:
    return median(curve.scaled[max(start, 0) : stop])
