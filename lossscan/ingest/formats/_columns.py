"""Rows of a log, each a step and some named values, become columns by canonical name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lossscan.ingest.names import factor, namer, stand_in
from lossscan.model import Column
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.arrays import FloatArray, IntArray

Row: TypeAlias = tuple[int, Mapping[str, Any]]
NUMBERS = (int, float)  # made once: `int | float` in a call is made anew for each of a million
LARGEST_STEP = 2**53  # beyond, a float no longer tells neighbours apart
_NOT_SERIES = ("step", "max_steps")  # where other numbers stand, not numbers to judge


def columns(rows: Sequence[Row], settings: Settings) -> dict[str, Column]:
    """Each quantity in file order; None and what is no number is left out, NaN is kept.

    Where two keys of a row mean the same, that of the fuller column counts.
    """
    steps = np.array([step for step, _ in rows], dtype=np.int64)
    return columns_of(steps, [row for _, row in rows], settings)


def columns_of(
    steps: IntArray, rows: Sequence[Mapping[str, Any]], settings: Settings
) -> dict[str, Column]:
    """`columns` for steps apart from their rows, both of length n."""
    name_of = namer(settings.series)
    named: dict[str, list[tuple[IntArray, FloatArray]]] = defaultdict(list)
    for key, cells in _by_key(rows).items():
        name = name_of(key)
        if name not in _NOT_SERIES:
            named[name].append(_cells(cells, factor(key)))
    found = {name: _merged(parts, steps) for name, parts in named.items()}
    return _with_loss({name: column for name, column in found.items() if len(column.steps)})


def by_name(raw: Mapping[str, Column], settings: Settings) -> dict[str, Column]:
    """Whole columns by canonical name instead of raw key; of two with one name the fuller."""
    name_of = namer(settings.series)
    found: dict[str, Column] = {}
    for key in sorted(raw, key=lambda key: (len(raw[key].steps), key)):
        steps, values = raw[key].steps, raw[key].values
        found[name_of(key)] = Column(steps=steps, values=values * factor(key))
    return _with_loss({name: found[name] for name in found if name not in _NOT_SERIES})


def number(value: Any) -> float | None:
    """A value as a float, also from text; None where it is no number."""
    if type(value) is float:
        return value
    if isinstance(value, str):
        value = value.replace(",", "")
    elif not isinstance(value, NUMBERS):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def step_number(value: Any) -> int | None:
    """A step as a whole number, also from `601/2161`; None where it cannot be one."""
    if type(value) is int:
        return value if 0 <= value <= LARGEST_STEP else None
    found = number(value.partition("/")[0] if isinstance(value, str) else value)
    return int(found) if found is not None and 0 <= found <= LARGEST_STEP else None


def _by_key(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[list[int], list[Any]]]]:
    """The cells of each key as (row numbers, values), in parts of rows with the same keys.

    Rows of one shape are taken together: that halves the time for a million rows.
    """
    shapes: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        shapes[tuple(row)].append(place)
    parts: dict[str, list[tuple[list[int], list[Any]]]] = defaultdict(list)
    for keys, places in shapes.items():
        members = [rows[place] for place in places]
        for key in keys:
            parts[key].append((places, [row[key] for row in members]))
    return parts


def _cells(
    parts: Iterable[tuple[list[int], list[Any]]], scale: float
) -> tuple[IntArray, FloatArray]:
    converted = [_numbers(places, values) for places, values in parts]
    places = np.concatenate([part[0] for part in converted])
    return places, np.concatenate([part[1] for part in converted]) * scale


def _numbers(places: list[int], values: list[Any]) -> tuple[IntArray, FloatArray]:
    if not set(map(type, values)) <= {int, float}:
        kept = [
            (at, n) for at, v in zip(places, values, strict=True) if (n := number(v)) is not None
        ]
        places, values = [at for at, _ in kept], [found for _, found in kept]
    try:
        return np.array(places, dtype=np.int64), np.array(values, dtype=np.float64)
    except OverflowError:  # an integer of more than 308 digits
        return _numbers(places, [str(value)[:400] for value in values])


def _merged(parts: list[tuple[IntArray, FloatArray]], steps: IntArray) -> Column:
    parts.sort(key=lambda part: -len(part[0]))
    places = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    if np.any(np.diff(places) <= 0):
        places, first = np.unique(places, return_index=True)
        values = values[first]
    return Column(steps=steps[places], values=values)


def _with_loss(found: dict[str, Column]) -> dict[str, Column]:
    name = stand_in({name: len(column.steps) for name, column in found.items()})
    if name is not None:
        found["loss"] = found.pop(name)
    return found
