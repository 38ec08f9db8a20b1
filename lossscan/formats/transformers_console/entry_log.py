"""The entries of one training as columns: millions of them are never objects at the same time.

What is printed later may change the last entry: a bar is drawn again, another logger says the same.
So some thousands are held as they are, all older ones become numbers: those of their rows in a
`Sheet`, and here what tells where they stand.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from typing import Final, TypeAlias, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple
from numpy.typing import NDArray

from lossscan.formats.kit.columns import Sheet
from lossscan.formats.kit.copies import MOST, Copies
from lossscan.formats.kit.groups import Group, groups_by_key, groups_of
from lossscan.formats.kit.grown import Grown
from lossscan.formats.transformers_console.entries import DictRun, Entry, quoted_digits, slack_of
from lossscan.model import Column
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray
from lossscan.settings import Settings

HELD: Final = 1024  # entries that are objects at most: 1 MB
KEPT: Final = 2  # of them, when the others become numbers: the last one, and what it is compared to
_TRAIN, _EVAL, _SUMMARY, _QUOTED = 1, 2, 4, 8  # bits of a mark
DONE, TOTAL = 0, 1  # rows of what a bar shows
_KINDS: Final = {"train": _TRAIN, "eval": _EVAL, "summary": _SUMMARY}

_Any = TypeVar("_Any", bound=np.generic)
_Bars: TypeAlias = tuple[Grown[np.int64], Grown[np.int64]]  # of some entries: done, and the total


class Entries(Struct, frozen=True):
    """Entries that train or evaluate, in order."""

    trains: BoolArray  # (n,)
    epochs: FloatArray  # (n,)
    slack: FloatArray  # (n,), half of the last digit of each epoch
    launches: IntArray  # (n,), rising
    stated: IntArray  # (2, n), the step that the entry itself states and of how many; -1 for none
    before: IntArray  # (2, n), what the bar before shows
    behind: IntArray  # (2, n)

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def after(self) -> IntArray:
        """(2, n) what the bar behind shows, else the one before."""
        return np.where(self.behind[TOTAL] >= 0, self.behind, self.before)

    def only(self, which: BoolArray) -> Entries:
        """Some of them."""
        return self if which.all() else Entries(*(_only(each, which) for each in astuple(self)))


class EntryLog:
    """The entries of a training, added one by one, or many of one shape at once."""

    def __init__(self, settings: Settings) -> None:
        self.summaries: deque[tuple[int, Entry]] = deque(maxlen=MOST)  # the last ones, numbered
        self.trained = 0  # how many train
        self.first: list[Entry] = []  # the first two that train
        self.last_trained: Entry | None = None
        self._sheet = Sheet(settings)
        self._held: list[Entry] = []
        self._copies = Copies()
        self._launch = 0
        self._finest = 0  # decimals of the bare epochs
        self._rows = 0
        self._marks, self._epochs, self._begun = array("B"), array("d"), array("q")
        self._bars: list[_Bars] = [  # stated, before and behind
            (Grown(np.int64), Grown(np.int64)) for _ in range(3)
        ]

    def __len__(self) -> int:
        return len(self._marks) + len(self._held)

    def __bool__(self) -> bool:
        return bool(self._held)

    @property
    def last(self) -> Entry:
        """The last entry, which may still change."""
        return self._held[-1]

    def add(self, entry: Entry) -> None:
        """One more."""
        if self._copies.possible:
            self._compare()
        if entry.kind == "train":
            self.trained += 1
            self.last_trained = entry
            self.first += [entry] if len(self.first) < KEPT else []
        elif entry.kind == "summary":
            self.summaries.append((len(self), entry))
        self._held.append(entry)
        if len(self._held) > HELD:
            self._settle(KEPT)

    def takes_run(self) -> bool:
        """Whether many may be added at once: none of them has to be known one by one."""
        return len(self.first) == KEPT and not self._copies.possible

    def add_run(self, run: DictRun, last: Entry) -> None:
        """Many more of one shape that train, and the one behind them, which they are like."""
        self._settle(0)
        count, first = len(run.epochs), len(self)
        self._begin(last.launch, first)
        cells = {**run.cells, "epoch": run.epochs.tolist()}
        self._sheet.add(Group(np.arange(self._rows, self._rows + count), cells))
        self._rows += count
        self.trained += count
        self._finest = max(self._finest, run.finest())
        self._marks.frombytes(bytes([_TRAIN | _QUOTED * run.quoted]) * count)
        self._epochs.frombytes(run.epochs.tobytes())
        places = np.arange(first, first + count)
        if (steps := run.steps()) is not None:
            _add(self._bars[0], places, np.column_stack((steps, np.full(count, -1))))
        if last.bars:
            told = np.array([last.bars[0].done, last.bars[0].total])
            _add(self._bars[1], places, np.broadcast_to(told, (count, 2)))
        self.add(last)

    def end(self) -> None:
        """All entries are known."""
        self._compare()
        self._settle(0)

    @property
    def summary(self) -> Entry | None:
        """The last summary that copies none before it, as precise as all entries are."""
        found = (each for at, each in reversed(self.summaries) if at % self._copies.number == 0)
        summary = next(found, None)
        if summary is not None and not summary.quoted:
            summary.digits = self._finest
        return summary

    def training(self) -> IntArray:
        """(n,) the places of the entries that train, copies left out."""
        return np.flatnonzero(self._bits()[:: self._copies.number] & _TRAIN)

    @property
    def points(self) -> int:
        """How many entries train, copies left out."""
        return len(self.training()) if self._copies.number > 1 else self.trained

    def entries(self) -> Entries:
        """What trains or evaluates, copies left out."""
        marks, count = self._bits(), len(self)
        epochs = np.frombuffer(self._epochs, dtype=np.float64)
        slack, launches = self._slack(marks, epochs), self._launches(count)
        bars = (_shown(each, count) for each in self._bars)
        every = Entries(marks & _TRAIN > 0, epochs, slack, launches, *bars)
        return every.only(self._which(marks))

    def write(self, name: str, values: Mapping[int, int]) -> None:
        """Put a number into the rows of some entries, by their place without copies."""
        if values:
            places, told = zip(*sorted(values.items()), strict=True)
            rows = np.cumsum(self._bits() & _SUMMARY == 0) - 1
            self._sheet.add(Group(rows[np.array(places) * self._copies.number], {name: told}))

    def is_lost(self) -> bool:
        """Whether a loss of the training is no finite number."""
        losses = self._sheet.numbers.get("loss")
        if losses is None or np.isfinite(losses.values).all():
            return False
        marks = self._bits()
        trains = (marks & _TRAIN > 0)[marks & _SUMMARY == 0][losses.places]
        return not np.isfinite(losses.values[trains]).all()

    def columns(self, steps: IntArray) -> dict[str, Column]:
        """The columns, from the step of each of `entries`."""
        marks = self._bits()
        which, rows = self._which(marks), marks & _SUMMARY == 0
        if which.sum() < rows.sum():
            counts = steps[np.maximum(np.cumsum(which)[rows] - 1, 0)]
            steps = np.where(which[rows], self._sheet.run_steps(counts), -1)
        else:
            steps = self._sheet.run_steps(steps)
        return self._sheet.columns(steps)

    def _which(self, marks: NDArray[np.uint8]) -> BoolArray:
        which: BoolArray = marks & _SUMMARY == 0
        if self._copies.number > 1:
            which &= np.arange(len(marks)) % self._copies.number == 0
        return which

    def _bits(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._marks, dtype=np.uint8)

    def _slack(self, marks: NDArray[np.uint8], epochs: FloatArray) -> FloatArray:
        """All bare numbers are rounded alike: `0.1` among `0.096` stands for 0.100."""
        quoted = marks & _QUOTED > 0
        if not quoted.any():
            return np.broadcast_to(slack_of(self._finest), len(epochs))
        slack = np.full(len(epochs), slack_of(self._finest))
        slack[quoted] = [slack_of(quoted_digits(each)) for each in epochs[quoted].tolist()]
        return slack

    def _launches(self, count: int) -> IntArray:
        if len(self._begun) <= 1:
            return np.broadcast_to(np.int64(0), count)
        return np.searchsorted(np.array(self._begun), np.arange(count), "right")

    def _compare(self) -> None:
        """The last entry changes no more."""
        if len(self._held) >= KEPT:
            self._copies.take(again=self._held[-1].said == self._held[-2].said)

    def _begin(self, launch: int, first: int) -> None:
        if launch != self._launch or not self._begun:
            self._begun.append(first)
        self._launch = launch

    def _settle(self, kept: int) -> None:
        """Older entries become numbers."""
        settled = self._held[: len(self._held) - kept]
        self._held = self._held[len(settled) :] if kept else []
        first = len(self._marks)
        for at, entry in enumerate(settled, first):
            self._begin(entry.launch, at)
        rows = [entry.row for entry in settled if entry.kind != "summary"]
        alike = all(one.keys() == two.keys() for one, two in pairwise(rows))
        for group in (groups_of if alike else groups_by_key)(rows, self._rows):
            self._sheet.add(group)
        self._rows += len(rows)
        bare = (entry.digits for entry in settled if not entry.quoted)
        self._finest = max(self._finest, max(bare, default=0))
        self._marks.extend(_KINDS[each.kind] | _QUOTED * each.quoted for each in settled)
        self._epochs.extend(entry.epoch for entry in settled)
        bars = [(entry.stated, *entry.bars, None, None)[: len(self._bars)] for entry in settled]
        for column, shown in zip(self._bars, zip(*bars, strict=True), strict=False):
            places = [at for at, bar in enumerate(shown) if bar is not None]
            told = [(bar.done, bar.total) for bar in shown if bar is not None]
            told_of = np.array(told, dtype=np.int64).reshape(-1, 2)
            _add(column, np.array(places, dtype=np.int64) + first, told_of)


def _add(bars: _Bars, places: IntArray, told: IntArray) -> None:
    """Some more; `told` is what is done and the total of each, (n, 2)."""
    for numbers, values in zip(bars, told.T, strict=True):
        numbers.add(places, values)


def _shown(bars: _Bars, count: int) -> IntArray:
    """(2, count) what bars show next to so many entries, -1 where there is none."""
    if not len(bars[DONE]):
        return np.broadcast_to(np.int64(-1), (2, count))
    shown = np.full((2, count), -1)
    for row, numbers in zip(shown, bars, strict=True):
        row[numbers.places] = numbers.values
    return shown


def _only(column: NDArray[_Any], which: BoolArray) -> NDArray[_Any]:
    """Some numbers of a column; where all are one that is stored once, it stays so."""
    if not any(column.strides):
        return np.broadcast_to(column.flat[0], (*column.shape[:-1], int(which.sum())))
    return column[..., which]
