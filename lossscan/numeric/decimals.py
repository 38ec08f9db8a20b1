"""The last decimal place that a printed column shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossscan.numeric.arrays import BoolArray, FloatArray, blocks

ROUNDED = 1e-3  # of a unit: what the float32 of an event file adds to a rounded value
FEW = 8  # values that rule most units out before all are looked at


def last_place(values: FloatArray, units: Sequence[float]) -> float:
    """The first of `units` that divides all values; 0 where there is none."""
    few = values[:: len(values) // FEW + 1]
    for at in np.flatnonzero(are_multiples(few, np.array(units)[:, np.newaxis])).tolist():
        if all(are_multiples(values[some], units[at]) for some in blocks(len(values))):
            return units[at]
    return 0.0


def are_multiples(values: FloatArray, units: FloatArray | float) -> BoolArray:
    """Whether the values along the last axis are all multiples of their units.

    One much smaller than a unit is none: 1e-5 is not 0 times 1.
    """
    count = values / units
    whole = np.rint(count)
    close = (np.abs(count - whole) < ROUNDED) & ((whole != 0) | (values == 0))
    return np.asarray(close.all(axis=-1))
