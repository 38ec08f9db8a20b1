"""A log that several processes wrote: launches are separated, ranks of one launch are named."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from msgspec.structs import replace

from lossscan.canonical.names import JUDGED
from lossscan.model import Column, Note, Table
from lossscan.numeric.arrays import IntArray

FALLS = 10  # fewer backward steps are resumes
FALLING_SHARE = 0.1  # of the points; a run is not resumed after every tenth line
REPEATING_SHARE = 0.4  # of the lines: two ranks repeat half of them, a few may be lost


def split_writers(table: Table) -> Table:
    """The table with one writer's points in each column, and notes where there were several."""
    columns = {name: _one_writer(column) for name, column in table.columns.items()}
    lost = max((len(c.steps) - len(columns[n].steps) for n, c in table.columns.items()), default=0)
    notes = [Note("interleaved_writers", table.path, {"points": lost})] if lost else []
    times = max((_times(columns[name]) for name in JUDGED if name in columns), default=1)
    notes += [Note("repeated_steps", table.path, {"times": times})] if times > 1 else []
    return replace(table, columns=columns, notes=(*table.notes, *notes))


def _times(column: Column) -> int:
    """How often each step is there with another value each time; 1 where only few do."""
    again = column.steps[1:] == column.steps[:-1]
    differs = again & (column.values[1:] != column.values[:-1])
    if np.count_nonzero(differs) < REPEATING_SHARE * len(column.steps):
        return 1
    return round(len(column.steps) / (1 + np.count_nonzero(~again)))


def _one_writer(column: Column) -> Column:
    falls = int(np.count_nonzero(column.steps[1:] < column.steps[:-1]))
    if falls < max(FALLS, FALLING_SHARE * len(column.steps)):
        return column
    if (column.steps[1:] <= column.steps[:-1]).all():  # a table that lists the newest row first
        return Column(column.steps[::-1].copy(), column.values[::-1].copy())
    writer = _writers(column.steps)
    own = writer == np.bincount(writer).argmax()
    return Column(column.steps[own], column.values[own])


def _writers(steps: IntArray) -> IntArray:
    """Which writer each line belongs to: the first whose last step is before it."""
    last: list[int] = []  # last steps of the writers, negated: these never fall
    writers = np.zeros(len(steps), dtype=np.int64)
    for place, step in enumerate(steps.tolist()):
        writer = bisect_right(last, -step)
        last[writer : writer + 1] = [-step]
        writers[place] = writer
    return writers
