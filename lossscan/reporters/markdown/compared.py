"""A comparison as Markdown: the runs, where they part and why, in lists and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lossscan import words
from lossscan.model import Report
from lossscan.reporters import Page
from lossscan.reporters.kit.compared import Block, blocks, members
from lossscan.reporters.markdown.text import escape, verdict


def lines_of(report: Report, page: Page) -> Iterator[str]:
    """The lines, without the closing one."""
    yield "## lossscan"
    yield from ("", *_block(members(report, page)))
    if report.findings:
        yield from ("", f"## {words.say(page.lang, 'together')}")
        for number, finding in enumerate(report.findings, start=1):
            yield from ("", *verdict(finding, number, page))
    for block in blocks(report.comparison, page) if report.comparison else ():
        yield from ("", *_block(block))


def _block(block: Block) -> Iterator[str]:
    yield from (f"### {block.heading}", "")
    yield from (f"- {escape(line)}" for line in block.lines)
    if block.rows:
        yield _row(block.head)
        yield _row(["---"] * len(block.head))
        yield from (_row([escape(cell) for cell in row]) for row in block.rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
