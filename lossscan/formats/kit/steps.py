"""Counts become steps of the run: such as begin again in each epoch, are coarse, or are of a loop.

What an evaluation counts is its own. Rounds of federated training and episodes count as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from lossscan.canonical.names import is_evaluation
from lossscan.formats.kit.counters import CounterPlace
from lossscan.formats.kit.grown import Grown
from lossscan.numeric.arrays import BoolArray, IntArray

Placed: TypeAlias = tuple[CounterPlace, dict[str, Any]]

LOOPED: Final = ("batch", "bar")  # that begin again in each epoch, by their nature
WHOLE: Final = 0.9  # of what an epoch counts: the last lines of it may not be logged
SEVERAL: Final = 2  # lines with one loss in most epochs: they are points of it, not its mean
_OTHERS: Final = ("round", "rounds", "comm_round", "global_round", "episode", "episodes", "game")
ERRATIC: Final = 0.1  # of the steps that go back: they are the length of an episode


def epoch_length(counts: IntArray, epochs: IntArray, of: Sequence[int | None] = ()) -> int | None:
    """Counts of an epoch where they begin again in each; None where they run on.

    `counts` and `epochs` of n points in file order, as logged; `of` is how many counts each
    point states. Where none does, the largest count stands for the length.
    """
    stated = {each for each in of if each}
    if len(counts) > 1 and (counts == counts[0]).all() and (np.diff(epochs) > 0).all():
        # each epoch is summed up once, with all that it counted, or told by one of its batches
        return max(*stated, int(counts[0])) if len(stated) == 1 else int(counts[0])
    opens = np.flatnonzero(np.diff(epochs) > 0) + 1
    if not len(opens) or (counts[opens] > counts[opens - 1]).any():
        return None
    if len(stated) == 1:
        return max(*stated, int(counts.max()))
    if (counts[opens] == counts[opens - 1]).all():
        return None
    from_zero = int(counts[opens].min()) == 0
    return int(counts.max()) + (int(np.diff(counts).max()) if from_zero else 0)


def run_steps(counts: IntArray, epochs: IntArray, length: int) -> IntArray:
    """(n,) counts that go on from epoch to epoch; the first epoch is numbered 0 or 1."""
    return np.asarray((epochs - epochs.min(initial=1)) * length + counts)


def in_only_epoch(
    counts: IntArray, epochs: IntArray, of: Sequence[int | None]
) -> tuple[IntArray, int | None]:
    """`in_run` of batches of one epoch that say how many it has: it may not be the first."""
    stated = set(of)
    length = stated.pop() if len(stated) == 1 else None
    if not length or len(set(epochs.tolist())) > 1 or epochs[0] < 0 or counts.max() > length:
        return counts, None
    return run_steps(counts, epochs, length), length


def in_run(
    counts: IntArray, epochs: IntArray, of: Sequence[int | None] = ()
) -> tuple[IntArray, int | None]:
    """(n,) steps of the run, and the counts of an epoch where they begin again in each, else None.

    `epochs` are below 0 where a point states none: then the counts are taken as they are.
    """
    known = len(counts) > 0 and epochs.min() >= 0
    length = epoch_length(counts, epochs, of) if known else None
    return (counts if length is None else run_steps(counts, epochs, length)), length


def in_steps(
    counts: IntArray,
    epochs: IntArray,
    evaluated: BoolArray,
    of: Sequence[int | None],
    *,
    looped: bool,
) -> tuple[IntArray, int | None]:
    """The steps in the run of points that count, and the steps of an epoch as in `counted`.

    `of`: the counts that those which train say there are; `looped`: they begin again by nature.
    """
    own = own_counts(evaluated)
    found, length = in_run(counts[own], epochs[own], of)
    if length is None and looped:
        found, length = in_only_epoch(counts[own], epochs[own], of)
    steps = counts.copy()
    steps[own] = found
    if length is not None:
        told = (epochs - epochs[own].min(initial=1)) * length + counts
        steps = np.where(own, steps, _evaluated(steps, np.where(counts > length, 0, told), own))
    elif not own.all():  # an evaluation that counts its own batches, below all of the training
        early = ~own & (counts < found.min())
        steps = np.where(early, _evaluated(steps, counts, own), steps)
    return steps, length


def own_counts(evaluated: BoolArray) -> BoolArray:
    """The points whose own counts hold: those of training, or all if none is of training."""
    return np.ones_like(evaluated) if evaluated.all() else ~evaluated


def _evaluated(steps: IntArray, told: IntArray, own: BoolArray) -> IntArray:
    """The steps of evaluations: the one they state, unless training has gone beyond it before."""
    last = np.maximum.accumulate(np.where(own, np.arange(len(steps)), -1))
    return np.asarray(np.where(last >= 0, np.maximum(told, steps[last]), told))


# --- lines with a counter -------------------------------------------------------------------------


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


def counted(placed: Sequence[Placed]) -> tuple[list[tuple[int, dict[str, Any]]], int | None]:
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
    told = [place.count if place.kind == "epoch" else place.epoch for place, _ in placed]
    both = zip(told, placed, strict=True)
    rows = [row if epoch is None else {"epoch": epoch, **row} for epoch, (_, row) in both]
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


# --- what counts neither steps nor epochs ---------------------------------------------------------


def other_counts(numbers: Mapping[str, Grown[np.float64]], rows: int) -> IntArray | None:
    """The counts of the first of these keys that each row states and that always rises."""
    for key, column in numbers.items():
        if key.strip().lower().replace(" ", "_") not in _OTHERS or len(column) != rows:
            continue
        values = column.values[np.argsort(column.places, kind="stable")]
        whole = values.min(initial=0) >= 0 and (values == np.rint(values)).all()
        if whole and (np.diff(values) > 0).all():
            return values.astype(np.int64)
    return None


def stand_still(steps: IntArray) -> bool:
    """Whether all rows state one step: each epoch has as many, and a row tells how many."""
    return len(steps) > 1 and int(steps.min()) == int(steps.max())


def is_erratic(steps: IntArray) -> bool:
    """Whether what is called a step goes up and down: it counts something else."""
    stated = steps if steps.min(initial=0) >= 0 else steps[steps >= 0]
    return len(stated) > 1 and float(np.mean(stated[1:] < stated[:-1])) > ERRATIC
