"""One run from its files to its report: ingest, signals, diagnosis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lossscan import words
from lossscan.errors import InputError, NoLogFound
from lossscan.model import Finding, Note, Run, RunReport
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.ingest.discover import RunFiles

SHOWN_RUNS = 3  # named where a folder holds several


def examine(what: Path | RunFiles, settings: Settings) -> RunReport:
    """The report of one run, given by its path or by its files; raises InputError."""
    from lossscan.diagnosis import diagnose
    from lossscan.ingest import read_run
    from lossscan.signals import scan

    run = read_run(one_run(what) if isinstance(what, Path) else what, settings)
    signals = scan(run)
    diagnosis = diagnose(run, signals, settings)
    findings = _ranked(diagnosis.findings, settings)
    return RunReport(
        path=run.path,
        name=run.name or Path(run.path).resolve().name,
        status=str(findings[0].severity) if findings else "ok",
        run=run,
        findings=findings,
        ruled_out=diagnosis.ruled_out,
        change_points=signals.changes,
        remarks=(*_remarks(run, settings.lang), *diagnosis.remarks),
    )


def one_run(path: Path) -> RunFiles:
    """The files of the only run at a path; raises InputError where there are several or none."""
    from lossscan.ingest.discover import discover

    found = discover(path)
    if not found:
        raise no_log(path)
    if len(found) > 1:
        named = ", ".join(str(files.root) for files in found[:SHOWN_RUNS])
        more = ", ..." if len(found) > SHOWN_RUNS else ""
        raise InputError(
            f"{path}: holds {len(found)} runs ({named}{more})",
            hint=f"name one of them, or see all with: lossscan batch {path}",
        )
    return found[0]


def no_log(path: Path) -> NoLogFound:
    """Nothing at or below the path is a log."""
    return NoLogFound(
        f"{path}: no training log found (trainer_state.json, event file, JSONL, CSV, console log)",
        hint="name the directory that the trainer wrote to, or one log file",
    )


def _ranked(findings: Iterable[Finding], settings: Settings) -> tuple[Finding, ...]:
    """Findings worst first, with the severities that the user gave their rules."""
    chosen = settings.severities
    changed = (replace(f, severity=chosen.get(f.rule, f.severity)) for f in findings)
    return tuple(sorted(changed, key=lambda finding: finding.severity.rank))


def _remarks(run: Run, lang: str) -> tuple[str, ...]:
    return tuple(_remark(note, Path(run.path), lang) for note in run.notes)


def _remark(note: Note, root: Path, lang: str) -> str:
    inside = note.path.is_relative_to(root) and note.path != root
    path = note.path.relative_to(root) if inside else note.path
    return words.say_note(lang, note.kind, str(path), **note.numbers)
