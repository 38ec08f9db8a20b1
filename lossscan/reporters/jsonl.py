"""The report as JSON lines: one object a run, in the order of the report."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lossscan.reporters import Coming, Page, Reporter
from lossscan.reporters.kit.json_text import tame
from lossscan.reporters.kit.plain import plain


def stream(coming: Coming, page: Page) -> Iterator[str]:
    """One compact object a line."""
    for one in coming.runs:
        text = json.dumps(plain(one, coming.version), ensure_ascii=False, allow_nan=False)
        yield tame(text) + "\n"


REPORTER = Reporter(name="jsonl", stream=stream)
