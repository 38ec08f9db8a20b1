"""The entries that transformers' Trainer prints, and what stands around them: bars and banner."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from lossscan.canonical.fields import MAX_EPOCHS
from lossscan.formats.kit.banner import Banner
from lossscan.formats.kit.columns import number
from lossscan.formats.kit.remarks import Remarks
from lossscan.formats.kit.text import NUMBER, lines
from lossscan.sources.files import Head

_DICT: Final = r"\{'[^{}]{1,4000}\}"
_BAR: Final = r"(?<![\d/])(\d{1,12})/(\d{1,12}) \["
_EITHER: Final = re.compile(f"(?P<entry>{_DICT})|{_BAR}")
_ITEM: Final = re.compile(rf"'([^']{{1,100}})': (?:'({NUMBER})'|({NUMBER}))(?=[,}}])")
_STATED: Final = re.compile(r"'global_step/max_steps': '(\d{1,12})/(\d{1,12})'")  # ms-swift
_DIGITS = 4  # significant digits of the quoted numbers that transformers 5 prints
_DECIMALS = 2  # of the bare numbers of transformers 4, whose last zeros are not printed
_SAME = 1e-3  # relative: LLaMA-Factory prints an entry once more, rounded its own way


class Bar(NamedTuple):
    """What a progress bar shows."""

    done: int
    total: int


@dataclass(slots=True)
class Entry:
    """One dict that the trainer printed."""

    row: dict[str, str]
    kind: str  # what it is about: train, eval, or the summary of the run
    epoch: float
    digits: int  # decimals of the epoch that are known
    quoted: bool = False  # printed as text, by transformers 5
    launch: int = 0
    stated: Bar | None = None  # its own step, which ms-swift prints in the dict
    bars: list[Bar] = field(default_factory=list)  # the one before, where there is, and after

    @property
    def slack(self) -> float:
        """Half of the last digit of the epoch."""
        return 0.5 * 10.0**-self.digits


@dataclass(slots=True)
class Console:
    """What a console log of the trainer holds, in order."""

    entries: list[Entry] = field(default_factory=list)
    banner: Banner = field(default_factory=Banner)
    remarks: Remarks = field(default_factory=Remarks)


def read_console(head: Head) -> Console:
    """All entries and banners of a log."""
    console = Console()
    banner, bar, launch = console.banner, None, 0
    for line in lines(head):
        begun = banner.trainings
        banner.take(line)
        console.remarks.take(line, len(console.entries))
        launch += banner.trainings > begun and bool(console.entries)
        for match in _EITHER.finditer(line):
            if match["entry"] is None:
                bar = Bar(int(match[2]), int(match[3]))
                _show(bar, console.entries)
            elif entry := _entry(match["entry"]):
                launch = _take(entry, launch, bar, console.entries)
    _same_precision(console.entries)
    training = [at for at, entry in enumerate(console.entries) if entry.kind == "train"]
    console.remarks.fill([entry.row for entry in console.entries], training)
    return console


def _show(bar: Bar, entries: Sequence[Entry]) -> None:
    """A bar after an entry: the trainer draws it anew with the step of the entry."""
    if entries and len(entries[-1].bars) <= 1:
        entries[-1].bars.append(bar)


def _entry(text: str) -> Entry | None:
    """The entry that a dict is; None where it is another one."""
    items = _ITEM.findall(text)
    row = {key: quoted or bare for key, quoted, bare in items}
    shown = row.get("epoch", "")
    epoch = number(shown)
    if epoch is None or not abs(epoch) <= MAX_EPOCHS or len(row) == 1:
        return None
    if any(quoted for key, quoted, _ in items if key == "epoch"):
        digits = _DIGITS - 1 - math.floor(math.log10(abs(epoch) or 1.0))
        return Entry(row, _kind(row), epoch, digits, quoted=True, stated=_stated(text))
    digits = max(len(shown.partition(".")[2]), _DECIMALS)
    return Entry(row, _kind(row), epoch, digits, stated=_stated(text))


def _stated(text: str) -> Bar | None:
    found = _STATED.search(text)
    return Bar(int(found[1]), int(found[2])) if found else None


def _kind(row: Iterable[str]) -> str:
    if "train_runtime" in row and "loss" not in row:  # some log the time with each loss
        return "summary"
    return "eval" if any(key.startswith("eval_") for key in row) else "train"


def _take(entry: Entry, launch: int, bar: Bar | None, entries: list[Entry]) -> int:
    """Add the entry and return its launch: a new one begins where the epoch falls."""
    last = entries[-1] if entries else None
    if last is not None and _repeats(entry, last):
        last.row |= entry.row
        return launch
    if last is not None and launch == last.launch and entry.epoch < last.epoch - last.slack:
        launch += 1
    entry.launch = launch
    entry.bars = [bar] if bar else []
    entries.append(entry)
    return launch


def _repeats(entry: Entry, last: Entry) -> bool:
    """Whether LLaMA-Factory's own line and the trainer's say the same."""
    if entry.kind != "train" or last.kind != "train" or entry.row.keys() == last.row.keys():
        return False
    one, two = number(entry.row.get("loss")), number(last.row.get("loss"))
    same = one is not None and two is not None and abs(one - two) <= _SAME * max(abs(one), 1.0)
    return same and abs(entry.epoch - last.epoch) <= entry.slack + last.slack


def _same_precision(entries: Sequence[Entry]) -> None:
    """All bare numbers are rounded alike: `0.1` among `0.096` stands for 0.100."""
    bare = [entry for entry in entries if not entry.quoted]
    finest = max((entry.digits for entry in bare), default=0)
    for entry in bare:
        entry.digits = finest
