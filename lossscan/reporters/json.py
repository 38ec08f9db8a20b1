"""The report as one JSON object: of the run for a single run, else of all runs."""

from __future__ import annotations

from collections.abc import Iterator

from lossscan.model import Report
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.plain import SCHEMA, dumped, listed, plain, plain_findings, plain_report


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """Indented JSON, as the contract describes it."""
    runs = (plain(one, report.version, page.lang) for one in report.runs)
    if page.single:
        yield from (dumped(one) + "\n" for one in runs)
        return
    yield f'{{\n  "schema": {dumped(SCHEMA)},\n  "runs": '
    yield from listed(runs, inside=2)
    findings = dumped(plain_findings(report.findings(), page.lang), inside=2)
    yield f',\n  "findings": {findings}\n}}\n'


def compared(report: Report, page: Page) -> str:
    """All runs, what only several show, and how they compare."""
    return dumped(plain_report(report, page.lang)) + "\n"


REPORTER = Reporter(name="json", stream=stream, compared=compared)
