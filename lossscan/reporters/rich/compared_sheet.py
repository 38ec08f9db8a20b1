"""A comparison for a terminal: the runs, their curves, where they part and why."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from lossscan.model import Report
from lossscan.reporters import Page
from lossscan.reporters.kit.columns import in_columns
from lossscan.reporters.kit.compared import Block, blocks, members
from lossscan.reporters.kit.sheet import verdict
from lossscan.reporters.kit.style import bulleted, safe
from lossscan.reporters.rich.overlay import overlay


def compared_sheet(report: Report, page: Page) -> Iterator[RenderableType]:
    """All parts, with a blank line after each."""
    yield from (*_table(members(report, page), page), Text())
    chart = overlay(report, page)
    yield from (*chart, Text()) if chart else ()
    if report.findings:
        yield Text(page.say("together"), style="bold")
        for number, finding in enumerate(report.findings, start=1):
            yield from (*verdict(finding, number, page), Text())
    for block in blocks(report.comparison, page) if report.comparison else ():
        yield Text(block.heading, style="bold")
        if block.lines:
            yield bulleted(("-", safe(line)) for line in block.lines)
        yield from _table(block, page)
        yield Text()


def _table(block: Block, page: Page) -> Iterator[RenderableType]:
    rows = [[safe(cell) for cell in row] for row in block.rows]
    yield from in_columns(rows, page.width, block.head, page.say("colon"))
