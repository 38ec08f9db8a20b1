"""Levels of a curve: how many points tell one, and whether a change takes back another."""

from __future__ import annotations

LEVEL_POINTS = 10  # points a side that a quoted level is the median of
TAKEN_BACK = 0.65  # of a change at the least, and no more than 1/0.65 of it


def takes_back(gap: float, back: float) -> bool:
    """Whether a change `back` is about as large as the `gap` before it."""
    return TAKEN_BACK * gap <= back <= gap / TAKEN_BACK
