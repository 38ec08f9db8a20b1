"""The lines of a console that are points of its counter, and the numbers that they state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossscan.canonical.names import OF_RUN, SET_RATE, canonical, is_evaluation
from lossscan.formats.key_value.form_lines import KINDS, FormLines
from lossscan.formats.key_value.stated_log import Form
from lossscan.formats.kit.counters import Kind
from lossscan.formats.kit.grown import Grown, grown
from lossscan.formats.kit.launches import Launches
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray, distinct


class Points:
    """The lines of one kind of counter, and what evaluates between them."""

    def __init__(self, lines: FormLines, kind: Kind, epochs: IntArray) -> None:
        self.lines, self.kind = lines, kind
        self._counting = lines.kinds == KINDS.index(kind)
        self.names = [self._stated(form) for form in lines.forms]
        self._rows, at = self._kept()
        self.ids, self.counted = lines.ids[self._rows], lines.ids[at]
        self.counts, self.epochs = lines.counts[at], epochs[at]

    def _stated(self, form: Form) -> tuple[str, ...]:
        """The names that count in a line: of other counters, or without one, only evaluations.

        The evaluation that sums up an epoch, or that counts nothing, is at the last count before.
        """
        if form.kind == self.kind:
            return form.names
        if form.kind == "epoch" or (form.kind == "step" and self.kind == "bar"):  # it sums up
            return tuple(name for name in form.names if canonical(name).startswith("eval_"))
        return () if form.kind is not None else tuple(filter(_is_beside, form.names))

    def _kept(self) -> tuple[IntArray, IntArray]:
        """The lines that state something, and for each the line that counts for it."""
        ids = self.lines.ids
        stating = np.array([bool(names) for names in self.names])[ids]
        counting = self._counting[ids]
        at = np.maximum.accumulate(np.where(counting, np.arange(len(ids), dtype=np.int32), -1))
        first = np.flatnonzero(counting & stating)[:1]  # of a log that is cut
        at = np.where(at < 0, int(first[0]) if len(first) else -1, at)
        rows = np.flatnonzero(stating & (at >= 0))
        return rows, at[rows]

    def told(self, told: Callable[[tuple[str, ...]], bool]) -> BoolArray:
        """(n,) what the names that count in a line tell."""
        return np.array([told(names) for names in self.names], dtype=bool)[self.ids]

    def keep(self, at: NDArray[Any]) -> None:
        """Go on with some of the points, by number or by whether they are kept."""
        self._rows, self.ids, self.counted = self._rows[at], self.ids[at], self.counted[at]
        self.counts, self.epochs = self.counts[at], self.epochs[at]

    def cells(self) -> dict[str, Grown[np.float64]]:
        """The numbers of the points, the epoch among them."""
        cells: dict[str, Grown[np.float64]] = {}
        rows = np.full(len(self.lines.ids), -1, dtype=np.int32)
        rows[self._rows] = np.arange(len(self._rows), dtype=np.int32)
        whole = len(self._rows) == len(rows) and self.kind != "bar"
        lost: list[IntArray] = []
        taking = _holders(self.names)
        stating = _holders([form.names for form in self.lines.forms])
        for name, numbers in self.lines.log.cells.items():
            takes, drops = np.zeros((2, len(self.names)), dtype=bool)
            takes[taking[name]] = True
            drops[stating[name]] = True
            drops &= ~takes
            cells[name] = numbers
            if not whole or drops.any():
                places, values = numbers.places, numbers.values
                kept = takes[self.lines.ids[places]] & (rows[places] >= 0)
                cells[name] = grown(rows[places[kept]].astype(np.int64), values[kept])
                if _is_mean(name):
                    dropped = drops[self.lines.ids[places]] & np.isnan(values)
                    lost.append(np.maximum.accumulate(rows)[places[dropped]])
        counted = self.counts if self.kind == "epoch" else self.epochs
        if (counted >= 0).any():
            cells = {"epoch": _with_epochs(counted, cells.pop("epoch", None)), **cells}
        return self._with_lost(cells, np.concatenate([*lost, np.empty(0, np.int64)]))

    def _with_lost(
        self, cells: dict[str, Grown[np.float64]], at: IntArray
    ) -> dict[str, Grown[np.float64]]:
        """No NaN goes: that of a mean loss, whose line counts nothing, is at the point before."""
        if (at >= 0).any():
            losses = {name: each for name, each in cells.items() if _is_mean(name)}
            fullest = max(losses, key=lambda name: len(losses[name]))
            held, values = losses[fullest].spread(len(self._rows))
            held[at[at >= 0]], values[at[at >= 0]] = True, np.nan
            cells[fullest] = grown(np.flatnonzero(held), values[held])
        return cells

    def without_echo(self, cells: dict[str, Grown[np.float64]]) -> dict[str, Grown[np.float64]]:
        """NeMo repeats the last evaluation on every line: only a new value is an evaluation."""
        evaluated = [name for name in cells if canonical(name) == "eval_loss"]
        if not evaluated:
            return cells
        trained = self.told(lambda names: any(canonical(name) == "loss" for name in names))
        shown = np.full(len(self._rows), np.nan)
        shows = np.zeros(len(shown), dtype=bool)
        for name in reversed(evaluated):
            numbers = cells[name]
            shown[numbers.places], shows[numbers.places] = numbers.values, True
        last = np.maximum.accumulate(np.where(shows, np.arange(len(shows)), -1))
        before = np.append(-1, last[:-1])  # the point that showed one last
        fresh = {}
        for name in evaluated:
            places, values = cells[name].places, cells[name].values
            echo = trained[places] & (before[places] >= 0) & same(shown[before[places]], values)
            fresh[name] = grown(places[~echo], values[~echo])
        return cells | fresh

    def launches(self, begun: Sequence[int], steps: IntArray) -> tuple[int, ...]:
        """The steps from which launches went on; bars are drawn too often to be counted."""
        before = np.searchsorted(self._rows, begun if self.kind != "bar" else ())
        launches = Launches()
        for at in distinct(before):
            if 0 < at < len(steps):
                launches.last = int(steps[at - 1])
                launches.begin()
                launches.point(int(steps[at]))
        return tuple(launches.steps)


def _is_beside(name: str) -> bool:
    """Whether what a line without a counter states belongs to the last one that has one."""
    return is_evaluation(name) or canonical(name) in ("reward", "learning_rate", SET_RATE)


def _is_mean(name: str) -> bool:
    """Whether it calls the loss of the training, or a mean of it over an epoch or the run."""
    return canonical(name) in ("loss", *OF_RUN)


def same(one: FloatArray, other: FloatArray) -> BoolArray:
    """(n,) whether two numbers are one, or both none."""
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))


def _with_epochs(counted: IntArray, own: Grown[np.float64] | None) -> Grown[np.float64]:
    """The epoch of each point: the one that it states by name, else that of its counter."""
    epochs, told = counted.astype(np.float64), counted >= 0
    if own is not None:
        epochs[own.places] = own.values
        told[own.places] = True
    return grown(np.flatnonzero(told), epochs[told])


def _holders(named: Sequence[Sequence[str]]) -> dict[str, list[int]]:
    """By name the forms that have it: to ask each form for each name takes quadratic time."""
    holders: dict[str, list[int]] = defaultdict(list)
    for at, names in enumerate(named):
        for name in names:
            holders[name].append(at)
    return holders
