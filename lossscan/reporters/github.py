"""The report as GitHub's workflow commands, which become annotations of files and of the job.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from lossscan import words
from lossscan.model import Finding, RunReport, Severity
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.lines import unread
from lossscan.reporters.kit.places import (
    FIRST,
    headline,
    line_of,
    path_of,
    run_path,
    summary_text,
)
from lossscan.reporters.kit.rows import Row, closing, row_of

MOST = 10  # annotations of a kind in one step; GitHub drops the others without a word
LEVELS = dict(zip(Severity, ("error", "warning", "notice"), strict=True))
ORDER = tuple(LEVELS.values())  # worst first
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**DATA, ":": "%3A", ",": "%2C"}


class Annotation(Struct, frozen=True):
    """One workflow command before it is escaped."""

    level: str
    title: str
    text: str
    file: str | None = None  # None: it is about no file
    line: int = FIRST


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """A command for each finding, worst first; those beyond GitHub's limit are lines of the log."""
    rows: list[Row] = []
    unreadable: list[Annotation] = []
    found = list(_annotations(report, rows, unreadable, page))
    used: Counter[str] = Counter()
    for each in sorted([*unreadable, *found], key=lambda each: ORDER.index(each.level)):
        used[each.level] += 1
        yield f"{_command(each) if used[each.level] <= MOST else _plain(each)}\n"
    yield f"{closing(rows, page, report.exit_status())}\n"


def _annotations(
    report: ReportStream, rows: list[Row], unreadable: list[Annotation], page: Page
) -> Iterator[Annotation]:
    """What was found; notes the row of each run, and the runs that could not be read."""
    for one in report.runs:
        rows.append(row_of(one, page.lang))
        yield from (_annotation(finding, one, page) for finding in one.findings)
        if told := unread(one, page.lang):
            text = "\n".join(map(words.printable, told))
            title, file = page.say("error"), run_path(one, page)
            unreadable.append(Annotation("error", title, text, file))
    yield from (_annotation(finding, None, page) for finding in report.findings())
    for remark in report.remarks():
        yield Annotation("warning", page.say("remarks"), words.printable(page.say(remark)))


def _annotation(finding: Finding, run: RunReport | None, page: Page) -> Annotation:
    file = None if run is None else path_of(finding, run, page)
    line = line_of(finding) or FIRST
    level = LEVELS[finding.severity if finding.waiver is None else Severity.INFO]
    return Annotation(level, headline(finding, page), summary_text(finding, page), file, line)


def _command(each: Annotation) -> str:
    file = None if each.file is None else words.printable(each.file)
    place = {} if file is None else {"file": file, "line": str(each.line)}
    named = {**place, "title": f"lossscan: {each.title}"}
    properties = ",".join(f"{key}={_escaped(value, PROPERTY)}" for key, value in named.items())
    return f"::{each.level} {properties}::{_escaped(each.text, DATA)}"


def _plain(each: Annotation) -> str:
    place = "" if each.file is None else f"{words.printable(each.file)}:{each.line}: "
    return f"{each.level}: {place}{each.title}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)


REPORTER = Reporter(name="github", stream=stream)
