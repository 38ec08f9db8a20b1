"""What happens at the same place of several periods."""

from __future__ import annotations

import numpy as np

from lossscan.numeric.arrays import FloatArray, IntArray

ROUNDING = 1e-3  # steps: what is left of a step within a period of fractional length is rounded


def meetings(steps: FloatArray | IntArray, period: float, reach: float) -> IntArray:
    """(n,) how many steps of other periods are within `reach` of the place of each in its own."""
    place = np.asarray(steps % period, dtype=np.float64)
    number = steps // period
    apart = period + 2 * reach  # so that each period is by itself where they follow one another
    return _near(place, reach) - _near(place + apart * number, reach)


def _near(places: FloatArray, reach: float) -> IntArray:
    """(n,) how many of the places are that near to each, itself among them."""
    ordered, reach = np.sort(places), reach + ROUNDING
    return np.searchsorted(ordered, places + reach) - np.searchsorted(ordered, places - reach)
