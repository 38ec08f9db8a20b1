"""The report as Markdown, made for a comment on a pull request: verdicts first, details folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lossscan import words
from lossscan.expressions import expression
from lossscan.model import Cause, Finding, Report, RunReport
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.compared import Block, blocks, members
from lossscan.reporters.kit.lines import advice_line, asides, config_of, facts_of, scored, told_of
from lossscan.reporters.kit.rows import Row, by_rule, closing, row_of, worst_first

MARKUP = frozenset("\\`*_[]<>#|~&$")  # what Markdown and its GitHub kind read as markup
MENTION = {"@": "@\u200b"}  # a zero-width space: nobody is called by what a log says

_BARE: Final = expression(r"(?i)www\.|:(?=//)")  # what GitHub makes a link of


def escape(text: str) -> str:
    """Text that shows as it is: no markup, mention or link in it comes alive."""
    line = (f"\\{c}" if c in MARKUP else MENTION.get(c, c) for c in words.printable(text))
    return _BARE.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], "".join(line))


def verdict(finding: Finding, number: int, page: Page) -> Iterator[str]:
    """A finding in full."""
    severity = page.say(finding.severity).upper()
    yield f"### {number}. {severity}{page.say('colon')}{escape(page.say(finding.title))}"
    yield from ("", f"`{finding.rule}` · {escape(' · '.join(told_of(finding, page)))}")
    yield from ("", escape(page.say(finding.message)))
    yield from folded("evidence", (page.say(each.text) for each in finding.evidence), page)
    yield from listed("causes", _causes(finding.causes, page), page)
    yield from listed("remedies", map(page.say, finding.remedies), page)
    yield from listed("next", map(page.say, [finding.next] if finding.next else []), page)


def _causes(causes: Iterable[Cause], page: Page) -> Iterator[str]:
    for cause in causes:
        advice = "; ".join(advice_line(each, page) for each in cause.config)
        yield scored(cause, page) + (f" - {advice}" if advice else "")


def listed(key: str, items: Iterable[str], page: Page) -> Iterator[str]:
    """A list below its heading; nothing without items."""
    lines = [f"- {escape(item)}" for item in items]
    if lines:
        yield from ("", f"**{page.say(key)}**", "", *lines)


def folded(key: str, items: Iterable[str], page: Page) -> Iterator[str]:
    """A list that opens on a click; nothing without items."""
    lines = [f"- {escape(item)}" for item in items]
    if lines:
        summary = f"<details><summary>{page.say(key)}</summary>"
        yield from ("", summary, "", *lines, "", "</details>")


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """One run in full, or a table of many."""
    for one in report.runs if page.single else ():
        closed = closing([row_of(one, page.lang)], page, report.exit_status())
        yield _text(_single(one, page), closed)
    if not page.single:
        rows = [row_of(one, page.lang) for one in report.runs]
        yield overview(rows, report.findings(), page, report.exit_status())


def overview(rows: Sequence[Row], common: Sequence[Finding], page: Page, exit_status: int) -> str:
    """Many runs by their rows, and what only all of them together show."""
    return _text(_many(rows, common, page), closing(rows, page, exit_status))


def compared(report: Report, page: Page) -> str:
    """Several runs compared: where they part and why, in lists and tables."""
    rows = [row_of(one, page.lang) for one in report.runs]
    return _text(_compared(report, page), closing(rows, page, page.exit_status))


def _text(lines: Iterable[str], closed: str) -> str:
    return "\n".join([*lines, "", f"**{escape(closed)}**"]) + "\n"


# --- one run -----------------------------------------------------------------------------------


def _single(one: RunReport, page: Page) -> Iterator[str]:
    yield f"## lossscan: {escape(one.path)}"
    if one.run is not None:
        yield from ("", escape(" · ".join(facts_of(one.run, page))))
        yield from folded("settings", config_of(one.run), page)
    if not one.findings:
        yield from ("", page.say("nothing_found"))
    for number, finding in enumerate(one.findings, start=1):
        yield from ("", *verdict(finding, number, page))
    for key, notes in asides(one, page):
        yield from folded(key, (page.say("colon").join(filter(None, n)) for n in notes), page)


# --- many runs ---------------------------------------------------------------------------------


def _many(rows: Sequence[Row], common: Sequence[Finding], page: Page) -> Iterator[str]:
    keys = ("severity", "run", "framework", "points_of", "last_loss", "findings")
    yield "## lossscan"
    yield from ("", _line(page.say(key) for key in keys))
    yield "| --- | --- | --- | ---: | ---: | --- |"
    yield from (_line(_cells(row, page)) for row in worst_first(rows))
    found = (
        f"{rule}{page.say('colon')}{page.say('in_runs', runs=runs, all=len(rows))}"
        for rule, _, runs in by_rule(rows)
    )
    yield from listed("by_rule", found, page)
    yield from listed("in_common", (page.say(finding.message) for finding in common), page)


def _cells(row: Row, page: Page) -> Iterator[str]:
    yield page.say(row.status)
    yield from map(escape, (row.path, row.framework or ""))
    yield from ("" if row.points is None else str(row.points), escape(row.last_loss))
    yield escape(", ".join([*map(str, row.found), *([row.lacking] if row.lacking else [])]))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


# --- several runs compared ---------------------------------------------------------------------


def _compared(report: Report, page: Page) -> Iterator[str]:
    yield "## lossscan"
    yield from ("", *_block(members(report, page)))
    if report.findings:
        yield from ("", f"## {page.say('together')}")
        for number, finding in enumerate(report.findings, start=1):
            yield from ("", *verdict(finding, number, page))
    for block in blocks(report.comparison, page) if report.comparison else ():
        yield from ("", *_block(block))


def _block(block: Block) -> Iterator[str]:
    yield from (f"### {block.heading}", "")
    yield from (f"- {escape(line)}" for line in block.lines)
    if block.rows:
        yield _line(block.head)
        yield _line(["---"] * len(block.head))
        yield from (_line([escape(cell) for cell in row]) for row in block.rows)


REPORTER = Reporter(name="markdown", stream=stream, compared=compared)
