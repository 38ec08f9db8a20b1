"""The epochs of lines that state none, by those around them that do: a headline, a summary."""

from __future__ import annotations

import numpy as np

from lossscan.formats.kit.recount import SEVERAL
from lossscan.numeric.arrays import IntArray


def headed(counts: IntArray, stated: IntArray, points: IntArray) -> IntArray | None:
    """(n,) the epoch of each line by the headlines, -1 for none; None where these count none.

    `counts` (n,) is what a line counts, `stated` (n,) the epoch that it states, else -1; `points`
    are the places of those that hold a loss and state none. A headline such as `Epoch 2` is before
    its lines or, where lines are before the first one, behind them.
    """
    heads = np.flatnonzero(stated >= 0)
    if not len(heads) or len(points) < SEVERAL:
        return None
    if not _are_headed(counts[points], points, heads, stated):
        return None
    lines, epochs = np.arange(len(stated)), stated[heads]
    if points[0] < heads[0]:  # the last epoch has no headline yet
        return np.append(epochs, epochs[-1] + 1)[np.searchsorted(heads, lines)]
    return np.append(-1, epochs)[np.searchsorted(heads, lines, "right")]


def _are_headed(counts: IntArray, points: IntArray, heads: IntArray, stated: IntArray) -> bool:
    """Whether the counter falls only across headlines, or these number epochs as it goes on."""
    falls = np.flatnonzero(np.diff(counts) <= 0)
    if not len(falls):
        return set(np.diff(stated[heads]).tolist()) in ({1}, {0, 1})
    edges = np.searchsorted(heads, points)
    return bool((edges[falls] != edges[falls + 1]).all())
