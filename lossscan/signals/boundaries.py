"""Known landmarks are tested in place, against every other place of the same run.

No search, no selection: the gap at the boundary itself, compared with gaps where nothing is known
to happen (placebos). The steps found at the landmarks are taken out before the placebos are drawn,
or they would be compared with themselves.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import numpy as np
from msgspec import Struct

from lossscan.model import BoundaryTest, Curve, Excursion, Landmark, LandmarkKind
from lossscan.numeric.arrays import FloatArray, IntArray, distinct
from lossscan.numeric.medians import median, robust_sigma, spacing
from lossscan.signals.clean import from_scale
from lossscan.signals.gaps import MIN_SIDE, gaps_between, placebos_in

WIDTHS = (6, 24, 96)  # points a side: short for sharp steps, long for small ones in much noise
MIXED = 0.1  # of a logging window on the far side: less does not shift the window's mean visibly
WALL_REACH = 6  # points within which a change found by search is the landmark's own
MIN_PLACEBOS = 8  # fewer tell nothing of their spread; white noise is assumed then
LEAST_ROOM = 2  # points a side: both sides share one slope, and many boundaries are judged together
NEIGHBORS = 5  # points; the outermost may be odd
ODD_SIGMA = 3.0  # from the median of the other four: 1 in 100 for normal noise
LEVEL_POINTS = 6  # a side, whose medians are the levels: epochs may be short and slope
EDGE_POINTS = 3  # a side, around whose medians a step is quoted: a descent before it is far above


class Place(Struct, frozen=True):
    """Where a landmark falls among the points: `[start, stop)` are touched by both sides."""

    landmark: Landmark
    start: int
    stop: int
    room: int  # points to the nearest other place, wall or end, on the shorter side


def judge_landmarks(
    curve: Curve,
    landmarks: Iterable[Landmark],
    *,
    averaged: bool,
    walls: Iterable[int] = (),
    excursions: Iterable[Excursion] = (),
) -> tuple[BoundaryTest, ...]:
    """The step at each landmark that has at least 2 points on each side; in order.

    `walls`: indices of changes with causes of their own, which no window may cross.
    `excursions`: passed over, since the end of one is no step of the course.
    """
    places = _places(curve, landmarks, tuple(walls), averaged=averaged)
    if not places:
        return ()
    excursions = tuple(excursions)
    room = max(place.room for place in places)
    widths = [w for at, w in enumerate(WIDTHS) if at == 0 or WIDTHS[at - 1] < room]
    start, stop, most = np.array([(at.start, at.stop, at.room) for at in places]).T
    side = np.minimum(most, np.array(widths)[:, None])
    sizes, errors = gaps_between(bridged(curve, excursions), start, stop, side)
    errors *= curve.local_noise[np.minimum(stop, len(curve.steps) - 1)]
    elsewhere = []
    for row, width in enumerate(widths):
        flat = _flattened(bridged(curve, excursions), places, sizes[row].tolist())
        others = _elsewhere(curve, flat, width)
        del flat  # before another takes memory
        spread = _spread(others)
        errors[row] *= spread
        elsewhere.append(others / spread)
    rest = np.sort(np.concatenate(elsewhere))
    sigmas = sizes / errors
    sigmas[~np.isfinite(sigmas)] = 0.0
    surest = np.abs(sigmas).argmax(axis=0), np.arange(len(places))
    edges = _at_the_edges(sizes[surest], sizes[0], errors[0])
    found = zip(places, sigmas[surest].tolist(), sizes[surest].tolist(), edges, strict=True)
    return tuple(_test(curve, *each, rest) for each in found if each[1] != 0)


def _at_the_edges(surest: FloatArray, near: FloatArray, errors: FloatArray) -> list[float]:
    """The steps to quote at k landmarks: the surest, or that of near points where it is another.

    A wide window takes a bend for a part of the step. In real and in trained runs the size is then
    off by 3.7 and 2.4% on average, the surest by 8.4 and 3.2, the medians of six points by 6.7
    and 3.1.
    """
    differ = (np.abs(near - surest) > errors) & (near * surest > 0)
    quoted: list[float] = np.where(differ, near, surest).tolist()
    return quoted


def _elsewhere(curve: Curve, flat: FloatArray, width: int) -> FloatArray:
    """The placebos of the curve without its steps, behind the initial descent."""
    first = curve.descent_end
    (others,) = placebos_in(flat[first:], curve.local_noise[first:], width)
    return np.asarray(others)


def bridged(curve: Curve, excursions: Iterable[Excursion]) -> FloatArray:
    """(n,) the curve with a straight line in the place of each excursion that comes back."""
    level = curve.clipped.copy()
    within = (e for e in excursions if curve.descent_end < e.start and e.stop < len(level))
    for away in within:
        before = median(level[max(away.start - MIN_SIDE, 0) : away.start])
        after = median(level[away.stop : away.stop + MIN_SIDE])
        line = np.linspace(before, after, away.stop - away.start + 2)
        level[away.start : away.stop] = line[1:-1]
    return level


def _places(
    curve: Curve, landmarks: Iterable[Landmark], walls: Iterable[int], *, averaged: bool
) -> list[Place]:
    marks = sorted(landmarks, key=lambda mark: mark.step)
    every = spacing(curve.steps) if marks else 0.0
    spans = [
        (mark, *_trimmed(curve, *_span(curve.steps, mark, every, averaged=averaged)))
        for mark in marks
    ]
    edges: dict[LandmarkKind | None, list[int]] = {None: sorted(walls)}
    for mark, *span in spans:
        edges.setdefault(mark.kind, []).extend(span)
    ordered = {kind: sorted(each) for kind, each in edges.items()}
    places = []
    for mark, start, stop in spans:
        apart = dict.fromkeys(ordered, MIN_SIDE) | {None: WALL_REACH, mark.kind: 1}
        below = [_below(each, start - apart[kind] + 1) for kind, each in ordered.items()]
        above = [_above(each, stop + apart[kind] - 1) for kind, each in ordered.items()]
        floor = max([0, *below, *([curve.descent_end] if curve.descent_end < start else [])])
        roof = min([len(curve.steps), *above])
        room = min(start - floor, roof - stop)
        if room >= LEAST_ROOM and start > curve.descent_end:
            places.append(Place(mark, start, stop, room))
    return places


def _below(edges: Sequence[int], index: int) -> int:
    """The last of some edges before an index, or the beginning."""
    at = bisect_left(edges, index)
    return edges[at - 1] if at else 0


def _above(edges: Sequence[int], index: int) -> int:
    """The first of some edges behind an index, or no end."""
    at = bisect_right(edges, index)
    return edges[at] if at < len(edges) else sys.maxsize


def _span(steps: IntArray, mark: Landmark, every: float, *, averaged: bool) -> tuple[int, int]:
    """The points that may be on either side: those in doubt, and a window that covers both."""
    start = bisect_right(steps, mark.step - mark.slack)
    stop = bisect_right(steps, mark.step + mark.slack)
    if averaged and stop < len(steps):
        stop += mark.step + mark.slack - (steps[stop] - every) > MIXED * every
    return start, int(stop)


def _trimmed(curve: Curve, start: int, stop: int) -> tuple[int, int]:
    """The span with a lone odd point at either edge taken in.

    The last accumulation group or batch of an epoch may be incomplete: one point is off there, and
    is no level.
    """
    level, odd = curve.scaled, ODD_SIGMA * curve.noise
    before, after = level[max(start - NEIGHBORS, 0) : start], level[stop : stop + NEIGHBORS]
    start -= _is_odd(before[::-1], odd)
    stop += _is_odd(after, odd)
    return start, stop


def _is_odd(values: FloatArray, odd: float) -> bool:
    """Whether the first of five values is off the level of the others, and off their slope."""
    if len(values) < NEIGHBORS:
        return False
    first, rest = float(values[0]), values[1:]
    straight = float(rest[0]) - median(np.diff(rest))
    return abs(first - median(rest)) > odd and abs(first - straight) > odd


def _first_after(steps: IntArray, mark: Landmark) -> int:
    """The first logged step that holds anything of what is behind the landmark."""
    return int(steps[min(bisect_right(steps, mark.step), len(steps) - 1)])


def _flattened(level: FloatArray, places: list[Place], sizes: Iterable[float]) -> FloatArray:
    """`level` itself, the steps at the landmarks taken out, and a line in place of mixed points.

    What is left of a step, or a lone odd point there, would count as noise: in a run of 20 points
    it doubles the spread.
    """
    steps, mixed = dict.fromkeys((0, len(level)), 0.0), np.zeros(len(level), dtype=bool)
    for place, size in zip(places, sizes, strict=True):
        mixed[place.start : place.stop] = True
        steps[place.stop] = steps.get(place.stop, 0.0) + (size if math.isfinite(size) else 0.0)
    edges = sorted(steps)
    heights = accumulate(steps[edge] for edge in edges[:-1])
    for (start, stop), height in zip(pairwise(edges), heights, strict=True):
        level[start:stop] -= height
    inside = np.flatnonzero(mixed)
    around = distinct(np.clip((inside - 1, inside + 1), 0, len(level) - 1).ravel())
    pure = around[~mixed[around]]  # all pure ones would take more memory than the curve
    if len(inside):
        level[inside] = np.interp(inside, pure, level[pure])
    return level


def _spread(others: FloatArray) -> float:
    """Never below 1: the error of white noise is the least there is."""
    return 1.0 if len(others) < MIN_PLACEBOS else max(robust_sigma(others), 1.0)


def _levels(curve: Curve, place: Place, most: int) -> tuple[float, float]:
    """The medians of up to `most` points before a place and behind it."""
    near = min(place.room, most)
    before = curve.scaled[max(place.start - near, 0) : place.start]
    return median(before), median(curve.scaled[place.stop : place.stop + near])


def _test(
    curve: Curve, place: Place, sigma: float, gap: float, edge: float, elsewhere: FloatArray
) -> BoundaryTest:
    """`elsewhere`: the placebos, in order; `edge`: the step that is quoted."""
    before, after = _levels(curve, place, LEVEL_POINTS)
    middle = sum(_levels(curve, place, EDGE_POINTS)) / 2
    above = len(elsewhere) - int(np.searchsorted(elsewhere, sigma))
    below = int(np.searchsorted(elsewhere, sigma, side="right"))
    extreme = above if sigma > 0 else below
    return BoundaryTest(
        landmark=place.landmark,
        index=place.stop,
        step=_first_after(curve.steps, place.landmark),
        before=from_scale(middle - edge / 2, log=curve.log),
        after=from_scale(middle + edge / 2, log=curve.log),
        gap=gap,
        shift=after - before,
        sigma=sigma,
        p_value=(extreme + 1) / (len(elsewhere) + 1),
        points=place.room,
    )
