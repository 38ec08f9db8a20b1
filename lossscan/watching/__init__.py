"""A run that is still training: examined again as its files grow, each finding said once.

What a few more points take back is not said: see `Announced`. A long run is not read at each poll:
see `LongRun`. When the training is complete, or
the watch ends, the last look has all that `analyze` would report.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from lossscan.errors import InputError, LossscanError, UnreadableLog, reason_of
from lossscan.gate import stamped
from lossscan.model import Finding, Run, RunReport
from lossscan.pipeline import examine, one_run
from lossscan.settings import Settings
from lossscan.watching.announced import Announced
from lossscan.watching.long import LongRun, sizes_of

MOST_FILES = 100_000  # whose growth is looked at; a run directory holds a few hundred

Stamp: TypeAlias = tuple[tuple[str, int, int, int], ...]  # path, inode, size and time of each file


@dataclass(frozen=True, slots=True)
class Look:
    """What one examination of a live run says."""

    report: RunReport | None  # None where nothing can be judged yet, and of the last lines alone
    new: tuple[Finding, ...] = ()  # findings that no earlier look announced
    waiting: LossscanError | None = None  # why nothing can be judged yet
    tail: Run | None = None  # the last lines of a long run, where they call for no report
    last: bool = False  # the training is complete, or the watch has ended


@dataclass(slots=True)
class Watch:
    """A watch of one path: what was announced, and how the files were when it last looked."""

    path: Path
    settings: Settings
    _announced: Announced = field(default_factory=Announced)
    _long: LongRun = field(init=False)
    _stamp: Stamp | None = None  # before the first look
    _latest: RunReport | None = None  # of the whole run, if that was the last look

    def __post_init__(self) -> None:
        self._long = LongRun(self.settings)

    def looks(self, wait: Callable[[], bool], *, until_complete: bool = True) -> Iterator[Look]:
        """A look whenever a file has changed; `wait` sleeps and says whether the watch ends.

        The last look announces all that is left.
        """
        ended = False
        while not ended:
            stamp = stamp_of(self.path)
            if stamp != self._stamp:
                self._stamp = stamp
                look = self._look(until_complete=until_complete)
                yield look
                if look.last:
                    return
            ended = wait()
        yield self._last()

    def _look(self, *, until_complete: bool) -> Look:
        """A look at the whole run, or at the last lines of a long one where they are quiet."""
        self._latest = None
        try:
            files = one_run(self.path, self.settings)
            if self._long.is_quiet(files, self._announced):
                return Look(None, tail=self._long.tail)
            sizes = sizes_of(files)
            report = stamped(examine(files, self.settings))
        except InputError as error:  # not yet there, or half written: the next look tells
            return Look(None, waiting=error)
        except OSError as error:  # a file went while we looked
            reason = reason_of(error)
            return Look(None, waiting=UnreadableLog("no_access", at=self.path, reason=reason))
        self._latest = report
        last = until_complete and report.run is not None and report.run.complete is True
        new = self._announced.new(report, last=last)
        self._long.looked(files, sizes, self._announced)
        return Look(report, new, last=last)

    def _last(self) -> Look:
        """The whole run at the end of the watch."""
        report = self._latest
        try:
            if report is None or stamp_of(self.path) != self._stamp:
                report = stamped(examine(self.path, self.settings))
        except InputError as error:
            return Look(None, waiting=error, last=True)
        return Look(report, self._announced.new(report, last=True), last=True)


def stamp_of(path: Path) -> Stamp:
    """What tells whether any file at or below a path has changed; links are not followed."""
    found = []
    for file in _files(path):
        try:
            status = file.stat(follow_symlinks=False)
        except OSError:  # it went while we looked: the next stamp will differ
            continue
        found.append((str(file), status.st_ino, status.st_size, status.st_mtime_ns))
        if len(found) >= MOST_FILES:
            break
    return tuple(found)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, below, names in os.walk(path):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names))
