"""The findings of a report in a row, each with its run, its file and its line, for CI formats."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from msgspec import Struct

from lossscan import words
from lossscan.model import Finding, Location, Message, RunReport
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import told_of

FIRST = 1  # the line named where a format asks for one and none is known


class Placed(Struct, frozen=True):
    """A finding, and the run it belongs to; None where only several runs together show it."""

    finding: Finding
    run: RunReport | None


def placed(findings: Iterable[Finding], run: RunReport | None = None) -> list[Placed]:
    """Findings with the run they belong to; in the order they come in."""
    return [Placed(finding, run) for finding in findings]


def path_of(item: Placed, page: Page) -> str:
    """The file where a finding is seen, or its run; a path below the current folder is relative."""
    if item.run is None:
        return "."
    location = next(iter(item.finding.locations), None)
    return run_path(item.run, page) if location is None else file_path(item.run, location, page)


def line_of(finding: Finding) -> int | None:
    """The line where a finding is seen, as far as it is known."""
    return finding.locations[0].line if finding.locations else None


def run_path(one: RunReport, page: Page) -> str:
    """The run's path, relative where it is below the current folder."""
    return _relative(one.path, page)


def file_path(one: RunReport, location: Location, page: Page) -> str:
    """The path of a file of the run, relative where it is below the current folder."""
    sources = one.run.sources if one.run is not None else ()
    whole = PurePath(one.path)
    is_file = any(source.path == whole.name for source in sources)  # the run is its only log
    if "://" in one.path:
        return one.path if is_file else f"{one.path.rstrip('/')}/{location.path}"
    return _relative(str((whole.parent if is_file else whole) / location.path), page)


def _relative(path: str, page: Page) -> str:
    if "://" in path:
        return path
    whole = PurePath(path)
    below = page.folder and whole.is_relative_to(page.folder)
    return (whole.relative_to(page.folder) if below else whole).as_posix()


def headline(finding: Finding, page: Page) -> str:
    """The rule and its title on one line."""
    return words.printable(f"{finding.rule}: {page.say(finding.title)}")


def summary_text(item: Placed, page: Page) -> str:
    """A finding in some lines of plain text: where, what, the likeliest cause, what to do."""
    finding = item.finding
    lines = [
        page.say(finding.message),
        " · ".join(told_of(finding, page)),
        *(_told("likely", cause.text, page) for cause in finding.causes[:1]),
        *(_told("remedies", remedy, page) for remedy in finding.remedies[:1]),
    ]
    return "\n".join(map(words.printable, lines))


def _told(key: str, message: Message, page: Page) -> str:
    return page.say("colon").join(page.say(each) for each in (key, message))
