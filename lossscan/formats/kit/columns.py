"""Rows of a log, each a step and some named values, become columns by canonical name."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np

from lossscan.canonical.names import NOT_SERIES, factor, is_judged, namer
from lossscan.formats.kit.cells import LARGEST_STEP, numbers_of, step_numbers
from lossscan.formats.kit.groups import Group, groups_of
from lossscan.formats.kit.grown import Grown, RowSteps, grown, joined
from lossscan.formats.kit.many_keys import MOST_KEYS, is_needed
from lossscan.formats.kit.steps import in_steps, is_erratic, other_counts, stand_still
from lossscan.formats.kit.total_loss import with_loss, without_totals
from lossscan.model import Column
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray
from lossscan.settings import Settings

Row: TypeAlias = tuple[int, Mapping[str, Any]]
HELD: Final = 4096  # rows that are objects at most: 8 MB; fewer cost time for each group
_OF_STEP: Final = ("train_loss_step", "reduced_train_loss")  # Lightning's `loss` is a running mean


class Sheet:
    """The numbers of a log by raw key, added group by group: so the text need not be kept."""

    def __init__(self, settings: Settings) -> None:
        self.numbers: dict[str, Grown[np.float64]] = defaultdict(lambda: Grown(np.float64))
        self.name_of = cache(namer(settings.series))
        self.stated: dict[str, Grown[np.int64]] = defaultdict(lambda: Grown(np.int64))

    def add(self, group: Group) -> None:
        """Take the cells that are numbers; of very many keys see `bounded`."""
        for key, cells in group.cells.items():
            if len(self.numbers) >= MOST_KEYS and not self._takes(key):
                continue
            numbers, name = self.numbers[key], self.name_of(key)
            if name not in NOT_SERIES:
                numbers.add(*numbers_of(group.places, cells))
            elif name == "step":
                self.stated[key].add(group.places, step_numbers(cells))

    def take(self, key: str, numbers: Grown[np.float64]) -> None:
        """All numbers of a key at once."""
        bounded = len(self.numbers) < MOST_KEYS or self._takes(key)
        if bounded and self.name_of(key) not in NOT_SERIES:
            self.numbers[key] = numbers

    def _takes(self, key: str) -> bool:
        return key in self.numbers or (len(self.numbers) < 2 * MOST_KEYS and is_needed(key))

    def stated_steps(self, rows: int) -> IntArray:
        """The first step that each row states, -1 where it states none."""
        own_first = sorted(self.stated, key=lambda key: key.startswith("_"))  # a tracker's last
        stated = [self.stated[key] for key in own_first]
        if len(stated) == 1 and stated[0].fills(rows):
            return stated[0].values
        steps = np.full(rows, -1, dtype=np.int64)
        for each in stated:
            places = each.places
            steps[places] = np.where(steps[places] < 0, each.values, steps[places])
        return steps

    def counted_steps(self, rows: int) -> tuple[IntArray, bool]:
        """The steps, -1 for none: stated, else epochs, else numbers of rows; whether the last."""
        counts = self.stated_steps(rows) if self.stated else None
        if counts is None or stand_still(counts):
            epochs = self._epoch_steps(rows)
            rises = epochs is not None and not stand_still(epochs)
            counts = epochs if rises or counts is None else counts
        if counts is None or is_erratic(counts):
            counts = counts if (other := other_counts(self.numbers, rows)) is None else other
        found = np.arange(1, rows + 1) if counts is None else counts
        return self.run_steps(found), counts is None

    def run_steps(self, counts: IntArray) -> IntArray:
        """The steps of all rows: their counts, unless these begin again in each epoch.

        Then all rows that count, or one before them, state their epoch as a whole number.
        """
        if not (counts[1:] < counts[:-1]).any():
            return counts
        places, values = self._epochs()
        if not len(places) or not _whole(values):
            return counts
        epochs = np.full(len(counts), -1, dtype=np.int64)
        epochs[places] = values.astype(np.int64)
        last = np.maximum.accumulate(np.where(epochs >= 0, np.arange(len(epochs)), 0))
        counting, steps = counts >= 0, counts.copy()
        told = (counts[counting], epochs[last][counting], ~self._trains(len(counts))[counting])
        steps[counting], _ = in_steps(*told, (), looped=False)
        return steps

    def _trains(self, rows: int) -> BoolArray:
        """(n,) whether a row holds a loss of the training."""
        trains = np.zeros(rows, dtype=bool)
        for key, numbers in self.numbers.items():
            if is_judged(name := self.name_of(key)) and not name.startswith("eval_"):
                trains[numbers.places] = True
        return trains

    def _epoch_steps(self, rows: int) -> IntArray | None:
        """The epoch of each row as its step, -1 where it states none; None where they number none.

        They are whole, and no two in a row are the same, except the first one of a restarted run.
        """
        places, values = self._epochs()
        judged = [each.places for key, each in self.numbers.items() if is_judged(self.name_of(key))]
        epochs = values[np.isin(places, max(judged, key=len, default=places[:0]))]
        again = epochs[1:][epochs[1:] == epochs[:-1]]
        unique = not len(again) or (again.max() == epochs.min() and (np.diff(epochs) < 0).any())
        if not (len(epochs) and _whole(values) and unique):
            return None
        steps = np.full(rows, -1, dtype=np.int64)
        steps[places] = values.astype(np.int64)
        return steps

    def _epochs(self) -> tuple[IntArray, FloatArray]:
        return joined([n for key, n in self.numbers.items() if self.name_of(key) == "epoch"])

    def columns(self, steps: IntArray) -> dict[str, Column]:
        """Each quantity in file order, at the `steps` of all rows; below 0 a row has none.

        None and what is no number is left out, NaN is kept. Where two keys of a row mean the
        same, that of the fuller column counts, the first of two that are as full.
        """
        named: dict[str, list[Grown[np.float64]]] = defaultdict(list)
        filled = {key: numbers for key, numbers in self.numbers.items() if len(numbers)}
        for key in without_totals(filled, self.name_of):
            filled[key].scale(factor(key))
            alike = named[self.name_of(key)]
            alike.insert(0 if key in _OF_STEP else len(alike), filled[key])
        row_steps = RowSteps(steps)
        found = {name: row_steps.column(numbers) for name, numbers in named.items()}
        return with_loss({name: column for name, column in found.items() if len(column.steps)})


class RowLog:
    """Rows of a log at their steps, in file order: some thousands are objects at a time."""

    def __init__(self, settings: Settings) -> None:
        self._sheet = Sheet(settings)
        self._steps: array[int] = array("q")
        self._held: list[Mapping[str, Any]] = []

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, row: Mapping[str, Any]) -> None:
        """One more, which must not change from then on."""
        self._steps.append(step)
        self._held.append(row)
        if len(self._held) == HELD:
            self._settle()

    def write(self, key: str, values: Mapping[int, float]) -> None:
        """Put a number into some rows, by their places, which say nothing by that key."""
        told = np.array([*values.values()], np.float64)
        self.sheet.take(key, grown(np.array([*values], np.int64), told))

    def columns(self) -> dict[str, Column]:
        """The columns of all rows; none can be added any more."""
        return self.sheet.columns(self.sheet.run_steps(self.steps))

    def columns_as_stated(self) -> dict[str, Column]:
        """The columns at the steps that rows state, those without one at that of the row before.

        Where none states any they keep their own, as a tracker counts the calls of its `log`.
        """
        if not self.sheet.stated:
            return self.columns()
        steps = self.sheet.stated_steps(len(self))
        last = np.maximum.accumulate(np.where(steps >= 0, np.arange(len(self)), 0))
        return self.sheet.columns(self.sheet.run_steps(np.maximum(steps[last], 0)))

    @property
    def sheet(self) -> Sheet:
        """The numbers of all rows."""
        self._settle()
        return self._sheet

    @property
    def steps(self) -> IntArray:
        """(n,) the step of each row."""
        return np.frombuffer(self._steps, dtype=np.int64) if self._steps else np.empty(0, np.int64)

    def _settle(self) -> None:
        """Let the rows that are held become numbers."""
        held, self._held = self._held, []
        for group in groups_of(held, len(self) - len(held)):
            self._sheet.add(group)


def table(rows: Sequence[Mapping[str, Any]], settings: Settings) -> tuple[dict[str, Column], bool]:
    """The columns of a `Sheet` of rows that state their steps, or not; see `counted_steps`."""
    sheet = Sheet(settings)
    for group in groups_of(rows):
        sheet.add(group)
    steps, counted = sheet.counted_steps(len(rows))
    return sheet.columns(steps), counted


def columns(rows: Iterable[Row], settings: Settings) -> dict[str, Column]:
    """The columns of a `RowLog`."""
    log = RowLog(settings)
    for step, row in rows:
        log.add(step, row)
    return log.columns()


def told_apart(steps: IntArray) -> IntArray:
    """(n,) the steps, or 1, 2, ... where all are 0: MLflow's for who gives none."""
    return steps if len(steps) == 1 or steps.any() else np.arange(1, len(steps) + 1)


def by_name(raw: Mapping[str, Column], settings: Settings) -> dict[str, Column]:
    """Whole columns by canonical name instead of raw key; of two with one name the fuller."""
    name_of = namer(settings.series)
    found: dict[str, Column] = {}
    for key in sorted(raw, key=lambda key: (len(raw[key].steps), key)):
        steps, values = raw[key].steps, raw[key].values
        found[name_of(key)] = Column(steps=steps, values=values * factor(key))
    return with_loss({name: found[name] for name in found if name not in NOT_SERIES})


def _whole(values: FloatArray) -> bool:
    fit = (values >= 0) & (values <= LARGEST_STEP) & (values == np.rint(values))
    return bool(fit.all())
