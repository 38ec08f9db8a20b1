"""The report for a person at a terminal: what was read, the curve, the verdicts worst first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lossscan.model import Report
from lossscan.reporters import Coming, Page, Reporter


def stream(coming: Coming, page: Page) -> Iterator[str]:
    """Text of the page's width; the last line says the status and what the command returns."""
    yield from _single(coming, page) if page.single else _many(coming, page)


def compared(report: Report, page: Page) -> str:
    """Several runs beside each other: one chart, where they part, what explains it."""
    from rich.text import Text

    from lossscan.reporters.kit.beside_sheet import beside
    from lossscan.reporters.kit.console import printed
    from lossscan.reporters.kit.rows import closing, row_of

    closed = closing([row_of(one, page.lang) for one in report.runs], page)
    return printed([*beside(report, page), Text(closed, style="bold")], page)


def _single(coming: Coming, page: Page) -> Iterator[str]:
    from rich.text import Text

    from lossscan.reporters.kit.console import printed
    from lossscan.reporters.kit.rows import closing, row_of
    from lossscan.reporters.kit.sheet import sheet

    for one in coming.runs:
        closed = closing([row_of(one, page.lang)], _with_status(coming, page))
        yield printed([*sheet(one, page), Text(closed, style="bold")], page)


def _many(coming: Coming, page: Page) -> Iterator[str]:
    from rich.text import Text

    from lossscan.reporters.kit.console import printed
    from lossscan.reporters.kit.overview import overview
    from lossscan.reporters.kit.rows import closing, row_of

    rows = [row_of(one, page.lang) for one in coming.runs]
    closed = closing(rows, _with_status(coming, page))
    yield printed([*overview(rows, coming.findings(), page), Text(closed, style="bold")], page)


def _with_status(coming: Coming, page: Page) -> Page:
    return replace(page, exit_status=coming.exit_status())


REPORTER = Reporter(name="rich", stream=stream, compared=compared)
