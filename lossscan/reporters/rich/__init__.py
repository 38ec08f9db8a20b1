"""The report for a person at a terminal: what was read, the curve, the verdicts worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lossscan.model import Report
from lossscan.reporters import Page, Reporter, ReportStream

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lossscan.reporters.kit.rows import Row


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """Text of the page's width; the last line says the status and what the command returns."""
    from lossscan.reporters.kit.rows import row_of

    if page.single:
        from lossscan.reporters.kit.sheet import sheet

        for one in report.runs:
            rows = [row_of(one, page.lang)]
            yield _closed(sheet(one, page), rows, page, report.exit_status())
        return
    from lossscan.reporters.rich.overview import overview

    rows = [row_of(one, page.lang) for one in report.runs]
    yield _closed(overview(rows, report.findings(), page), rows, page, report.exit_status())


def compared(report: Report, page: Page) -> str:
    """Several runs compared: one chart, where they part, what explains it."""
    from lossscan.reporters.kit.rows import row_of
    from lossscan.reporters.rich.compared_sheet import compared_sheet

    rows = [row_of(one, page.lang) for one in report.runs]
    return _closed(compared_sheet(report, page), rows, page, page.exit_status)


def _closed(
    parts: Iterable[RenderableType], rows: Sequence[Row], page: Page, exit_status: int
) -> str:
    """The parts, and below them the last line."""
    from rich.text import Text

    from lossscan.reporters.kit.rows import closing
    from lossscan.reporters.kit.terminal import printed

    return printed([*parts, Text(closing(rows, page, exit_status), style="bold")], page)


REPORTER = Reporter(name="rich", stream=stream, compared=compared)
