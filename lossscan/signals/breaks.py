"""Where a curve goes over to another level.

ruptures proposes, the gap statistic decides. What is searched is the curve minus its wide running
mean: that high-pass takes the decay away and leaves each step as a sharp edge. Every proposal is
then refined and tested on the curve itself against the same statistic at all other places of the
run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from lossscan.model import Curve
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray
from lossscan.numeric.medians import robust_sigma, row_sigmas
from lossscan.signals.clean import running_mean
from lossscan.signals.gaps import MIN_SIDE, gaps, placebos, sums_of, windows_at
from lossscan.signals.pieces import level_edges, line_edges

MIN_SEARCH = 12  # points; below, two windows of 6 do not fit
MAX_BINS = 1500  # KernelCPD takes 5 ms for these; its cost grows with the square
WIDTHS = (
    6,
    12,
    24,
    48,
    96,
    192,
    384,
)  # points a side: short ones are sharp, long ones see small steps
MAX_WIDTH_SHARE = 3  # a window may hold a third of the run: two of them leave a third for placebos
STEP_SHARE = 0.6  # of a gap that must remain beside a cubic: a step keeps all of it, a bend little
MAX_BREAKS = 30  # a run with more is noise on another scale
SIGMA_TO_CONFIRM = 6.0  # see tests/accuracy: 1 % of simulated clean curves have a gap beyond it
SLOPE_PENALTY = 6.0  # noise variances times log n for a knot: its place and two slopes (BIC)
REFINE = 3  # points either way in which a break's place is looked for again
HALF_SHARE = 0.6  # of a gap that half the window must show: all of a step, 1/8 of a bend,
QUARTER_SHARE = 0.4  # and a quarter of it: 1/64; below 1 by what noise takes away at 6 sigma


@dataclass(frozen=True, slots=True)
class Break:
    """A confirmed change of level."""

    index: int  # first point on the new level
    gap: float  # on the curve's scale
    sigma: float  # gap in its own standard errors, the run's own spread included
    width: int  # points a side that showed it best


def gap_ratios(curve: Curve) -> FloatArray:
    """(w, k) gaps in standard errors at every place behind the initial descent, by width.

    Empty where the course is too short to be searched.
    """
    level, noise = _course(curve)
    if len(level) < MIN_SEARCH:
        return np.empty((0, 0))
    return placebos(sums_of(level), noise, *_widths(len(level)))


def find_breaks(
    curve: Curve, ratios: FloatArray, *, threshold: float = SIGMA_TO_CONFIRM
) -> list[Break]:
    """The level shifts of a curve after its initial descent, in order; at most 30.

    `ratios` are its `gap_ratios`: the run's own spread only takes from them, and where none is
    large enough, as in 19 of 20 healthy series, no search is needed.
    """
    if not np.any(np.abs(ratios).max(axis=1, initial=0.0) >= threshold):
        return []
    first, (level, noise) = curve.settled, _course(curve)
    candidates = _candidates(level.copy(), noise, threshold)
    return [
        Break(b.index + first, b.gap, b.sigma, b.width)
        for b in _confirmed(level, noise, candidates, threshold)
    ]


def least_step(
    curve: Curve, ratios: FloatArray, *, threshold: float = SIGMA_TO_CONFIRM
) -> float | None:
    """The smallest change of level in the middle of the course that the noise would not hide.

    On the curve's scale, from its `gap_ratios`; None where it is too short to be searched.
    """
    if not len(ratios):
        return None
    n = len(curve.steps) - curve.settled
    middle = windows_at(np.array([n // 2]), *_widths(n), n=n)
    spread = np.fmax(row_sigmas(ratios), 1.0)  # as `spread_of` each; NaN is no spread
    return threshold * curve.noise * float((middle.error[:, 0] * spread).min())


def _course(curve: Curve) -> tuple[FloatArray, FloatArray]:
    """What is searched, behind the initial descent: the levels, and the noise of each."""
    return curve.clipped[curve.settled :], curve.local_noise[curve.settled :]


def _widths(n: int) -> tuple[int, ...]:
    """The widths that a course of n points has room for."""
    widest = max(n // MAX_WIDTH_SHARE, WIDTHS[0])
    return tuple(width for width in WIDTHS if width <= widest)


def _candidates(level: FloatArray, noise: FloatArray, threshold: float) -> list[Break]:
    """The strongest is taken first and its step removed, so that it does not hide another."""
    found: list[Break] = []
    proposals = _propose(level)
    while len(proposals) and len(found) < MAX_BREAKS:
        best = _strongest(level, noise, proposals, threshold)
        if best is None:
            break
        proposals = proposals[np.abs(proposals - best.index) > 1]
        if step_beside_bend(level, best) >= STEP_SHARE * abs(best.gap):
            found.append(best)
            level[best.index :] -= best.gap
    return sorted(found, key=lambda b: b.index)


def _confirmed(
    level: FloatArray, noise: FloatArray, found: list[Break], threshold: float
) -> list[Break]:
    """All breaks measured again between their neighbours, the weakest dropped until all stand."""
    while found:
        edges = [0, *[b.index for b in found], len(level)]
        flat = _without(level, found)
        found = [
            _measured((level, flat), noise, b, min(b.index - before, after - b.index, b.width))
            for b, before, after in zip(found, edges[:-2], edges[2:], strict=True)
        ]
        weakest = min(found, key=lambda b: abs(b.sigma))
        apart = all(b.index - a.index >= MIN_SIDE for a, b in pairwise(found))
        if abs(weakest.sigma) >= threshold and apart:
            return found
        found.remove(weakest)
    return found


def _without(level: FloatArray, found: Iterable[Break]) -> FloatArray:
    """The curve with the steps at breaks taken out: none is compared with itself."""
    flat = level.copy()
    for at in found:
        flat[at.index :] -= at.gap
    return flat


def _measured(
    curves: tuple[FloatArray, FloatArray], noise: FloatArray, at: Break, side: int
) -> Break:
    """The break at its best place near by, with windows that reach no other break.

    `curves`: with its steps, and without them, where the placebos are.
    """
    level, flat = map(sums_of, curves)
    if side < MIN_SIDE:
        return replace(at, sigma=0.0)
    places = np.arange(at.index - REFINE, at.index + REFINE + 1)
    places = places[(places >= MIN_SIDE) & (places <= len(level) - MIN_SIDE)]
    here = windows_at(places, side, n=len(level))
    (size,), (errors,) = gaps(level, here), here.error
    best = int(np.argmax(np.abs(size / errors)))  # the noise is the same for all of them
    error = errors[best] * noise[at.index] * spread_of(placebos(flat, noise, side)[0])
    return Break(int(places[best]), float(size[best]), float(size[best] / error), at.width)


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
    bins = level[: len(level) // size * size].reshape(-1, size).mean(axis=1)
    wide = max(len(bins) // 5, 6)
    flat = bins - running_mean(bins, wide)
    noise = max(robust_sigma(np.diff(flat)) / np.sqrt(2), np.finfo(np.float64).eps)
    penalty = 2 * noise**2 * np.log(len(bins))  # BIC of one break; too many are proposed on purpose
    edges = np.array(level_edges(flat, penalty), dtype=np.int64) * size
    reach = np.arange(-size - 1, size + 2)
    near = np.unique((edges[:, None] + reach[None, :]).ravel())
    return near[(near >= MIN_SIDE) & (near <= len(level) - MIN_SIDE)]


def linear_segments(bins: FloatArray, noise: float) -> list[int]:
    """First indices of the straight pieces that a continuous line through the bins is made of."""
    return line_edges(bins, SLOPE_PENALTY * noise**2 * float(np.log(len(bins))))


def _strongest(
    level: FloatArray, noise: FloatArray, proposals: IntArray, threshold: float
) -> Break | None:
    """The proposal with the largest gap in standard errors over all widths; none below that."""
    widths = _widths(len(level))
    at = windows_at(proposals, *widths, n=len(level))
    size = gaps(sums_of(level), at)
    half, quarter = (size[np.maximum(np.arange(len(widths)) - k, 0)] for k in (1, 2))
    step = _shows(half, size, HALF_SHARE) & _shows(quarter, size, QUARTER_SHARE)
    ratio = step * size / (at.error * noise[proposals])
    found = [
        Break(int(proposals[top]), float(size[row, top]), float(ratio[row, top]), width)
        for row, (width, top) in enumerate(zip(widths, np.abs(ratio).argmax(axis=1), strict=True))
    ]
    best, least = None, threshold
    for at_most in sorted(found, key=lambda at: -abs(at.sigma)):
        if abs(at_most.sigma) < least:  # the run's own spread would only take from it
            break
        sure = _beside_placebos(level, noise, at_most)
        if abs(sure.sigma) >= least:
            best, least = sure, abs(sure.sigma)
    return best


def _beside_placebos(level: FloatArray, noise: FloatArray, at: Break) -> Break:
    flat = sums_of(_without(level, [at]))
    return replace(at, sigma=at.sigma / spread_of(placebos(flat, noise, at.width)[0]))


def _shows(narrow: FloatArray, wide: FloatArray, share: float) -> BoolArray:
    """Whether a narrower window shows that share of the gap too, in the same direction."""
    return np.asarray(narrow * np.sign(wide) >= share * np.abs(wide))


def spread_of(ratio: FloatArray) -> float:
    """How many standard errors gaps of this run usually measure where nothing is known to happen.

    1 for white noise of the assumed size; more where noise is correlated or the trend is rough.
    """
    return max(robust_sigma(ratio[np.isfinite(ratio)]), 1.0)
