"""Whether a poll of a long run may end after a look at the last lines of its logs.

A whole look costs as much as the run is long. It is needed where the log has grown by a twentieth,
where its last lines raise an alarm, and where a finding waits to be confirmed; only what a whole
look finds is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct, field

from lossscan.errors import LossscanError
from lossscan.model import Finding, Run
from lossscan.pipeline import examine
from lossscan.runs.discover import RunFiles
from lossscan.settings import Settings
from lossscan.watching.announced import Announced, Key, key_of
from lossscan.watching.excerpt import LONG, excerpts, sizes_of

GROWTH: Final = 1.05  # of the bytes until the next whole look: all together cost some 20 of them
FIRST_WAIT: Final = 1 << 14  # bytes, some 150 points: until what was not found is looked for again
COMPLETE: Final[Key] = ("", "", "complete")  # among the alarms, means the end of the training


class LongRun(Struct):
    """What the last whole look saw of the files, and what their last lines raised then."""

    settings: Settings
    _sizes: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    _raised: frozenset[Key] | None = None  # None: the run is short, or cannot be cut
    _total: int = 0  # bytes at the last whole look that was due by growth
    _again: int = 0  # bytes from which on `_raised` is an alarm again
    _wait: int = FIRST_WAIT
    tail: Run | None = None  # the last lines when they were last read
    _confirms: float = inf  # bytes at which a finding may have held

    def is_quiet(self, files: RunFiles, announced: Announced) -> bool:
        """Whether nothing calls for a whole look."""
        sizes = sizes_of(files)
        total = _bytes(sizes)
        if self._raised is None or total >= min(self._total * GROWTH, self._confirms):
            return False
        if sizes.keys() != self._sizes.keys() or any(map(self._began_anew, sizes.items())):
            return False
        raised = self._alarms(files, frozenset(p for p in sizes if sizes[p] != self._sizes[p]))
        if raised is None:
            return False
        known = self._raised if total < self._again else frozenset()
        return raised <= known | announced.said

    def looked(
        self, files: RunFiles, sizes: Mapping[Path, tuple[int, int]], announced: Announced
    ) -> None:
        """Remember the files as a whole look found them, and what their last lines raise now."""
        total = _bytes(sizes)
        waits = announced.waits
        self._confirms = inf if waits is None else total * (1 + waits / max(announced.points, 1))
        due = total >= self._total * GROWTH or total < self._total
        self._total = total if due else self._total
        self._wait = FIRST_WAIT if due else self._wait * 2
        self._again = total + self._wait
        long = any(size > LONG for _, size in sizes.values())
        self._sizes = sizes
        self._raised = self._alarms(files, None) if long else None

    def _began_anew(self, file: tuple[Path, tuple[int, int]]) -> bool:
        path, (inode, size) = file
        return inode != self._sizes[path][0] or size < self._sizes[path][1]

    def _alarms(self, files: RunFiles, grown: frozenset[Path] | None) -> frozenset[Key] | None:
        """What the last lines of the files that have grown tell; None where they tell nothing."""
        try:
            with excerpts(files, grown) as short:
                report = None if short is None else examine(short, self.settings)
        except (LossscanError, OSError):  # the whole look says what is wrong
            return None
        if report is None or report.run is None or report.damages:
            return None
        self.tail = run = report.run
        ended = frozenset([COMPLETE] if run.complete else [])
        return ended | frozenset(key_of(f) for f in report.findings if not _is_of_cut(f, run))


def _is_of_cut(finding: Finding, run: Run) -> bool:
    """Whether it begins where lines are left out, which the loss seems to pass in one step."""
    points = run.series.get(finding.series or "")
    if points is None or len(points) < 2 or not finding.episodes:  # noqa: PLR2004 - a gap has two ends
        return False
    behind = int(np.argmax(np.diff(points.steps))) + 1
    return finding.episodes[0].start_step == int(points.steps[behind])


def _bytes(sizes: Mapping[Path, tuple[int, int]]) -> int:
    return sum(size for _, size in sizes.values())
