"""The report as Markdown, made for a comment on a pull request: verdicts first, details folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lossscan import words
from lossscan.model import Cause, Finding, Report, RunReport
from lossscan.reporters import Page
from lossscan.reporters._lines import (
    advice_line,
    change_of,
    closing,
    config_of,
    last_loss,
    place_of,
    span_of,
)

NAME = "markdown"
MARKUP = frozenset("\\`*_[]<>#|~&$")  # what Markdown and its GitHub kind read as markup
MENTION = {"@": "@\u200b"}  # a zero-width space: nobody is called by what a log says


def render(report: Report, page: Page) -> str:
    """One run in full, or a table of many."""
    one = report.runs[0] if page.single else None
    lines = _single(one, page) if one is not None else _many(report, page)
    return "\n".join([*lines, "", f"**{escape(closing(report, page))}**"]) + "\n"


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
        yield from ("", *_finding(finding, number, page))
    ruled_out = (f"{out.rule}: {out.text}" for out in one.ruled_out)
    yield from _folded("ruled_out", ruled_out, page)
    yield from _folded("remarks", one.remarks, page)
    skipped = one.run.skipped if one.run else ()
    yield from _folded("skipped", (f"{s.path}: {s.reason}" for s in skipped), page)


def _finding(finding: Finding, number: int, page: Page) -> Iterator[str]:
    severity = words.say(page.lang, finding.severity).upper()
    yield f"### {number}. {severity}: {escape(finding.title)}"
    facts = [*place_of(finding, page), *change_of(finding)]
    yield from ("", f"`{finding.rule}` · {escape(' · '.join(facts))}")
    yield from ("", escape(finding.message))
    yield from _listed("evidence", (e.text for e in finding.evidence), page)
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


def _many(report: Report, page: Page) -> Iterator[str]:
    heads = [words.say(page.lang, key) for key in ("severity", "run", "last_loss", "findings")]
    yield "## lossscan"
    yield from ("", f"| {' | '.join(heads)} |", "| --- | --- | ---: | --- |")
    for one in report.runs:
        found = ", ".join(finding.rule for finding in one.findings)
        cells = [
            words.say(page.lang, one.status),
            escape(one.path),
            escape(last_loss(one.run)) if one.run else "",
            escape(one.error.message) if one.error else found,
        ]
        yield f"| {' | '.join(cells)} |"
