"""The report as one HTML file: verdicts, charts to zoom into, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lossscan.model import Report
from lossscan.reporters import Page, Reporter, ReportStream

if TYPE_CHECKING:
    from lossscan.reporters.kit.rows import Row

MOST_NAMED = 4  # runs in the title of a comparison: with more it would fill the screen


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """One run in full, or a table of many whose rows are written as they come in."""
    yield from _single(report, page) if page.single else _many(report, page)


def compared(report: Report, page: Page) -> str:
    """Several runs over each other, where they part, what explains it."""
    from lossscan.reporters.html import pages, payload, view
    from lossscan.reporters.kit.compared import blocks, members
    from lossscan.reporters.kit.rows import closing, row_of

    rows = [row_of(one, page.lang) for one in report.runs]
    said = blocks(report.comparison, page) if report.comparison else ()
    return pages.filled(
        "compare",
        page,
        version=report.version,
        title=_named(report, page),
        verdicts=[view.verdict(f, n, page) for n, f in enumerate(report.findings, start=1)],
        blocks=[members(report, page), *said],
        data=payload.dumped(payload.of_runs(report, page)),
        closing=closing(rows, page, page.exit_status),
    )


def _named(report: Report, page: Page) -> str:
    """The first runs by name, and how many more there are."""
    names = [one.name for one in report.runs]
    more = len(names) - MOST_NAMED
    said = [*names[:MOST_NAMED], page.say("more", count=more)] if more > 1 else names
    return " · ".join(said)


def _single(report: ReportStream, page: Page) -> Iterator[str]:
    from lossscan.reporters.html import pages, payload, view
    from lossscan.reporters.kit.rows import closing, row_of

    for one in report.runs:
        yield pages.filled(
            "run",
            page,
            version=report.version,
            title=one.path,
            sheet=view.sheet(one, page),
            thinned=payload.thinning(one, page),
            data=payload.dumped(payload.of_run(one, page)),
            closing=closing([row_of(one, page.lang)], page, report.exit_status()),
        )


def _many(report: ReportStream, page: Page) -> Iterator[str]:
    from lossscan.reporters.html import pages, sketch, view
    from lossscan.reporters.kit.rows import by_rule, closing, row_of

    rows: list[Row] = []
    yield pages.filled("batch_head", page, version=report.version, title="lossscan batch")
    for number, one in enumerate(report.runs):
        rows.append(row_of(one, page.lang))
        curve, sheet = sketch.lines(one.sketch), view.sheet(one, page)
        yield pages.filled("batch_row", page, number=number, row=rows[-1], curve=curve, sheet=sheet)
    yield pages.filled(
        "batch_foot",
        page,
        version=report.version,
        common=report.findings(),
        remarks=[page.say(remark) for remark in report.remarks()],
        rules=by_rule(rows),
        count=len(rows),
        closing=closing(rows, page, report.exit_status()),
    )


REPORTER = Reporter(name="html", stream=stream, compared=compared)
