"""A log that two processes wrote at once: their lines are told apart, the fuller is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossscan.arrays import IntArray
from lossscan.model import Column, Note, Table

FALLS = 10  # fewer backward steps are resumes
FALLING_SHARE = 0.1  # of the points; a run is not resumed after every tenth line


def untangled(table: Table) -> Table:
    """The table with one writer's points in each column, and a note where there were two."""
    columns = {name: _one_writer(column) for name, column in table.columns.items()}
    lost = max((len(c.steps) - len(columns[n].steps) for n, c in table.columns.items()), default=0)
    if not lost:
        return table
    note = Note("interleaved_writers", table.path, {"points": lost})
    return replace(table, columns=columns, notes=(*table.notes, note))


def _one_writer(column: Column) -> Column:
    falls = int(np.count_nonzero(column.steps[1:] < column.steps[:-1]))
    if falls < max(FALLS, FALLING_SHARE * len(column.steps)):
        return column
    writer = _writers(column.steps)
    own = writer == np.bincount(writer).argmax()
    return Column(column.steps[own], column.values[own])


def _writers(steps: IntArray) -> IntArray:
    """Which writer each line belongs to: the first whose last step lies before it."""
    last: list[int] = []
    writers = np.zeros(len(steps), dtype=np.int64)
    for place, step in enumerate(steps.tolist()):
        writer = next((number for number, at in enumerate(last) if at < step), len(last))
        last[writer : writer + 1] = [step]
        writers[place] = writer
    return writers
