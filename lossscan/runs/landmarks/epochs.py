"""Steps and the epochs logged with them become epoch boundaries, each with how far off it may be.

Epochs are logged rounded (two decimals, four digits) or as a bare index, so each point only says
that the true epoch is in an interval; what all points agree on is far sharper than any pair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from msgspec import Struct

from lossscan.model import Series
from lossscan.numeric.arrays import FloatArray, IntArray, blocks, distinct
from lossscan.numeric.decimals import ROUNDED, are_multiples, last_place
from lossscan.numeric.medians import median

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MIN_POINTS = 2  # one point has no pace
DECIMALS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # units of a rounded column; nobody rounds coarser
DIGITS = 4  # significant digits of transformers 5 on the console
FLOAT32 = 1.2e-7  # relative precision of an unrounded epoch in an event file
EXACT = 1e-6  # the least epoch whose digits are counted
MAX_EPOCHS = 10_000  # more than any run has; a broken number must not fill the memory
Bounds: TypeAlias = Callable[[slice], tuple[FloatArray, FloatArray]]  # of epochs, at some points
LEAST_SLACK = 1.0  # steps; of a mere number, frameworks disagree on which side a step counts


class Boundary(Struct, frozen=True):
    """The last step of an epoch."""

    epoch: int  # that ends here, counted from 1
    step: float
    slack: float


class Epochs(Struct, frozen=True):
    """The epochs as the epoch column states them."""

    steps_per_epoch: float | None
    done: float | None  # epochs at the last point
    boundaries: tuple[Boundary, ...] = ()


def epochs_of(column: Series, expected: float | None = None, once: ArrayLike = ()) -> Epochs:
    """Place the boundaries strictly between the first and the last step of the column.

    `expected` steps an epoch are taken where the column allows them. A column that numbers epochs
    leaves much open: there the steps of what is logged `once` an epoch may tell.
    """
    sane = (column.values >= 0) & (column.values <= MAX_EPOCHS)  # not so for NaN
    kept = slice(None) if sane.all() else sane  # copies none
    steps, values = column.steps[kept], column.values[kept]
    if len(steps) < MIN_POINTS or values.max() <= 0:
        return Epochs(None, None)
    half = _rounding(values)
    half /= 2
    pace = _pace(steps, lambda at: (values[at] - half[at], values[at] + half[at]), expected)
    if _is_index(steps, values, measured=pace is not None):
        return _of_index(steps, values, expected, once)
    if pace is None:
        boundaries = tuple(_local(steps, values, half))
        return Epochs(_length(steps, values, boundaries), float(values[-1]), boundaries)
    length, uncertainty = pace  # a share of an epoch tells on which side of its end a step is
    found = regular(int(steps[0]), int(steps[-1]), length, uncertainty=uncertainty)
    return Epochs(length, float(steps[-1]) / length, tuple(found))


def regular(
    first: int,
    last: int,
    length: float,
    *,
    shift: float = 0.0,
    uncertainty: float = 0.0,
    least: float = 0.0,
) -> Iterator[Boundary]:
    """Boundaries `shift` from each multiple of `length` strictly inside `(first, last)`.

    `uncertainty` is that of one length and grows with the number of epochs; `least` does not.
    """
    if length <= 1 or last - first > MAX_EPOCHS * length:  # a step is a whole epoch, or nonsense
        return
    for epoch in range(max(int(first / length), 1), int(last / length) + 2):
        step = epoch * length + shift
        if first < step < last:
            yield Boundary(epoch, step, epoch * uncertainty + least)


def _is_index(steps: IntArray, values: FloatArray, *, measured: bool) -> bool:
    """Whether the column numbers epochs (Lightning and Keras, from 0) instead of measuring them.

    Then a number is at several steps, or, where each epoch has one row, 0 at a step that no
    measure allows, or the rows have no step but that number.
    """
    if not (values == np.rint(values)).all():
        return False
    later = not measured and bool((values[steps > 0] == 0).any())
    alone = int(steps[0]) == 0 and bool((values == steps).all())
    return later or alone or bool((values[1:] == values[:-1]).any())


def _apart(steps: IntArray, values: FloatArray, once: ArrayLike) -> tuple[float, float] | None:
    """Steps an epoch and how far off, by what is logged `once` in it, else by its only row.

    Such points are at the same place of each epoch but the last, which may be unfinished; of
    several in an epoch the last, which may miss that place by less than the next. None where
    their distance differs.
    """
    alone = not (values[1:] == values[:-1]).any()
    at = np.arange(len(steps)) if alone else np.flatnonzero(np.isin(steps, once))
    last = at[np.append(values[at][1:] != values[at][:-1], True)[: len(at)]]
    lengths = np.diff(steps[last]) / np.diff(values[last])
    known = distinct(lengths[:-1] if len(lengths) > 1 else lengths)
    if len(known) != 1:
        return None
    return float(known[0]), 0.0 if len(last) == len(at) else float(np.diff(steps[at]).min())


def _of_index(
    steps: IntArray, values: FloatArray, expected: float | None, once: ArrayLike
) -> Epochs:
    apart, doubt = _apart(steps, values, once) or (-math.inf, 0.0)
    lone = bool(values.min() == values.max())  # no epoch begins where all points are in one
    for base in (1,) if lone and values[0] == 1 else (0, 1):  # the number of the first epoch
        pace = _pace(steps, _numbered(values, base), expected)
        if pace is not None:
            length, uncertainty = pace
            if abs(apart - length) <= uncertainty:
                length, uncertainty = apart, min(doubt, uncertainty)
            shift = -1.0 if base == 0 else 0.0  # who counts epochs from 0 counts steps from 0
            first, last = int(steps[0]), int(steps[-1])
            found = regular(
                first, last, length, shift=shift, uncertainty=uncertainty, least=LEAST_SLACK
            )
            ended = min((float(steps[-1]) - shift) / length, float(values[-1]) - base + 1)
            return Epochs(length, ended, () if lone else tuple(found))
    middle = values + 0.5  # all that is known: the index changes between two points
    boundaries = tuple(_local(steps, middle, np.zeros(len(values))))
    done = float(values[-1]) if boundaries else None  # the only epoch may have begun just now
    return Epochs(_length(steps, middle, boundaries), done, boundaries)


def _rounding(values: FloatArray) -> FloatArray:
    """The unit in the last place that a column of epochs shows, for each of its values."""
    decimal = last_place(values, DECIMALS)
    four = all(are_multiples(values[at], _digit(values[at])) for at in blocks(len(values)))
    found = np.empty(len(values))
    for at in blocks(len(values)):
        exact = 2 * FLOAT32 * np.maximum(np.abs(values[at]), 1.0)
        printed = np.maximum(decimal, _digit(values[at]) if four else 0.0)
        np.maximum(exact, printed * (1 + ROUNDED), out=found[at])
    return found


def _numbered(values: FloatArray, base: int) -> Bounds:
    """Where in its epoch each point may be, by the number of the epoch, counted from a base."""
    return lambda at: (values[at] - base, values[at] - base + 1)


def _digit(values: FloatArray) -> FloatArray:
    """The unit in the last of four significant digits of each value."""
    size = np.maximum(np.abs(values), EXACT)
    return np.asarray(10.0 ** (np.floor(np.log10(size)) - DIGITS + 1))


def _pace(steps: IntArray, bounds: Bounds, expected: float | None) -> tuple[float, float] | None:
    """Steps an epoch that every point allows, and how far off; None where no number fits all."""
    shortest, longest = 0.0, math.inf
    for at in blocks(len(steps)):
        (low, high), here = bounds(at), steps[at]
        counted = here > 0
        if (high[counted] <= 0).any():
            return None
        bounded = counted & (low > 0)
        shortest = max(shortest, float((here[counted] / high[counted]).max(initial=0.0)))
        longest = min(longest, float((here[bounded] / low[bounded]).min(initial=math.inf)))
    if not 0 < shortest <= longest < math.inf:
        return None
    length = _preferred(shortest, longest, expected)
    return length, max(length - shortest, longest - length)


def _preferred(shortest: float, longest: float, expected: float | None) -> float:
    """A length that is known, else a whole number, else the middle."""
    if expected is not None and shortest <= expected <= longest:
        return expected
    middle = (shortest + longest) / 2
    whole = float(round(middle))
    return whole if shortest <= whole <= longest else middle


# --- where the pace changes: an incomplete last update, a resume, a stream ----------------------


def _local(steps: IntArray, values: FloatArray, half: FloatArray) -> Iterator[Boundary]:
    """Boundaries wherever the number of the epoch that a point is in rises.

    None where these are more than any run has: the column jumps to and fro.
    """
    number = values - half
    np.maximum(np.ceil(number, out=number), 1, out=number)
    rises = np.flatnonzero(number[1:] > number[:-1]) + 1
    before, behind = number[rises - 1].astype(np.int64), number[rises].astype(np.int64)
    del number  # before another takes memory
    if (behind - before).sum() > MAX_EPOCHS:
        return
    whole = np.floor(values)
    ends = np.flatnonzero(np.append(whole[1:] != whole[:-1], True))  # the last point of each
    for at, *epochs in np.stack([rises, before, behind], axis=1).tolist():
        pace = _pace_between(steps, values, at, int(ends[np.searchsorted(ends, at)]))
        for epoch in range(*epochs):
            yield _between(steps, values, half, at, epoch, pace)


def _between(
    steps: IntArray, values: FloatArray, half: FloatArray, at: int, epoch: int, pace: float
) -> Boundary:
    """The boundary just before the point `at`, by the pace of the epoch that it opens."""
    before, after = float(steps[at - 1]), float(steps[at])
    if pace <= 0:
        return Boundary(epoch, (before + after) / 2, (after - before) / 2)
    step = after - (float(values[at]) - epoch) / pace
    slack = 2 * float(half[at]) / pace + LEAST_SLACK
    return Boundary(epoch, min(max(step, before), after), min(slack, after - before))


def _pace_between(steps: IntArray, values: FloatArray, at: int, stop: int) -> float:
    """Epochs a step from the point `at` to the end of its epoch; 0 where it has no other point."""
    rise = float(values[stop] - values[at])
    return rise / float(steps[stop] - steps[at]) if stop > at else 0.0


def _length(steps: IntArray, values: FloatArray, boundaries: Sequence[Boundary]) -> float | None:
    """Steps an epoch between the boundaries, else as most neighboring points have it."""
    if boundaries:
        first, last = boundaries[0], boundaries[-1]
        spans = last.epoch - first.epoch
        return (last.step - first.step) / spans if spans > 0 else last.step / last.epoch
    rises = np.diff(values) > EXACT**2  # a smaller one is no progress
    paces = np.diff(steps)[rises] / np.diff(values)[rises]
    return median(paces) if len(paces) else None
