"""The report as GitHub's workflow commands, which become annotations of files and of the job.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lossscan import words
from lossscan.model import Finding, Report, Severity
from lossscan.reporters import Page
from lossscan.reporters._lines import closing, unread
from lossscan.reporters._places import FIRST, account, headline, line_of, path_of, placed, run_path

NAME = "github"
MOST = 10  # annotations of a kind in one step; GitHub drops the others without a word
LEVELS: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}
ORDER = tuple(LEVELS.values())  # worst first
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**DATA, ":": "%3A", ",": "%2C"}


@dataclass(frozen=True, slots=True)
class Annotation:
    """One workflow command before it is escaped."""

    level: str
    title: str
    text: str
    file: str | None = None  # None: it is about no file
    line: int = FIRST


def render(report: Report, page: Page) -> str:
    """A command for each finding, worst first; those beyond GitHub's limit are lines of the log."""
    used: Counter[str] = Counter()
    lines: list[str] = []
    for each in sorted(_annotations(report, page), key=lambda each: ORDER.index(each.level)):
        used[each.level] += 1
        lines.append(_command(each) if used[each.level] <= MOST else _plain(each))
    return "\n".join([*lines, _harmless(closing(report, page))]) + "\n"


def _annotations(report: Report, page: Page) -> Iterator[Annotation]:
    for one in report.runs:
        if told := unread(one, page.lang):
            text = "\n".join(map(words.printable, told))
            yield Annotation("error", words.say(page.lang, "error"), text, run_path(one, page))
    for item in placed(report):
        finding, file = item.finding, path_of(item, page) if item.run is not None else None
        text = account(item, page)
        line = line_of(finding) or FIRST
        yield Annotation(_level(finding), headline(finding), text, file, line)
    for remark in report.remarks:
        yield Annotation("warning", words.say(page.lang, "remarks"), words.printable(remark))


def _level(finding: Finding) -> str:
    """What does not count at the gate is a notice."""
    return LEVELS[finding.severity if finding.waiver is None else Severity.INFO]


def _command(each: Annotation) -> str:
    file = None if each.file is None else words.printable(each.file)
    place = {} if file is None else {"file": file, "line": str(each.line)}
    named = {**place, "title": f"lossscan: {each.title}"}
    properties = ",".join(f"{key}={_escaped(value, PROPERTY)}" for key, value in named.items())
    return f"::{each.level} {properties}::{_escaped(each.text, DATA)}"


def _plain(each: Annotation) -> str:
    place = "" if each.file is None else f"{words.printable(each.file)}:{each.line}: "
    return _harmless(f"{each.level}: {place}{each.title}")


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)


def _harmless(line: str) -> str:
    """A line that the runner cannot take for a command, of the present or the older kind."""
    return line.replace("::", ": :").replace("##[", "## [")
