"""The dicts that transformers' Trainer prints: the text of one in, an entry out.

A trainer prints dicts of the same few shapes over and over. Once one shape came often, a line that
is nothing but such a dict is read by an expression of that very shape; all others are read by one
that finds any item. Both ways give the same entry.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np
from msgspec import Struct

from lossscan.canonical.fields import MAX_EPOCHS
from lossscan.expressions import expression
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.shapes import Learned
from lossscan.formats.kit.text import NUMBER
from lossscan.formats.kit.trainer_texts import sums_up
from lossscan.numeric.arrays import FloatArray, IntArray

_T = TypeVar("_T")
LONGEST_DICT: Final = 4000  # characters: GRPO logs some fifty numbers
WORTH: Final = 20  # dicts of one shape: from here on an expression of its own saves time
MOST: Final = 50  # shapes that are known: a run prints three or four
_ITEM: Final = expression(rf"'([^']{{1,100}})': (?:'({NUMBER})'|({NUMBER}))(?=[,}}])")
_STATED: Final = expression(  # of ms-swift
    r"'global_step/max_steps': '(?P<step>\d{1,12})/(?P<total>\d{1,12})'"
)
_COUNTED: Final = expression(  # by the user's own callback, who prints the dict behind it
    r"(?i)(?<![a-z_])(?:global[_ ])?step[ :=#]{0,3}(?P<step>\d{1,12})(?:/(?P<total>\d{1,12}))?"
    r"\W{1,4}(?:\w{1,20}\W{1,3})?\Z"
)
LONGEST_AHEAD: Final = 60  # characters of it
_PLAIN_KEY: Final = expression(r"\A[\w./@-]{1,100}\Z")  # no banner and no overflow is in it
_STEP: Final = r"(\d{1,12})"
_EXACT: Final = r"([-+]?(?:\d{1,40}(?:\.\d{1,40})?(?:e[-+]\d{1,4})?|nan|inf))"  # as Python prints
_PLAIN: Final = r"([-+\d.einfa]{1,40})"  # quicker; what is no number is left out later
_PATTERNS: Final = {"epoch": _EXACT, "global_step": _STEP, "step": _STEP}  # else plain
_DIGITS = 4  # significant digits of the quoted numbers that transformers 5 prints
_DECIMALS = 2  # of the bare numbers of transformers 4, whose last zeros are not printed


class Bar(Struct, frozen=True, gc=False):
    """What a progress bar shows, or a count; of how many is -1 where that is not said."""

    done: int
    total: int = -1


class Entry(Struct, gc=False):  # no cycles: there are millions of it
    """One dict that the trainer printed."""

    row: dict[str, str]
    kind: str  # what it is about: train, eval, or the summary of the run
    epoch: float
    digits: int  # decimals of the epoch that are known
    quoted: bool = False  # printed as text, by transformers 5
    launch: int = 0
    stated: Bar | None = None  # its own step, in the dict or ahead of it
    bars: tuple[Bar, ...] = ()  # the one before, where there is, and after

    @property
    def said(self) -> tuple[dict[str, str], int, bool, Bar | None]:
        """What the dict says, wherever it is."""
        return self.row, self.digits, self.quoted, self.stated

    @property
    def slack(self) -> float:
        """Half of the last digit of the epoch."""
        return slack_of(self.digits)


class DictRun(Struct, frozen=True):
    """Dicts of one shape that train, in a row."""

    cells: dict[str, tuple[str, ...]]  # by key, n each
    epochs: FloatArray  # (n,)
    quoted: bool

    def first(self, count: int) -> DictRun:
        """Some of them."""
        cells = {key: texts[:count] for key, texts in self.cells.items()}
        return DictRun(cells, self.epochs[:count], self.quoted)

    def finest(self) -> int:
        """Decimals of the epochs, where they are bare."""
        decimals = [len(shown.partition(".")[2]) for shown in self.cells["epoch"]]
        return 0 if self.quoted else max(_DECIMALS, *decimals)

    def steps(self) -> IntArray | None:
        """(n,) their own steps, where they state them."""
        texts = _step_in(self.cells)
        return None if texts is None else np.fromiter(map(int, texts), np.int64, len(texts))

    def rising(self, last: float) -> int:
        """How many of them go on from the epoch before, all of them in range."""
        before = np.concatenate(([last], self.epochs[:-1]))
        good = (self.epochs >= before) & (np.abs(self.epochs) <= MAX_EPOCHS)
        return len(good) if good.all() else int(np.argmin(good))


class _Shape(NamedTuple):
    match: Callable[[str], re.Match[str] | None]
    keys: tuple[str, ...]
    quoted: bool  # the epoch


class SteadyDicts:
    """The dicts of one training whose shape came often."""

    def __init__(self) -> None:
        self._learned = Learned[tuple[str, ...], _Shape](worth=WORTH, most=MOST)
        self._shape: _Shape | None = None  # of the last dict

    def texts(self, lines: Sequence[str], first: int, most: int) -> list[tuple[str, ...]]:
        """What so many lines from one on hold that are dicts of the last shape and nothing else."""
        shape = self._shape
        if shape is None or (found := shape.match(lines[first])) is None:
            return []
        texts: list[tuple[str, ...]] = []
        end = min(len(lines), first + most)
        while found is not None and len(found.string) <= LONGEST_DICT:
            texts.append(found.groups())
            first += 1
            found = shape.match(lines[first]) if first < end else None
        return texts

    def entry(self, texts: tuple[str, ...]) -> Entry | None:
        """The entry of one of them; None where `entry_of` has to tell."""
        shape = self._shape
        if shape is None:
            return None
        return _made(dict(zip(shape.keys, texts, strict=True)), "train", quoted=shape.quoted)

    def run(self, texts: Sequence[tuple[str, ...]]) -> DictRun:
        """All of them as columns; there is a shape, and one at least."""
        shape = self._shape
        cells = dict(zip(shape.keys if shape else (), zip(*texts, strict=True), strict=True))
        epochs = np.fromiter(map(float, cells["epoch"]), np.float64, len(texts))
        return DictRun(cells, epochs, shape is not None and shape.quoted)

    def learn(self, text: str, entry: Entry) -> None:
        """Note the shape of a dict and its entry: the next line may be of the same."""
        if entry.kind != "train":
            return
        keys = tuple(entry.row)
        self._shape = self._learned.known.get(keys)
        if self._shape is None:
            self._learned.learn(keys, lambda: _shape(text))


def entry_of(text: str, ahead: str = "") -> Entry | None:
    """The entry that a dict is, with what is ahead of it; None where it is another one."""
    items = _ITEM.findall(text)
    row = {key: quoted or bare for key, quoted, bare in items}
    if len(row) == 1 or "epoch" not in row:
        return None
    made = _made(row, _kind(row), quoted=("epoch", row["epoch"], "") in items)
    if made is not None and made.stated is None and (found := _stated(text, ahead)):
        made.stated = Bar(int(found["step"]), int(found["total"] or -1))
    return made


def _stated(text: str, ahead: str) -> re.Match[str] | None:
    """The step of an entry; one that is counted within an epoch is not that of the run."""
    if "poch" in ahead:
        return _STATED.search(text)
    return _STATED.search(text) or _COUNTED.search(ahead[-LONGEST_AHEAD:])


def _step_in(row: Mapping[str, _T]) -> _T | None:
    """The step that a row of the history has."""
    return row.get("global_step", row.get("step"))


def _made(row: dict[str, str], kind: str, *, quoted: bool) -> Entry | None:
    shown = row["epoch"]
    epoch = number(shown)
    if epoch is None or not abs(epoch) <= MAX_EPOCHS:
        return None
    bare = max(len(shown.partition(".")[2]), _DECIMALS)
    step = re.fullmatch(_STEP, _step_in(row) or "")
    stated = Bar(int(step[0])) if step else None
    return Entry(row, kind, epoch, quoted_digits(epoch) if quoted else bare, quoted, stated=stated)


def quoted_digits(epoch: float) -> int:
    """Decimals of an epoch that transformers 5 printed."""
    return _DIGITS - 1 - math.floor(math.log10(abs(epoch) or 1.0))


def slack_of(digits: int) -> float:
    """Half of the last of so many decimals."""
    return 0.5 * 10.0**-digits


def _kind(row: Mapping[str, str]) -> str:
    if sums_up(row):
        return "summary"
    return "eval" if any(key.startswith("eval_") for key in row) else "train"


def _shape(text: str) -> _Shape | None:
    """The shape of a dict; None where more is in it than plain names and plain numbers."""
    items: list[tuple[str, str, str]] = _ITEM.findall(text)
    keys = tuple(key for key, _, _ in items)
    plain = all(map(_PLAIN_KEY.match, keys)) and len(set(keys)) == len(keys)
    held = ", ".join(f"'{key}': '{q}'" if q else f"'{key}': {b}" for key, q, b in items)
    if not plain or text != f"{{{held}}}":
        return None
    numbers = (_PATTERNS.get(key, _PLAIN) for key in keys)
    named = (
        f"'{re.escape(key)}': " + (f"'{number}'" if quoted else number)
        for (key, quoted, _), number in zip(items, numbers, strict=True)
    )
    pattern = re.compile(rf" {{0,200}}\{{{', '.join(named)}\}} {{0,200}}\n?")
    return _Shape(pattern.fullmatch, keys, quoted=bool(items[keys.index("epoch")][1]))
