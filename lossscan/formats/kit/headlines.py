"""The epochs of lines that state none, by the headlines around them: `Epoch 2/3`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lossscan.formats.kit.counters import CounterPlace
from lossscan.formats.kit.recount import SEVERAL

if TYPE_CHECKING:
    from lossscan.numeric.arrays import IntArray


def headed(places: Sequence[CounterPlace | None], points: Sequence[bool]) -> list[int | None]:
    """The epoch of each line by the headlines, where these count its epochs; else None.

    There its counter begins again, or it goes on and they number epochs one after the other.
    `points` says which lines hold a loss at a counter that states no epoch. A headline such as
    `Epoch 2` is before its lines or, where lines are before the first one, behind them.
    """
    heads = [at for at, place in enumerate(places) if place is not None and place.kind == "epoch"]
    counted = [at for at, point in enumerate(points) if point]
    none: list[int | None] = [None] * len(places)
    if not heads or len(counted) < SEVERAL or not _are_headed(places, counted, heads):
        return none
    behind = counted[0] < heads[0]
    epochs = list(_held(places, reverse=behind))
    if behind:  # the last epoch has no headline yet
        last = places[heads[-1]]
        begun = None if last is None else last.count + 1
        epochs = [begun if epoch is None else epoch for epoch in epochs]
    return epochs


def _held(places: Sequence[CounterPlace | None], *, reverse: bool) -> Iterable[int | None]:
    """The headline that holds at each line: the last before it, or the next."""
    held: list[int | None] = []
    epoch: int | None = None
    for place in reversed(places) if reverse else places:
        if place is not None and place.kind == "epoch":
            epoch = place.count
        held.append(epoch)
    return reversed(held) if reverse else held


def are_numbered(epochs: Sequence[int] | IntArray) -> bool:
    """Whether headlines number several epochs one after the other, each once or more."""
    return set(np.diff(epochs).tolist()) in ({1}, {0, 1})


def _are_headed(
    places: Sequence[CounterPlace | None], counted: Sequence[int], heads: Sequence[int]
) -> bool:
    """Whether the counter falls only across headlines, or these number epochs as it goes on."""
    counts = [place.count for at in counted if (place := places[at]) is not None]
    falls = [at for at, (one, two) in enumerate(pairwise(counts)) if two <= one]
    if not falls:
        return are_numbered([place.count for at in heads if (place := places[at]) is not None])
    edges = np.searchsorted(heads, counted)
    return all(edges[at] != edges[at + 1] for at in falls)
