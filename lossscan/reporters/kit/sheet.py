"""One run for a terminal: what was read, the chart, the verdicts, what was excluded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.text import Text

from lossscan import words
from lossscan.model import Cause, Finding, Message, Run, RunReport
from lossscan.reporters import Page
from lossscan.reporters.kit.chart import chart
from lossscan.reporters.kit.columns import in_columns
from lossscan.reporters.kit.lines import (
    advice_line,
    asides,
    config_of,
    facts_of,
    relevant,
    short_name,
    told_of,
    used_for,
)
from lossscan.reporters.kit.terminal import STYLES, Prose, bulleted, safe

MEASURE = 104  # cells; longer lines of prose are hard to read however wide the terminal is
INDENT = 4
SET_IN = 2  # cells before what was read
MOST_SOURCES = 20  # files; launches may leave thousands, and JSON has them all


def sheet(report: RunReport, page: Page) -> list[RenderableType]:
    """All parts, with a blank line between them."""
    verdicts = [
        list(verdict(relevant(finding, report.run), number, page))
        for number, finding in enumerate(report.findings, start=1)
    ]
    parts: list[list[RenderableType]] = [
        [_title(report, page), *brief(report, page)],
        list(chart(report, page)),
        *verdicts,
        _nothing(report, page),
        *(_notes(key, notes, page) for key, notes in asides(report, page)),
        _read(report, page),
        brief(report, page),
    ]
    return [line for part in parts if part for line in (*part, Text())]


def brief(report: RunReport, page: Page) -> list[RenderableType]:
    """A line for each finding: severity, rule, step, what; above the chart and at the end."""
    grid = bulleted(
        (f"{number:>2} ", _line(finding, page))
        for number, finding in enumerate(report.findings, start=1)
    )
    return [grid] if report.findings else []


def _line(finding: Finding, page: Page) -> Text:
    step = finding.start_step
    place = [] if step is None else [page.say("at_step", first=step)]
    severity = page.say(finding.severity).upper()
    said = "  ".join(["", finding.rule, *place, ""])
    title = _told(finding.title, page, "bold")
    return Text("").append(severity, STYLES[finding.severity]).append(said).append_text(title)


def _nothing(report: RunReport, page: Page) -> list[RenderableType]:
    if report.findings:
        return []
    return [Text(page.say("nothing_found"), style=STYLES["ok"])]


# --- what was read -----------------------------------------------------------------------------


def _title(report: RunReport, page: Page) -> RenderableType:
    run = report.run
    if run is None:
        return safe(report.path, "bold")
    facts = " · ".join(map(words.printable, facts_of(run, page)))
    title = safe(report.path, "bold").append(f"  {facts}")
    return Prose(title)


def _read(report: RunReport, page: Page) -> list[RenderableType]:
    run = report.run
    if run is None:
        return []
    settings = " · ".join(config_of(run))
    return [
        Text(page.say("html_sources"), style="bold"),
        *_sources(run, page),
        *([_block(Prose(safe(settings, "dim")), SET_IN)] if settings else []),
    ]


def _sources(run: Run, page: Page) -> Iterator[RenderableType]:
    rows = [
        (
            safe(source.path),
            Text(page.say("points", points=source.points)),
            safe(used_for(source, page), "dim"),
        )
        for source in run.sources[:MOST_SOURCES]
    ]
    for part in in_columns(rows, min(page.width, MEASURE) - SET_IN):
        yield _block(part, SET_IN)
    if (more := len(run.sources) - len(rows)) > 0:
        yield _block(Text(page.say("more_lines", count=more), style="dim"), SET_IN)


# --- a verdict ---------------------------------------------------------------------------------


def verdict(finding: Finding, number: int, page: Page) -> Iterator[RenderableType]:
    """A finding in full."""
    severity = page.say(finding.severity).upper()
    head = Text("").append(severity, STYLES[finding.severity]).append("  ")
    yield bulleted([(f"{number:>2} ", head.append_text(_told(finding.title, page, "bold")))])
    facts = " · ".join([finding.rule, *told_of(finding, page)])
    yield _block(Prose(safe(facts, "dim")))
    yield _block(Prose(_told(finding.message, page)))
    evidence = (("-", _sourced(_told(e.text, page), e.source)) for e in finding.evidence)
    yield from _list("evidence", evidence, page)
    yield from _list("causes", _causes(finding.causes, page), page)
    yield from _list("remedies", (("-", _told(r, page)) for r in finding.remedies), page)
    if finding.next:
        yield from _list("next", [("-", _told(finding.next, page))], page)


def _sourced(text: Text, source: str | None) -> Text:
    return text.append("  ").append_text(safe(f"[{short_name(source)}]", "dim")) if source else text


def _causes(causes: Iterable[Cause], page: Page) -> Iterator[tuple[str, Text]]:
    for number, cause in enumerate(causes, start=1):
        yield f"{number}.", _told(cause.text, page).append(f"  ({cause.score:.2f})", "dim")
        for advice in cause.config:
            yield "", _sourced(safe(advice_line(advice, page), "cyan"), advice.source)


# --- blocks ------------------------------------------------------------------------------------


def _list(
    key: str, rows: Iterable[tuple[str, Text]], page: Page, indent: int = INDENT
) -> Iterator[RenderableType]:
    """A heading and its lines, each hanging next to its bullet; nothing where there is no line."""
    lines = list(rows)
    if lines:
        yield _block(Text(page.say(key), style="bold"), indent)
        yield _block(bulleted(lines), indent + 2)


def _notes(key: str, notes: list[tuple[str, str]], page: Page) -> list[RenderableType]:
    colon = page.say("colon")
    rows = (
        ("-", safe(name, "bold").append(colon if name else "") + safe(text)) for name, text in notes
    )
    return list(_list(key, rows, page, indent=0))


def _told(message: Message, page: Page, style: str = "") -> Text:
    return safe(page.say(message), style)


def _block(content: RenderableType, indent: int = INDENT) -> RenderableType:
    """Set in from the left and kept to a readable measure."""
    return Constrain(Padding(content, (0, 0, 0, indent)), MEASURE)
