"""The gap between two runs becomes the stretch over which it is more than noise.

The test is Page's cumulative sum (Biometrika 41, 1954) of the gap in units of its noise, less a
margin. Its threshold comes from Siegmund's approximation to the mean number of points until a
false alarm (Sequential Analysis, 1985, section 2.5), so that the chance of one holds over all
points of the run together, not for each. The place is where the sum that raised the alarm last
was zero, the maximum likelihood estimate of the change (Hinkley, Biometrika 58, 1971).
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from lossscan.comparing.aligning import Courses
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.courses import neighbor_correlation
from lossscan.numeric.medians import MAD_TO_SIGMA, robust_sigma, running_median

ALPHA = 0.001  # chance that two runs of equal course part; real noise is less well-behaved
DRIFTS = (0.25, 1.0)  # half the gaps looked for, in noise units: small and lasting, large and quick
OVERSHOOT = 1.166  # Siegmund's correction: the sum passes its threshold by a part of a point
CLIP = 3.0  # noise units; a lone outlier may not raise an alarm
SEED_DRIFT = 0.02  # of the loss: the curve of another seed is that far off (docs/compare.md)
LEAST_SHARED = 0.1  # of that drift is left where both runs saw the same batches in the same order
NOISE_WINDOW = 25  # points from which the noise around a place is taken
FEW = 5.0  # noise taken from n points is raised by 1 + FEW / n: it may be too low by luck
MIN_TAIL = 10  # points without a gap, to say that the runs came together again
MAX_CORRELATION = 0.8  # of neighboring points; more is a course and not noise
TINY = float(np.finfo(np.float64).eps)


class Stretch(Struct, frozen=True):
    """The points `[start, stop)` from the first to the last at which two runs are apart."""

    start: int
    stop: int


def noise_shared(pair: Courses) -> float:
    """The noise of the gap, as a part of what it were if the two had no noise in common.

    Runs that saw the same batches in the same order share most of it, and drift apart less.
    """
    own = math.hypot(*map(_bend_noise, pair.scaled))
    part = _bend_noise(pair.gap) / own if own else 0.0
    return min(max(part, LEAST_SHARED), 1.0)


def unit_of(courses: Courses) -> float:
    """The size of a relative gap of 1 on the scale of the courses."""
    return 1.0 if courses.log else float(np.median(np.abs(courses.scaled)))


def noise_of(pair: Courses) -> FloatArray:
    """(n,) standard deviation of one point of the gap, as if neighbors were independent."""
    gap = pair.gap
    bends = np.abs(np.diff(gap, n=2)) / math.sqrt(6)  # of variance 6 for unit white noise
    local = _noisier_side(bends, len(gap)) * (1 + FEW / len(gap))
    local = np.maximum(np.hypot(local, np.hypot(*pair.rounding)), TINY)
    return local * _inflation(np.diff(gap) / local[1:])


def stretch_apart(gap: FloatArray, noise: FloatArray, margin: float) -> Stretch | None:
    """Where the gap is more than noise and margin; None where it never is."""
    start = _onset(gap, noise, margin)
    if start is None:
        return None
    back = _onset(gap[::-1], noise[::-1], margin)
    stop = max(len(gap) - (back or 0), start + 1)
    return Stretch(start, stop if _together(gap[stop:], noise[stop:], margin) else len(gap))


def ends_of(pair: Courses, found: Stretch | None) -> tuple[int | None, int | None]:
    """The first step apart, and the last where the runs come together again; None where not."""
    if found is None:
        return None, None
    lasts = found.stop == len(pair.steps)
    return int(pair.steps[found.start]), None if lasts else int(pair.steps[found.stop - 1])


def _together(gap: FloatArray, noise: FloatArray, margin: float) -> bool:
    """Whether two runs are together at the points that are left, and these are enough to tell."""
    if len(gap) < MIN_TAIL:
        return False
    error = float(np.sqrt(np.mean(noise**2) / len(gap)))
    return abs(float(gap.mean())) <= margin + error


def _onset(gap: FloatArray, noise: FloatArray, margin: float) -> int | None:
    """The first point apart, by whichever of the sums raises its alarm first."""
    alarms = []
    tests = [(sign, drift) for sign in (1.0, -1.0) for drift in DRIFTS]
    for sign, drift in tests:
        excess = np.clip((sign * gap - margin) / noise, -CLIP, CLIP) - drift
        total = np.concatenate([[0.0], np.cumsum(excess)])
        above = total - np.minimum.accumulate(total)
        over = np.flatnonzero(above > _threshold(drift, len(gap), ALPHA / len(tests)))
        if len(over):
            alarms.append((int(over[0]), int(np.flatnonzero(above[: over[0]] == 0)[-1])))
    return min(alarms)[1] if alarms else None


def _threshold(drift: float, points: int, alpha: float) -> float:
    """The height that a sum of `points` standard normal values passes with chance `alpha`.

    Solves (exp(2 d b) - 2 d b - 1) / (2 d^2) = points / alpha for b, the height and its overshoot.
    """
    between, bound = points / alpha, 1.0
    for _ in range(20):  # a contraction: far more rounds than it needs
        bound = math.log(2 * drift**2 * between + 2 * drift * bound + 1) / (2 * drift)
    return bound - OVERSHOOT


def _noisier_side(bends: FloatArray, n: int) -> FloatArray:
    """(n,) noise of the calmer or the rougher side of each point, whichever is rougher.

    Runs that begin alike to the last digit have no noise until they part: what comes after tells.
    """
    if n <= NOISE_WINDOW:
        return np.full(n, MAD_TO_SIGMA * float(np.median(bends)))
    centred = MAD_TO_SIGMA * running_median(np.pad(bends, 1, mode="edge"), NOISE_WINDOW)
    half = NOISE_WINDOW // 2
    padded = np.pad(centred, half, mode="edge")
    return np.asarray(np.maximum(padded[:n], padded[2 * half :]))


def _inflation(steps: FloatArray) -> float:
    """By how much sums of correlated neighbors spread more than their bends let expect.

    For noise of correlation r from point to point, sums spread sqrt((1 + r) / (1 - r)) times more,
    and bends are sqrt((1 - r) (3 - r) / 3) times as large. `steps`: the first differences.
    """
    found = neighbor_correlation(steps, CLIP, TINY)
    if len(steps) < NOISE_WINDOW or found is None:
        return 1.0
    r = min(max(found - 1 / math.sqrt(len(steps)), 0.0), MAX_CORRELATION)  # less its own error
    return math.sqrt(3 * (1 + r) / (3 - r)) / (1 - r)


def _bend_noise(values: FloatArray) -> float:
    return robust_sigma(np.diff(values, n=2)) / math.sqrt(6)
