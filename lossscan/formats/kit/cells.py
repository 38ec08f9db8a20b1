"""The cells of a log become numbers: also text, as programs of many kinds print them, and clocks.

Clocks are `2:03:04` and `1 day, 2:03:04`: such a column in, numbers that order as they do out.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from itertools import compress, repeat
from operator import is_not
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
_REAL = (int, float)  # made once: `int | float` in a call is made again for each of a million
LARGEST_STEP = 2**53  # beyond, a float no longer tells neighbors apart
_DAY: Final = 1_000_000  # more than 23:59:59 without its colons
_SHAPE: Final = expression(r"(?:([0-9]{1,6}) days?, )?([0-9]{1,3}(?::[0-9]{2}){1,2})")
_ZERO, _NINE = b"09"


def number(value: Any) -> float | None:
    """A value as a float, also from text; None where it is no number."""
    if type(value) is float:
        return value
    if isinstance(value, str):
        value = value.replace(",", "")
    elif not isinstance(value, _REAL):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
    except ValueError:
        return _spelled(value)


def step_number(value: Any) -> int | None:
    """A step as a whole number, also from `601/2161`; None where it cannot be one."""
    if type(value) is int:
        return value if 0 <= value <= LARGEST_STEP else None
    found = number(value.partition("/")[0] if isinstance(value, str) else value)
    return int(found) if found is not None and 0 <= found <= LARGEST_STEP else None


def step_numbers(stated: Sequence[Any]) -> IntArray:
    """`step_number` of each, -1 for None; integers, as nearly all are, need no conversion."""
    steps: IntArray | None
    try:
        steps = np.frombuffer(struct.pack(f"{len(stated)}q", *stated), dtype=np.int64)
    except struct.error:
        steps = _whole_numbers(stated)
    if steps is None or steps.max(initial=0) > LARGEST_STEP:
        stated = [-1 if (step := step_number(each)) is None else step for each in stated]
        return np.array(stated, dtype=np.int64)
    return steps


def numbers_of(places: IntArray, cells: Sequence[Any]) -> tuple[IntArray, FloatArray]:
    """The cells that are numbers, and where; `struct`, the fastest way, takes only these."""
    try:
        return places, np.frombuffer(struct.pack(f"{len(cells)}d", *cells))
    except struct.error:
        filled = bytes(map(is_not, cells, repeat(None)))  # half as long as a list for numpy takes
    if 0 not in filled:
        return _from_text(places, cells)
    return numbers_of(places[np.frombuffer(filled, dtype=bool)], list(compress(cells, filled)))


def _from_text(places: IntArray, cells: Sequence[Any]) -> tuple[IntArray, FloatArray]:
    """The cells of a console: as a rule all are numbers in text."""
    try:
        numbers = np.array(cells, dtype=np.float64)  # `float` of each, in two thirds of its time
    except (TypeError, ValueError, OverflowError):
        return _scattered(places, cells)
    return (places, numbers) if numbers.ndim == 1 else _scattered(places, cells)  # of lists


def _scattered(places: IntArray, cells: Sequence[Any]) -> tuple[IntArray, FloatArray]:
    if clocks(cells) is not None:
        return places[:0], np.array([], dtype=np.float64)
    texts = {  # each once; of times there are many, and to try one takes ten times as long
        text: _value(text)
        for text in {cell for cell in cells if type(cell) is str}
        if ":" not in text or "(" in text
    }
    numbers = [texts.get(cell) if type(cell) is str else _value(cell) for cell in cells]
    filled = [at for at, each in enumerate(numbers) if each is not None]
    return places[filled], np.array([numbers[at] for at in filled], dtype=np.float64)


def _value(cell: Any) -> float | None:
    """`number`, and infinity for an integer of more than 308 digits, as for the same in text."""
    found = number(cell)
    return number(str(cell)[:400]) if found is None and type(cell) is int else found


def _spelled(text: str) -> float | None:
    """A number as others print it: `-nan(ind)`, `1.#QNAN`, `nanxxx`, `tensor(2.3, device='cuda')`.

    Lightning's bar fills up any number to five characters: `nan.0`; L-BFGS-B prints `4.5D+00`.
    """
    if _FORTRAN.fullmatch(text):
        return float(text.replace("D", "e"))
    if wrapped := _WRAPPED.fullmatch(text):
        return float(wrapped[1])
    found = _NOT_FINITE.fullmatch(text)
    return None if found is None else math.inf if found[1] or found[2] else math.nan


def _whole_numbers(cells: Sequence[Any]) -> IntArray | None:
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
    for group, unit in ((1, _DAY), (2, 1)):
        digits = [at for at in range(*shape.span(group)) if rows[0, at] in range(_ZERO, _NINE + 1)]
        least[digits], span[digits] = _ZERO, _NINE - _ZERO
        weights[digits[::-1]] = unit * 10.0 ** np.arange(len(digits))
    values = rows - least  # letters below wrap around
    return values @ weights if (values <= span).all() else None
