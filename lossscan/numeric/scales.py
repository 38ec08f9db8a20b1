"""The scale on which the noise of a series is even."""

from __future__ import annotations

import numpy as np

from lossscan.numeric.arrays import FloatArray

LOG_SHARE = 0.8  # of positive values: where so many are, zeros are a floor of the rounding
SMALLEST = float(np.finfo(np.float64).tiny)  # half of a smaller number may be no number


def to_scale(values: FloatArray) -> tuple[FloatArray, bool]:
    """The logarithm where the values are positive except for a few zeros; else the values.

    Zeros among positive values are a rounding floor (4 decimals in transformers 4.x; others are not
    passed on, see lossscan.points): they count as half of the smallest positive value.
    """
    positive = values > 0
    if positive.all():
        return np.log(values), True
    if np.any(values < 0) or positive.mean() < LOG_SHARE:
        return values.astype(np.float64, copy=False), False
    floor = max(values[positive].min() / 2, SMALLEST)
    return np.log(np.where(positive, values, floor)), True
