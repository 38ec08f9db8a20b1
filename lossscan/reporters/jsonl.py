"""The report as JSON lines: one object a run, in the order of the report."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.plain import plain, tame


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """One compact object a line."""
    for one in report.runs:
        text = json.dumps(
            plain(one, report.version, page.lang), ensure_ascii=False, allow_nan=False
        )
        yield tame(text) + "\n"


REPORTER = Reporter(name="jsonl", stream=stream)
