"""The entries that transformers' Trainer prints, and what is around them: bars and banner."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec.structs import replace

from lossscan.canonical.fields import MAX_EPOCHS
from lossscan.expressions import expression
from lossscan.formats.kit.banner import Banner
from lossscan.formats.kit.columns import number
from lossscan.formats.kit.copies import once
from lossscan.formats.kit.loss_scale_log import LossScaleLog
from lossscan.formats.kit.text import NUMBER, lines
from lossscan.sources.files import Head

_DICT: Final = r"\{'[^{}]{1,4000}\}"
_BAR: Final = r"(?<![\d/])(\d{1,12})/(\d{1,12}) \["
_EITHER: Final = expression(f"(?P<entry>{_DICT})|{_BAR}")
_ITEM: Final = expression(rf"'([^']{{1,100}})': (?:'({NUMBER})'|({NUMBER}))(?=[,}}])")
_STATED: Final = expression(r"'global_step/max_steps': '(\d{1,12})/(\d{1,12})'")  # ms-swift
LONGEST: Final = 200  # lines of one dict: GRPO logs some fifty numbers
BEGINS: Final = "***** Running training"
_EPOCH: Final = expression(r"'loss': .{1,2000}'epoch': '?(\d{1,9}(?:\.\d{1,18})?)")
_NEAR_ZERO: Final = 1.5  # of the distance of the first two epochs: nothing was trained before
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
    launch: int = field(default=0, compare=False)
    stated: Bar | None = None  # its own step, which ms-swift prints in the dict
    bars: list[Bar] = field(
        default_factory=list, compare=False
    )  # the one before, where there is, and after

    @property
    def slack(self) -> float:
        """Half of the last digit of the epoch."""
        return 0.5 * 10.0**-self.digits


@dataclass(slots=True)
class Console:
    """What a console log holds of one training, in order."""

    entries: list[Entry] = field(default_factory=list)
    banner: Banner = field(default_factory=Banner)
    loss_scales: LossScaleLog = field(default_factory=LossScaleLog)
    first: int = 1  # its lines, from 1
    last: int = 0
    launch: int = 0
    over: bool = False  # summed up: what trains next is another training
    _trained: list[Entry] = field(default_factory=list)  # the training of the entries seen so far
    _seen: int = 0

    @property
    def training(self) -> list[Entry]:
        """The entries of the training itself."""
        return list(filter(_trains, self.entries))

    def take(self, line: str, bar: Bar | None) -> Bar | None:
        """Add what a line holds; `bar` was drawn last, and what is drawn last now is returned."""
        begun = self.banner.trainings
        self.banner.take(line)
        self.loss_scales.take(line, len(self.entries))
        self.launch += self.banner.trainings > begun and bool(self.entries)
        for match in _EITHER.finditer(line):
            if match["entry"] is None:
                bar = Bar(int(match[2]), int(match[3]))
                _show(bar, self.entries)
            elif entry := _entry(match["entry"]):
                self.launch = _take(entry, self.launch, bar, self.entries)
                self.over = self.over or entry.kind == "summary"
        return bar

    def starts_over(self, line: str) -> bool:
        """Whether a line is the first of a rerun: its epoch and its loss are the first again."""
        found = _EPOCH.search(line) if self.entries and not self.banner.launches else None
        if found is None or float(found[1]) >= self.entries[-1].epoch:
            return False
        self._trained += filter(_trains, self.entries[self._seen :])  # each line may ask
        self._seen = len(self.entries)
        entry, training = _entry(line[max(line.find("{"), 0) :]), self._trained
        if entry is None or len(training) <= 1:
            return False
        first, second, last = training[0], training[1], training[-1]
        begins = first.epoch <= _NEAR_ZERO * (second.epoch - first.epoch)
        again = abs(entry.epoch - first.epoch) <= entry.slack + first.slack
        losses = (number(each.row.get("loss")) for each in (entry, first, last))
        now, then, before = (math.nan if loss is None else loss for loss in losses)
        return begins and again and abs(now - then) < abs(now - before)

    def end(self) -> None:
        """The training is read: what all of its entries tell together."""
        self.entries = list(once(self.entries))
        _same_precision(self.entries)
        training = [at for at, entry in enumerate(self.entries) if entry.kind == "train"]
        self.loss_scales.fill([entry.row for entry in self.entries], training)


def _trains(entry: Entry) -> bool:
    return entry.kind == "train"


def read_consoles(head: Head) -> list[Console]:
    """The trainings of a log one after the other; a summary ends one, unless it is taken up again.

    What is between two belongs to the next where that is announced, else to the one before.
    """
    consoles = [Console()]
    bar: Bar | None = None
    for place, line in _whole(lines(head)):
        console = consoles[-1]
        if console.over and _begins(line):
            console = Console(first=place)
            consoles.append(console)
        elif console.starts_over(line):
            banner = replace(console.banner, config=dict(console.banner.config))
            console = Console(first=place, banner=banner)
            consoles.append(console)
        bar = console.take(line, bar)
        console.last = place
        if len(consoles) > 1 and console.banner.launches and not console.entries:
            consoles = [*consoles[:-2], _taken_up(consoles[-2], console)]
    for console in consoles:
        console.end()
    return [each for each in consoles if each.training] or consoles[:1]


def _whole(text: Iterator[str]) -> Iterator[tuple[int, str]]:
    """The lines and their numbers; a dict that is printed over several lines is one."""
    begun: list[str] = []
    place = 0
    for place, line in enumerate(text, 1):
        if begun and not (len(begun) < LONGEST and line.lstrip().startswith("'")):
            yield place - 1, " ".join(begun) + "\n"
            begun = []
        if begun or (line.startswith("{'") and "}" not in line):
            begun.append(line.strip())
        else:
            yield place, line
        if begun and begun[-1].endswith("}"):
            yield place, " ".join(begun) + "\n"
            begun = []
    if begun:
        yield place, " ".join(begun)


def _begins(line: str) -> bool:
    """Whether a line, behind a summary, is the first of another training."""
    if BEGINS in line:
        return True
    found = (_entry(match["entry"]) for match in _EITHER.finditer(line) if match["entry"])
    return any(entry is not None and entry.kind == "train" for entry in found)


def _taken_up(console: Console, banner: Console) -> Console:
    """A training that goes on behind its summary, with what its new banner says."""
    console.banner.config |= banner.banner.config
    console.banner.launches += banner.banner.launches
    console.launch += 1
    console.over = False
    return console


def _show(bar: Bar, entries: Sequence[Entry]) -> None:
    """A bar after an entry: the trainer draws it again with the step of the entry."""
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
    if ("epoch", shown, "") in items:  # quoted
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
