"""Where a curve goes over to another level.

ruptures proposes, the gap statistic decides. What is searched is the curve minus its wide running
mean: that high-pass takes the decay away and leaves each step as a sharp edge. Every proposal is
then refined and tested on the curve itself against the same statistic at all other places of the
run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lossscan.model import Curve
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.numeric.medians import block_means, row_sigmas, step_noise
from lossscan.signals.clean import running_mean
from lossscan.signals.flattening import Flattening, near_gaps, spread_of
from lossscan.signals.gaps import (
    MIN_SIDE,
    SAMPLED,
    Break,
    gaps_near,
    placebos,
    sums_in,
    sums_of,
    survey,
    windows_at,
)
from lossscan.signals.lone_step import find_lone_step
from lossscan.signals.pieces import level_edges, line_edges

MIN_SEARCH = 12  # points; below, two windows of 6 do not fit
MAX_BINS = 1500  # KernelCPD takes 5 ms for these; its cost grows with the square
WIDTHS = (6, 12, 24, 48, 96, 192, 384)  # points a side: short is sharp, long sees small steps
MAX_WIDTH_SHARE = 3  # a window may hold a third of the run: two of them leave a third for placebos
STEP_SHARE = 0.6  # of a gap, left after fitting a cubic: a step keeps all of it, a bend little
MAX_BREAKS = 30  # a run with more is noise on another scale,
POINTS_A_BREAK = 10_000  # except a long one, which may have one in so many points,
MANY_BREAKS = 300  # up to so many: the search has five times as many bins
SIGMA_TO_CONFIRM = 6.0  # see tests/accuracy: 1 % of simulated clean curves have a gap beyond it
SIGMA_OF_ONE = 4.5  # the lone step of a short run shows so much at least; 9 in 10 clean runs less
SLOPE_PENALTY = 6.0  # noise variances times log n for a knot: its place and two slopes (BIC)
# Of a gap that the levels before and after must show: lines fitted to where a curve begins to climb
# have a gap that is none. 59 of 60 such falls in simulated climbs show less, and 9 of 60 breaks of
# labeled runs, which change no score of these. A level is the mean of ten points, of an eighth of
# the window in which the place of the break may be that far off, or of as many as tell a quarter
# of the gap.
SEEN, SEEN_POINTS, SEEN_SHARE, TELLING = 0.36, 10, 8, 32.0
REFINE = 3  # points either way in which a break's place is looked for again


class GapRatios(Struct, frozen=True):
    """The gaps of a curve in standard errors, behind the initial descent."""

    placebos: FloatArray  # (w, k) by width; empty where the course is too short to be searched
    strongest: float  # of all places


def gap_ratios(curve: Curve) -> GapRatios:
    """How far a curve steps, everywhere; no place is known to be a break yet."""
    level, noise = _course(curve)
    if len(level) < MIN_SEARCH:
        return GapRatios(np.empty((0, 0)), 0.0)
    widths = _widths(len(level))
    if len(level) > SAMPLED:
        return GapRatios(*survey(level, noise, *widths))
    found = placebos(sums_of(level), noise, *widths)
    return GapRatios(found, float(np.fmax.reduce(np.abs(found), axis=None)))


def find_breaks(curve: Curve, ratios: GapRatios) -> list[Break]:
    """The level shifts of a curve after its initial descent, in order.

    `ratios` are its `gap_ratios`: the run's own spread only takes from them, and where none is
    large enough, as in 19 of 20 healthy series, no search is needed.
    """
    first, (level, noise) = curve.descent_end, _course(curve)
    found: list[Break] = []
    if ratios.strongest >= SIGMA_TO_CONFIRM:
        found = _confirmed(level, noise, _candidates(level, noise, ratios.placebos))
    if len(found) <= 1 and ratios.strongest >= SIGMA_OF_ONE:
        found = _with_lone_step(level, found)
    return [
        Break(b.index + first, b.gap, b.sigma, b.width) for b in found if _is_seen(level, noise, b)
    ]


def _with_lone_step(level: FloatArray, found: list[Break]) -> list[Break]:
    """The one break of a short run, or none, with its lone step: all points tell more than windows.

    Where the two are at different places, the break of the windows is kept.
    """
    lone = find_lone_step(level)
    if lone is None:
        return found
    if not found:
        return [lone]
    (own,) = found
    same = abs(own.index - lone.index) <= REFINE and lone.sigma / own.sigma > 1
    return [replace(own, sigma=lone.sigma)] if same else found


def least_step(curve: Curve, ratios: GapRatios) -> float | None:
    """The smallest change of level in the middle of the course that the noise would not hide.

    On the curve's scale, from its `gap_ratios`; None where it is too short to be searched.
    """
    if not len(ratios.placebos):
        return None
    n = len(curve.steps) - curve.descent_end
    middle = windows_at(np.array([n // 2]), *_widths(n), n=n)
    spread = np.fmax(row_sigmas(ratios.placebos), 1.0)  # as `spread_of` each; NaN is no spread
    return SIGMA_TO_CONFIRM * curve.noise * float((middle.error[:, 0] * spread).min())


def _course(curve: Curve) -> tuple[FloatArray, FloatArray]:
    """The part after the initial descent, which is searched: levels, and the noise of each."""
    return curve.clipped[curve.descent_end :], curve.local_noise[curve.descent_end :]


def _widths(n: int) -> tuple[int, ...]:
    """The widths that a course of n points has room for."""
    widest = max(n // MAX_WIDTH_SHARE, WIDTHS[0])
    return tuple(width for width in WIDTHS if width <= widest)


def _candidates(level: FloatArray, noise: FloatArray, placebos: FloatArray) -> list[Break]:
    """The strongest is taken first and its step removed, so that it does not hide another."""
    found: list[Break] = []
    proposals, widths = _propose(level), _widths(len(level))
    if len(level) > SAMPLED:
        proposals = near_gaps(level, noise, proposals, widths, SIGMA_TO_CONFIRM)
    curve = Flattening(level, noise, proposals, placebos, widths)
    most = min(max(MAX_BREAKS, len(level) // POINTS_A_BREAK), MANY_BREAKS)
    while len(curve.proposals) and len(found) < most:
        best = _strongest(curve)
        if best is None:
            break
        curve.drop(best.index)
        if any(abs(best.index - other.index) < MIN_SIDE for other in found):
            continue  # what is left of a stronger one, which has no side between them to be told
        if step_beside_bend(curve.level, best) >= STEP_SHARE * abs(best.gap):
            found.append(best)
            curve.remove(best.index, best.gap)
    return sorted(found, key=lambda b: b.index)


def _strongest(curve: Flattening) -> Break | None:
    """The proposal with the largest gap in standard errors over all widths; none below that."""
    best, least = None, SIGMA_TO_CONFIRM
    for height, row, number in sorted(curve.highest(), key=lambda top: (-top[0], top[1])):
        if height < least:  # the run's own spread would only take from it
            break
        index, gap = int(curve.proposals[number]), curve.size(row, number)
        sigma = math.copysign(height, gap) / curve.spread_without(index, gap, row)
        if abs(sigma) >= least:
            best, least = Break(index, gap, sigma, curve.widths[row]), abs(sigma)
    return best


def _confirmed(level: FloatArray, noise: FloatArray, found: list[Break]) -> list[Break]:
    """All breaks measured again between their neighbors, the weakest dropped until all hold."""
    measured = _measuring(level, noise, found)
    while found:
        edges = [0, *[b.index for b in found], len(level)]
        if len(level) <= SAMPLED:  # of a longer one, a step moves the spread by a thousandth
            measured = _measuring(level, noise, found)
        found = [
            measured(b, min(b.index - before, after - b.index, b.width))
            for b, before, after in zip(found, edges[:-2], edges[2:], strict=True)
        ]
        weakest = min(found, key=lambda b: abs(b.sigma))
        apart = all(b.index - a.index >= MIN_SIDE for a, b in pairwise(found))
        if abs(weakest.sigma) >= SIGMA_TO_CONFIRM and apart:
            return found
        found.remove(weakest)
    return found


def _measuring(
    level: FloatArray, noise: FloatArray, found: Sequence[Break]
) -> Callable[[Break, int], Break]:
    """What measures a break within a side, once: when another is dropped, most stay as they are."""
    spread = _spreads(_without(level, found), noise)
    return cache(lambda at, side: _measured(level, noise, at, side, spread))


def _without(level: FloatArray, found: Sequence[Break]) -> FloatArray:
    """The curve with the steps at breaks taken out: none is compared with itself.

    Behind a zero, as `sums_in` takes it.
    """
    room, height = np.concatenate([[0.0], level]), 0.0
    flat = room[1:]
    edges = [*(at.index for at in found), len(level)]
    for at, end in zip(found, edges[1:], strict=True):
        height += at.gap
        flat[at.index : end] -= height
    return room


def _spreads(flat: FloatArray, noise: FloatArray) -> Callable[[int], float]:
    """The spread of the gaps of a curve behind a zero by the points a side, each measured once."""
    sums = sums_in(flat)
    return cache(lambda side: spread_of(placebos(sums, noise, side)[0]))


def _measured(
    level: FloatArray, noise: FloatArray, at: Break, side: int, spread: Callable[[int], float]
) -> Break:
    """The break at its best place near by, with windows that reach no other break.

    `spread` is that of the curve without its steps, where the placebos are.
    """
    if side < MIN_SIDE:
        return replace(at, sigma=0.0)
    places = np.arange(at.index - REFINE, at.index + REFINE + 1)
    places = places[(places >= MIN_SIDE) & (places <= len(level) - MIN_SIDE)]
    (size,), (errors,) = gaps_near(level, places, side)
    best = int(np.argmax(np.abs(size / errors)))  # the noise is the same for all of them
    error = errors[best] * noise[at.index] * spread(side)
    return Break(int(places[best]), float(size[best]), float(size[best] / error), at.width)


def _is_seen(level: FloatArray, noise: FloatArray, at: Break) -> bool:
    """Whether the levels next to a break differ by a good part of its gap, in its direction.

    A rise within a descent shows less: what falls on either side is the course itself.
    """
    telling = TELLING * (noise[at.index] / at.gap) ** 2  # the error of two means is sqrt(2 / n)
    side = int(min(max(telling, SEEN_POINTS, at.width // SEEN_SHARE), at.width))
    before, after = level[max(at.index - side, 0) : at.index], level[at.index : at.index + side]
    falls = max(slope_of(before), slope_of(after)) if at.gap > 0 else 0.0
    course = min(falls, 0.0) * (len(before) + len(after)) / 2
    return bool((after.mean() - before.mean() - course) / at.gap >= SEEN)


def slope_of(values: FloatArray) -> float:
    """The slope of the line through some points, by point."""
    x = np.arange(len(values)) - (len(values) - 1) / 2
    return float(x @ values / (x @ x))


def step_beside_bend(level: FloatArray, at: Break) -> float:
    """The step at a break where the trend of its window may be a cubic: a bend leaves none."""
    side = min(at.width, at.index, len(level) - at.index)
    x = np.linspace(-1, 1, 2 * side)
    columns = np.column_stack([np.ones_like(x), x, x**2, x**3, x > 0])
    fitted = np.linalg.lstsq(columns, level[at.index - side : at.index + side], rcond=None)[0]
    return float(fitted[-1] * np.sign(at.gap))


def _propose(level: FloatArray) -> IntArray:
    """Indices at which ruptures breaks the high-passed curve, each with its neighbours."""
    size = -(-len(level) // MAX_BINS)
    bins = block_means(level, size)
    wide = max(len(bins) // 5, 6)
    flat = bins - running_mean(bins, wide)
    noise = max(step_noise(flat), np.finfo(np.float64).eps)
    # BIC of one break, so that too many are proposed on purpose; `noise**2` of 1e155 would raise
    penalty = 2 * noise * noise * np.log(len(bins))
    edges = np.array(level_edges(flat, penalty), dtype=np.int64) * size
    near = np.zeros(len(level) - MIN_SIDE + 1, dtype=bool)
    for edge in edges.tolist():
        near[max(edge - size - 1, MIN_SIDE) : edge + size + 2] = True
    return np.flatnonzero(near)


def linear_segments(bins: FloatArray, noise: float) -> list[int]:
    """First indices of the straight pieces that a continuous line through the bins is made of."""
    return line_edges(bins, SLOPE_PENALTY * noise**2 * float(np.log(len(bins))))
