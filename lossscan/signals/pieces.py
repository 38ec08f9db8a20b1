"""How a series falls into pieces of one level, or of one direction; all that is asked of ruptures.

The package of ruptures imports scipy.stats, which takes a hundred times as long as the search of a
run. So its search in C is loaded from its file, without the packages around it; where there is none
(it comes with the extra `fast`) or it does not load, the same search runs here. Both give the same
breaks.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder
from pathlib import Path
from typing import TypeAlias

import numpy as np

from lossscan.numeric.arrays import FloatArray

MIN_LEVEL = 3  # points of a level
MIN_PIECE = 5  # points; fewer have no direction
SEARCH = "ruptures.detection._detection.ekcpd"

_Search: TypeAlias = Callable[[FloatArray, float, int], Sequence[int]]


def level_edges(values: FloatArray, penalty: float) -> list[int]:
    """The first index of each level but the first: KernelCPD with a linear kernel, in order.

    The breaks of Pelt with an l2 cost, some thousands of times faster. None may be NaN.
    """
    if len(values) < 2 * MIN_LEVEL:
        return []
    begins = _search()(values.reshape(-1, 1).astype(np.float64), penalty, MIN_LEVEL)
    edges, at = [], int(begins[len(values)])
    while at > 0:
        edges.append(at)
        at = int(begins[at])
    return edges[::-1]


@cache
def _search() -> _Search:
    """For each prefix of a signal (n, 1), where the last level begins: the search of KernelCPD."""
    package = importlib.util.find_spec("ruptures")
    for folder in (package.submodule_search_locations if package else None) or ():
        place = str(Path(folder, "detection", "_detection"))
        found = FileFinder(place, (ExtensionFileLoader, EXTENSION_SUFFIXES)).find_spec(SEARCH)
        if found is not None and found.loader is not None:
            with suppress(ImportError, OSError):
                module = importlib.util.module_from_spec(found)
                found.loader.exec_module(module)
                search: _Search = getattr(module, "ekcpd_pelt_L2", optimal_levels)
                return search
    return optimal_levels


def optimal_levels(signal: FloatArray, penalty: float, least: int) -> Sequence[int]:
    """The search of KernelCPD without ruptures: 14 ms for 1500 points, where it takes 5.

    For each prefix of a signal (n, 1), where its last level of at least that many points begins, so
    that squared distances from the levels and a penalty for each are least (optimal partitioning).
    """
    values = signal[:, 0] - signal.mean()  # small numbers lose least of their squares
    n = len(values)
    total = np.concatenate([[0.0], np.cumsum(values)])
    per_length = 1.0 / np.arange(n, 0, -1)  # by distance from the end
    before = np.full(n + 1, np.inf)  # least cost of a prefix, less its squares: they cancel
    before[0] = 0.0
    begins = np.zeros(n + 1, dtype=np.int64)
    for end in range(least, n + 1):
        starts = slice(0, end - least + 1)
        rise = total[end] - total[starts]
        costs = before[starts] - rise * rise * per_length[n - end : n - least + 1]
        begins[end] = at = int(costs.argmin())
        before[end] = costs[at] + penalty
    return begins.tolist()


def line_edges(values: FloatArray, penalty: float) -> list[int]:
    """The first index of each straight piece but the first of an unbroken line.

    Binary segmentation (ruptures.Binseg with its cost "clinear"): the edge that takes most from the
    squared distances, again and again, until none takes more than the penalty.
    """
    edges = [0, len(values)]
    costs = _line_costs(values)
    best = [_best_edge(costs, 0, len(values))]
    while (top := max(best))[0] > penalty:
        number, at = best.index(top), top[1]
        start, stop = edges[number], edges[number + 1]
        edges.insert(number + 1, at)
        best[number : number + 1] = [_best_edge(costs, start, at), _best_edge(costs, at, stop)]
    return edges[1:-1]


def _best_edge(costs: FloatArray, start: int, stop: int) -> tuple[float, int]:
    """The gain of the best edge within `[start, stop)`, and its place."""
    places = np.arange(start + MIN_PIECE, stop - MIN_PIECE + 1)
    if not len(places):
        return 0.0, 0
    gains = costs[start, stop] - costs[start, places] - costs[places, stop]
    top = len(places) - 1 - int(np.argmax(gains[::-1]))  # the last of equals
    return float(gains[top]), int(places[top])


def _line_costs(values: FloatArray) -> FloatArray:
    """(n, n + 1) squared distances of `[start, stop)` from the line that joins its ends.

    The line begins at the point before `start`, so that pieces meet; the first has none before it.
    """
    n, values = len(values), values - values.mean()  # small numbers lose least of their squares
    first = np.maximum(np.arange(n), 1)[:, None] - 1  # the point where the line begins
    last = np.arange(n + 1)[None, :] - 1
    length = np.maximum(last - first, 1)
    total, squares, moment = (
        np.concatenate([[0.0], np.cumsum(each)])
        for each in (values, values**2, np.arange(n) * values)
    )
    slope = (values[last] - values[first]) / length
    begin = values[first]
    summed = total[last + 1] - total[first + 1]
    weighted = moment[last + 1] - moment[first + 1] - first * summed
    ranks, ranks_squared = length * (length + 1) / 2, length * (length + 1) * (2 * length + 1) / 6
    return np.asarray(
        squares[last + 1]
        - squares[first + 1]
        - 2 * (begin * summed + slope * weighted)
        + begin**2 * length
        + 2 * begin * slope * ranks
        + slope**2 * ranks_squared
    )
