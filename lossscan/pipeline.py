"""One run from its files to its report: runs, signals, ledger."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Sequence
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lossscan import words
from lossscan.errors import (
    DENIED,
    ExaminationFailed,
    InputError,
    LogDamaged,
    LossscanError,
    NoLogFound,
    ReaderFailed,
    ReaderGaveUp,
    UnreadableLog,
)
from lossscan.model import (
    FAILED_NOTE,
    GAVE_UP_NOTE,
    UNREAD_NOTE,
    UNVOUCHED,
    Failure,
    Finding,
    Message,
    Note,
    Run,
    RunReport,
)
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.runs.discover import RunFiles
    from lossscan.runs.remote import Remote

_log = logging.getLogger(__name__)
STDIN = Path("-")
_FAILURES = {  # what a note on a log unread is as an error, and the way out
    FAILED_NOTE: (ReaderFailed, "report"),
    GAVE_UP_NOTE: (ReaderGaveUp, "give_less"),
    UNREAD_NOTE: (LogDamaged, "retry"),
}
SHOWN_RUNS = 3  # named where a folder holds several


def examine(what: Path | RunFiles | Remote, settings: Settings) -> RunReport:
    """The report of one run, given as to `read`; raises as that does."""
    from lossscan.runs.discover import RunFiles

    if isinstance(what, Path | RunFiles):
        return report_on(read(what, settings), settings)
    from lossscan.runs.remote import fetched

    with fetched(what) as (local, renamed):
        return renamed(examine(local, settings))


def report_on(run: Run, settings: Settings) -> RunReport:
    """The report of a run that has been read; raises ExaminationFailed where it breaks lossscan."""
    try:
        return _reported(run, settings)
    except LossscanError:
        raise
    except Exception as error:
        raise broken(run.path, error) from error


def _reported(run: Run, settings: Settings) -> RunReport:
    from lossscan.ledger import diagnose
    from lossscan.runs.lines import located
    from lossscan.signals import scan

    signals = scan(run)
    diagnosis = diagnose(run, signals, settings)
    findings = _ranked(diagnosis.findings, settings)
    failure = None if findings else _unvouched(run)
    return RunReport(
        path=run.path,
        name=run.name or Path(run.path).resolve().name,
        status=str(findings[0].severity) if findings else "error" if failure else "ok",
        run=run,
        findings=located(run, findings),
        ruled_out=diagnosis.ruled_out,
        change_points=diagnosis.change_points,
        remarks=(*(_remark(note, Path(run.path)) for note in run.notes), *diagnosis.remarks),
        error=failure,
    )


def _unvouched(run: Run) -> Failure | None:
    """Why a run without findings is not "ok": a log of it could not be read, or not whole."""
    failed = next((note for note in run.notes if note.kind in UNVOUCHED), None)
    if failed is None:
        return None
    said = _remark(failed, Path(run.path))
    placed = said if failed.path == Path(run.path) else said.placed(run.path)  # it names the log
    kind, way_out = _FAILURES[failed.kind]
    denied = failed.reason is not None and failed.reason.key == DENIED
    return Failure(kind.__name__, placed, Message("allow" if denied else way_out))


def read(what: Path | RunFiles | Remote, settings: Settings) -> Run:
    """One run, given by its path (`-`: standard input), its files here, or those behind a URL.

    Raises InputError, MissingExtra.
    """
    from lossscan.runs import read_run, read_stream
    from lossscan.runs.discover import RunFiles

    if not isinstance(what, Path | RunFiles):
        from lossscan.runs.remote import fetched

        with fetched(what) as (local, _):
            return replace(read(local, settings), path=what.url)
    if what == STDIN:
        closed = sys.stdin is None  # by who started it: nothing comes then
        return read_stream(BytesIO() if closed else sys.stdin.buffer, settings)
    files = one_run(what, settings) if isinstance(what, Path) else what
    try:
        return read_run(files, settings)
    except (LossscanError, OSError):
        raise
    except Exception as error:
        raise broken(str(files.root), error) from error


def broken(path: str, error: Exception) -> InputError:
    """A fault of lossscan's own, or a lack of memory, as an error of this run alone."""
    if isinstance(error, MemoryError):
        return UnreadableLog("out_of_memory", at=path)
    _log.debug("%s: please report this", path, exc_info=True)
    return ExaminationFailed("examination_failed", at=path, error=type(error).__name__)


def one_run(path: Path, settings: Settings) -> RunFiles:
    """The files of the only run at a path; raises InputError where there are several or none."""
    from lossscan.runs.apart import split_folder
    from lossscan.runs.discover import PART, discover

    folder, _, part = str(path).partition(PART)
    below = Path(folder) if part and Path(folder).is_dir() else path
    found = [each for files in discover(below, settings) for each in split_folder(files)]
    if below != path:
        found = [files for files in found if files.root == path]
    found = [files for files in found if not files.silent] or found
    if not found:
        raise no_log(path)
    if len(found) > 1:
        raise several(path, [str(files.root) for files in found])
    return found[0]


def one_remote(url: str, settings: Settings) -> Remote:
    """The only run behind a URL; raises InputError, MissingExtra."""
    from lossscan.runs.remote import find

    found = find(url, settings)
    if not found:
        raise no_log(url)
    if len(found) > 1:
        raise several(url, [run.url for run in found])
    return found[0]


def place_of(path: str | PathLike[str]) -> Path:
    """The path; raises NoLogFound for an empty one, which Path takes for the current folder."""
    if not fspath(path):
        raise NoLogFound("no_such_path", at='""')
    return Path(path)


def several(path: Path | str, runs: Sequence[str]) -> InputError:
    """One run was asked for, and there are several."""
    named = ", ".join(runs[:SHOWN_RUNS]) + (", ..." if len(runs) > SHOWN_RUNS else "")
    return InputError("several_runs", at=path, count=len(runs), runs=named)


def no_log(path: Path | str) -> NoLogFound:
    """Nothing at or below the path is a log; what is there instead is named."""
    from lossscan.runs.remote import is_url
    from lossscan.runs.strangers import nothing_at, stranger_at

    if is_url(str(path)):
        return NoLogFound("no_log", at=path)
    return stranger_at(Path(path)) or nothing_at(Path(path))


def _ranked(findings: Iterable[Finding], settings: Settings) -> tuple[Finding, ...]:
    """Findings worst first, with the severities that the user gave their rules."""
    chosen = settings.severities
    changed = (replace(f, stated_severity=chosen.get(f.rule, f.severity)) for f in findings)
    return tuple(sorted(changed, key=lambda finding: finding.severity.rank))


def _remark(note: Note, root: Path) -> Message:
    inside = note.path.is_relative_to(root) and note.path != root
    path = note.path.relative_to(root) if inside else note.path
    return words.noted(note.kind, str(path), **note.values())
