"""Which findings of a run that grows are new, and sure enough to be said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from lossscan.model import Finding, RunReport

Key: TypeAlias = tuple[str, str, str]  # rule, series and severity: said again where it gets worse


@dataclass(slots=True)
class Announced:
    """What was said of a run, and what its last examination held.

    A finding is new once two examinations in a row have it, the second of them with more points.
    """

    said: set[Key] = field(default_factory=set)
    _before: frozenset[Key] = frozenset()
    _points: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether the last examination held what the next one may confirm."""
        return not self._before <= self.said

    def new(self, report: RunReport, *, last: bool = False) -> tuple[Finding, ...]:
        """The findings to be said now; of the last report all that are left."""
        points = _points_of(report)
        found = {key_of(finding): finding for finding in report.findings}
        grown = points > self._points
        sure = set(found) if last else set(found) & self._before if grown else set()
        fresh = sure - self.said
        self.said |= fresh
        if points != self._points:  # fewer: the log was rotated, a new beginning
            self._before, self._points = frozenset(found), points
        return tuple(finding for key, finding in found.items() if key in fresh)


def _points_of(report: RunReport) -> int:
    return 0 if report.run is None else max(map(len, report.run.series.values()), default=0)


def key_of(finding: Finding) -> Key:
    """What makes two findings of a growing run the same."""
    return (finding.rule, finding.series, str(finding.severity))
