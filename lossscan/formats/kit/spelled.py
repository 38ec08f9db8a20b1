"""Numbers in text: as other programs print them, which `float` does not take, and whole columns."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from lossscan.expressions import expression
from lossscan.numeric.arrays import IntArray

_NOT_FINITE = expression(
    r"\s{0,99}[-+]?(?:1\.#(?:QNAN|SNAN|IND|(INF))\d*|nan(?:xxx|\((?:ind|snan|qnan)\)|\.0{1,3})"
    r"|(inf)\.0{1,3})\s{0,99}",
    re.IGNORECASE,
)
_WRAPPED = expression(
    r"\s{0,9}(?:tensor|(?:np\.|numpy\.)?(?:float\d\d|array))\(\[?"
    r"([-+]?(?:\d{1,40}(?:\.\d{0,40})?(?:e[-+]?\d{1,4})?|nan|inf))\]?"
    r"(?: [^()]{0,80}(?:\(\))?)?\)\s{0,9}"  # device, dtype, what it was computed with
)

_FORTRAN = expression(r"[-+]?\d{1,20}\.\d{0,20}D[-+]\d{2,3}")


def spelled(value: Any) -> float | None:
    """A number as others print it: `-nan(ind)`, `1.#QNAN`, `nanxxx`, `tensor(2.3, device='cuda')`.

    Lightning's bar fills up any number to five characters: `nan.0`; L-BFGS-B prints `4.5D+00`.
    """
    if isinstance(value, str) and _FORTRAN.fullmatch(value):
        return float(value.replace("D", "e"))
    if isinstance(value, str) and (wrapped := _WRAPPED.fullmatch(value)):
        return float(wrapped[1])
    found = _NOT_FINITE.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else math.inf if found[1] or found[2] else math.nan


def whole_numbers(cells: Sequence[Any]) -> IntArray | None:
    """(n,) whole numbers at once; None where a cell is no text, no whole number, or too large."""
    if set(map(type, cells)) != {str}:  # `int` would take a float, too
        return None
    try:
        return np.array(cells, dtype=np.int64)
    except (ValueError, OverflowError):
        return None
