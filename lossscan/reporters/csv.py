"""The report as CSV: a row for each finding, and one for a run without any."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from typing import Any

from lossscan import words
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.records import COLUMNS, records

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with one of these


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """The names of the columns, then the rows of each run."""
    yield _lines([dict(zip(COLUMNS, COLUMNS, strict=True))])
    for one in report.runs:
        yield _lines(records(one, report.version, page.lang))


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A text from a log is never a formula, and steers no terminal."""
    if not isinstance(value, str):
        return value
    shown = words.printable(value)
    return f"'{shown}" if shown.startswith(FORMULA) else shown


REPORTER = Reporter(name="csv", stream=stream)
