"""The points of a course that a later launch of it overtook: it took up an earlier checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from lossscan.numeric.arrays import FloatArray, IntArray

_NONE = np.empty(0, dtype=np.int64)


class Rows(Struct, frozen=True):
    """One quantity over all launches, in the order written."""

    steps: IntArray
    values: FloatArray
    launch: IntArray  # number of the launch that wrote each point


class Overtaken(Struct, frozen=True):
    """What one launch overtook of one quantity, and the step of what was left before it."""

    points: IntArray  # places of the rows
    last: int | None


def overtaken(rows: Rows, starts: Sequence[int], course: range) -> Iterator[Overtaken]:
    """For each launch of a course but its first; each point is overtaken once, and then gone.

    What is left is in a stack, launch upon launch: all below one comes before its first step.
    """
    alive: list[tuple[int, IntArray]] = []  # start of the launch, its points in order of step
    for number in course:
        start = starts[number]
        if number > course.start:
            dead = []
            deeper: list[tuple[int, IntArray]] = []
            while alive:
                begun, points = alive.pop()
                cut = int(np.searchsorted(rows.steps[points], start))
                dead.append(points[cut:])
                deeper += [(begun, points[:cut])] if cut else []
                if begun <= start:
                    break
            alive += reversed(deeper)
            left = int(rows.steps[alive[-1][1][-1]]) if alive else None
            yield Overtaken(np.sort(np.concatenate(dead)) if dead else _NONE, left)
        first, last = np.searchsorted(rows.launch, (number, number + 1)).tolist()
        if first < last:
            order = np.argsort(rows.steps[first:last], kind="stable")
            alive.append((start, first + order))
