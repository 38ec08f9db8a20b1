"""The lines of a console at their steps, worked out for all of them at once.

What is true of a line is nearly always true of its form: so each question is asked of the forms, a
handful, and the answers are taken for the lines by number. Where lines must be looked at one by one
(numbers spread over several lines, counts that are rounded), `placed_lines` says None, and they
become objects again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from msgspec import Struct

from lossscan.canonical.names import canonical
from lossscan.formats.key_value.form_lines import KINDS, FormLines
from lossscan.formats.key_value.single_lines import STILL, sums_up
from lossscan.formats.key_value.stated_log import Form, StatedLog
from lossscan.formats.kit.counters import Kind
from lossscan.formats.kit.grown import Grown
from lossscan.formats.kit.launches import Launches
from lossscan.formats.kit.recount import (
    LOOPED,
    SEVERAL,
    WHOLE,
    in_steps,
    is_beside,
    is_evaluation,
    last_drawn,
)
from lossscan.numeric.arrays import FloatArray, IntArray, distinct


class PlacedLines(Struct, frozen=True):
    """Lines that are points, at their steps in the run."""

    kind: Kind
    steps: IntArray  # (n,)
    cells: dict[str, Grown[np.float64]]  # by raw name, at the places of the points
    length: int | None  # steps of an epoch, where counts begin again in each
    epochs: int | None  # that had to be assumed
    launches: tuple[int, ...]


def placed_lines(log: StatedLog, begun: Sequence[int]) -> PlacedLines | None:
    """The points of a log; None where its lines have to be looked at one by one.

    `begun` are the places of the lines that say a launch goes on.
    """
    if not len(log):
        return None
    lines = FormLines(log)
    if lines.belong_together():
        return None
    epochs = lines.epochs()
    kind = lines.finest()
    if kind == "epoch" or (kind in STILL and lines.stand_still(kind)):
        return None
    points = _Points(lines, kind, epochs)
    return points.placed(begun)


class _Points:
    """The lines of one kind of counter, and what evaluates between them."""

    def __init__(self, lines: FormLines, kind: Kind, epochs: IntArray) -> None:
        self._lines, self._kind = lines, kind
        self._counting = lines.kinds == KINDS.index(kind)
        self._names = [self._stated(form) for form in lines.forms]
        self._rows, at = self._kept(slice(0, len(lines.ids)))
        self._ids, self._counted = lines.ids[self._rows], lines.ids[at]
        self._counts, self._epochs = lines.counts[at], epochs[at]

    def _stated(self, form: Form) -> tuple[str, ...]:
        """The names that count in a line: of other counters, or without one, only evaluations."""
        if form.kind == self._kind:
            return form.names
        if form.kind is not None and sums_up(form.kind, self._kind):
            return tuple(name for name in form.names if canonical(name).startswith("eval_"))
        return () if form.kind is not None else tuple(filter(is_beside, form.names))

    def _kept(self, part: slice) -> tuple[IntArray, IntArray]:
        """The lines of a part that state something, and for each the line that counts for it."""
        ids = self._lines.ids[part]
        stating = np.array([bool(names) for names in self._names])[ids]
        counting = self._counting[ids]
        at = np.maximum.accumulate(np.where(counting, np.arange(len(ids), dtype=np.int32), -1))
        first = np.flatnonzero(counting & stating)[:1]  # of a log that is cut
        at = np.where(at < 0, int(first[0]) if len(first) else -1, at)
        rows = np.flatnonzero(stating & (at >= 0))
        return rows, at[rows]

    def placed(self, begun: Sequence[int]) -> PlacedLines | None:
        """All of them at their steps; None where they have to be looked at one by one."""
        forms = self._lines.forms
        rounded = np.array([form.rounded for form in forms])
        if len(self._rows) == 0 or rounded[self._counted].any():
            return None
        assumed = self._assumed()
        if assumed is None:
            return None
        evaluating = np.array([is_evaluation(*names) for names in self._names])[self._ids]
        if self._kind == "bar":
            last = last_drawn(self._counts, self._epochs, evaluating)
            self._rows, self._ids, self._counted = (
                self._rows[last],
                self._ids[last],
                self._counted[last],
            )
            self._counts, self._epochs = self._counts[last], self._epochs[last]
            evaluating = evaluating[last]
        own = evaluating if evaluating.all() else ~evaluating
        of = [forms[at].of for at in distinct(self._counted[own])]
        steps, length = in_steps(
            self._counts, self._epochs, evaluating, of, looped=self._kind in LOOPED
        )
        cells = self._cells()
        if cells is None:
            return None
        launches = self._launches(begun, steps)
        return PlacedLines(self._kind, steps, cells, length, assumed or None, launches)

    def _assumed(self) -> int | None:
        """How many epochs the counts make that begin again, 0 where they state them or go on.

        None where the losses have to tell. See `assumed`.
        """
        counts = self._counts
        falls = np.flatnonzero(np.diff(counts) < 0)
        if self._epochs.max() >= 0 or not len(falls):
            return 0
        of = np.array([form.of or 0 for form in self._lines.forms])[self._counted]
        stated = np.array([form.of is not None for form in self._lines.forms])[self._counted]
        whole = np.where(of > 0, of, counts.max())[falls + 1]
        changes = (of[falls] != of[falls + 1]) | (stated[falls] != stated[falls + 1])
        if changes.any() or (counts[falls] < WHOLE * whole).any():
            return 0
        if len(falls) + 1 <= (1 if of[0] else SEVERAL):
            return 0
        if not (self._kind in LOOPED and of[0]):
            return None
        begins = np.zeros(len(counts), dtype=np.int64)
        begins[falls + 1] = 1
        self._epochs = 1 + np.cumsum(begins)
        return len(falls) + 1

    def _cells(self) -> dict[str, Grown[np.float64]] | None:
        """The numbers of the points, the epoch among them; None where an echo is hard to tell."""
        cells: dict[str, Grown[np.float64]] = {}
        rows = np.full(len(self._lines.ids), -1, dtype=np.int32)
        rows[self._rows] = np.arange(len(self._rows), dtype=np.int32)
        whole = len(self._rows) == len(rows) and self._kind != "bar"
        taking = _holders(self._names)
        stating = _holders([form.names for form in self._lines.forms])
        for name, numbers in self._lines.log.cells.items():
            takes, drops = np.zeros((2, len(self._names)), dtype=bool)
            takes[taking[name]] = True
            drops[stating[name]] = True
            drops &= ~takes
            cells[name] = numbers
            if not whole or drops.any():
                places, values = numbers.places, numbers.values
                kept = takes[self._lines.ids[places]] & (rows[places] >= 0)
                cells[name] = _grown(rows[places[kept]].astype(np.int64), values[kept])
        if (self._epochs >= 0).any():
            cells = {"epoch": self._with_epochs(cells.pop("epoch", None)), **cells}
        return self._without_echo(cells)

    def _with_epochs(self, own: Grown[np.float64] | None) -> Grown[np.float64]:
        """The epoch of each point: the one that it states by name, else that of its counter."""
        epochs = self._epochs.astype(np.float64)
        told = self._epochs >= 0
        if own is not None:
            epochs[own.places] = own.values
            told[own.places] = True
        return _grown(np.flatnonzero(told), epochs[told])

    def _without_echo(
        self, cells: dict[str, Grown[np.float64]]
    ) -> dict[str, Grown[np.float64]] | None:
        """Without the last evaluation where lines of the training repeat it; see `without_echo`."""
        evaluated = [name for name in cells if canonical(name) == "eval_loss" and len(cells[name])]
        trains = np.array([any(canonical(n) == "loss" for n in names) for names in self._names])
        if not evaluated or not trains[self._ids].any():
            return cells
        if len(evaluated) > 1:
            return None
        numbers = cells[evaluated[0]]
        places, values = numbers.places, numbers.values
        again = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        fresh = ~(np.append(False, again) & trains[self._ids[places]])
        return cells | {evaluated[0]: _grown(places[fresh], values[fresh])}

    def _launches(self, begun: Sequence[int], steps: IntArray) -> tuple[int, ...]:
        """The steps from which launches went on; bars are drawn too often to be counted."""
        parts = pairwise((0, *begun)) if self._kind != "bar" else ()
        sizes = (len(self._kept(slice(first, end))[0]) for first, end in parts)
        launches = Launches()
        for at in sorted(set(accumulate(sizes))):
            if 0 < at < len(steps):
                launches.last = int(steps[at - 1])
                launches.begin()
                launches.point(int(steps[at]))
        return tuple(launches.steps)


def _holders(named: Sequence[Sequence[str]]) -> dict[str, list[int]]:
    """By name the forms that have it: to ask each form for each name takes quadratic time."""
    holders: dict[str, list[int]] = defaultdict(list)
    for at, names in enumerate(named):
        for name in names:
            holders[name].append(at)
    return holders


def _grown(places: IntArray, values: FloatArray) -> Grown[np.float64]:
    """Numbers at their places, in rising order of these."""
    numbers = Grown(np.float64)
    if (np.diff(places) < 0).any():
        order = np.argsort(places, kind="stable")
        places, values = places[order], values[order]
    numbers.add(places, values)
    return numbers
