"""The gap between two local lines: how far a curve steps at a place, its trend removed.

At index `i` a line is fitted to the window before and one to the window after, with one common
slope (an analysis of covariance). The gap is the distance of the two lines at `i`. It is blind to
any line and parabola, so that a decay that bends gently makes none; windows of equal length w give
it a variance of about 8/w of that of one point.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lossscan.numeric.arrays import FloatArray, IntArray, blocks

MIN_SIDE = 3  # points: fewer have no slope of their own
REMEMBERED = 500  # points; the windows of a longer curve are not worth their memory
MANY_LENGTHS = 256  # of windows that are remembered, 40 MB at most: a batch meets them again
SAMPLED = 20_000  # places at most that tell the spread of a run: its own error is then 1 %
BLOCK = 1 << 15  # places taken together: their sums fit the cache of a core

_Indices: TypeAlias = IntArray | slice  # of places side by side: read where they are, not gathered


class Windows(Struct, frozen=True):
    """As many points before as after each of k places, 3 at least, and what follows from them."""

    left: _Indices  # (k,) the window before is [left, start)
    start: _Indices
    stop: _Indices  # the one after is [stop, right): what is between the two belongs to neither
    right: _Indices
    count: FloatArray  # (k,), or one for all: points of either
    early: FloatArray  # (k,) center of the window before
    late: FloatArray  # center of the window after
    apart: FloatArray  # distance of the two centres
    spread: FloatArray  # of the index within both windows, summed squares
    error: FloatArray  # standard error of the gap for points of unit noise


class Sums(Struct, frozen=True):
    """Sums of the first 0, 1, ..., n values of a curve, plain and times their index."""

    level: FloatArray  # (n + 1,)
    moment: FloatArray

    def __len__(self) -> int:
        return len(self.level) - 1


def sums_of(curve: FloatArray) -> Sums:
    """What makes the line through any window O(1)."""
    centred = curve - curve.sum() / len(curve)
    level = _summed(centred)
    centred *= np.arange(len(curve))
    return Sums(level, _summed(centred))


def gaps_in(curve: FloatArray, at: Windows) -> FloatArray:
    """`gaps` of windows of a curve; the sums of a long one are kept at their edges alone."""
    if len(curve) <= SAMPLED:
        return gaps(sums_of(curve), at)
    edges, at = _edges_of(at)
    level, moment = np.zeros(len(edges)), np.zeros(len(edges))
    mean = curve.sum() / len(curve)
    last = 0.0, 0.0  # sums of what is before the block
    for block in blocks(len(curve)):
        centred = curve[block] - mean
        products = np.arange(block.start, block.stop) * centred
        sums = [_summed(each, first) for each, first in zip((centred, products), last, strict=True)]
        here = slice(*np.searchsorted(edges, (block.start, block.stop + 1)).tolist())
        level[here], moment[here] = (each[edges[here] - block.start] for each in sums)
        last = float(sums[0][-1]), float(sums[1][-1])
    return gaps(Sums(level, moment), at)


def _edges_of(at: Windows) -> tuple[IntArray, Windows]:
    """The edges of windows in order, each once, and windows that count these."""
    ends = [np.asarray(each) for each in (at.left, at.start, at.stop, at.right)]
    edges = np.unique(np.concatenate([each.ravel() for each in ends]))
    left, start, stop, right = (np.searchsorted(edges, each) for each in ends)
    return edges, replace(at, left=left, start=start, stop=stop, right=right)


def _summed(values: FloatArray, first: float = 0.0) -> FloatArray:
    total = np.empty(len(values) + 1)
    total[0], total[1:] = first, values
    return total.cumsum(out=total)


def windows(start: IntArray, stop: IntArray, side: IntArray) -> Windows:
    """Windows of `side` points before each `start` and from each `stop` on.

    Both sides are equal: only then is the gap blind to a parabola.
    """
    count = side.astype(np.float64)
    edges = (start - side, start, stop, stop + side)
    return _measured(edges, count, start - (count + 1) / 2, count + (stop - start))


def windows_at(places: IntArray, *widths: int, n: int, origin: int = 0) -> Windows:
    """(w, k) windows of up to each width on each side of the places, within `[0, n)`.

    Both sides shrink together at the ends. Counted from `origin`: for the sums from there on.
    """
    side = np.minimum(np.minimum(places, n - places), np.array(widths)[:, None])
    return windows(places - origin, places - origin, side)


def windows_along(first: int, last: int, side: int) -> Windows:
    """(k,) windows of `side` points on each side of each place of `[first, last)`."""
    here, count = slice(first, last), np.full(1, float(side))
    edges = (slice(first - side, last - side), here, here, slice(first + side, last + side))
    return _measured(edges, count, np.arange(first, last) - (count + 1) / 2, count)


def _measured(
    edges: tuple[_Indices, _Indices, _Indices, _Indices],
    count: FloatArray,
    early: FloatArray,
    apart: FloatArray,
) -> Windows:
    """Windows between these edges, with the spread and the error that follow from their points."""
    spread = (count * count * count - count) / 6  # count**3 takes ten times as long
    error = np.sqrt(2 / count + apart**2 / spread)
    return Windows(*edges, count, early, early + apart, apart, spread, error)


def everywhere(n: int, *widths: int) -> Windows:
    """(w, k) windows at every place of a curve that has 3 points on each side, from index 3 on."""
    return (_remembered if n <= REMEMBERED else _everywhere)(n, *widths)


def _everywhere(n: int, *widths: int) -> Windows:
    return windows_at(np.arange(MIN_SIDE, n - MIN_SIDE + 1), *widths, n=n)


_remembered = lru_cache(MANY_LENGTHS)(_everywhere)


def gaps(sums: Sums, at: Windows) -> FloatArray:
    """(k,) or (w, k) the gap at each place: after minus before."""
    level, moment = sums.level, sums.moment
    early, late = level[at.start] - level[at.left], level[at.right] - level[at.stop]
    covariance = (
        (moment[at.start] - moment[at.left] - at.early * early)
        + (moment[at.right] - moment[at.stop])
        - at.late * late
    )
    slope = covariance / at.spread
    return np.asarray(late / at.count - early / at.count - slope * at.apart)


def gaps_near(
    level: FloatArray, places: IntArray, *widths: int, without: tuple[int, float] = (0, 0.0)
) -> FloatArray:
    """(w, k) the gap at each of some places close together, from what is around them alone.

    `without`: the index and size of a step that is taken out before.
    """
    if not len(places):
        return np.empty((len(widths), 0))
    reach = max(widths)
    first, last = max(int(places[0]) - reach, 0), int(places[-1]) + reach
    at, (index, step) = windows_at(places, *widths, n=len(level), origin=first), without
    piece = level[first:last].copy()
    piece[max(index - first, 0) :] -= step
    return gaps(sums_of(piece), at)


def placebo_places(n: int) -> IntArray:
    """(k,) every place that has 3 points on each side; of a long curve 20,000, evenly spread."""
    return np.arange(MIN_SIDE, n - MIN_SIDE + 1, -(-n // SAMPLED))


def placebos(sums: Sums, noise: FloatArray, *widths: int) -> FloatArray:
    """(w, k) gaps in their standard errors at the `placebo_places`."""
    n = len(sums)
    at = everywhere(n, *widths) if n <= SAMPLED else windows_at(placebo_places(n), *widths, n=n)
    return _in_errors(gaps(sums, at), at, noise)


def placebos_in(curve: FloatArray, noise: FloatArray, *widths: int) -> FloatArray:
    """`placebos` of a curve whose sums are asked for no more."""
    n = len(curve)
    if n <= SAMPLED:
        return placebos(sums_of(curve), noise, *widths)
    at = windows_at(placebo_places(n), *widths, n=n)
    return _in_errors(gaps_in(curve, at), at, noise)


def _in_errors(found: FloatArray, at: Windows, noise: FloatArray) -> FloatArray:
    return np.asarray(found / (at.error * noise[placebo_places(len(noise))]))


def strongest(level: FloatArray, noise: FloatArray, *widths: int) -> float:
    """The largest gap in standard errors of all places and widths, up or down."""
    tops = (
        _strongest(level, noise, first, width)
        for first in range(MIN_SIDE, len(level) - MIN_SIDE + 1, BLOCK)
        for width in widths
    )
    return max(tops, default=0.0)


def _strongest(level: FloatArray, noise: FloatArray, first: int, width: int) -> float:
    """The same of the block of places that begins at `first`."""
    n, last = len(level), min(first + BLOCK, len(level) - MIN_SIDE + 1)
    if first < width or last > n - width:
        places = np.arange(first, last)
        found = gaps_near(level, places, width)[0] / windows_at(places, width, n=n).error[0]
    else:
        at = windows_along(width, width + last - first, width)
        found = gaps(sums_of(level[first - width : last + width]), at) / at.error
    return float(np.fmax.reduce(np.abs(found / noise[first:last])))
