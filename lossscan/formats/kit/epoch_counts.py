"""Counts of rows become steps: such as begin again in each epoch, and such as count other things.

Those are rounds of federated training, episodes of reinforcement learning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from lossscan.formats.kit.grown import Grown
from lossscan.numeric.arrays import BoolArray, IntArray

NAMES: Final = ("round", "rounds", "comm_round", "global_round", "episode", "episodes", "game")
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


# --- what counts neither steps nor epochs ---------------------------------------------------------


def counted(numbers: Mapping[str, Grown[np.float64]], rows: int) -> IntArray | None:
    """The counts of the first of these keys that each row states and that always rises."""
    for key, column in numbers.items():
        if key.strip().lower().replace(" ", "_") not in NAMES or len(column) != rows:
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
