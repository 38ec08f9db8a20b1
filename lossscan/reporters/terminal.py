"""The report for a person at a terminal: what was read, the curve, the verdicts worst first."""

from __future__ import annotations

from lossscan.model import Report
from lossscan.reporters import Page

NAME = "rich"


def render(report: Report, page: Page) -> str:
    """Text of the page's width; the last line says the status and what the command returns."""
    from rich.text import Text

    from lossscan.reporters._console import printed
    from lossscan.reporters._lines import closing
    from lossscan.reporters._overview import overview
    from lossscan.reporters._sheet import sheet

    body = sheet(report.runs[0], page) if page.single else overview(report, page)
    return printed([*body, Text(closing(report, page), style="bold")], page)
