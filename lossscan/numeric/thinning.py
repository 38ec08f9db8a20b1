"""Fewer points of a curve that look like all of them: of each stretch its low and its high."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from lossscan.numeric.arrays import FloatArray, IntArray, distinct

KEPT = 3  # of each stretch: the lowest, the highest, and one that is not finite
ENDS = 2  # of the series, which are always kept
LEAST = KEPT + ENDS


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
