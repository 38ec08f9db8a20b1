"""What a chart needs of a curve: its range, and fewer points that look like all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from lossscan.numeric.arrays import FloatArray, IntArray, distinct

EDGE = 0.04  # of the values, at either end, that need not fit: a spike, the first descent
ROOM = 0.6  # of the height of the others, left free above and below them
DECADE = 10.0  # values over more than one are drawn on a logarithmic scale
KEPT = 3  # of each stretch: the lowest, the highest, and one that is not finite
ENDS = 2  # of the series, which are always kept
LEAST = KEPT + ENDS


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


def extremes(values: FloatArray, starts: Sequence[int]) -> IntArray:
    """The places of the first, least, greatest and last value of stretches that begin there."""
    kept: set[int] = set()
    for start, stop in pairwise([*starts, len(values)]):
        own = values[start:stop]
        kept |= {start, start + int(own.argmin()), start + int(own.argmax()), stop - 1}
    return np.array(sorted(kept), dtype=np.int64)


def thinned(values: FloatArray, most: int) -> IntArray:
    """The places of at most `most` values, in order; no extreme, end or gap gets lost.

    All places where there are no more than that. `most` is at least LEAST.
    """
    count = len(values)
    if count <= most:
        return np.arange(count, dtype=np.int64)
    width = -(-count // ((most - ENDS) // KEPT))
    rows = -(-count // width)
    finite = np.zeros(rows * width, dtype=np.bool_)
    finite[:count] = np.isfinite(values)
    padded = np.zeros(rows * width)
    padded[:count] = values
    starts = np.arange(rows) * width
    lowest = np.where(finite, padded, np.inf).reshape(rows, width).argmin(axis=1) + starts
    highest = np.where(finite, padded, -np.inf).reshape(rows, width).argmax(axis=1) + starts
    lost = np.flatnonzero(~finite[:count])
    gaps = lost[np.diff(lost // width, prepend=-1) > 0]
    return distinct(np.concatenate([[0, count - 1], lowest, highest, gaps])).astype(np.int64)
