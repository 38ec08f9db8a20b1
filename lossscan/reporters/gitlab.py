"""The report as GitLab's code quality JSON, which merge requests show next to the changed files.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from lossscan import words
from lossscan.model import Finding, RunReport, Severity
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.lines import unread, waiver_of
from lossscan.reporters.kit.places import FIRST, line_of, path_of, run_path
from lossscan.reporters.kit.plain import listed

SEVERITIES = dict(zip(Severity, ("critical", "major", "info"), strict=True))
UNREADABLE = "blocker"  # nothing is known of that run


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """A list of issues: the findings, and the runs that could not be read."""
    yield from listed(_told_apart(_issues(report, page)))
    yield "\n"


def _issues(report: ReportStream, page: Page) -> Iterator[dict[str, Any]]:
    for one in report.runs:
        yield from (_issue(finding, one, page) for finding in one.findings)
        if unread(one, page.lang):
            yield _failed(one, page)
    yield from (_issue(finding, None, page) for finding in report.findings())


def _told_apart(issues: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of issues with one fingerprint GitLab shows the first: the others are numbered."""
    seen: Counter[str] = Counter()
    for issue in issues:
        name = issue["fingerprint"]
        yield issue | {"fingerprint": f"{name}-{seen[name]}" if seen[name] else name}
        seen[name] += 1


def _issue(finding: Finding, run: RunReport | None, page: Page) -> dict[str, Any]:
    notes = "".join(f" ({note})" for note in waiver_of(finding, page))
    severity = SEVERITIES[finding.severity if finding.waiver is None else Severity.INFO]
    path = path_of(finding, run, page)
    return {
        "description": words.printable(page.say(finding.message) + notes),
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint or _digest(finding.rule, finding.series, path),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line_of(finding) or FIRST}},
    }


def _failed(one: RunReport, page: Page) -> dict[str, Any]:
    path = run_path(one, page)
    return {
        "description": words.printable("; ".join(unread(one, page.lang))),
        "check_name": "unreadable-run",
        "fingerprint": _digest("unreadable-run", path),
        "severity": UNREADABLE,
        "location": {"path": path, "lines": {"begin": FIRST}},
    }


def _digest(*parts: str) -> str:
    import hashlib

    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


REPORTER = Reporter(name="gitlab", stream=stream)
