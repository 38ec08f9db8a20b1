"""What happens at the same place of several periods."""

from __future__ import annotations

import math

import numpy as np

from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray

CHANCE = 0.1  # of as many meetings: it takes 7 of 8 false pairs (simulated)
POISSON_REACH = 20.0  # standard deviations: what is beyond adds nothing to a sum of chances
ROUNDING = 1e-3  # steps: what is left of a step within a period of fractional length is rounded


def meetings(steps: FloatArray | IntArray, period: float, reach: float) -> IntArray:
    """(n,) how many steps of other periods are within `reach` of the place of each in its own."""
    place = np.asarray(steps % period, dtype=np.float64)
    number = steps // period
    apart = period + 2 * reach  # so that each period is by itself where they follow one another
    return _near(place, reach) - _near(place + apart * number, reach)


def surely_meet(
    steps: FloatArray | IntArray, period: float, reach: float, apart: float
) -> BoolArray:
    """(n,) which steps meet one of another period; none where as many of them would by chance.

    Nor where most of them do: of those that do not belong together, a share meets.
    `apart`: steps between the places that there are.
    """
    met, share = meetings(steps, period, reach), min((2 * reach + apart) / period, 1.0)
    count, by_chance = int(met.sum()) // 2, math.comb(len(steps), 2) * share
    sure = _chance(count, by_chance) <= CHANCE and count * (1 + share) >= 2 * by_chance
    return np.asarray(sure & (met > 0))


def _chance(count: int, expected: float) -> float:
    """How often a Poisson number with that expectation is so large; 1 for a count of 0."""
    most = expected + POISSON_REACH * math.sqrt(expected + 1)
    logs = (
        k * math.log(expected) - expected - math.lgamma(k + 1) for k in range(min(count, int(most)))
    )
    return 1.0 - sum(map(math.exp, logs))


def _near(places: FloatArray, reach: float) -> IntArray:
    """(n,) how many of the places are that near to each, itself among them."""
    ordered, reach = np.sort(places), reach + ROUNDING
    return np.searchsorted(ordered, places + reach) - np.searchsorted(ordered, places - reach)
