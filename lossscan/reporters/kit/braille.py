"""A line drawn in braille dots: eight to a character, so that a terminal shows a curve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossscan.numeric.arrays import FloatArray, IntArray, distinct

ACROSS, UP = 2, 4  # dots of one character
DOTS = np.array([[1, 8], [2, 16], [4, 32], [64, 128]])  # the bit of each, from the top
BLANK = 0x2800  # braille without a dot, which many fonts draw wider than a space


def draw(x: FloatArray, y: FloatArray, width: int, height: int) -> list[str]:
    """`height` strings of `width` characters; x and y are in 0..1, x rises, y grows upwards."""
    size = np.array([width * ACROSS, height * UP])
    at, first, low, high, last = _thin(x, y, width * ACROSS)
    columns = np.stack([at, low, at, high])  # a line through each, and one to the next
    between = np.stack([at[:-1], last[:-1], at[1:], first[1:]])
    ends = np.concatenate([columns, between], axis=1).reshape(2, 2, -1)
    dots = np.zeros(size + 1, dtype=bool)  # what is at 1 falls behind the last
    dots[tuple(_lines(*np.rint(ends * size[:, None]).astype(np.int64)))] = True
    cells = dots[:-1, -2::-1].T.reshape(height, UP, width, ACROSS)
    codes = (cells * DOTS[:, None]).sum(axis=(1, 3))
    return ["".join(chr(BLANK + code) if code else " " for code in row) for row in codes.tolist()]


def _lines(begin: IntArray, end: IntArray) -> IntArray:
    """(2, k) all places on the straight lines between two of (2, n) places each."""
    away = end - begin
    steps = np.abs(away).max(axis=0)
    line = np.repeat(np.arange(len(steps)), steps + 1)
    along = np.arange(len(line)) - np.repeat((steps + 1).cumsum() - steps - 1, steps + 1)
    moved = np.rint(away[:, line] / np.maximum(steps, 1)[line] * along)
    return np.asarray(begin[:, line] + moved.astype(np.int64))


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


def _thin(x: FloatArray, y: FloatArray, columns: int) -> FloatArray:
    """(5, k) place, first, least, greatest and last of each column: a lone spike stays seen."""
    at = np.rint(x * (columns - 1)).astype(np.int64)
    starts = np.flatnonzero(np.diff(at, prepend=-1))
    stops = np.append(starts[1:], len(at)) - 1
    low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    return np.stack([at[starts] / (columns - 1), y[starts], low, high, y[stops]])
