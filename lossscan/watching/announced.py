"""Which findings of a run that grows are new, and sure enough to be said."""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct, field

from lossscan.model import Finding, Run, RunReport, Severity

FIRST: Final = 30  # logged points before the first look counts: fewer tell level from noise badly
HELD_POINTS: Final = 20  # more points, or this share more, over which every look has a finding:
HELD_SHARE: Final = 0.05  # of simulated runs, half as many are taken back as after one look more
HELD_MOST: Final = 50  # points; a long run is judged on many
SURE: Final = 0.85  # confidence; of the spikes that replays of real runs hold with less, half go
FINAL: Final = ("non-finite-loss",)  # rules whose findings no further point takes back
UNDUE: Final = "eval-missing"  # without a step none was due: it may follow the training
OF_DATA: Final = ("loss-jump", "unexplained-drop")  # what data in file order does in each epoch

Key: TypeAlias = tuple[str, str, str]  # rule, series and severity: said again where it gets worse


class Announced(Struct):
    """What was said of a run, and what its last examination held.

    A finding is new once it has held: each examination had it while the log grew by a twentieth.
    What asks for no action (`info`) is said of the last report alone.
    """

    said: set[Key] = field(default_factory=set)
    _since: dict[Key, int] = field(default_factory=dict)  # points at the first look that had it
    points: int = 0  # of the last examination

    def new(self, report: RunReport, *, last: bool = False) -> tuple[Finding, ...]:
        """The findings to be said now; of the last report all that are left."""
        series = report.run.series.values() if report.run is not None else ()
        points = max(map(len, series), default=0)
        found = {key_of(finding): finding for finding in report.findings}
        if points < self.points:  # the log was rotated, a new beginning
            self._since.clear()
        self.points = points
        sure = [key for key, finding in found.items() if _is_sure(finding, report.run)]
        self._since = {key: self._since.get(key, points) for key in sure}
        held = {key for key in self._since if points >= self._held_at(key)}
        fresh = {key for key in (found if last else held) if not self._was_said(key)}
        self.said |= fresh
        return tuple(finding for key, finding in found.items() if key in fresh)

    @property
    def waits(self) -> int | None:
        """In how many points the next finding may have held; None where none is waiting."""
        waiting = [self._held_at(key) for key in self._since.keys() - self.said]
        return max(min(waiting) - self.points, 1) if waiting else None

    def _was_said(self, key: Key) -> bool:
        """Whether it was said as severe as this, or more so."""
        rule, series, severity = key
        worse = [each for each in Severity if each.reaches(Severity(severity))]
        return any((rule, series, str(each)) in self.said for each in worse)

    def _held_at(self, key: Key) -> int:
        since = self._since[key]
        if key[0] in FINAL:
            return since + 1
        since = max(since, FIRST)
        return since + min(max(HELD_POINTS, int(since * HELD_SHARE)), HELD_MOST)


def _is_sure(finding: Finding, run: Run | None) -> bool:
    """Whether it counts as held from here on, if it stays."""
    if finding.severity is Severity.INFO or finding.confidence < SURE:
        return False
    if finding.rule == UNDUE and finding.start_step is None:
        return False
    return run is None or finding.rule not in OF_DATA or not _may_be_data(finding, run)


def _may_be_data(finding: Finding, run: Run) -> bool:
    """Whether samples in file order may do it: in the first epoch of several, until they return."""
    from lossscan.rules.kit.case import Case
    from lossscan.rules.kit.order import file_order

    start, epoch = finding.start_step, run.schedule.steps_per_epoch
    if start is None or epoch is None or not file_order(Case(run), start):
        return False
    several = (run.setting("num_train_epochs") or 1) > 1
    return several and start <= epoch and run.last_step < start + epoch


def key_of(finding: Finding) -> Key:
    """What makes two findings of a growing run the same."""
    return (finding.rule, finding.series, str(finding.severity))
