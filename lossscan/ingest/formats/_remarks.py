"""Lines of a console that name the cause of a trouble: they become remarks of the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from lossscan.ingest.formats._columns import number
from lossscan.model import Note

_OVERFLOW: Final = re.compile(
    r"(?i)overflow! .{0,80}?attempted loss scale: ?[\d.e+]{1,20}, reducing to ([\d.e+]{1,20})(?=\s)"
)
_NOT_PLOTTED: Final = re.compile(r"No metric (\w{1,60}) to plot")  # LLaMA-Factory's
_HINTS: Final = ("attempted loss scale", "no metric ")


class Remarks:
    """What such lines have said so far."""

    def __init__(self) -> None:
        self._scales: list[float] = []  # of DeepSpeed, after each skipped update
        self._not_plotted: dict[str, None] = {}

    def take(self, line: str) -> None:
        """Look at a line."""
        if not any(hint in line.lower() for hint in _HINTS):
            return
        scales = (number(match[1]) for match in _OVERFLOW.finditer(line))
        self._scales += [scale for scale in scales if scale is not None]
        self._not_plotted |= dict.fromkeys(_NOT_PLOTTED.findall(line))

    def notes(self, path: Path) -> tuple[Note, ...]:
        """The remarks on a log."""
        found = [Note("not_plotted", path, {"name": name}) for name in self._not_plotted]
        if self._scales:
            skipped = {"updates": len(self._scales), "scale": self._scales[-1]}
            found.append(Note("fp16_overflows", path, skipped))
        return tuple(found)
