"""Levels of a curve: how many points tell one, and whether a change takes back another."""

from __future__ import annotations

from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.medians import median

LEVEL_POINTS = 10  # points whose median is a level: on a side of a change, and where a run ends
EDGE_POINTS = 3  # the same next to an edge, and at either end of a run, where a level moves
SMOOTH_POINTS, SMOOTHER_POINTS = 3, 5  # whose running median no one wild point moves, and no two
BLOCK_POINTS = 3  # points in a row: more than one odd batch leaves
# Noise units of a lone point that is no noise: of 340 labeled clean runs three have one beyond it,
PEAK_SIGMA = 6.5  # and of 1000 normal points the highest has 3.2
TAKEN_BACK = 0.65  # of a change at the least, and no more than 1/0.65 of it


def takes_back(gap: float, back: float) -> bool:
    """Whether a change `back` is about as large as the `gap` before it."""
    return TAKEN_BACK * gap <= back <= gap / TAKEN_BACK


def first_level(values: FloatArray) -> float:
    """The level at which values begin."""
    return median(values[:EDGE_POINTS])


def highest_first(values: FloatArray) -> float:
    """The highest of the first values: where a loss began that may have fallen fast."""
    return float(values[:EDGE_POINTS].max())


def last_level(values: FloatArray) -> float:
    """The level at which values end, of few that may still move."""
    return median(values[-EDGE_POINTS:])
