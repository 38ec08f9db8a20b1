"""The report as Markdown, made for a comment on a pull request: verdicts first, details folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lossscan import words
from lossscan.model import Cause, Finding, Report, RunReport
from lossscan.reporters import Coming, Page
from lossscan.reporters._lines import (
    advice_line,
    change_of,
    config_of,
    place_of,
    span_of,
    waiver_of,
)
from lossscan.reporters._rows import Row, by_rule, closing, row_of, worst_first

NAME = "markdown"
MARKUP = frozenset("\\`*_[]<>#|~&$")  # what Markdown and its GitHub kind read as markup
MENTION = {"@": "@\u200b"}  # a zero-width space: nobody is called by what a log says


def stream(coming: Coming, page: Page) -> Iterator[str]:
    """One run in full, or a table of many."""
    for one in coming.runs if page.single else ():
        page = replace(page, exit_status=coming.exit_status())
        yield _text(_single(one, page), closing([row_of(one, page.lang)], page))
    if not page.single:
        rows = [row_of(one, page.lang) for one in coming.runs]
        yield overview(rows, coming.findings(), replace(page, exit_status=coming.exit_status()))


def overview(rows: Sequence[Row], common: Sequence[Finding], page: Page) -> str:
    """Many runs by their rows, and what only all of them together show."""
    return _text(_many(rows, common, page), closing(rows, page))


def compared(report: Report, page: Page) -> str:
    """Several runs beside each other."""
    from lossscan.reporters._beside_markdown import lines_of

    rows = [row_of(one, page.lang) for one in report.runs]
    return _text(lines_of(report, page), closing(rows, page))


def _text(lines: Iterable[str], closed: str) -> str:
    return "\n".join([*lines, "", f"**{escape(closed)}**"]) + "\n"


def escape(text: str) -> str:
    """Text that shows as it is: no markup, mention or link in it comes alive."""
    line = (f"\\{c}" if c in MARKUP else MENTION.get(c, c) for c in words.printable(text))
    return "".join(line)


# --- one run -----------------------------------------------------------------------------------


def _single(one: RunReport, page: Page) -> Iterator[str]:
    yield f"## lossscan: {escape(one.path)}"
    if one.run is not None:
        facts = [*([one.run.framework] if one.run.framework else []), *span_of(one.run, page)]
        yield from ("", escape(" · ".join(facts)))
        yield from _folded("settings", config_of(one.run), page)
    if not one.findings:
        yield from ("", words.say(page.lang, "nothing_found"))
    for number, finding in enumerate(one.findings, start=1):
        yield from ("", *verdict(finding, number, page))
    ruled_out = (f"{out.rule}: {out.text}" for out in one.ruled_out)
    yield from _folded("ruled_out", ruled_out, page)
    yield from _folded("remarks", one.remarks, page)
    skipped = one.run.skipped if one.run else ()
    yield from _folded("skipped", (f"{s.path}: {s.reason}" for s in skipped), page)


def verdict(finding: Finding, number: int, page: Page) -> Iterator[str]:
    """A finding in full."""
    severity = words.say(page.lang, finding.severity).upper()
    yield f"### {number}. {severity}: {escape(finding.title)}"
    facts = [*place_of(finding, page), *change_of(finding, page), *waiver_of(finding, page)]
    yield from ("", f"`{finding.rule}` · {escape(' · '.join(facts))}")
    yield from ("", escape(finding.message))
    yield from _folded("evidence", (e.text for e in finding.evidence), page)
    yield from _listed("causes", _causes(finding.causes, page), page)
    yield from _listed("remedies", finding.remedies, page)
    yield from _listed("next", (finding.next,) if finding.next else (), page)


def _causes(causes: Iterable[Cause], page: Page) -> Iterator[str]:
    for cause in causes:
        advice = "; ".join(advice_line(each, page) for each in cause.config)
        yield f"{cause.text} ({cause.score:.2f})" + (f" - {advice}" if advice else "")


def _listed(key: str, items: Iterable[str], page: Page) -> Iterator[str]:
    lines = [f"- {escape(item)}" for item in items]
    if lines:
        yield from ("", f"**{words.say(page.lang, key)}**", "", *lines)


def _folded(key: str, items: Iterable[str], page: Page) -> Iterator[str]:
    lines = [f"- {escape(item)}" for item in items]
    if lines:
        summary = f"<details><summary>{words.say(page.lang, key)}</summary>"
        yield from ("", summary, "", *lines, "", "</details>")


# --- many runs ---------------------------------------------------------------------------------


def _many(rows: Sequence[Row], common: Sequence[Finding], page: Page) -> Iterator[str]:
    keys = ("severity", "run", "framework", "points_of", "last_loss", "findings")
    yield "## lossscan"
    yield from ("", _line(words.say(page.lang, key) for key in keys))
    yield "| --- | --- | --- | ---: | ---: | --- |"
    yield from (_line(_cells(row, page)) for row in worst_first(rows))
    found = (f"{rule}: {_share(runs, rows, page)}" for rule, _, runs in by_rule(rows))
    yield from _listed("by_rule", found, page)
    yield from _listed("in_common", (finding.message for finding in common), page)


def _cells(row: Row, page: Page) -> Iterator[str]:
    yield words.say(page.lang, row.status)
    yield from map(escape, (row.path, row.framework or ""))
    yield from ("" if row.points is None else str(row.points), escape(row.last_loss))
    yield escape(", ".join([*map(str, row.found), *([row.lacking] if row.lacking else [])]))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _share(runs: int, rows: Sequence[Row], page: Page) -> str:
    return words.say(page.lang, "in_runs", runs=runs, all=len(rows))
