"""Counters of rows other than steps and epochs: rounds of federated training, episodes of RL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from lossscan.formats.kit.grown import Grown
from lossscan.numeric.arrays import IntArray

NAMES: Final = ("round", "rounds", "comm_round", "global_round", "episode", "episodes", "game")
ERRATIC: Final = 0.1  # of the steps that go back: they are the length of an episode


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
