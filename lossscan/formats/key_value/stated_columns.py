"""The lines of a console at their steps, worked out for all of them at once.

What is true of a line is nearly always true of its form: so each question is asked of the forms, a
handful, and the answers are taken for the lines by number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from lossscan.canonical.names import is_evaluation, is_judged, trains
from lossscan.formats.key_value.blocks import of_epochs, together
from lossscan.formats.key_value.form_lines import FormLines
from lossscan.formats.key_value.points import Points, same
from lossscan.formats.key_value.second_pass import second_passes
from lossscan.formats.key_value.stated_log import StatedLog
from lossscan.formats.kit.copies import Copies
from lossscan.formats.kit.counters import Kind
from lossscan.formats.kit.grown import Grown
from lossscan.formats.kit.steps import (
    LOOPED,
    SEVERAL,
    WHOLE,
    in_steps,
    last_drawn,
    own_counts,
    unrounded,
)
from lossscan.model import Note
from lossscan.numeric.arrays import IntArray, distinct
from lossscan.numeric.medians import median

STILL: Final = ("step", "batch")  # that may be one number for all epochs: that of each one's only


class PlacedLines(Struct, frozen=True):
    """Lines that are points, at their steps in the run."""

    kind: Kind
    steps: IntArray  # (n,)
    cells: dict[str, Grown[np.float64]]  # by raw name, at the places of the points
    length: int | None  # steps of an epoch, where counts begin again in each
    launches: tuple[int, ...]
    doubts: tuple[Note, ...]  # what had to be assumed


def placed_lines(log: StatedLog, begun: Sequence[int]) -> PlacedLines:
    """The points of a log that has lines.

    `begun` are the places of the lines that say a launch goes on.
    """
    lines = FormLines(log)
    second = second_passes(lines)
    if second is not None or lines.belong_together():
        log, begun = together(log, begun, () if second is None else second.passes)
        lines = FormLines(log)
    epochs, kind = lines.epochs(), lines.finest()
    points = Points(lines, kind, epochs)
    if kind in STILL and _stand_still(points):
        points = Points(FormLines(of_epochs(log, STILL, epochs)), "epoch", epochs)
    return _placed(points, begun, () if second is None else second.notes)


def _stand_still(points: Points) -> bool:
    """Whether all counts are one number, that of an epoch's, and the epochs go on."""
    judged = points.told(_holds_loss)
    counts, epochs = points.counts[judged], points.epochs[judged]
    if not len(counts) or counts.min() < counts.max() or epochs.min() == epochs.max():
        return False
    return points.lines.forms[points.counted[judged][0]].of is None


def _placed(points: Points, begun: Sequence[int], notes: tuple[Note, ...]) -> PlacedLines:
    """All of them at their steps; `notes` say what was assumed before."""
    steps, length, doubts = _lines_of_epochs(points) or _in_run(points)
    losses = np.flatnonzero(points.told(_holds_loss))
    first = int(losses[0]) if len(losses) else 0
    settings = np.flatnonzero(steps[:first] > steps[first : first + 1])  # `'epoch': 300` and such
    if len(settings):
        points.keep(np.delete(np.arange(len(steps)), settings))
        steps = np.delete(steps, settings)
    cells = points.cells()
    if points.kind != "epoch" or doubts:  # else a row for each epoch
        cells = points.without_echo(cells)
    launches = points.launches(begun, steps)
    return PlacedLines(points.kind, steps, cells, length, launches, (*notes, *doubts))


def _in_run(points: Points) -> tuple[IntArray, int | None, tuple[Note, ...]]:
    """The steps in the run, those of an epoch, and a note where epochs had to be assumed."""
    forms = points.lines.forms
    points.counts = unrounded(
        points.counts, np.array([form.rounded for form in forms])[points.counted]
    )
    doubts = _assumed(points)
    if points.kind == "bar":
        points.keep(last_drawn(points.counts, points.epochs, points.told(_is_evaluated)))
    evaluating = points.told(_is_evaluated)
    own = own_counts(evaluating)
    of = [forms[at].of for at in distinct(points.counted[own])]
    looped = points.kind in LOOPED
    return *in_steps(points.counts, points.epochs, evaluating, of, looped=looped), doubts


def _lines_of_epochs(points: Points) -> tuple[IntArray, None, tuple[Note, ...]] | None:
    """The steps of lines that state only their epoch, counted; None where each has one loss.

    Means of an epoch and evaluations are at the last line before them.
    """
    if points.kind != "epoch":
        return None
    at = np.arange(0, len(points.ids), _copies(points))
    ids, counts = points.ids[at], points.counts[at]
    name = _fullest(points, ids)
    if name is None:
        return None
    held = np.array([name in names for names in points.names])[ids]
    epochs = np.cumsum(np.diff(counts, prepend=counts[:1]) != 0)  # folds come to each once
    lines = np.bincount(epochs[held])
    if median(lines[lines > 0]) < SEVERAL:
        return None
    points.keep(at)
    steps = np.maximum(np.cumsum(held), 1)
    return steps, None, (Note("steps_counted", Path(), {"entries": int(steps[-1])}),)


def _copies(points: Points) -> int:
    """How often each point is in the log in a row."""
    alike = (points.ids[1:] == points.ids[:-1]) & (points.counts[1:] == points.counts[:-1])
    alike &= points.counted[1:] == points.counted[:-1]
    for numbers in points.cells().values():
        _, values = numbers.spread(len(points.ids))
        alike &= same(values[1:], values[:-1])
    copies = Copies()
    for again in alike.tolist():
        copies.take(again=again)
    return copies.number


def _assumed(points: Points) -> tuple[Note, ...]:
    """Number the epochs of counts that begin again after all they have; a note says so.

    None where lines state their epoch. A counter of steps may restart because another training
    does: its loss goes on where an epoch begins. One that never says how many there are must
    do so more than once.
    """
    counts = points.counts
    falls = np.flatnonzero(np.diff(counts) < 0) if (full := _full_bars(points)) is None else full
    if points.kind == "epoch" or not len(falls) or points.epochs.max() >= 0:
        return ()
    of = np.array([form.of or 0 for form in points.lines.forms])[points.counted]
    stated = np.array([form.of is not None for form in points.lines.forms])[points.counted]
    whole = np.where(of > 0, of, counts.max())[falls + 1]
    changes = (of[falls] != of[falls + 1]) | (stated[falls] != stated[falls + 1])
    if changes.any() or (counts[falls] < WHOLE * whole).any():
        return ()
    if len(falls) + 1 <= (1 if of[0] else SEVERAL):
        return ()
    begins = np.zeros(len(counts), dtype=np.int64)
    begins[falls + 1] = 1
    epochs = 1 + np.cumsum(begins)
    if not (points.kind in LOOPED and of[0]) and not _goes_on(points, epochs):
        return ()
    points.epochs = epochs
    return (Note("epochs_assumed", Path(), {"epochs": len(falls) + 1}),)


def _full_bars(points: Points) -> IntArray | None:
    """The last place of each epoch but one, where all bars are at their end, each with its loss.

    A bar that is drawn twice repeats its loss.
    """
    name = _fullest(points, points.ids)
    if points.kind != "bar" or name is None or points.counts.min() < points.counts.max():
        return None
    numbers = points.cells()[name]
    if points.lines.forms[points.counted[0]].of != points.counts[0]:
        return None
    return None if same(numbers.values[1:], numbers.values[:-1]).any() else numbers.places[1:] - 1


def _goes_on(points: Points, epochs: IntArray) -> bool:
    """Whether the loss of each epoch begins nearer to the last one's end than to its begin."""
    name = _fullest(points, points.ids)
    if name is None:
        return True
    numbers = points.cells()[name]
    values, own = numbers.values, epochs[numbers.places]
    begins = np.flatnonzero(np.diff(own, prepend=0))
    first, last = values[begins], values[np.append(begins[1:], len(own)) - 1]
    near = np.abs(first[1:] - last[:-1]) < np.abs(first[1:] - first[:-1])
    return bool(near.all())


def _fullest(points: Points, ids: NDArray[np.int32]) -> str | None:
    """The loss of the training that most lines state, of those with such forms."""
    frequent = np.bincount(ids, minlength=len(points.names))
    lines: dict[str, int] = defaultdict(int)
    for form in np.flatnonzero(frequent):
        for name in points.names[form]:
            if trains([name]):
                lines[name] += int(frequent[form])
    return max(lines, key=lines.__getitem__, default=None)


def _holds_loss(names: tuple[str, ...]) -> bool:
    return any(map(is_judged, names))


def _is_evaluated(names: tuple[str, ...]) -> bool:
    return is_evaluation(*names)
