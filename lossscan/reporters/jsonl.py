"""The report as JSON lines: one object a run, in the order of the report."""

from __future__ import annotations

import json

from lossscan.model import Report
from lossscan.reporters import Page
from lossscan.reporters._plain import plain

NAME = "jsonl"


def render(report: Report, page: Page) -> str:
    """One compact object a line."""
    rows = (plain(one, report.version) for one in report.runs)
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
