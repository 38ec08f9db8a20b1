"""Lines with a counter become rows at steps of the run, where the counter restarts or is coarse.

In each epoch a counter may begin again; it may state only the epoch, on many lines; and what an
evaluation counts is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np

from lossscan.canonical.names import SET_RATE, canonical, is_judged
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.counters import CounterPlace
from lossscan.formats.kit.epoch_counts import in_steps, own_counts
from lossscan.numeric.arrays import BoolArray, IntArray

Placed: TypeAlias = tuple[CounterPlace, dict[str, Any]]

LOOPED: Final = ("batch", "bar")  # that begin again in each epoch, by their nature
WHOLE: Final = 0.9  # of what an epoch counts: the last lines of it may not be logged
SEVERAL: Final = 2  # lines with one loss in most epochs: they are points of it, not its mean


@lru_cache(maxsize=256)
def is_evaluation(*names: str) -> bool:
    """Whether everything in a row of such names was evaluated, on any set, except its counts."""
    stated = [name for name in map(canonical, names) if name not in ("epoch", "step")]
    return bool(stated) and all(name.startswith("eval_") or name == "test_loss" for name in stated)


def is_beside(name: str) -> bool:
    """Whether what a line without a counter states belongs to the last one that has one."""
    return is_evaluation(name) or canonical(name) in ("reward", "learning_rate", SET_RATE)


def trains(row: Iterable[str]) -> bool:
    """Whether a row holds a loss of the training."""
    return any(is_judged(name) and not is_evaluation(name) for name in row)


# --- steps of the run -----------------------------------------------------------------------------


def unrounded(counts: IntArray, rounded: BoolArray) -> IntArray:
    """(n,) counts that were printed as 1K, 1K, 2K: at the distance that exact ones before show.

    Without these, or where they lead elsewhere, they are evenly between the first and the last.
    """
    n = len(counts)
    if n < SEVERAL or not rounded.any():
        return counts
    exact, (begin, end) = int(rounded.argmax()), counts[[0, -1]].tolist()
    first, gap = begin, (end - begin) / (n - 1)
    if exact >= SEVERAL:
        one, two = counts[exact - 2 : exact].tolist()
        last = two + (two - one) * (n - exact)
        if round(last, -3) == round(end, -3):
            first, gap = last - (two - one) * (n - 1), float(two - one)
    return np.where(rounded, np.rint(first + gap * np.arange(n)).astype(np.int64), counts)


def counted(placed: Sequence[Placed]) -> tuple[list[Row], int | None]:
    """Rows at their steps in the run, and the steps of an epoch where counts begin again in each.

    A bar is drawn many times at one count: what was there last holds.
    """
    evaluated = np.array([is_evaluation(*row) for _, row in placed], dtype=bool)
    counts = np.array([place.count for place, _ in placed], dtype=np.int64)
    epochs = np.array([-1 if p.epoch is None else p.epoch for p, _ in placed], dtype=np.int64)
    kinds = {place.kind for place, _ in placed}
    if kinds == {"bar"}:
        last = last_drawn(counts, epochs, evaluated)
        placed = [placed[at] for at in last.tolist()]
        counts, epochs, evaluated = counts[last], epochs[last], evaluated[last]
    own = own_counts(evaluated)
    of = {place.of for (place, _), trained in zip(placed, own, strict=True) if trained}
    steps, length = in_steps(counts, epochs, evaluated, list(of), looped=kinds <= set(LOOPED))
    rows = [row if (at := _epoch(place)) is None else {"epoch": at, **row} for place, row in placed]
    return list(zip(steps.tolist(), rows, strict=True)), length


def last_drawn(counts: IntArray, epochs: IntArray, evaluated: BoolArray) -> IntArray:
    """The last drawing of each bar, in the order in which the bars were first drawn.

    At count 0 a bar shows numbers of the epoch before, unless no bar went before it.
    """
    began = int(np.argmax(counts > 0)) if counts.any() else len(counts)
    drawn = np.flatnonzero((counts > 0) | (np.arange(len(counts)) < began))
    told = np.stack([epochs[drawn], counts[drawn], evaluated[drawn]])
    _, first, same = np.unique(told, axis=1, return_index=True, return_inverse=True)
    last = np.zeros(len(first), dtype=np.int64)
    last[same.ravel()] = np.arange(len(drawn))
    return drawn[last[np.argsort(first)]]


def _epoch(place: CounterPlace) -> int | None:
    return place.count if place.kind == "epoch" else place.epoch
