"""Every run below some roots becomes a report, in parallel, in an order that nothing disturbs.

roots -> Tasks (roots, history) -> chunks on slots (flow, pool) -> RunReports (work)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from threading import Event

from msgspec import Struct, field

from lossscan.batching.flow import in_order
from lossscan.batching.history import History, parse_since
from lossscan.batching.pool import pool_for
from lossscan.batching.roots import Options as Options
from lossscan.batching.roots import find
from lossscan.batching.work import Task
from lossscan.model import RunReport
from lossscan.settings import Settings


class Batch(Struct):
    """The runs to judge, and how many were left out: unchanged ones by their last status."""

    tasks: tuple[Task, ...]
    settings: Settings
    options: Options
    older: int = 0  # runs left out by --since
    unchanged: Mapping[str, int] = field(default_factory=dict)  # and by --changed-only
    _history: History | None = None
    _seen: list[tuple[Task, str]] = field(default_factory=list)

    def reports(self, stop: Event | None = None) -> Iterator[RunReport]:
        """A report of every run in order, whatever its status; fewer once `stop` is set.

        Raises UsageError, because settings are the same for all runs.
        """
        with pool_for(self.options.jobs, self.options.dask, len(self.tasks)) as pool:
            for task, report in in_order(self.tasks, self.settings, pool, stop or Event()):
                if self._history is not None and report.status != "error" and not report.damages:
                    self._seen.append((task, report.status))
                yield report

    def remember(self) -> None:
        """Note what was reported, once the report is where it should be; raises OutputError."""
        if self._history is not None:
            self._history.note(self._seen)


def plan(roots: Iterable[str], settings: Settings, options: Options) -> Batch:
    """Find the runs; raises InputError where filters leave none, UsageError for bad options."""
    found = find(roots, options, settings)
    tasks = found
    if options.since is not None:
        moment = parse_since(options.since)
        tasks = tuple(task for task in tasks if task.error or task.changed_at() >= moment)
    older = len(found) - len(tasks)
    if options.changed_only is None:
        return Batch(tasks, settings, options, older)
    history = History(options.changed_only, settings)
    known = history.statuses(tasks)
    changed = tuple(task for task in tasks if task.path not in known)
    return Batch(changed, settings, options, older, Counter(known.values()), history)
