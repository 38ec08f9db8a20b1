"""The report for a person at a terminal: what was read, the curve, the verdicts worst first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lossscan.model import Report
from lossscan.reporters import Page, Reporter, ReportStream


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """Text of the page's width; the last line says the status and what the command returns."""
    yield from _single(report, page) if page.single else _many(report, page)


def compared(report: Report, page: Page) -> str:
    """Several several runs compared: one chart, where they part, what explains it."""
    from rich.text import Text

    from lossscan.reporters.kit.compared_sheet import compared_sheet
    from lossscan.reporters.kit.console import printed
    from lossscan.reporters.kit.rows import closing, row_of

    closed = closing([row_of(one, page.lang) for one in report.runs], page)
    return printed([*compared_sheet(report, page), Text(closed, style="bold")], page)


def _single(report: ReportStream, page: Page) -> Iterator[str]:
    from rich.text import Text

    from lossscan.reporters.kit.console import printed
    from lossscan.reporters.kit.rows import closing, row_of
    from lossscan.reporters.kit.sheet import sheet

    for one in report.runs:
        closed = closing([row_of(one, page.lang)], _with_status(report, page))
        yield printed([*sheet(one, page), Text(closed, style="bold")], page)


def _many(report: ReportStream, page: Page) -> Iterator[str]:
    from rich.text import Text

    from lossscan.reporters.kit.console import printed
    from lossscan.reporters.kit.overview import overview
    from lossscan.reporters.kit.rows import closing, row_of

    rows = [row_of(one, page.lang) for one in report.runs]
    closed = closing(rows, _with_status(report, page))
    yield printed([*overview(rows, report.findings(), page), Text(closed, style="bold")], page)


def _with_status(report: ReportStream, page: Page) -> Page:
    return replace(page, exit_status=report.exit_status())


REPORTER = Reporter(name="rich", stream=stream, compared=compared)
