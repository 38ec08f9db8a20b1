"""The JSON report of the contract: plain dicts, lists, strings and numbers, and their text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lossscan import words
from lossscan.expressions import expression
from lossscan.model import Alignment, Cause, Finding, Message, Report, RuledOut, Run, RunReport

SCHEMA = "lossscan.report/1"


def plain(one: RunReport, version: str, lang: str) -> dict[str, Any]:
    """One run; every key is there whatever its status, numbers that are not finite are None."""
    return {
        "schema": SCHEMA,
        "version": version,
        "run": _run(one.run, lang) | {"path": one.path, "name": one.name},
        "status": one.status,
        "findings": _value(one.findings, lang),
        "ruled_out": _value(one.ruled_out, lang),
        "change_points": _value(one.change_points, lang),
        "skipped": _value(one.run.skipped, lang) if one.run else [],
        "remarks": _value(one.remarks, lang),
        "error": _value(one.error, lang),
    }


def plain_report(report: Report, lang: str) -> dict[str, Any]:
    """All runs, what only several show, and how they compare where they are compared."""
    compared = report.comparison
    return {
        "schema": SCHEMA,
        "runs": [plain(one, report.version, lang) for one in report.runs],
        "findings": plain_findings(report.findings, lang),
        **({} if compared is None else {"comparison": _value(compared, lang)}),
    }


def plain_findings(findings: Iterable[Finding], lang: str) -> list[dict[str, Any]]:
    """What only several runs together show."""
    return [_value(finding, lang) for finding in findings]


RUN_KEYS = (
    "path",
    "name",
    "framework",
    "sources",
    "first_step",
    "last_step",
    "epochs",
    "complete",
    "series",
    "config",
)
CAUSE_KEYS = ("id", "score", "text", "config")
FINDING_KEYS = (
    "rule",
    "severity",
    "confidence",
    "title",
    "message",
    "series",
    "start_step",
    "end_step",
    "epoch",
    "episodes",
    "effect",
    "aligned_to",
    "evidence",
    "causes",
    "remedies",
    "next",
    "locations",
    "fingerprint",
    "waiver",
)
ALIGNMENT_KEYS = ("kind", "step", "distance_steps", "p_value")


def _run(run: Run | None, lang: str) -> dict[str, Any]:
    unknown = dict.fromkeys(RUN_KEYS) | {"sources": [], "series": {}, "config": {}}
    if run is None:
        return unknown
    steps = [series.steps for series in run.series.values() if len(series)]
    return unknown | {
        "framework": run.framework,
        "sources": _value(run.sources, lang),
        "first_step": min((int(s[0]) for s in steps), default=None),
        "last_step": max((int(s[-1]) for s in steps), default=None),
        "epochs": _value(run.schedule.epochs, lang),
        "complete": run.complete,
        "series": {name: len(series) for name, series in run.series.items()},
        "config": _value(run.config, lang),
    }


def _value(value: Any, lang: str) -> Any:
    """Any value of the report as JSON knows it; what JSON does not know becomes its text."""
    kind = type(value)
    if kind in _SAME:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is tuple or kind is list:
        return [_value(item, lang) for item in value]
    if kind is Message:
        said: str = value.say(lang)
        return said
    if names := _KEYS.get(kind) or getattr(kind, "__struct_fields__", ()):
        return {name: _value(getattr(value, name), lang) for name in names}
    return _rare(value, lang)


_SAME: Final = frozenset({str, int, bool, type(None)})
_KEYS: Final[Mapping[type, tuple[str, ...]]] = {  # where the contract knows some fields only
    Alignment: ALIGNMENT_KEYS,
    Cause: CAUSE_KEYS,
    Finding: FINDING_KEYS,
    RuledOut: ("rule", "text"),
}


def _rare(value: Any, lang: str) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _value(item, lang) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(item, lang) for item in value]
    return _value(value.item(), lang) if hasattr(value, "item") else str(value)  # numpy's scalars


# --- as text -----------------------------------------------------------------------------------


_WILD: Final = expression(rf"[{words.UNPRINTED}]|#(?=#\w{{0,20}}\[)")


def tame(text: str) -> str:
    """JSON in which what could steer a terminal, a viewer or a CI runner is an escape."""
    return _WILD.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return r"\u0023" if found[0] == "#" else json.dumps(found[0])[1:-1]


def dumped(value: Any, *, inside: int = 0) -> str:
    """Indented JSON; `inside` is how far its first line is indented."""
    text = tame(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
    return text.replace("\n", "\n" + " " * inside)  # a line break in a string is written as \\n


def listed(values: Iterable[Any], *, inside: int = 0) -> Iterator[str]:
    """The pieces of a JSON list, each value as it comes."""
    indent = " " * (inside + 2)
    between = "[\n"
    for value in values:
        yield f"{between}{indent}{dumped(value, inside=inside + 2)}"
        between = ",\n"
    yield "[]" if between.startswith("[") else f"\n{' ' * inside}]"
