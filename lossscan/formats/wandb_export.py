"""What W&B's page gives for download: `"Step","sun-3 - train/loss","sun-3 - train/loss__MIN"`."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from typing import Final

from lossscan.canonical.names import canonical, is_judged
from lossscan.errors import UnreadableLog
from lossscan.formats.kit.columns import table
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.several import Kept, chosen, others
from lossscan.formats.kit.text import lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

_BOUNDS: Final = ("__MIN", "__MAX")  # of what one point of the chart holds
_PART: Final = " - "  # between a run and a quantity


def claims(head: Head) -> bool:
    """Whether its header names a step and losses of runs."""
    first = peek(head).split("\n", 1)[0]
    if _PART not in first:
        return False
    named = [_split(name) for name in _header(first)]
    return canonical(_header(first)[0]) in ("step", "epoch") and any(
        run and is_judged(key) for run, key in named
    )


def read(head: Head, settings: Settings) -> Table:
    """The run that has most points; a note tells how many others there are.

    Raises UnreadableLog where none has any.
    """
    header, rows, points = _held(head, settings)
    if not points:
        raise UnreadableLog("export_without_points")
    run = chosen(head, points)
    kept = {
        at: "step" if at == 0 else _split(name)[1]
        for at, name in enumerate(header)
        if at == 0 or (_split(name)[0] == run and not name.endswith(_BOUNDS))
    }
    own = [{k: row[at] for at, k in kept.items() if at < len(row) and row[at]} for row in rows]
    found, _ = table(own, settings)
    notes = others(head, run, len(points))
    return Table(found, notes=notes, part=run)


@Kept
def _held(head: Head, _: Settings) -> tuple[list[str], list[list[str]], Counter[str]]:
    """The header, the rows and how many points each run has."""
    text = lines(head)
    header = _header(next(text, ""))
    rows = [cells for line in text if line.endswith("\n") and (cells := _header(line))]
    return header, rows, _runs(header, rows)


def runs(head: Head) -> list[str]:
    """The runs that the columns name."""
    text = lines(head)
    header = _header(next(text, ""))
    return list(_runs(header, [_header(line) for line in text]))


def _header(line: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")]), [""])
    except csv.Error:
        return [""]


def _split(name: str) -> tuple[str, str]:
    """The run and the quantity that a column names."""
    run, _, key = name.rpartition(_PART)
    return run, key


def _runs(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Counter[str]:
    """How many points each run has."""
    points: Counter[str] = Counter()
    for at, name in enumerate(header):
        run, key = _split(name)
        if at and run and is_judged(key):
            points[run] += sum(1 for row in rows if at < len(row) and row[at])
    return +points


FORMAT = Format(  # before tables that name their columns themselves
    "wandb_export", '"Step","run - train/loss"', claims, read, priority=55, recorded=True, runs=runs
)
