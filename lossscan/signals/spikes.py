"""Points and short episodes that leave the course upward and come back to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from msgspec import Struct

from lossscan.model import Curve, Excursion
from lossscan.numeric.arrays import BLOCK, BoolArray, FloatArray, blocks, stretches
from lossscan.numeric.levels import BLOCK_POINTS, PEAK_SIGMA
from lossscan.numeric.medians import (
    above_median,
    medians_within,
    past_median,
    row_medians,
    spacing,
)
from lossscan.numeric.meetings import surely_meet
from lossscan.signals.clean import NOISE_WINDOW, from_scale
from lossscan.signals.dips import BLOCK_DIPS, as_shares, deepest_of, noise_reach

MIN_POINTS = 20  # fewer have no course that a point could leave
WINDOW_SHARE = 10  # the course is a median over a tenth of the run,
WINDOW_MIN, WINDOW_MAX = 11, 51  # long enough for noise, short enough for the trend
APART = 1.8  # times the highest lower peak: a heavy tail has points all the way up
SEVERAL = 3  # peaks: of a tail x ** -a so many stand APART by chance with APART ** (-3 * a)
JOINED_POINTS = 5  # between peaks of one unstable stretch: they do not vouch against each other
FAR_APART = 3.0  # times that, and twice the deepest dip: such a tail would have filled the gap
DEEPER = 2.0  # times the deepest dip, see FAR_APART
# Enough for one peak so many times all others and all dips: 12 % more of simulated spikes of 7
# units in 60 to 120 points are found; of 15,000 healthy runs, half of them with heavy tails, 21
# more are alarmed. The highest of 1,127 clean labeled runs is at 5.98.
LONE_SIGMA, LONELY = 6.0, 2.3
CALM_SIGMA = PEAK_SIGMA / FAR_APART  # the farthest of thirty normal points is at 2.13 of noise
EARLY_SIDE = 3  # points whose median is the level on either side of one in the descent
# Above the middle of both; a point must be ENTER_SIGMA above the higher too: of 617 clean runs
# none is beyond 6.9.
EARLY_SIGMA = 8.0
BLOCK_SIGMA = 7.0  # of 3 points in a row and more together: none of 1,650 clean runs has such a row
RECURRING_SIGMA = 4.5  # at the same place of two epochs: 1e-11 for two normal points
ENTER_SIGMA = 3.0  # an episode begins and ends here


class Heights(Struct, frozen=True):
    """How far the points of a curve are above its course, and what of that is noise."""

    window: int  # points of the running median that is the course
    sigma: FloatArray  # (n,) in noise units, 0 during the initial descent and within blocks
    settled: int  # index from which no median reaches into the descent
    dips: FloatArray  # the deepest distances below the course in noise units, deepest first
    tail: float  # how far noise alone may throw a point, judged by the dips
    reach: float  # noise units that a lone point must have
    blocks: tuple[float, ...]  # peak of each known excursion, 0 where dips are nearly as deep


def heights_of(
    curve: Curve, known: Iterable[Excursion] = (), steps: Sequence[int] = ()
) -> Heights | None:
    """The heights of a curve above its running median; None where there are too few points.

    `known`: excursions, `steps`: indices of changes of level found already; they say nothing of how
    far noise goes.
    """
    if len(curve.steps) < MIN_POINTS:
        return None
    window = min(max(len(curve.steps) // WINDOW_SHARE, WINDOW_MIN), WINDOW_MAX) | 1
    end = curve.descent_end
    sigma = np.zeros(len(curve.steps))
    for at in blocks(len(sigma) - end):
        here = slice(end + at.start, end + at.stop)
        sigma[here] = above_median(
            curve.scaled, _lone_noise(curve, here), window, here, ENTER_SIGMA
        )
    peaks = []
    for block in known:
        peaks.append(float(sigma[block.start : block.stop].max()))
        sigma[block.start : block.stop] = 0.0
    descent = end + window // 2 if end else 0  # until there the median reaches into it
    _lift_shadows(curve, sigma, window)
    _beside_steps(curve, sigma, steps, window // 2)
    level = sigma[descent:]
    as_shares(curve, level, descent)
    sigma *= _calmer(level)
    dips = deepest_of(level)
    tail = noise_reach(dips, len(level))
    reach = _reach(sigma, float(dips[0]), tail)
    beyond = tuple(peak if peak >= BLOCK_DIPS * dips[0] else 0.0 for peak in peaks)
    return Heights(window, sigma, descent, dips, tail, reach, beyond)


def _lift_shadows(curve: Curve, sigma: FloatArray, window: int) -> None:
    """No dip within half a window of a peak where the course falls on: the peak holds the median.

    In a descent the points before a hump are far below it.
    """
    marks = np.flatnonzero(sigma >= PEAK_SIGMA)
    reach, last = np.arange(-(window // 2), window // 2 + 1), len(sigma) - 1
    for at in blocks(len(marks), BLOCK // len(reach)):
        near = (marks[at, None] + reach).clip(0, last).ravel()
        later = curve.scaled[(near[:, None] + window + np.arange(-1, 2)).clip(0, last)]
        falls = curve.scaled[near] - row_medians(later) >= ENTER_SIGMA * curve.local_noise[near]
        sigma[near[falls]] = sigma[near[falls]].clip(0.0)


def _beside_steps(curve: Curve, sigma: FloatArray, steps: Sequence[int], half: int) -> None:
    """No dip before a change of level, and behind it no peak but what comes back at once."""
    for at in steps:
        sigma[max(at - half, 0) : at].clip(0.0, out=sigma[max(at - half, 0) : at])
        until = min(at + half, len(sigma) - 1)
        behind = curve.scaled[at + 1 : until + EARLY_SIDE]
        since = past_median(behind[::-1], EARLY_SIDE)[::-1][: until - at]
        lone = (curve.scaled[at:until] - since) / curve.local_noise[at:until]
        np.minimum(sigma[at:until], lone, out=sigma[at:until])


def _lone_noise(curve: Curve, at: slice) -> FloatArray:
    """The noise of lone points: where a window holds the first descent, that behind it.

    A loss that falls steeply is smooth; a window that reaches back into it is half as noisy as the
    points that follow. `at`: places behind the descent.
    """
    noise, end = curve.local_noise, curve.descent_end
    behind = min(end + NOISE_WINDOW, len(noise) - 1)  # the first whose window holds none of it
    if not end or at.start >= behind:
        return noise[at]
    return np.concatenate(
        [np.maximum(noise[at.start : behind], noise[behind]), noise[behind : at.stop]]
    )


def _reach(sigma: FloatArray, deepest: float, tail: float) -> float:
    """The height of the lowest peak that stands out from all lower ones, else what would.

    Several spikes of one size stand apart together: none of them makes the others noise. Peaks far
    above all others show that the noise has no heavy tail upward, whatever the dips say.
    """
    ends = pairwise([(0, -JOINED_POINTS), *_episodes(sigma > ENTER_SIGMA)])
    starts = [start for (_, stop), (start, _) in ends if start - stop >= JOINED_POINTS]
    peaks: list[float] = np.maximum.reduceat(sigma, starts).tolist() if starts else []
    peaks.sort(reverse=True)
    peaks.append(float(sigma.max(initial=0.0, where=sigma <= ENTER_SIGMA)))
    if LONE_SIGMA <= peaks[0] < PEAK_SIGMA and peaks[0] >= LONELY * max(peaks[1], deepest):
        return peaks[0]
    for count, (peak, lower) in reversed([*enumerate(pairwise(peaks), 1)]):
        least = RECURRING_SIGMA if count >= SEVERAL and peaks[0] >= PEAK_SIGMA else PEAK_SIGMA
        far = peak >= FAR_APART * lower and peak >= DEEPER * deepest
        if peak >= max(least, APART * lower) and (peak >= tail or far):
            return max(least, APART * lower, 0.0 if far else tail)
    return max(PEAK_SIGMA, tail, APART * peaks[0])


def _calmer(level: FloatArray) -> float:
    """How many times too large the noise of a short run is that a few spikes have raised.

    Where peaks are FAR_APART above all other points and all dips, these tell their noise.
    """
    others = max(float(level.max(initial=0.0, where=level <= ENTER_SIGMA)), -float(level.min()))
    if not 0 < others < CALM_SIGMA:  # nearly always
        return 1.0
    peaks = (float(level[start:stop].max()) for start, stop in _episodes(level > ENTER_SIGMA))
    return CALM_SIGMA / others if min(peaks, default=0.0) >= FAR_APART * others else 1.0


def least_peak(curve: Curve, heights: Heights | None) -> float | None:
    """The height above its course that a lone point must have to be a spike.

    On the curve's scale; None where there are too few points.
    """
    return None if heights is None else heights.reach * curve.noise


def find_spikes(
    curve: Curve, heights: Heights | None, *, epoch: float | None = None
) -> Iterator[Excursion]:
    """The upward excursions after the initial descent that are over before the run ends.

    `heights` are its `heights_of`; `epoch`: steps an epoch. A rise too small to count alone counts
    where another epoch has one at the same place.
    """
    if heights is None:
        return
    sigma, tail = heights.sigma, heights.tail
    episodes = [e for e in _episodes(sigma > ENTER_SIGMA) if e[1] < len(sigma)]
    if not episodes:
        return
    edges = np.array(episodes)
    strength = np.add.reduceat(sigma, edges.ravel())[::2] / np.sqrt(edges[:, 1] - edges[:, 0])
    steps = curve.steps[edges[:, 0]].astype(np.float64)
    again = _recurs(curve, steps, strength >= max(RECURRING_SIGMA, tail / 2), epoch)
    peaks = np.maximum.reduceat(sigma, edges.ravel())[::2].tolist()
    deepest = cache(lambda points: _deepest(sigma[heights.settled :], points))
    for (start, stop), recurs, peak in zip(episodes, again.tolist(), peaks, strict=True):
        if peak >= heights.reach or recurs or _is_block(sigma[start:stop], deepest):
            course = medians_within(curve.scaled, heights.window, slice(start, stop))
            yield excursion(curve, course, start, stop, peak)


def _is_block(sigma: FloatArray, deepest: Callable[[int], float]) -> bool:
    """Whether points in a row vouch for each other: three by their sum, two by the lower.

    `deepest`: how far so many points in a row are below the course together, at most.
    """
    lowest, points = float(sigma.min()), len(sigma)
    if points < BLOCK_POINTS:
        is_sure = points > 1 and lowest >= BLOCK_SIGMA / math.sqrt(2)
        return is_sure and lowest >= BLOCK_DIPS * deepest(1)
    together = float(sigma.sum()) / math.sqrt(points) if lowest >= ENTER_SIGMA else 0.0  # Stouffer
    return together >= BLOCK_SIGMA and together >= BLOCK_DIPS * deepest(points)


def _deepest(sigma: FloatArray, points: int) -> float:
    """How deep so many points in a row are together at most, as in `_is_block`; 0 for no dip."""
    total = np.concatenate([[0.0], sigma.cumsum()])
    lowest = (total[points:] - total[:-points]).min(initial=0.0)
    return -float(lowest) / math.sqrt(points)


def early_spikes(
    curve: Curve, later: Sequence[Excursion] = (), *, tail: float = 0.0, epoch: float | None = None
) -> Iterator[Excursion]:
    """Points of the initial descent that are above those before and after them, beyond the `tail`.

    There the course falls faster than a median follows: it lies between the levels of both sides.
    With `later` spikes at the same place of other epochs they need not be as high.
    """
    end = min(curve.descent_end, len(curve.steps) - 1)
    if end <= 1:
        return
    height = np.empty(end)
    for at in blocks(end):
        noise = np.maximum(curve.local_noise[at], curve.noise)
        above, over = ((curve.scaled[at] - side) / noise for side in _side_levels(curve.scaled, at))
        height[at] = np.where(above >= ENTER_SIGMA, over, above)
    behind = [spike.start_step for spike in later]
    alone = max(EARLY_SIGMA, tail)
    for start, stop in stretches(height >= (RECURRING_SIGMA if behind else alone)):
        steps = np.array([curve.steps[start], *behind], dtype=np.float64)
        sigma = float(height[start:stop].max())
        if sigma >= alone or _recurs(curve, steps, steps >= 0, epoch)[0]:
            _, course = _side_levels(curve.scaled, slice(start, stop))
            yield excursion(curve, course, start, stop, sigma)


def _side_levels(level: FloatArray, at: slice) -> tuple[FloatArray, FloatArray]:
    """The higher of the levels before and after each of some points, and the middle of both.

    The first points have no level before them: there both are the higher, of the first itself.
    """
    first = max(at.start - EARLY_SIDE, 0)
    near = level[first : at.stop + EARLY_SIDE]
    until, since = past_median(near, EARLY_SIDE), past_median(near[::-1], EARLY_SIDE)[::-1]
    higher = near.copy()
    higher[1:-1] = np.maximum(until[:-2], since[2:])
    between = higher.copy()
    between[EARLY_SIDE:-1] = (until[EARLY_SIDE - 1 : -2] + since[EARLY_SIDE + 1 :]) / 2
    inside = slice(at.start - first, at.stop - first)
    return higher[inside], between[inside]


def _recurs(curve: Curve, steps: FloatArray, high: BoolArray, epoch: float | None) -> BoolArray:
    """Which of the rises are high and have a high one at the same place of another epoch."""
    recurs = np.zeros(len(steps), dtype=bool)
    if epoch:
        apart = spacing(curve.steps)
        recurs[high] = surely_meet(steps[high], epoch, apart, apart)
    return recurs


def excursion(curve: Curve, course: FloatArray, start: int, stop: int, sigma: float) -> Excursion:
    """The excursion over the points `[start, stop)`; their course is on the curve's scale."""
    top = start + int(np.argmax(curve.scaled[start:stop]))
    return Excursion(
        series=curve.name,
        start=start,
        stop=stop,
        start_step=int(curve.steps[start]),
        end_step=int(curve.steps[stop - 1]),
        base=from_scale(float(course[top - start]), log=curve.log),
        peak=float(curve.values[top]),
        sigma=sigma,
    )


def _episodes(above: BoolArray) -> list[tuple[int, int]]:
    """Stretches of true values, half-open; one false value inside does not end a stretch."""
    bridged = above.copy()
    bridged[1:-1] |= above[:-2] & above[2:]
    return stretches(bridged)
