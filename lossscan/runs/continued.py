"""Logs of one training, a file for each launch: which of them goes on where another left off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from lossscan.model import Table
from lossscan.numeric.arrays import IntArray
from lossscan.runs.launches import LOG_GAPS

TRAINED = ("loss", "reward")  # evaluations alone say nothing of launches
MIN_POINTS = 2  # one has no gap


def chained(tables: Iterable[Table]) -> list[list[Table]]:
    """Tables of one format, those of one training together in the order of its launches.

    A log that begins in the middle of a training belongs to the one that comes as far as that,
    where there is only one. Tables keep their order where none goes on.
    """
    chains: list[list[Table]] = []
    for table in sorted(tables, key=_begin):
        before = [chain for chain in chains if _goes_on(table, chain)]
        if len(before) == 1:
            before[0].append(table)
        else:
            chains.append([table])
    return chains


def _begin(table: Table) -> tuple[int, int]:
    steps = _steps(table)
    return (int(steps[0]), int(steps.max())) if len(steps) else (0, 0)


def _goes_on(table: Table, chain: Sequence[Table]) -> bool:
    """Whether a log begins within the steps of others, or right behind them, and goes further."""
    steps, known = _steps(table), [_steps(each) for each in chain]
    if min(map(len, (steps, *known))) < MIN_POINTS or _kind(table) != _kind(chain[0]):
        return False
    first, begun, ended = steps[0], known[0][0], max(each.max() for each in known)
    midway = first > begun + LOG_GAPS * _gap(steps)
    return bool(midway and first <= ended + LOG_GAPS * _gap(known[-1]) and steps.max() > ended)


def _kind(table: Table) -> tuple[str | None, str]:
    return table.framework, table.averaging


def _steps(table: Table) -> IntArray:
    found = (table.columns[name].steps for name in TRAINED if name in table.columns)
    return next(found, np.empty(0, dtype=np.int64))


def _gap(steps: IntArray) -> float:
    return float(np.median(np.abs(np.diff(steps))))
