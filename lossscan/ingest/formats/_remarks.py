"""Lines of a console that name the cause of a trouble: they become remarks of the report."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lossscan.ingest.formats._columns import number
from lossscan.model import Note

_OVERFLOW: Final = re.compile(
    r"(?i)overflow! .{0,80}?attempted loss scale: ?[\d.e+]{1,20}, reducing to ([\d.e+]{1,20})(?=\s)"
)
_NOT_PLOTTED: Final = re.compile(r"No metric (\w{1,60}) to plot")  # LLaMA-Factory's
SKIPPED: Final = "skipped_iterations"  # the name of the series
_HINTS: Final = ("attempted loss scale", "no metric ")


class Remarks:
    """What such lines have said so far."""

    def __init__(self) -> None:
        self._scales: list[float] = []  # of DeepSpeed, after each skipped update
        self._skips: list[int] = []  # where each stood
        self._not_plotted: dict[str, None] = {}

    def take(self, line: str, place: int) -> None:
        """Look at a line; places rise, and those of points may be asked for (`skipped`)."""
        folded = line.lower()
        if not any(hint in folded for hint in _HINTS):
            return
        scales = (number(match[1]) for match in _OVERFLOW.finditer(line))
        known = [scale for scale in scales if scale is not None]
        self._scales += known
        self._skips += [place] * len(known)
        self._not_plotted |= dict.fromkeys(_NOT_PLOTTED.findall(line))

    def skipped(self, points: Sequence[int]) -> Counter[int]:
        """How many updates were skipped up to each point since the one before; places rise.

        Those behind the last point wait for the next.
        """
        behind = (bisect_left(points, place) for place in self._skips)
        return Counter(points[at] for at in behind if at < len(points))

    def notes(self, path: Path) -> tuple[Note, ...]:
        """The remarks on a log."""
        found = [Note("not_plotted", path, {"name": name}) for name in self._not_plotted]
        if self._scales:
            skipped = {"updates": len(self._scales), "scale": self._scales[-1]}
            found.append(Note("fp16_overflows", path, skipped))
        return tuple(found)
