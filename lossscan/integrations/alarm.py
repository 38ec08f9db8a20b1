"""Whether the last points of a series call for a look: a few microseconds a point."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

from lossscan.numeric.medians import MAD_TO_SIGMA

LATEST: Final = 5  # points that are compared, and between comparisons: a jump is seen in three
BEFORE: Final = 50  # points they are compared with: their noise is known to a tenth
SHIFT: Final = 4.0  # noise units of their median: chance moves that of five by 4 in 10^12
LONE: Final = 10.0  # noise units of one of them: heavy tails reach this about once in a run
LEAST: Final = 0.005  # of the level: a curve without noise still moves by its rounding


class Alarm:
    """Sounds where the last points leave the level before them on the bad side.

    `sign` is that side: 1 where a loss rises, -1 where a reward falls.
    """

    __slots__ = ("_points", "_sign", "_taken")

    def __init__(self, sign: int = 1) -> None:
        self._sign = sign
        self._points: deque[float] = deque(maxlen=BEFORE + LATEST)
        self._taken = 0

    def sounds(self, value: float) -> bool:
        """Whether it does with one more finite value."""
        self._points.append(self._sign * value)
        self._taken += 1
        if self._taken % LATEST or len(self._points) < BEFORE + LATEST:
            return False
        points = list(self._points)
        before, latest = points[:BEFORE], points[BEFORE:]
        level = median(before)
        noise = MAD_TO_SIGMA * median(abs(each - level) for each in before)
        noise = max(noise, LEAST * abs(level))
        return median(latest) > level + SHIFT * noise or max(latest) > level + LONE * noise
