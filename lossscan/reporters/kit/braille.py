"""A line drawn in braille dots: eight to a character, so that a terminal shows a curve."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import plotille

from lossscan.numeric.arrays import FloatArray, IntArray

ACROSS = 2  # dots of one character
BLANK = "\u2800"  # braille without a dot, which many fonts draw wider than a space


def draw(x: FloatArray, y: FloatArray, width: int, height: int) -> list[str]:
    """`height` strings of `width` characters; x and y are in 0..1, x rises, y grows upwards."""
    canvas = plotille.Canvas(width, height)
    points = list(zip(*_thin(x, y, width * ACROSS), strict=True))
    for (x0, y0), (x1, y1) in pairwise([points[0], *points]):
        canvas.line(x0, y0, x1, y1)
    return [row.replace(BLANK, " ") for row in canvas.plot().splitlines()]


def starts_of(steps: IntArray, along: Callable[[IntArray], FloatArray], width: int) -> list[int]:
    """Where each column of dots begins that holds one of the rising steps, `along` in 0..1."""

    def column(place: int) -> int:
        return int(np.rint(along(steps[place : place + 1]) * last)[0])

    last = width * ACROSS - 1
    every = range(len(steps))
    starts = {bisect_left(every, at, key=column) for at in range(last + 1)}
    return sorted(starts - {len(steps)})


def _thin(x: FloatArray, y: FloatArray, columns: int) -> tuple[list[float], list[float]]:
    """First, least, greatest and last value of each column: a lone spike stays to be seen."""
    at = np.rint(x * (columns - 1)).astype(np.int64)
    starts = np.flatnonzero(np.diff(at, prepend=-1))
    stops = np.append(starts[1:], len(at)) - 1
    low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    kept = np.stack([y[starts], low, high, y[stops]], axis=1)
    return np.repeat(at[starts] / (columns - 1), kept.shape[1]).tolist(), kept.ravel().tolist()
