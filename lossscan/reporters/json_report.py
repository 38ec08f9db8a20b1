"""The report as one JSON object: of the run for a single run, else of all runs."""

from __future__ import annotations

import json

from lossscan.model import Report
from lossscan.reporters import Page
from lossscan.reporters._plain import plain, plain_many

NAME = "json"


def render(report: Report, page: Page) -> str:
    """Indented JSON, as the contract describes it."""
    what = plain(report.runs[0], report.version) if page.single else plain_many(report)
    return json.dumps(what, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
