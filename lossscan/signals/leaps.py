"""The rise of a short run, told with its trend left in: a healthy loss falls.

A slope fitted together with a step costs three quarters of what a short run tells of the step. For
a rise no slope needs to be removed: a falling loss on either side only makes the rise smaller.
Whether it is more than a slope is checked later.
"""

from __future__ import annotations

import math
from itertools import takewhile

import numpy as np

from lossscan.model import Curve
from lossscan.numeric.arrays import FloatArray
from lossscan.signals.breaks import SIGMA_TO_CONFIRM, STEP_SHARE
from lossscan.signals.gaps import Break, gaps_near

MOST_POINTS = 200  # of a longer run, windows are wide enough to have a slope of their own
SHARP = 8  # points a side in which a step is whole; of a climb over 30, they hold half
MOST_SPREAD = 0.25  # of a rise: four standard errors as the points around it tell them
WIDTHS = (5, 8, 12, 20, 32)  # points a side; both sides fit into the run


def with_leap(curve: Curve, breaks: list[Break]) -> list[Break]:
    """The breaks of a loss, and its leap where no rise of them is within the width that shows it.

    A fall may be as near: of a block of other data it is the end, whose front is the leap.
    """
    leap, rises = find_leap(curve), [each.index for each in breaks if each.gap > 0]
    if leap is None or any(abs(leap.index - index) < leap.width for index in rises):
        return breaks
    return sorted([*breaks, leap], key=lambda each: each.index)


def find_leap(curve: Curve) -> Break | None:
    """The surest sudden rise from one mean to another; None of a longer run.

    Of 750 clean labeled runs one has such a rise, at this threshold; the next is of 5.3 sigma. A
    climb is as sure of itself, but most of it is slope.
    """
    level, n = curve.clipped, len(curve.steps)
    if n > MOST_POINTS:
        return None
    total = np.concatenate([[0.0], (level - level.mean()).cumsum()])
    widths = takewhile(lambda width: 2 * width <= n, WIDTHS)
    rises = [_surest(total, curve.local_noise, width) for width in widths]
    best = max(rises, key=lambda rise: rise.sigma, default=None)
    if best is None or not SIGMA_TO_CONFIRM <= best.sigma < np.inf:  # sums of 1e306 overflow
        return None
    (sudden,), _ = gaps_near(level, np.array([best.index]), best.width)
    sharp = min(float(sudden[0]), _rise(level, best.index, min(best.width, SHARP)))
    if sharp < STEP_SHARE * best.gap or _spread(level, best) > MOST_SPREAD * best.gap:
        return None
    return best


def _rise(level: FloatArray, at: int, width: int) -> float:
    """From the mean of so many points before a place to the mean of as many behind it."""
    return float(level[at : at + width].mean() - level[at - width : at].mean())


def _spread(level: FloatArray, rise: Break) -> float:
    """The standard error of a rise by the points on both sides of it, around a common slope.

    Noise that is larger there than in most of the run is not in the noise of its points.
    """
    sides = level[rise.index - rise.width : rise.index + rise.width].reshape(2, rise.width)
    bent = sides - sides.mean(axis=1, keepdims=True)
    place = np.arange(rise.width) - (rise.width - 1) / 2
    rest = bent - place * (bent @ place).sum() / (2 * place @ place)
    return float(np.sqrt((rest**2).sum() / (2 * rise.width - 3) * 2 / rise.width))


def _surest(total: FloatArray, noise: FloatArray, width: int) -> Break:
    """Where the means of so many points before and behind rise most in their standard errors.

    `total` (n + 1,) are the sums of the first 0, 1, ..., n points.
    """
    rises = (total[2 * width :] - 2 * total[width:-width] + total[: -2 * width]) / width
    sigmas = rises / (noise[width - 1 : len(noise) - width] * math.sqrt(2 / width))
    best = int(sigmas.argmax())
    return Break(best + width, float(rises[best]), float(sigmas[best]), width)
