"""Whether a logged loss is counted up since the epoch began: a sum of batches, or their mean.

Loops of one's own often print `running_loss`. As a sum it climbs from 0 in each epoch; as a mean
it starts over with one batch, so that what the model learned in a whole epoch shows at once: steps
at each boundary that are none of the model's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from lossscan.model import Curve
from lossscan.numeric.arrays import FloatArray, blocks, differences, distinct, settled_from
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case, kept
from lossscan.rules.kit.waves import bends_of, wobble_alike

Kind: TypeAlias = Literal["sum", "mean"]

MIN_SUM: Final = 5  # logged points of an epoch; fewer are no line
MIN_SUMMED: Final = 10  # of all epochs together
FELL: Final = 0.5  # of the value before: where a sum starts over
GROWS: Final = 0.4  # of points times the first, that a sum reaches: losses fall meanwhile
AS_MUCH: Final = 2.5  # times the usual growth of a point: what the first point of a sum may be
STRAIGHT: Final = 0.98  # correlation with its place in the epoch; that of a falling loss is .99
BACKWARD: Final = 0.02  # of the points may fall within an epoch: no loss is negative
EVEN: Final = 1  # logged points by which epochs of one length differ, where logging meets them off
MIN_MEAN: Final = 6  # logged points of an epoch that shows how its wobble fades
MEAN_POINTS: Final = 30  # of all epochs together
# The n-th mean moves by 1/n of a batch: the slope of its wobble is -1 on logarithmic scales, that
# of any other loss 0. Of log |x| of normal x the standard deviation is 1.11.
SPREAD: Final = 1.11
FADES: Final = -0.65  # nearer to a mean than to any other loss
SURE: Final = 5.0  # standard errors of it
SURE_OF_STEPS: Final = 3.5  # where the loss falls at most starts besides, as a mean's restarts do
DIGITS: Final = 3.0  # of the print: a wobble that rounding makes is 1 or 2
EPSILON: Final = float(np.finfo(np.float64).eps)  # for the logarithm of no wobble
GUESSED: Final = 2  # falls at even distances; a lone one is at an even distance from the start
MANY: Final = 4  # epochs: two bends next to each other are in all alike by chance in 1 of 128
NEAR_POINTS: Final = 3  # logged points, as far as an edge in noise is found from its place


class Running(Struct, frozen=True):
    """A loss that is counted up since each epoch began."""

    kind: Kind
    starts: tuple[int, ...]  # indices of the first points of its epochs
    points: float  # logged points an epoch


@kept
def running_of(case: Case) -> Running | None:
    """How the loss is counted up; None where each point stands for itself."""
    curve = case.signals.loss
    if curve is None or not (curve.values > 0).all():
        return None
    summed = [0, *(np.flatnonzero(curve.values[1:] < FELL * curve.values[:-1]) + 1).tolist()]
    if _even(summed) and _is_sum(curve.values, summed):
        return _running("sum", curve, summed)
    for starts in _epochs(case, curve):
        sure = SURE_OF_STEPS if _steps_down(case, starts) else SURE
        if _even(starts) and _is_mean(curve.values, starts, sure):
            return _running("mean", curve, starts)
    return None


def _running(kind: Kind, curve: Curve, starts: Sequence[int]) -> Running:
    edges = [*starts, len(curve.values)]
    return Running(kind, tuple(starts), median(np.diff(edges)))


def _even(starts: Sequence[int]) -> bool:
    """Whether all epochs have the same length, except the last, which may be cut."""
    lengths = np.diff(starts)
    return len(lengths) == 0 or int(lengths.max() - lengths.min()) <= EVEN


def _is_sum(values: FloatArray, starts: Sequence[int]) -> bool:
    edges = [*starts, len(values)]
    epochs = [values[a:b] for a, b in pairwise(edges) if b - a >= MIN_SUM]
    counted = sum(map(len, epochs))
    return counted >= max(MIN_SUMMED, len(values) / 2) and all(map(_climbs_from_zero, epochs))


def _climbs_from_zero(values: FloatArray) -> bool:
    """Whether values grow from point to point by about what the first one is."""
    gains = differences(values)
    return bool(
        (gains < 0).mean() <= BACKWARD
        and values[-1] >= GROWS * len(values) * values[0]
        and values[0] <= AS_MUCH * median(gains)
        and np.corrcoef(values, np.arange(len(values)))[0, 1] >= STRAIGHT
    )


def _epochs(case: Case, curve: Curve) -> Iterator[list[int]]:
    """First points of epochs: where the files say so, else as the falls of the loss are spaced."""
    marks = [mark.step for mark in case.run.schedule.of("epoch_boundary")]
    known = np.searchsorted(curve.steps, marks, side="right")
    if len(known):
        yield [0, *(int(at) for at in distinct(known) if 0 < at < len(curve.steps))]
        return
    falls = [change.index for change in case.falls]
    shortest = min(np.diff([0, *falls]), default=0)
    if shortest >= MIN_MEAN and len(falls) >= GUESSED:
        period = falls[-1] / round(falls[-1] / shortest)
        for each in (period, period - 1, period + 1):  # an edge in noise may be found a point off
            yield [round(at) for at in np.arange(0, len(curve.steps), each)]


def _steps_down(case: Case, starts: Sequence[int]) -> bool:
    """Whether the engine finds a fall within a point of most starts."""
    falls = np.array([change.index for change in case.falls])
    begun = np.array(starts[1:])
    near = np.abs(np.subtract.outer(begun, falls)) <= EVEN
    return bool(len(begun)) and near.any(axis=1).mean() > 1 / 2


def _is_mean(values: FloatArray, starts: Sequence[int], sure: float) -> bool:
    """Whether the wobble of each epoch fades as that of a mean over ever more batches.

    In the first the loss may fall so fast that its course bends more than the mean wobbles.
    """
    stops = settled_from(values) + 1  # behind it there is one number
    edges = [*(start for start in starts if start < stops), stops]
    epochs = [values[a:b] for a, b in pairwise(edges) if b - a >= MIN_MEAN]
    fades = _fades(epochs, sure) or _fades(epochs[1:], sure)
    return fades and not _has_tick(epochs[1:])


def _has_tick(epochs: Sequence[FloatArray]) -> bool:
    """Whether one of the first points is out of line in all epochs alike, and it alone: odd data.

    It bends most where a mean does. Of unshuffled data a mean bends alike everywhere.
    """
    if len(epochs) < MANY or wobble_alike(epochs):
        return False
    signs = np.sign([bends_of(epoch[:MIN_MEAN]) for epoch in epochs])
    shared = signs[0] * (signs == signs[0]).all(axis=0)
    return bool((shared[:-1] * shared[1:] < 0).any())


def _fades(epochs: Sequence[FloatArray], sure: float) -> bool:
    """Whether it does beyond chance; epochs of unshuffled data all show the same one wobble."""
    points = sum(len(epoch) - 2 for epoch in epochs)
    if points < MEAN_POINTS or len(epochs) < 2:  # noqa: PLR2004 - epochs
        return False
    mean = sum(float(x.sum()) for epoch in epochs for x in _places(len(epoch))) / points
    spread = product = 0.0
    for x, y in chain.from_iterable(map(_wobbles, epochs)):
        centred = x - mean
        spread += float(centred @ centred)
        product += float(centred @ y)
    slope = product / spread
    if slope > FADES or not _shows(epochs):
        return False
    apart = 1 if wobble_alike(epochs) else len(epochs)
    return -slope >= sure * SPREAD / math.sqrt(spread * apart / len(epochs))


def _shows(epochs: Sequence[FloatArray]) -> bool:
    """Whether the first points of epochs, where a mean moves most, wobble by more than a digit.

    What is rounded to a few digits is often the same as before, and seems to fade by that.
    """
    digits = [float(differences(distinct(epoch)).min(initial=epoch[0])) for epoch in epochs]
    moved = np.concatenate([np.abs(bends_of(epoch[:MIN_MEAN])) for epoch in epochs])
    return median(moved) >= DIGITS * min(digits)


def _wobbles(values: FloatArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    """The logarithms of the place of each point of an epoch and of its wobble, some at a time."""
    for at, places in zip(blocks(len(values) - 2), _places(len(values)), strict=True):
        bends = bends_of(np.log(values[at.start : at.stop + 2]))  # a steady fall does not bend
        wobble = np.maximum(np.abs(bends), EPSILON)
        yield places, np.log(wobble)


def _places(points: int) -> Iterator[FloatArray]:
    """The logarithms of the places of so many points, except the first and last, in blocks."""
    for at in blocks(points - 2):
        yield np.log(np.arange(at.start + 2, at.stop + 2))


def near_starts(curve: Curve, running: Running) -> frozenset[int]:
    """The steps at which the engine may see an epoch begin."""
    near = np.add.outer(np.array(running.starts), np.arange(-NEAR_POINTS, NEAR_POINTS + 1))
    return frozenset(curve.steps[np.clip(near, 0, len(curve.steps) - 1)].ravel().tolist())
