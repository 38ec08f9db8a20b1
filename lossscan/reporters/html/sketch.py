"""A curve the size of a word, as the points of an SVG line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from lossscan.numeric.ranges import robust_range

WIDTH, HEIGHT = 120, 24  # units of the viewBox
LEAST: Final = 2  # a line has two ends


def lines(values: Sequence[float]) -> list[str]:
    """The points of each unbroken piece of the curve; none where there are not two values."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < LEAST:
        return []
    low, high = robust_range(np.array(finite))
    pieces: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if not math.isfinite(value):
            pieces.append([])
            continue
        down = (high / 2 - min(max(value, low), high) / 2) / ((high / 2 - low / 2) or 1.0)
        across = number / (len(values) - 1) * WIDTH
        pieces[-1].append(f"{across:.1f},{down * (HEIGHT - 2) + 1:.1f}")
    return [" ".join(piece) for piece in pieces if piece]
