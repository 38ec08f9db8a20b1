"""Numbers in text as other programs print them, which `float` does not take; clocks; columns.

Clocks are `2:03:04` and `1 day, 2:03:04`: such a column in, numbers that order as they do out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from lossscan.expressions import expression
from lossscan.numeric.arrays import FloatArray, IntArray

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
DAY: Final = 1_000_000  # more than 23:59:59 without its colons
_SHAPE: Final = expression(r"(?:([0-9]{1,6}) days?, )?([0-9]{1,3}:[0-9]{2}:[0-9]{2})")
_ZERO, _NINE = b"09"


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


def clocks(cells: Sequence[Any]) -> FloatArray | None:
    """A number for each time that orders as they do: `0:12:05` is 1205, a day a million.

    None where one of them is no time. Ten times as fast as one by one, but where widths change:
    there, as a clock does twice a day, the column is halved until it is short.
    """
    found = _alike(cells)
    if found is not None or len(cells) <= 1:
        return found
    half = len(cells) // 2
    first = clocks(cells[:half])
    second = None if first is None else clocks(cells[half:])
    return None if first is None or second is None else np.concatenate([first, second])


def _alike(cells: Sequence[Any]) -> FloatArray | None:
    """`clocks` of times of one width; None for others."""
    shape = _SHAPE.fullmatch(cells[0]) if cells and isinstance(cells[0], str) else None
    if shape is None:
        return None
    try:
        letters = np.frombuffer("\n".join([*cells, ""]).encode(), dtype=np.uint8)
    except (TypeError, UnicodeEncodeError):
        return None
    if len(letters) != len(cells) * (shape.end() + 1):
        return None
    rows = letters.reshape(len(cells), -1)
    least, span = rows[0].copy(), np.zeros_like(rows[0])  # what may be in each place
    weights = np.zeros(rows.shape[1])
    for group, unit in ((1, DAY), (2, 1)):
        digits = [at for at in range(*shape.span(group)) if rows[0, at] in range(_ZERO, _NINE + 1)]
        least[digits], span[digits] = _ZERO, _NINE - _ZERO
        weights[digits[::-1]] = unit * 10.0 ** np.arange(len(digits))
    values = rows - least  # letters below wrap around
    return values @ weights if (values <= span).all() else None
