"""Counts that begin again in each epoch become steps of the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossscan.numeric.arrays import IntArray


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
