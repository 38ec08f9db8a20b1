"""Whole numbers in text, as the steps of a table are, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lossscan.numeric.arrays import IntArray


def whole_numbers(cells: Sequence[Any]) -> IntArray | None:
    """The numbers; None where a cell is no text, no whole number, or does not fit."""
    if set(map(type, cells)) != {str}:  # `int` would take a float, too
        return None
    try:
        return np.array(cells, dtype=np.int64)
    except (ValueError, OverflowError):
        return None
