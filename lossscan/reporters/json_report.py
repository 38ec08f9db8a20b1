"""The report as one JSON object: of the run for a single run, else of all runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lossscan.model import Report
from lossscan.reporters import Coming, Page
from lossscan.reporters._plain import SCHEMA, plain, plain_comparison, plain_findings

NAME = "json"


def stream(coming: Coming, page: Page) -> Iterator[str]:
    """Indented JSON, as the contract describes it."""
    runs = (plain(one, coming.version) for one in coming.runs)
    if page.single:
        yield from (_dumped(one) + "\n" for one in runs)
        return
    yield f'{{\n  "schema": {json.dumps(SCHEMA)},\n  "runs": ['
    between = "\n"
    for one in runs:
        yield f"{between}    {_dumped(one, inside=4)}"
        between = ",\n"
    findings = _dumped(plain_findings(coming.findings()), inside=2)
    end = "\n  ]" if between.startswith(",") else "]"
    yield f'{end},\n  "findings": {findings}\n}}\n'


def compared(report: Report, page: Page) -> str:
    """All runs, what only several show, and how they compare."""
    whole = {
        "schema": SCHEMA,
        "runs": [plain(one, report.version) for one in report.runs],
        "findings": plain_findings(report.findings),
        "comparison": plain_comparison(report.comparison),
    }
    return _dumped(whole) + "\n"


def _dumped(value: Any, *, inside: int = 0) -> str:
    """Indented JSON; `inside` is how far in its first line stands."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return text.replace("\n", "\n" + " " * inside)  # a line break in a string is written as \\n
