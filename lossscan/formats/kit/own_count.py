"""Rows that a tracker counts by the calls of its `log`: the trainer's own count is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lossscan.canonical.names import namer
from lossscan.formats.kit.columns import Row, step_number
from lossscan.formats.kit.labels import keys_of
from lossscan.settings import Settings


def by_own_count(
    counted: Sequence[tuple[float | None, Mapping[str, Any]]], settings: Settings
) -> list[Row]:
    """The rows at the steps that they state, those without one at that of the row before.

    Where none states any they keep the tracker's count, else their number.
    """
    name_of = namer(settings.series)
    keys = sorted(keys_of(row for _, row in counted))
    counters = [key for key in keys if name_of(key) == "step"]
    rows: list[Row] = []
    last = 0
    for at, (calls, row) in enumerate(counted):
        own = (step_number(row.get(key)) for key in counters)
        found = last if counters else step_number(at if calls is None else calls)
        last = next((step for step in own if step is not None), found or 0)
        rows.append((last, row))
    return rows
