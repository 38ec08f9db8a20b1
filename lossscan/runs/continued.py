"""Logs of one training, a file for each launch: which of them goes on where another left off."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from operator import attrgetter
from typing import Final

import numpy as np
from msgspec import Struct, field

from lossscan.expressions import expression
from lossscan.model import Table
from lossscan.numeric.arrays import IntArray, differences
from lossscan.numeric.medians import median
from lossscan.runs.launches import LOG_GAPS

TRAINED = ("loss", "reward")  # evaluations alone say nothing of launches
MIN_POINTS = 2  # one has no gap
_NUMBER: Final = expression(r"\d+")


def chained(tables: Iterable[Table]) -> list[list[Table]]:
    """Tables of one format, those of one training together in the order of its launches.

    A log that begins in the middle of a training belongs to the one that comes as far as that,
    where there is only one. Tables keep their order where none goes on. Files that hold a point
    each are one log where only a number tells their names apart.
    """
    chains: list[_Chain] = []
    several, points = _points_apart(sorted(tables, key=_begin))
    for table in several:
        steps, kind = _steps(table), (table.framework, table.averaging)
        gap = median(np.abs(differences(steps))) if len(steps) >= MIN_POINTS else 0.0
        first, last = _begin(table)
        earlier = chains[: bisect_left(chains, first - LOG_GAPS * gap, key=attrgetter("begun"))]
        alike = (chain for chain in earlier if chain.kind == kind)
        goes_on = (chain for chain in alike if chain.goes_on(len(steps), first, last))
        before = list(islice(goes_on, 2))  # two tell as much as thousands
        if len(before) == 1:
            before[0].add(table, steps, gap)
        else:
            chains.append(_Chain(kind))
            chains[-1].add(table, steps, gap)
    return [*(chain.tables for chain in chains), *points]


def _points_apart(tables: Iterable[Table]) -> tuple[list[Table], list[list[Table]]]:
    """The tables of several points, and those of one, of a kind together."""
    several: list[Table] = []
    alike: dict[str, list[Table]] = defaultdict(list)
    for table in tables:
        if len(_steps(table)) == 1:
            alike[_NUMBER.sub("#", str(table.path))].append(table)
        else:
            several.append(table)
    return several, list(alike.values())


class _Chain(Struct):
    """Logs of one training so far, and what decides whether another goes on with it."""

    kind: tuple[str | None, str]
    tables: list[Table] = field(default_factory=list)
    shortest: float = math.inf  # points
    begun: int = 0  # first step of the first log
    ended: int = 0  # last step of any
    gap: float = 0.0  # of the latest log

    def add(self, table: Table, steps: IntArray, gap: float) -> None:
        """Put a log behind the others."""
        if len(steps):
            self.begun = self.begun if self.tables else int(steps[0])
            self.ended = max(self.ended, int(steps.max())) if self.tables else int(steps.max())
        self.tables.append(table)
        self.shortest, self.gap = min(self.shortest, len(steps)), gap

    def goes_on(self, points: int, first: int, last: int) -> bool:
        """Whether a log begins no later than right behind these, and goes further."""
        if min(points, self.shortest) < MIN_POINTS:
            return False
        return first <= self.ended + LOG_GAPS * self.gap and last > self.ended


def _begin(table: Table) -> tuple[int, int]:
    steps = _steps(table)
    return (int(steps[0]), int(steps.max())) if len(steps) else (0, 0)


def _steps(table: Table) -> IntArray:
    found = (table.columns[name].steps for name in TRAINED if name in table.columns)
    return next(found, np.empty(0, dtype=np.int64))
