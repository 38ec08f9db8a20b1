"""What part of some values a chart needs: the first descent may not press the rest flat."""

from __future__ import annotations

import math

import numpy as np

from lossscan.numeric.arrays import FloatArray

EDGE = 0.04  # of the values, at either end, that need not fit: a spike, the first descent
ROOM = 0.6  # of the height of the others, left free above and below them
DECADE = 10.0  # values over more than one are drawn on a logarithmic scale


def is_wide(values: FloatArray) -> bool:
    """Whether finite values are positive and more than a decade apart."""
    return bool(values.min() > 0 and values.max() / DECADE > values.min())


def robust_range(values: FloatArray, *, log: bool = False) -> tuple[float, float]:
    """The least and the greatest value worth their place among some finite ones.

    With `log`, distances are those of the logarithms of values that are all positive.
    """
    out, last = int(len(values) * EDGE), len(values) - 1
    places = [0, out, last - out, last]
    ends = np.partition(values, places)[places]
    least, low, high, most = (np.log(ends) if log else ends).tolist()
    room = high * ROOM - low * ROOM  # their difference may overflow
    low, high = max(least, low - room), min(most, high + room)
    return (math.exp(low), math.exp(high)) if log else (low, high)
