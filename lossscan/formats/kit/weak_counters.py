"""Counters of rows beside steps and epochs: rounds of federated training, episodes of RL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from lossscan.numeric.arrays import FloatArray, IntArray

NAMES: Final = ("round", "rounds", "comm_round", "global_round", "episode", "episodes", "game")
ERRATIC: Final = 0.1  # of the steps that go back: they are the length of an episode


def counted(
    numbers: Mapping[str, Sequence[tuple[IntArray, FloatArray]]], rows: int
) -> IntArray | None:
    """What the first of these that each row states and that always rises counts."""
    for key, parts in numbers.items():
        if key.strip().lower().replace(" ", "_") in NAMES and len(parts):
            values = np.concatenate([values for _, values in parts])
            places = np.concatenate([places for places, _ in parts])
            rises = len(values) == rows and bool((np.diff(values[np.argsort(places)]) > 0).all())
            if rises and values.min() >= 0 and (values == np.rint(values)).all():
                return values[np.argsort(places)].astype(np.int64)
    return None


def is_erratic(steps: IntArray) -> bool:
    """Whether what is called a step goes up and down: it counts something else."""
    return len(steps) > 1 and float(np.mean(np.diff(steps) < 0)) > ERRATIC
