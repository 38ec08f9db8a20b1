"""Accumulation steps where no file states them: an epoch in full precision tells them."""

from __future__ import annotations

from typing import Final

import numpy as np

from lossscan.rules.kit.case import Case
from lossscan.trainers import may_be_transformers

MIN_POINTS: Final = 2  # of the first epoch: a rounded one may be a fraction by chance
MOST: Final = 256  # steps looked for: more are rare, and more fractions fit
EXACT: Final = 1e-9  # of the length of an epoch: what floats leave of a ratio
WHOLE: Final = 1e-6  # micro-batches


def told_by_epochs(case: Case) -> int | None:
    """The fewest accumulation steps that make an epoch a whole number of micro-batches.

    transformers counts an epoch in micro-batches, so 346.0625 updates are 5,537 of them at 16 each.
    The steps are a multiple of this; 1 says nothing. None where epochs are rounded.
    """
    epochs = case.points("epoch")
    if epochs is None or not may_be_transformers(case.run.framework):
        return None
    first = (epochs.values > 0) & (epochs.values < 1)
    if first.sum() < MIN_POINTS:
        return None
    lengths = epochs.steps[first] / epochs.values[first]
    length = float(lengths[0])
    if np.ptp(lengths) > EXACT * length:
        return None
    counts = np.arange(1, MOST + 1)
    whole = np.abs(counts * length - np.round(counts * length)) <= WHOLE
    return int(counts[whole.argmax()]) if whole.any() else None
