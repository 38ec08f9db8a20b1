"""The entries that transformers' Trainer prints, and what is around them: bars and banner."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from lossscan.expressions import expression
from lossscan.formats.kit.banner import Banner
from lossscan.formats.kit.columns import number
from lossscan.formats.kit.copies import once
from lossscan.formats.kit.entries import LONGEST_DICT, Bar, Entry, SteadyDicts, entry_of
from lossscan.formats.kit.loss_scale_log import LossScaleLog
from lossscan.formats.kit.text import lines
from lossscan.sources.files import Head

_DICT: Final = rf"\{{'[^{{}}]{{1,{LONGEST_DICT}}}\}}"
_BAR: Final = r"(?<![\d/])(\d{1,12})/(\d{1,12}) \["
_EITHER: Final = expression(f"(?P<entry>{_DICT})|{_BAR}")
LONGEST: Final = 200  # lines of one dict: GRPO logs some fifty numbers
BEGINS: Final = "***** Running training"
_EPOCH: Final = expression(r"'loss': .{1,2000}'epoch': '?(\d{1,9}(?:\.\d{1,18})?)")
_NEAR_ZERO: Final = 1.5  # of the distance of the first two epochs: nothing was trained before
_SAME = 1e-3  # relative: LLaMA-Factory prints an entry once more, rounded its own way


@dataclass(slots=True)
class Console:
    """What a console log holds of one training, in order."""

    steady: SteadyDicts
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
        if "/" not in line and "{'" not in line:
            return bar
        for match in _EITHER.finditer(line):
            if match["entry"] is None:
                bar = Bar(int(match[2]), int(match[3]))
                _show(bar, self.entries)
            elif entry := entry_of(match["entry"]):
                self.steady.learn(match["entry"], entry)
                self.launch = _take(entry, self.launch, bar, self.entries)
                self.over = self.over or entry.kind == "summary"
        return bar

    def takes(self, line: str, bar: Bar | None) -> bool:
        """Take a line at once if it is a dict of a known shape that goes on with the last entry."""
        entry = self.steady.entry(line) if self.entries and not self.over else None
        if entry is None or entry.epoch < self.entries[-1].epoch:
            return False
        self.launch = _take(entry, self.launch, bar, self.entries)
        return True

    def starts_over(self, line: str) -> bool:
        """Whether a line is the first of a rerun: its epoch and its loss are the first again."""
        asked = self.entries and not self.banner.launches and "'epoch'" in line
        found = _EPOCH.search(line) if asked else None
        if found is None or float(found[1]) >= self.entries[-1].epoch:
            return False
        self._trained += filter(_trains, self.entries[self._seen :])  # each line may ask
        self._seen = len(self.entries)
        entry, training = entry_of(line[max(line.find("{"), 0) :]), self._trained
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
    steady = SteadyDicts()
    consoles = [Console(steady)]
    bar: Bar | None = None
    for place, line in _whole(lines(head)):
        console = consoles[-1]
        if console.takes(line, bar):
            console.last = place
            continue
        if console.over and _begins(line):
            console = Console(steady, first=place)
            consoles.append(console)
        elif console.starts_over(line):
            banner = replace(console.banner, config=dict(console.banner.config))
            console = Console(steady, first=place, banner=banner)
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
    found = (entry_of(match["entry"]) for match in _EITHER.finditer(line) if match["entry"])
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
        entries[-1].bars += (bar,)


def _take(entry: Entry, launch: int, bar: Bar | None, entries: list[Entry]) -> int:
    """Add the entry and return its launch: a new one begins where the epoch falls."""
    last = entries[-1] if entries else None
    if last is not None and _repeats(entry, last):
        last.row |= entry.row
        return launch
    if last is not None and launch == last.launch and entry.epoch < last.epoch - last.slack:
        launch += 1
    entry.launch = launch
    entry.bars = (bar,) if bar else ()
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
