"""Curves as the points of SVG lines, and a curve the size of a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.drawing import robust_range

WIDTH, HEIGHT = 120, 24  # units of the viewBox
LEAST: Final = 2  # a line has two ends


def lines(values: Sequence[float]) -> list[str]:
    """The points of each unbroken piece of the curve; none where there are not two values."""
    numbers = np.array(values, dtype=np.float64)
    finite = numbers[np.isfinite(numbers)]
    if len(finite) < LEAST:
        return []
    across = np.arange(len(numbers)) / (len(numbers) - 1) * WIDTH
    return pieces(across, below_top(numbers, robust_range(finite)) * (HEIGHT - 2) + 1)


def below_top(values: FloatArray, ends: tuple[float, float]) -> FloatArray:
    """(n,) how far values are below the upper end of a range, 0..1; NaN for what is not finite.

    What leaves the range runs along its edge.
    """
    low, high = ends
    inside = np.where(np.isfinite(values), np.clip(values, low, high), np.nan)
    return np.asarray((high / 2 - inside / 2) / ((high / 2 - low / 2) or 1.0))


def pieces(across: FloatArray, down: FloatArray) -> list[str]:
    """The points of each stretch without a gap, for a polyline; a gap is where `down` is NaN."""
    points = np.column_stack([across, down])
    parts = np.split(points, np.flatnonzero(np.isnan(down)))
    shown = (" ".join(f"{x:.1f},{y:.1f}" for x, y in part.tolist() if y == y) for part in parts)  # noqa: PLR0124  no NaN
    return [piece for piece in shown if piece]
