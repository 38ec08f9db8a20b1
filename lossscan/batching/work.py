"""What is done with one run, here or in another process: a Task becomes a RunReport."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from lossscan import pipeline
from lossscan.canonical.names import JUDGED
from lossscan.errors import (
    LossscanError,
    NoLogFound,
    Order,
    TimedOut,
    UnreadableLog,
    UsageError,
    reason_of,
)
from lossscan.model import Failure, Message, Resume, Run, RunReport, Series
from lossscan.runs.remote import Remote, is_url
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.runs.discover import RunFiles

SKETCHED = 62  # values: 20 stretches with a low and a high each, about a pixel and a half apart
AGAIN = 5.0  # seconds until the alarm rings again where nobody listened, as within a destructor


class Task(Struct, frozen=True):
    """One run to judge: where its files are, or why that is not known."""

    path: str  # as the report names it
    files: RunFiles | Remote | None = None
    error: Failure | None = None

    @property
    def place(self) -> str:
        """The path from wherever the batch is started, or the URL."""
        return self.path if is_url(self.path) else str(Path(self.path).resolve())

    def marks(self) -> tuple[tuple[str, str], ...]:
        """Each file with what changes when it is written to; empty for a vanished one."""
        if isinstance(self.files, Remote):
            return self.files.marks
        files = self.files.files if self.files else ()
        return tuple((str(path), "{}:{}".format(*_stated(path))) for path in files)

    def changed_at(self) -> float:
        """When the last of its files was written, in seconds since 1970; of none, it is not known.

        What the system keeps closed may be new: it is never too old to be a row.
        """
        if isinstance(self.files, Remote):
            return self.files.changed_at
        times = (_stated(path)[1] for path in (self.files.files if self.files else ()))
        return max(times, default=inf) / 1e9


def judge(tasks: Sequence[Task], settings: Settings) -> list[RunReport]:
    """A report of each run, without what only a chart needs; raises nothing but UsageError."""
    return [_judged(task, settings) for task in tasks]


def failure(path: str, error: Exception) -> Failure:
    """An error as a row of the report shows it."""
    if isinstance(error, OSError):  # of the system, not of lossscan
        told: LossscanError = UnreadableLog("unreadable_run", at=path, reason=reason_of(error))
    else:
        told = error if isinstance(error, LossscanError) else pipeline.broken(path, error)
    return Failure(type(told).__name__, told.message, told.way_out)


def failed(path: str, why: Failure) -> RunReport:
    """The report of a run that could not be examined."""
    return RunReport(path, Path(path).name or Path(path).resolve().name, "error", error=why)


def _judged(task: Task, settings: Settings) -> RunReport:
    if task.files is None:
        nothing = Failure("NoLogFound", Message("as_said", text=task.path), Message(""))
        return failed(task.path, task.error or nothing)
    try:
        with within(settings.timeout, task.path):
            return _slim(pipeline.examine(task.files, settings))
    except UsageError:
        raise
    except Exception as error:  # one run, even one that breaks lossscan, must not stop the others
        return failed(task.path, failure(task.path, _vanished(task) or error))


def _vanished(task: Task) -> NoLogFound | None:
    """The error for a run that was there when the batch began and is gone."""
    files = task.files
    if files is None or isinstance(files, Remote):
        return None
    there = _is_there(files.root if files.part is None else files.files[0])
    return None if there else NoLogFound("vanished", at=task.path)


def _is_there(path: Path) -> bool:
    """Whether something has this name, also where it may not be looked at."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


class _TimeUp(Order):
    """The alarm."""


@contextmanager
def within(seconds: float | None, path: str) -> Iterator[None]:
    """End what is done within after so many seconds; raises TimedOut.

    Only the main thread of a process can be rung up, and on Windows none.
    """
    if seconds is None or not _has_alarm():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
        yield
    except _TimeUp:
        raise TimedOut("timed_out", at=path, seconds=f"{seconds:g}") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(number: int, frame: FrameType | None) -> None:
    raise _TimeUp


def _has_alarm() -> bool:
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        return False
    return signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


# --- what a row keeps --------------------------------------------------------------------------


def _slim(report: RunReport) -> RunReport:
    """The report with the ends and extremes of its series alone: memory stays flat over a batch."""
    run = report.run
    if run is None:
        return report
    return replace(report, run=_slim_run(run), sketch=_sketch(run))


def _sketch(run: Run) -> tuple[float, ...]:
    """The values for a word-sized curve, taken while the series is still whole."""
    from lossscan.numeric.drawing import thinned

    main = next((run.series[name] for name in JUDGED if name in run.series), None)
    if main is None:
        return ()
    return tuple(main.values[thinned(main.values, SKETCHED)].tolist())


def _slim_run(run: Run) -> Run:
    resumes = tuple(Resume(r.step, fresh=r.fresh, source=r.source) for r in run.schedule.resumes)
    return replace(
        run,
        series={name: _ends(series) for name, series in run.series.items()},
        schedule=replace(run.schedule, landmarks=(), resumes=resumes),
    )


def _ends(series: Series) -> Series:
    """Its first and last point, its lowest and its highest."""
    import numpy as np

    finite = np.flatnonzero(np.isfinite(series.values))
    kept = {0, len(series) - 1} if len(series) else set()
    if len(finite):
        kept |= {int(finite[pick(series.values[finite])]) for pick in (np.argmin, np.argmax)}
    at = sorted(kept)
    return Series(series.name, series.steps[at], series.values[at], points=len(series))


def _stated(path: Path) -> tuple[int, int]:
    """Bytes and time of the last write in nanoseconds; zeros for a file that is gone."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
