"""The gap between two local lines: how far a curve steps at a place, its trend removed.

At index `i` a line is fitted to the window before and one to the window after, with one common
slope (an analysis of covariance). The gap is the distance of the two lines at `i`. It is blind to
any line and parabola, so that a decay that bends gently makes none; windows of equal length w give
it a variance of about 8/w of that of one point.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from lossscan.numeric.arrays import FloatArray, IntArray, blocks

MIN_SIDE = 3  # points: fewer have no slope of their own
REMEMBERED = 500  # points; the windows of a longer curve are not worth their memory
MANY_LENGTHS = 256  # of windows that are remembered, 40 MB at most: a batch meets them again
SAMPLED = 20_000  # places at most that tell the spread of a run: its own error is then 1 %
BLOCK = 1 << 15  # places taken together: their sums fit the cache of a core
AT_ONCE = 1 << 13  # the same of places that are gathered: of each are some fifty numbers
SPAN = 1 << 16  # points from the first to the last of these


class Break(Struct, frozen=True):
    """A confirmed change of level."""

    index: int  # first point on the new level
    gap: float  # on the curve's scale
    sigma: float  # gap in its own standard errors, the run's own spread included
    width: int  # points a side that showed it best


class Windows(Struct, frozen=True):
    """As many points before as after each of k places, 3 at least, and what follows from them."""

    left: IntArray  # (k,) the window before is [left, start)
    start: IntArray
    stop: IntArray  # the one after is [stop, right): what is between the two belongs to neither
    right: IntArray
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
    return sums_in(np.concatenate([[0.0], curve]))


def sums_in(room: FloatArray) -> Sums:
    """`sums_of` all but the first of some numbers, whose memory the moments take."""
    values = room[1:]
    values -= values.sum() / len(values)
    level = _summed(values)
    for at in blocks(len(values)):
        values[at] *= np.arange(at.start, at.stop)
    return Sums(level, room.cumsum(out=room))


def _summed(values: FloatArray) -> FloatArray:
    total = np.empty(len(values) + 1)
    total[0] = 0.0
    values.cumsum(out=total[1:])
    return total


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
    return windows(places - origin, places - origin, sides(places, *widths, n=n))


def sides(places: IntArray, *widths: int, n: int) -> IntArray:
    """(w, k) points of each width on each side of the places, within `[0, n)`."""
    return np.asarray(np.minimum(np.minimum(places, n - places), np.array(widths)[:, None]))


def _measured(
    edges: tuple[IntArray, IntArray, IntArray, IntArray],
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
    covariance = moment[at.start] - moment[at.left] - at.early * early
    covariance = covariance + (moment[at.right] - moment[at.stop]) - at.late * late
    slope = covariance / at.spread
    return np.asarray(late / at.count - early / at.count - slope * at.apart)


def gaps_near(
    level: FloatArray, places: IntArray, *widths: int, without: tuple[int, float] = (0, 0.0)
) -> tuple[FloatArray, FloatArray]:
    """(w, k) the gap at each of some places close together, from what is around them alone.

    Also its standard error for points of unit noise. `without`: the index and size of a step that
    is taken out before.
    """
    if not len(places):
        return np.empty((len(widths), 0)), np.empty((len(widths), 0))
    reach = max(widths)
    first, last = max(int(places[0]) - reach, 0), int(places[-1]) + reach
    at, (index, step) = windows_at(places, *widths, n=len(level), origin=first), without
    piece = level[first:last].copy()
    piece[max(index - first, 0) :] -= step
    return gaps(sums_of(piece), at), at.error


def gaps_at(level: FloatArray, places: IntArray, *widths: int) -> tuple[FloatArray, FloatArray]:
    """`gaps_near` of places anywhere, in order."""
    return gaps_between(level, places, places, sides(places, *widths, n=len(level)))


def gaps_between(
    level: FloatArray, start: IntArray, stop: IntArray, side: IntArray
) -> tuple[FloatArray, FloatArray]:
    """(w, k) gaps and errors of `windows`: the sums of a long curve are taken piece by piece."""
    if len(level) <= SAMPLED:
        at = windows(start, stop, side)
        return gaps(sums_of(level), at), at.error
    sizes, errors = np.empty(side.shape), np.empty(side.shape)
    for near in together(start):
        early, late, reach = start[near], stop[near], side[:, near]
        first, last = int((early - reach).min()), int((late + reach).max())
        at = windows(early - first, late - first, reach)
        sizes[:, near], errors[:, near] = gaps(sums_of(level[first:last]), at), at.error
    return sizes, errors


def ratios_near(
    level: FloatArray,
    noise: FloatArray,
    places: IntArray,
    *widths: int,
    without: tuple[int, float] = (0, 0.0),
) -> FloatArray:
    """(w, k) `gaps_near` in their standard errors."""
    found, error = gaps_near(level, places, *widths, without=without)
    return np.asarray(found / (error * noise[places]))


def together(places: IntArray) -> Iterator[slice]:
    """Places in order, so many at a time that what is worked out for them and near fits a cache."""
    first = 0
    while first < len(places):
        near = int(np.searchsorted(places, places[first] + SPAN))
        last = min(first + AT_ONCE, near)
        yield slice(first, last)
        first = last


def placebo_places(n: int) -> IntArray:
    """(k,) every place that has 3 points on each side; of a long curve 20,000, evenly spread."""
    return np.arange(MIN_SIDE, n - MIN_SIDE + 1, -(-n // SAMPLED))


def placebos(sums: Sums, noise: FloatArray, *widths: int) -> FloatArray:
    """(w, k) gaps in their standard errors at the `placebo_places`."""
    n, places = len(sums), placebo_places(len(sums))
    at = everywhere(n, *widths) if n <= SAMPLED else windows_at(places, *widths, n=n)
    return np.asarray(gaps(sums, at) / (at.error * noise[places]))


def placebos_in(curve: FloatArray, noise: FloatArray, *widths: int) -> FloatArray:
    """`placebos` of a curve whose sums are asked for no more."""
    if len(curve) <= SAMPLED:
        return placebos(sums_of(curve), noise, *widths)
    places = placebo_places(len(curve))
    found, error = gaps_at(curve, places, *widths)
    return np.asarray(found / (error * noise[places]))


def survey(level: FloatArray, noise: FloatArray, *widths: int) -> tuple[FloatArray, float]:
    """`placebos` of a long curve, and the largest gap of all places, in the same units."""
    n, reach = len(level), max(widths)
    every, tops = -(-n // SAMPLED), []
    found = np.empty((len(widths), len(placebo_places(n))))
    for places in (np.arange(MIN_SIDE, reach), np.arange(n - reach + 1, n - MIN_SIDE + 1)):
        ratios = ratios_near(level, noise, places, *widths)
        some, left = divmod(places - MIN_SIDE, every)
        found[:, some[left == 0]] = ratios[:, left == 0]
        tops.append(float(np.fmax.reduce(np.abs(ratios), axis=None, initial=0.0)))
    for at in blocks(n - 2 * reach + 1, BLOCK):
        first = at.start + reach
        some, left = -(-(first - MIN_SIDE) // every), -(first - MIN_SIDE) % every
        piece = level[at.start : at.stop + 2 * reach]
        for row, ratios in enumerate(_ratios(piece, noise[first : at.stop + reach], widths)):
            tops.append(float(np.fmax.reduce(np.abs(ratios))))
            here = ratios[left::every]
            found[row, some : some + len(here)] = here
    return found, float(np.fmax.reduce(tops))


def _ratios(piece: FloatArray, noise: FloatArray, widths: Sequence[int]) -> Iterator[FloatArray]:
    """Gaps in standard errors by width, of places side by side and so many points around them.

    Where all windows of a width are whole, the gap is one sum of what five slices hold: sums of
    first order at the three edges, and of second order, for the slopes, between the outer two.
    """
    first, count, per_noise = max(widths), len(noise), 1 / noise
    once = _summed(piece - piece.mean())
    twice = once.cumsum()
    for width in widths:
        left, here, right = (slice(at, at + count) for at in (first - width, first, first + width))
        steep = 6 / (width * width - 1)  # of the slope's share: width over the windows' spread
        error = math.sqrt(2 / width + steep * width)
        found = (twice[right] - twice[left]) * (steep / error)
        found += once[left] * ((1 / width - steep * (width - 1) / 2) / error)
        found -= once[here] * ((2 / width + steep * width) / error)
        found += once[right] * ((1 / width - steep * (width + 1) / 2) / error)
        found *= per_noise
        yield found
