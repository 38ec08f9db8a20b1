"""Known findings: a report becomes entries in a file, which later reports are held against.

A fingerprint is made of the rule, the series, the run's path and the place in coarse terms, and of
nothing that changes when a run goes on or lossscan grows surer: no value, no confidence, no words.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct, convert
from msgspec.structs import asdict

from lossscan.errors import SettingsError, Unusable, reason_of
from lossscan.model import Finding, Message
from lossscan.sources.own_file import read_own

SCHEMA = "lossscan.gate.baseline/1"
PER_OCTAVE = 2  # places between a step and its double: 40 % apart are two places
SLACK = 0.1  # a start this close to the next place counts for both: a point more may shift it
LENGTH = 16  # hex digits; two of a million findings are alike by chance once in 37 million
PROJECT = (".git", "lossscan.yaml", "pyproject.toml")  # what moves with a checkout, and settings
MAX_BYTES = 64 << 20  # a baseline of 300,000 findings


class Known(Struct, frozen=True):
    """A finding as the baseline file keeps it; all but the fingerprint is there for its reader."""

    fingerprint: str
    run: str
    rule: str
    series: str
    start_step: int | None
    severity: str


class _Kept(Struct):
    """A baseline file as it is written."""

    schema: str
    findings: list[Known]


def run_key(path: str, folder: Path) -> str:
    """The run's path below its project, with `/`; outside of any project, the whole path.

    The project is found from the run, so that the key is the same from any current folder.
    """
    if "://" in path:
        return path
    whole = Path(os.path.normpath(folder / path))
    roots = (above for above in whole.parents if any((above / name).exists() for name in PROJECT))
    root = next(roots, None)
    return (whole.relative_to(root) if root else whole).as_posix()


def fingerprint(finding: Finding, run: str) -> str:
    """The name of a finding of the run with this key: equal for one rule, series and place."""
    return _digest(finding, run, _place(finding.start_step))


def likenesses(finding: Finding, run: str) -> frozenset[str]:
    """The fingerprint, and that of the neighboring place if the finding starts close to it."""
    start = finding.start_step
    near = (start,) if start is None else (start, start * (1 - SLACK), start * (1 + SLACK))
    return frozenset(_digest(finding, run, _place(step)) for step in near)


def entries(findings: Iterable[Finding], run: str) -> tuple[Known, ...]:
    """The entries of a run in the baseline: each finding that no suppression covers."""
    kept = (f for f in findings if f.waiver is None or f.waiver.by == "baseline")
    found = (
        Known(fingerprint(f, run), run, f.rule, f.series, f.start_step, str(f.severity))
        for f in kept
    )
    return tuple({known.fingerprint: known for known in found}.values())


def dumps(known: Iterable[Known]) -> str:
    """The text of a baseline file, the same for the same findings."""
    rows = sorted(known, key=lambda each: (each.run, each.rule, each.fingerprint))
    whole = {"schema": SCHEMA, "findings": [asdict(row) for row in rows]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def load(file: Path) -> Mapping[str, Known]:
    """The entries of a baseline file by fingerprint; raises SettingsError."""
    try:
        whole = convert(json.loads(read_own(file, MAX_BYTES)), _Kept)
        if whole.schema != SCHEMA:
            raise Unusable("other_schema", schema=SCHEMA)
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("baseline_broken", at=file, reason=reason_of(error)) from error
    except (ValueError, RecursionError) as error:  # msgspec names the key, and what it expected
        reason = Message("not_baseline", reason=reason_of(error))
        raise SettingsError("baseline_broken", at=file, reason=reason) from error
    return {known.fingerprint: known for known in whole.findings}


def _digest(finding: Finding, run: str, place: str) -> str:
    import hashlib

    parts = "\0".join((finding.rule, finding.series, run, place))
    return hashlib.sha256(parts.encode("utf-8", "surrogateescape")).hexdigest()[:LENGTH]


def _place(step: float | None) -> str:
    """Steps on a logarithmic scale: coarse late in a run, where a finding's start is vague too."""
    if step is None:
        return "run"
    return "start" if step < 1 else str(math.floor(math.log2(step) * PER_OCTAVE))
