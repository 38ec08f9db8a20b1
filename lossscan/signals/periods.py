"""Whether the loss repeats: at equal places of the epochs, or with any other period."""

from __future__ import annotations

import itertools
from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from lossscan.model import Curve, Landmark
from lossscan.numeric.arrays import FloatArray, blocks
from lossscan.numeric.medians import median, spacing
from lossscan.signals.clean import running_mean

MIN_LAG = 2  # points: a shorter period is not resolved
MIN_PERIODS = 4  # that the run must hold (artidoro/qlora#228)
MIN_EPOCH_POINTS = 5  # points an epoch: fewer give no correlation
RETURNS = 0.6  # of the peak that must show at twice the lag: a wave returns, a lone bump does not
VALLEY = 0.3  # of the peak, below which it must fall before: a wave is low between its crests
LONGEST = 1 << 18  # points: in a million these are the longest; further ones take memory
SPECTRUM = 5 << 16  # numbers transformed together: of the longest period a fifth, and what follows
STRETCHES = 3  # of a long curve whose pairs are taken, evenly spread: 1 / 400 of error at most
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
    flat -= flat.mean()
    strength = _autocorrelation(flat, longest + 2)
    valley = np.flatnonzero(strength[1:] > strength[:-1])
    start = max(MIN_LAG, int(valley[0]) if len(valley) else longest + 1)
    if start > longest:
        return None, 0.0
    lag = start + int(np.argmax(strength[start : longest + 1]))
    if strength[1:lag].min() > VALLEY * strength[lag]:
        return None, 0.0
    peak = _together(flat, lag)
    if all(_together(flat, 2 * lag + off) < RETURNS * peak for off in (0, -1, 1)):
        return None, 0.0
    return lag * spacing(curve.steps), peak / float(flat @ flat)


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


def _together(flat: FloatArray, lag: int) -> float:
    return float(flat[:-lag] @ flat[lag:])


def _autocorrelation(flat: FloatArray, lags: int) -> FloatArray:
    """At lags 0, 1, ..., by the Fourier transforms of stretches and of what follows each.

    `flat` has the mean 0.
    """
    size = _quick_size(min(len(flat) + lags, SPECTRUM))
    stretches = list(blocks(len(flat), size - lags))
    every = -(-len(stretches) // STRETCHES)
    spectrum: NDArray[np.complex128] = np.zeros(size // 2 + 1, dtype=np.complex128)
    for at in stretches[every // 2 :: every]:
        early = np.fft.rfft(flat[at], size)
        follows = at.stop < len(flat)
        late = np.fft.rfft(flat[at.start : at.stop + lags], size) if follows else early
        spectrum += early.conj() * late
    covariance = np.fft.irfft(spectrum, size)[:lags]
    return np.asarray(covariance / max(covariance[0], np.finfo(np.float64).tiny))


def _quick_size(least: int) -> int:
    """The smallest even size from there on that has no prime factors but 2, and one 3 or 5."""
    power = 1 << max((least - 1).bit_length(), 4)
    return min(size for size in (power // 8 * 5, power // 4 * 3, power) if size >= least)
