"""Many runs one after the other: each becomes a report, whatever its fate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lossscan.errors import LossscanError, UsageError
from lossscan.model import Failure, RunReport
from lossscan.pipeline import examine, no_log
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.ingest.discover import RunFiles


def each_run(paths: Iterable[Path], settings: Settings) -> Iterator[RunReport]:
    """A report for every run below the paths, in the order of the paths, then of the names.

    A run that cannot be examined is a report of status `error`; only UsageError is raised,
    because settings are the same for all runs.
    """
    seen: set[Path] = set()
    for path in paths:
        for found in _found(path):
            root = path if isinstance(found, RunReport) else found.root
            if root.resolve() not in seen:  # roots may overlap
                seen.add(root.resolve())
                yield found if isinstance(found, RunReport) else _examined(found, settings)


def _found(path: Path) -> Iterable[RunFiles | RunReport]:
    from lossscan.ingest.discover import discover

    try:
        found = discover(path)
    except LossscanError as error:
        return [_failed(path, error)]
    return found or [_failed(path, no_log(path))]


def _examined(files: RunFiles, settings: Settings) -> RunReport:
    try:
        return examine(files, settings)
    except UsageError:
        raise
    except Exception as error:  # one run, even one that breaks lossscan, must not stop the others
        return _failed(files.root, error)


def _failed(path: Path, error: Exception) -> RunReport:
    if isinstance(error, LossscanError):
        failure = Failure(type(error).__name__, str(error), error.hint)
    else:
        reason = f"{path}: lossscan itself failed: {type(error).__name__}: {error}"
        failure = Failure(type(error).__name__, reason, "please report it with the log file")
    return RunReport(str(path), path.name or path.resolve().name, "error", error=failure)
