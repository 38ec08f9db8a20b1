"""A series becomes a Curve: its finite points, the scale of even noise, that noise, the knee."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lossscan.model import Curve, Series
from lossscan.numeric.arrays import (
    BLOCK,
    BoolArray,
    FloatArray,
    IntArray,
    blocks,
    differences,
    settled_from,
    stretches,
)
from lossscan.numeric.medians import block_medians, median, robust_sigma, row_sigmas, running_median
from lossscan.numeric.scales import to_scale

MIN_POINTS = 4  # fewer cannot tell a course from noise
COURSE_WINDOW = 11  # points of the running median: the shortest that averages noise
MAX_FLOOR_SHARE = 0.15  # of points at the lowest value: their course is the floor of the printing
COARSE_DIGITS = 10.0  # last digits: of a value above it rounding takes less than 3 %
SETTLING = 2.5  # last digits: 60 simulated losses that converge end by a move of 1, 40 frozen of 11
CLIP_WINDOW = 7  # a median of 7 ignores spikes of up to 3 points and keeps the edge of a step
CLIP_SIGMA = 4.0  # beyond it a point pulls a mean more than it informs it
NOISE_WINDOW = 61  # points from which local noise is taken: its own error is then about 10 %
AT_ONCE = 2000  # such windows measured together: 2 MB fit a cache, all of a long curve fill memory
NOISE_FLOOR = 0.5  # of the run's noise: a stretch that seems calmer than this is luck
STEEP_SPREADS = 4.0  # spreads above the usual fall: 1 in 30,000 for normal noise
COARSE_BLOCKS = 200  # of a long curve: a descent of a twentieth of it spans ten
STEP_POINTS = 3  # a step, averaged over its window and smoothed, is over in 3 points; a fall is not
STEP_SHARE = 0.5  # of a fall within these: steps show 0.54 to 0.95, sigmoid falls 0.06 to 0.46
RECOVERY_SHARE = 0.5  # of a fall that a rise before it makes good
DESCENT_SHARE = 0.5  # the first descent ends within the first half, or the run is all descent


def curve_of(series: Series) -> Curve | None:
    """The curve of a series, or None where fewer than 4 finite points are left."""
    finite = np.isfinite(series.values)
    if np.count_nonzero(finite) < MIN_POINTS:
        return None
    kept = slice(None) if finite.all() else finite  # copies none
    values = series.values[kept]
    scaled, log = to_scale(values)
    course = running_median(scaled, COURSE_WINDOW)
    end = descent_end_of(scaled, course)
    moving = _moving(values)
    local = _local_noise(scaled[:moving], course[:moving])
    if moving < len(scaled):
        local = np.pad(local, (0, len(scaled) - moving), mode="edge")
    del course  # before others take memory
    quantum = _quantum(values)
    for at in blocks(len(local)):
        floor = np.maximum(_rounding_noise(values[at], quantum, log=log), TINY)
        np.maximum(local[at], floor, out=local[at])
    noise = median(local)
    np.maximum(local, NOISE_FLOOR * noise, out=local)
    return Curve(
        name=series.name,
        steps=series.steps[kept],
        values=values,
        scaled=scaled,
        clipped=_clipped(scaled, local),
        log=log,
        noise=noise,
        local_noise=local,
        descent_end=end,
        moving=moving,
    )


def _moving(values: FloatArray) -> int:
    """How many points come before a curve stops at one number, which tells nothing of noise.

    All of one that settles digit by digit: it has converged.
    """
    moving = settled_from(values)
    if not MIN_POINTS <= moving < len(values) - COURSE_WINDOW:
        return len(values)
    last = abs(values[moving - 1] - values[-1])
    return moving if last > SETTLING * _quantum(values) else len(values)


TINY = float(np.finfo(np.float64).eps)  # keeps a constant series from dividing by nothing


def from_scale(value: float, *, log: bool) -> float:
    """Back to the units of the series."""
    return float(np.exp(value)) if log else float(value)


def rounding_noise(values: FloatArray, *, log: bool) -> FloatArray:
    """(n,) standard deviation that the rounding of the printed values alone brings."""
    return _rounding_noise(values, _quantum(values), log=log)


def _quantum(values: FloatArray) -> float:
    """The smallest distance of two values that are not equal, their signs left out."""
    size = np.abs(values)
    size.sort()
    least = math.inf
    for at in blocks(len(size)):
        apart = differences(size[at.start : at.stop + 1])
        least = min(least, float(apart.min(initial=math.inf, where=apart > 0)))
    return least if least < math.inf else 0.0


def _rounding_noise(values: FloatArray, quantum: float, *, log: bool) -> FloatArray:
    spread = quantum / math.sqrt(12)  # of a uniform error
    if not log:
        return np.full(len(values), spread)
    return np.asarray(spread / np.maximum(np.abs(values), max(quantum, TINY)))


def running_mean(values: FloatArray, half: int) -> FloatArray:
    """(n,) mean of up to `half` points on each side of each, fewer at the ends."""
    n = len(values)
    room = np.zeros(half + n + 1)  # each mean takes the place of the sum before its first point
    found, total = room[:n], room[half:]
    values.cumsum(out=total[1:])
    places = np.concatenate([np.arange(min(half, n)), np.arange(max(n - half, min(half, n)), n)])
    start, stop = np.maximum(places - half, 0), np.minimum(places + half + 1, n)
    ends = (total[stop] - total[start]) / (stop - start)
    for at in blocks(max(n - 2 * half, 0)):  # places with all points on each side
        behind = total[at.start + 2 * half + 1 : at.stop + 2 * half + 1]
        np.subtract(behind, total[at], out=total[at])
        total[at] /= 2 * half + 1
    found[places] = ends
    return found


def _clipped(scaled: FloatArray, local_noise: FloatArray) -> FloatArray:
    clipped = running_median(scaled, CLIP_WINDOW)
    for at in blocks(len(scaled)):
        reach = CLIP_SIGMA * local_noise[at]
        clipped[at] += (scaled[at] - clipped[at]).clip(-reach, reach)
    return clipped


def on_floor(curve: Curve) -> bool:
    """Whether so many points share the lowest value that there is no course to depart from.

    A tail of one number is no floor of what came before it; one of zeros is what printing left.
    Where few of many lie at the end, and rounding is small, there is a course: 0.0022 to 0.0028.
    """
    values = curve.values if curve.values[-1] == 0 else curve.values[: curve.moving]
    lowest = float(values.min())
    if np.count_nonzero(values <= lowest) <= MAX_FLOOR_SHARE * len(values):
        return False
    settled = median(values[len(values) // 2 :]) <= lowest or len(values) < COURSE_WINDOW
    return settled or lowest < COARSE_DIGITS * _quantum(values)


def descent_end_of(scaled: FloatArray, course: FloatArray) -> int:
    """Index of the first point after the initial descent; 0 where there is none.

    `course`: its running median over COURSE_WINDOW points.

    The descent is where the curve falls steeper, over a short lag, than it usually does later. It
    may begin late (warm-up, then a sigmoid fall): then it is told from a step by its length. Long
    curves are looked at in blocks as well, since noise hides a slow fall from point to point.
    """
    size = len(scaled) // COARSE_BLOCKS
    near = _descent(scaled, course)
    if size <= 1:
        return near
    rough = block_medians(scaled, size)
    return max(near, _descent(rough, running_median(rough, COURSE_WINDOW)) * size)


def _descent(scaled: FloatArray, course: FloatArray) -> int:
    n = len(scaled)
    lag = min(max(n // 20, 2), 10)
    if n < 4 * lag:
        return 0
    window = 2 * (lag // 2) + 1
    smooth = course if window == COURSE_WINDOW else running_median(scaled, window)
    falls = smooth[:-lag] - smooth[lag:]
    later = falls[len(falls) // 3 :]
    least = median(later) + STEEP_SPREADS * max(robust_sigma(later), TINY)
    steep = falls > least
    if not steep.any():
        return 0
    end = _end_of_descent(steep, smooth, lag)
    return end + lag // 2 if end else 0


def _end_of_descent(steep: BoolArray, smooth: FloatArray, lag: int) -> int:
    """The end of the steep stretch that opens the run, or of a long one in its first half.

    One that only takes back a rise is the recovery from that.
    """
    limit = int(len(steep) * DESCENT_SHARE)
    end = 0
    for start, stop in stretches(steep):
        last = min(stop + lag, len(smooth) - 1)
        fall = stop - start > lag + STEP_POINTS and not _is_step(smooth[start : last + 1])
        if start < limit and (start <= lag or (fall and not _takes_back(smooth, start, last))):
            end = min(stop, limit)
    return end


def _is_step(falling: FloatArray) -> bool:
    """Whether noise alone makes a step look long: most of it is over at once."""
    quick = (falling[:-STEP_POINTS] - falling[STEP_POINTS:]).max()
    return bool(quick >= STEP_SHARE * (falling[0] - falling[-1]))


def _takes_back(smooth: FloatArray, start: int, stop: int) -> bool:
    """Whether the fall from `start` to `stop` makes good a rise from a course that was settled."""
    low = int(np.argmin(smooth[: start + 1]))
    rise, fall = smooth[start] - smooth[low], smooth[start] - smooth[stop]
    return low >= COURSE_WINDOW and bool(rise >= RECOVERY_SHARE * fall)


def _local_noise(scaled: FloatArray, course: FloatArray) -> FloatArray:
    """(n,) noise of one point around each, by two measures that fail in different places.

    A point's distance from the running median is nothing where a curve is monotone; its bend
    (second difference, of variance 6 for unit white noise) is little where noise is correlated.
    """
    n, half = len(scaled), NOISE_WINDOW // 2
    if n <= NOISE_WINDOW:
        return np.full(n, row_sigmas(_measures(scaled, course)).max())
    places = np.arange(0, n, half)
    sigmas = np.concatenate(
        [_sigmas(scaled, course, places[at], half) for at in blocks(len(places), AT_ONCE)], axis=1
    )
    local = np.full(n, sigmas[:, -1].max())  # so behind the last place; between them, on lines
    slopes = (sigmas[:, 1:] - sigmas[:, :-1]) / half
    for at in blocks(len(places) - 1, BLOCK // half):
        lines = slopes[:, at, None] * np.arange(half) + sigmas[:, at, None]
        lines.max(axis=0, out=local[at.start * half : at.stop * half].reshape(-1, half))
    return local


def _measures(scaled: FloatArray, course: FloatArray) -> FloatArray:
    """(2, n) the bend at each point, and its distance from the running median."""
    slopes = differences(scaled)
    ends = np.concatenate([-slopes[:1], slopes, -slopes[-1:]])
    bends = differences(ends) / math.sqrt(6)
    return np.stack([bends, scaled - course])


def _sigmas(scaled: FloatArray, course: FloatArray, places: IntArray, half: int) -> FloatArray:
    """(2, k) the noise in the windows around some places side by side, by both measures."""
    n = len(scaled)
    reach = half + 2  # the bend at the rim of a window depends on a point more
    here = slice(max(int(places[0]) - reach, 0), min(int(places[-1]) + reach, n))
    found = _measures(scaled[here], course[here])
    first, last = int(places[0]) - half, int(places[-1]) + half
    found = found[:, max(first, 0) - here.start : last + 1 - here.start]
    before, behind = max(-first, 0), max(last + 1 - n, 0)  # beyond an end the curve is mirrored
    ends = found[:, before:0:-1], found[:, -2 : -2 - behind : -1]
    mirrored = np.concatenate([ends[0], found, ends[1]], axis=1)
    return row_sigmas(sliding_window_view(mirrored, 2 * half + 1, axis=1)[:, ::half])
