"""Text of any kind, by the regular expression that the user gives: `text: {pattern: ...}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.errors import UnreadableLog
from lossscan.formats.kit.cells import step_number
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import is_text, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.line_pattern import Pace, compiled, paced

LONGEST: Final = 1000  # characters of a line that are looked at: a `.*` may cost their square


def claims(head: Head) -> bool:
    """Never: only the user knows."""
    return False


def wanted(head: Head, settings: Settings) -> bool:
    """Whether the user gives an expression and a line matches it."""
    if "pattern" not in settings.text or not is_text(head):
        return False
    pattern = compiled(settings.text["pattern"])
    shown = peek(head).splitlines(keepends=True)
    with paced(pattern.pattern) as pace:
        return any(_matches(shown, pattern, pace))


def read(head: Head, settings: Settings) -> Table:
    """A point for each line that matches; without a group `step`, the points are counted.

    Raises UnreadableLog where no group holds a number, or the expression takes too long.
    """
    pattern = compiled(settings.text["pattern"])
    with paced(pattern.pattern) as pace:
        rows = list(
            _rows(_matches(lines(head), pattern, pace), stated="step" in pattern.groupindex)
        )
    found = columns(rows, settings)
    if not found:
        raise UnreadableLog("groups_match_no_number")
    return Table(found)


def _rows(matches: Iterable[re.Match[str]], *, stated: bool) -> Iterator[Row]:
    step = 0
    for match in matches:
        row = {name: value for name, value in match.groupdict().items() if value}
        own = step_number(row.get("step"))
        counted = step if stated else step + 1
        step = counted if own is None else own
        yield step, row


def _matches(text: Iterable[str], pattern: re.Pattern[str], pace: Pace) -> Iterator[re.Match[str]]:
    """What matches in whole lines: the end of the last one may still be written."""
    for line in text:
        pace.lines += 1
        if line.endswith("\n") and (match := pattern.search(line[:LONGEST].rstrip("\n"))):
            yield match


FORMAT = Format("pattern", "text: {pattern: ...} (lossscan.yaml)", claims, read, wanted=wanted)
