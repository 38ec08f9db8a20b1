"""A finding with its file, its line and a summary in plain text, for CI formats."""

from __future__ import annotations

from pathlib import PurePath

from lossscan import words
from lossscan.model import Finding, Location, Message, RunReport
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import told_of

FIRST = 1  # the line named where a format asks for one and none is known


def path_of(finding: Finding, run: RunReport | None, page: Page) -> str:
    """The file where a finding is seen, or its run; a path below the current folder is relative.

    Of one that only several runs together show, the current folder.
    """
    if run is None:
        return "."
    location = next(iter(finding.locations), None)
    return run_path(run, page) if location is None else file_path(run, location, page)


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


def summary_text(finding: Finding, page: Page) -> str:
    """A finding in some lines of plain text: where, what, the likeliest cause, what to do."""
    lines = [
        page.say(finding.message),
        " · ".join(told_of(finding, page)),
        *(_told("likely", cause.text, page) for cause in finding.causes[:1]),
        *(_told("remedies", remedy, page) for remedy in finding.remedies[:1]),
    ]
    return "\n".join(map(words.printable, lines))


def _told(key: str, message: Message, page: Page) -> str:
    return page.say("colon").join(page.say(each) for each in (key, message))
