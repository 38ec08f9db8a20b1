"""A line drawn in braille dots: eight to a character, so that a terminal shows a curve."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import plotille

from lossscan.numeric.arrays import FloatArray, IntArray, distinct

ACROSS = 2  # dots of one character
BLANK = "\u2800"  # braille without a dot, which many fonts draw wider than a space


def draw(x: FloatArray, y: FloatArray, width: int, height: int) -> list[str]:
    """`height` strings of `width` characters; x and y are in 0..1, x rises, y grows upwards."""
    canvas = plotille.Canvas(width, height)
    columns = _thin(x, y, width * ACROSS)
    for at, _, low, high, _ in columns:
        canvas.line(at, low, at, high)
    for (at, *_, last), (then, first, *_) in pairwise(columns):
        canvas.line(at, last, then, first)
    return [row.replace(BLANK, " ") for row in canvas.plot().splitlines()]


def starts_of(steps: IntArray, along: Callable[[IntArray], FloatArray], width: int) -> list[int]:
    """Where each column of dots begins that holds one of the rising steps, `along` in 0..1."""
    columns = np.arange(width * ACROSS)
    low, high = np.zeros_like(columns), np.full_like(columns, len(steps))
    for _ in range(len(steps).bit_length()):  # all columns are bisected at once
        middle = (low + high) // 2
        at = np.rint(along(steps[np.minimum(middle, len(steps) - 1)]) * columns[-1])
        low = np.where(at < columns, np.minimum(middle + 1, high), low)
        high = np.where(at < columns, high, middle)
    starts: list[int] = distinct(low[low < len(steps)]).tolist()
    return starts


def _thin(x: FloatArray, y: FloatArray, columns: int) -> list[list[float]]:
    """Place, first, least, greatest and last of each column: a lone spike stays to be seen."""
    at = np.rint(x * (columns - 1)).astype(np.int64)
    starts = np.flatnonzero(np.diff(at, prepend=-1))
    stops = np.append(starts[1:], len(at)) - 1
    low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    kept: list[list[float]] = np.stack(
        [at[starts] / (columns - 1), y[starts], low, high, y[stops]], axis=1
    ).tolist()
    return kept
