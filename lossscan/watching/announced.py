"""Which findings of a run that grows are new, and sure enough to be said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from lossscan.model import Finding, RunReport

HELD_POINTS: Final = 20  # more points, or this share more, over which every look has a finding:
HELD_SHARE: Final = 0.05  # of simulated runs, half as many are taken back as after one look more
HELD_MOST: Final = 50  # points; a long run is judged on many
FINAL: Final = ("non-finite-loss",)  # rules whose findings no further point takes back

Key: TypeAlias = tuple[str, str, str]  # rule, series and severity: said again where it gets worse


@dataclass(slots=True)
class Announced:
    """What was said of a run, and what its last examination held.

    A finding is new once it has held: each examination had it while the log grew by a twentieth.
    """

    said: set[Key] = field(default_factory=set)
    _since: dict[Key, int] = field(default_factory=dict)  # points at the first look that had it
    points: int = 0  # of the last examination

    def new(self, report: RunReport, *, last: bool = False) -> tuple[Finding, ...]:
        """The findings to be said now; of the last report all that are left."""
        points = _points_of(report)
        found = {key_of(finding): finding for finding in report.findings}
        if points < self.points:  # the log was rotated, a new beginning
            self._since.clear()
        self.points = points
        self._since = {key: self._since.get(key, points) for key in found}
        fresh = {key for key in found if last or self._has_held(key)} - self.said
        self.said |= fresh
        return tuple(finding for key, finding in found.items() if key in fresh)

    @property
    def waits(self) -> int | None:
        """In how many points the next finding may have held; None where none is waiting."""
        waiting = [self._held_at(key) for key in self._since.keys() - self.said]
        return max(min(waiting) - self.points, 1) if waiting else None

    def _has_held(self, key: Key) -> bool:
        return self.points >= self._held_at(key)

    def _held_at(self, key: Key) -> int:
        since = self._since[key]
        if key[0] in FINAL:
            return since + 1
        return since + min(max(HELD_POINTS, int(since * HELD_SHARE)), HELD_MOST)


def _points_of(report: RunReport) -> int:
    return 0 if report.run is None else max(map(len, report.run.series.values()), default=0)


def key_of(finding: Finding) -> Key:
    """What makes two findings of a growing run the same."""
    return (finding.rule, finding.series, str(finding.severity))
