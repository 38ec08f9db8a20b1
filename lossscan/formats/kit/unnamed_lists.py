"""The lists of a JSON document that no key calls losses, and what may be in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from types import NoneType
from typing import Any, Final

from lossscan.canonical.sets import ANY
from lossscan.expressions import expression
from lossscan.formats.kit.columns import number
from lossscan.formats.kit.wide import Renamed

ENDS: Final = 3  # parts of a list whose first and last tell whether it falls
_SETS: Final = expression(rf"(?i)(?:{ANY})")
_PAIR: Final = ("train_loss", "val_loss")
_CELLS: Final = {int, float, bool, NoneType}


def is_set(key: str) -> bool:
    """Whether a key is the name of a set alone."""
    return _SETS.fullmatch(key) is not None


def falling_sets(lists: Mapping[str, Sequence[Any]]) -> Renamed:
    """Lists that are called `train` and `val` alone: a loss falls, an accuracy would rise."""
    sets = {key: f"{key}_loss" for key in lists if is_set(key)}
    trained = next((each for key, each in lists.items() if key.lower().startswith("train")), ())
    cells = [float(cell) for cell in trained if is_number(cell)]
    size = len(cells) // ENDS
    falls = size > 0 and sum(cells[-size:]) < sum(cells[:size])
    return {"": sets} if len(sets) > 1 and falls else {}


def listed_rows(document: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of a list of lists `[step, loss]` or `[step, training loss, evaluation loss]`.

    Two long lists side by side are the losses of training and of evaluation.
    """
    rows = [row for row in document if isinstance(row, list)]
    if len(document) == len(rows) == len(_PAIR) and all(len(listed(row)) > ENDS for row in rows):
        return [dict(zip(_PAIR, row, strict=True)) for row in zip_longest(*rows)]
    names = ("step", "train_loss", "val_loss")[: max(map(len, rows), default=0)]
    if len(rows) < len(document) or not all(
        len(row) == len(names) > 1 and type(row[0]) is int and all(map(is_cell, row))
        for row in rows
    ):
        return []
    return [dict(zip(names, row, strict=True)) for row in rows]


def listed(value: Any) -> list[Any]:
    """A list of numbers, also as pandas writes one: `{"0": 2.3, "1": 2.2}`; else none."""
    if isinstance(value, dict) and value and all(map(str.isdecimal, value)):
        value = list(value.values())
    held = value if isinstance(value, list) else []
    return held if set(map(type, held)) <= _CELLS or all(map(is_cell, held)) else []


def is_cell(value: Any) -> bool:
    """Whether it is what a column of numbers may hold."""
    return value is None or isinstance(value, bool) or is_number(value)


def is_number(value: Any) -> bool:
    """Whether it is a number, also one in words such as `NaN`."""
    return not isinstance(value, bool) and value is not None and number(value) is not None
