"""Whether the loss repeats: at equal places of the epochs, or with any other period."""

from __future__ import annotations

import itertools
from bisect import bisect_right

import numpy as np

from lossscan.model import Curve, Landmark
from lossscan.numeric.arrays import FloatArray, blocks
from lossscan.numeric.medians import median, spacing
from lossscan.signals.clean import running_mean

MIN_LAG = 3  # points: a shorter period is not resolved
MIN_PERIODS = 4  # that the run must hold (artidoro/qlora#228)
MIN_EPOCH_POINTS = 5  # points an epoch: fewer give no correlation
RETURNS = 0.6  # of the peak that must show at twice the lag: a wave returns, a lone bump does not
VALLEY = 0.3  # of the peak, below which it must fall before: a wave is low between its crests
LONGEST = 1 << 18  # points: in a million these are the longest; further ones take memory
SMOOTH_POINTS = 51  # the trend that is removed first


def epoch_correlation(curve: Curve, boundaries: tuple[Landmark, ...]) -> float | None:
    """Mean correlation of the detrended curve between neighboring whole epochs, at equal places.

    None where fewer than two whole epochs of 5 points are after the initial descent.
    """
    edges = [bisect_right(curve.steps, mark.step) for mark in boundaries]
    edges = [0, *[edge for edge in edges if 0 < edge < len(curve.steps)], len(curve.steps)]
    if len(edges) <= 2:  # noqa: PLR2004 - both ends: nothing to compare
        return None
    whole = int(median(np.diff(edges)))
    flat = detrended(curve, whole)
    epochs = [
        flat[start:stop]
        for start, stop in itertools.pairwise(edges)
        if stop - start >= max(MIN_EPOCH_POINTS, whole - 1) and start >= curve.descent_end
    ]
    pairs = [_correlation(a, b) for a, b in itertools.pairwise(epochs)]
    return sum(pairs) / len(pairs) if pairs else None


def period(curve: Curve) -> tuple[float | None, float]:
    """The period of the curve in steps and its autocorrelation there; (None, 0) where none is.

    The period is the highest peak of the autocorrelation after its first valley.
    """
    flat = detrended(curve, SMOOTH_POINTS)[curve.descent_end :]
    longest = min(len(flat) // MIN_PERIODS, LONGEST)
    if longest <= MIN_LAG or not np.any(flat):
        return None, 0.0
    strength = _autocorrelation(flat)
    valley = np.flatnonzero(np.diff(strength) > 0)
    start = max(MIN_LAG, int(valley[0]) if len(valley) else longest + 1)
    if start > longest:
        return None, 0.0
    lag = start + int(np.argmax(strength[start : longest + 1]))
    again = strength[2 * lag - 1 : 2 * lag + 2]
    slow = strength[1:lag].min() > VALLEY * strength[lag]
    if slow or len(again) == 0 or again.max() < RETURNS * strength[lag]:
        return None, 0.0
    return lag * spacing(curve.steps), float(strength[lag])


def detrended(curve: Curve, window: int) -> FloatArray:
    """The clipped curve minus its running mean."""
    level = curve.clipped
    mean = running_mean(level, min(max(window, 3), SMOOTH_POINTS) // 2)
    return np.subtract(level, mean, out=mean)


def _correlation(first: FloatArray, second: FloatArray) -> float:
    n = min(len(first), len(second))
    a, b = first[:n] - first[:n].mean(), second[:n] - second[:n].mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0


def _autocorrelation(flat: FloatArray) -> FloatArray:
    """At lags 0, 1, ..., of a long curve as far as a period is looked for; `flat` is used up."""
    flat -= flat.mean()
    reach, size = 2 * LONGEST + 2, 4 * LONGEST  # twice the lag and a little; a power of two
    if len(flat) <= size:
        covariance = _covariance(flat, flat, len(flat), 2 * len(flat))
    else:  # each block with itself and what follows
        covariance = np.zeros(reach)
        for at in blocks(len(flat), size - reach):
            covariance += _covariance(flat[at], flat[at.start : at.stop + reach], reach, size)
    return np.asarray(covariance / max(covariance[0], np.finfo(np.float64).tiny))


def _covariance(early: FloatArray, late: FloatArray, lags: int, size: int) -> FloatArray:
    """Summed products of the values with those 0, 1, ... places later, by the Fourier transform.

    Of as many numbers as there are early values and lags, or more.
    """
    if early is late:
        return np.fft.irfft(np.abs(np.fft.rfft(early, size)) ** 2, size)[:lags]
    product = np.fft.rfft(early, size).conj()
    product *= np.fft.rfft(late, size)
    return np.fft.irfft(product, size)[:lags]
