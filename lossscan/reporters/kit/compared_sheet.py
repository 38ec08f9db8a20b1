"""A comparison for a terminal: the runs, their curves, where they part and why."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lossscan import words
from lossscan.model import Report
from lossscan.reporters import Page
from lossscan.reporters.kit.compared import Block, blocks, members
from lossscan.reporters.kit.overlay import overlay
from lossscan.reporters.kit.prose import Prose
from lossscan.reporters.kit.sheet import verdict
from lossscan.reporters.kit.style import bulleted, safe

SHORT = 20  # cells; a column that needs no more is never folded


def compared_sheet(report: Report, page: Page) -> Iterator[RenderableType]:
    """All parts, with a blank line after each."""
    yield from (_table(members(report, page)), Text())
    chart = overlay(report, page)
    yield from (*chart, Text()) if chart else ()
    if report.findings:
        yield Text(words.say(page.lang, "together"), style="bold")
        for number, finding in enumerate(report.findings, start=1):
            yield from (*verdict(finding, number, page), Text())
    for block in blocks(report.comparison, page) if report.comparison else ():
        yield Text(block.heading, style="bold")
        yield bulleted(("-", safe(line)) for line in block.lines) if block.lines else _table(block)
        yield Text()


def _table(block: Block) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for number, name in enumerate(block.head):
        short = all(len(row[number]) <= SHORT for row in block.rows)
        table.add_column(name, no_wrap=short, overflow="fold")
    for row in block.rows:
        table.add_row(*(Prose(safe(cell)) for cell in row))
    return table
