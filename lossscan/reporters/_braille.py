"""A line drawn in braille dots: eight to a character, so that a terminal shows a curve."""

from __future__ import annotations

import numpy as np

from lossscan.arrays import BoolArray, FloatArray, IntArray

DOWN, ACROSS = 4, 2  # dots of one character
WEIGHTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # Unicode's order
BLANK = 0x2800


def draw(x: FloatArray, y: FloatArray, width: int, height: int) -> list[str]:
    """`height` strings of `width` characters; x and y lie in 0..1, x rises, y grows upwards."""
    columns = np.rint(x * (width * ACROSS - 1)).astype(np.int64)
    rows = np.rint((1 - y) * (height * DOWN - 1)).astype(np.int64)
    dots = np.zeros((height * DOWN, width * ACROSS), dtype=np.bool_)
    _connect(dots, *_thin(columns, rows))
    return _characters(dots)


def _thin(columns: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """First, least, greatest and last row of each column: a lone spike stays to be seen."""
    starts = np.flatnonzero(np.diff(columns, prepend=-1))
    stops = np.append(starts[1:], len(columns)) - 1
    low, high = np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows, starts)
    kept = np.stack([rows[starts], low, high, rows[stops]], axis=1)
    return np.repeat(columns[starts], kept.shape[1]), kept.ravel()


def _connect(dots: BoolArray, columns: IntArray, rows: IntArray) -> None:
    dots[rows, columns] = True
    for c0, c1, r0, r1 in zip(columns[:-1], columns[1:], rows[:-1], rows[1:], strict=True):
        count = max(c1 - c0, abs(r1 - r0)) + 1
        across = np.rint(np.linspace(c0, c1, count)).astype(np.int64)
        down = np.rint(np.linspace(r0, r1, count)).astype(np.int64)
        dots[down, across] = True


def _characters(dots: BoolArray) -> list[str]:
    height, width = dots.shape
    cells = dots.reshape(height // DOWN, DOWN, width // ACROSS, ACROSS)
    codes = np.einsum("rdca,da->rc", cells.astype(np.int64), WEIGHTS)
    return ["".join(chr(BLANK + code) if code else " " for code in row) for row in codes]
