"""The entries that transformers' Trainer prints, and what is around them: bars and banner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from lossscan.errors import ReaderGaveUp
from lossscan.expressions import expression
from lossscan.formats.kit.banner import Banner
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.loss_scale_log import SKIPPED, LossScaleLog
from lossscan.formats.kit.text import blocks
from lossscan.formats.transformers_console.entries import (
    LONGEST_DICT,
    Bar,
    Entry,
    SteadyDicts,
    entry_of,
)
from lossscan.formats.transformers_console.entry_log import EntryLog
from lossscan.settings import Settings
from lossscan.sources.files import Head

_DICT: Final = rf"\{{'[^{{}}]{{1,{LONGEST_DICT}}}\}}"
_BAR: Final = r"(?<![\d/])(\d{1,12})/(\d{1,12}) \["
_EITHER: Final = expression(f"(?P<entry>{_DICT})|{_BAR}")
_BARE: Final = expression(  # most lines of a console: a bar of tqdm that says nothing else
    r"\s{0,9}\d{1,3}%\|[ #\d\u2580-\u259f]{0,400}\| (\d{1,12})/(\d{1,12}) \[[\d:<?, .]{1,60}"
    r"(?:it/s|s/it)\]\s{0,9}"
)
LONGEST: Final = 200  # lines of one dict: GRPO logs some fifty numbers
MOST = 1000  # trainings in one log: each takes a millisecond, and a search has a few hundred
MANY: Final = 64  # dicts in a row: of fewer, columns take longer than objects
BEGINS: Final = "***** Running training"
_EPOCH: Final = expression(r"'loss': .{1,2000}'epoch': '?(\d{1,9}(?:\.\d{1,18})?)")
_NEAR_ZERO: Final = 1.5  # of the distance of the first two epochs: nothing was trained before
_SAME = 1e-3  # relative: LLaMA-Factory prints an entry once more, rounded its own way


@dataclass(slots=True)
class Console:
    """What a console log holds of one training, in order."""

    steady: SteadyDicts
    entries: EntryLog
    banner: Banner = field(default_factory=Banner)
    loss_scales: LossScaleLog = field(default_factory=LossScaleLog)
    first: int = 1  # its lines, from 1
    last: int = 0
    launch: int = 0
    over: bool = False  # summed up: what trains next is another training
    ahead: int = 2  # dicts to look for: twice as many as were taken before

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
                self.show(bar)
            elif entry := entry_of(match["entry"], line[: match.start()]):
                self.steady.learn(match["entry"], entry)
                self._add(entry, bar)
                self.over = self.over or entry.kind == "summary"
        return bar

    def take_run(self, lines: Sequence[str], first: int, bar: Bar | None) -> int:
        """Take the lines from one on that are dicts of a known shape, and go on with the last one.

        Returns how many these are.
        """
        going = self.entries and not self.over
        texts = self.steady.texts(lines, first, self.ahead) if going else []
        taken = 0
        while taken < len(texts) and self._add_next(texts[taken], bar):
            taken += 1
            if taken == 1 and len(texts) >= MANY:
                taken += self._add_many(texts[1:], bar)
        self.ahead = 2 * max(taken, 1)  # where each epoch falls, one is taken of all that are there
        return taken

    def _add_many(self, texts: Sequence[tuple[str, ...]], bar: Bar | None) -> int:
        """Add at once what goes on with the last entry; returns how many."""
        run, last = self.steady.run(texts), self.entries.last
        many = run.rising(last.epoch)
        final = self.steady.entry(texts[many - 1]) if many > 1 else None
        if final is None or not self.entries.takes_run() or last.row.keys() != run.cells.keys():
            return 0
        self.entries.add_run(run.first(many - 1), self._launched(final, bar))
        return many

    def _add_next(self, texts: tuple[str, ...], bar: Bar | None) -> bool:
        entry = self.steady.entry(texts)
        if entry is None or entry.epoch < self.entries.last.epoch:
            return False
        self._add(entry, bar)
        return True

    def _add(self, entry: Entry, bar: Bar | None) -> None:
        """Add an entry to its launch: a new one begins where the epoch falls."""
        last = self.entries.last if self.entries else None
        if last is not None and _repeats(entry, last):
            last.row |= entry.row
            return
        if last is not None and self.launch == last.launch:
            self.launch += entry.epoch < last.epoch - last.slack
        self.entries.add(self._launched(entry, bar))

    def _launched(self, entry: Entry, bar: Bar | None) -> Entry:
        """The entry with the launch it is in, and the bar before it."""
        entry.launch = self.launch
        entry.bars = (bar,) if bar else ()
        return entry

    def show(self, bar: Bar) -> None:
        """A bar after an entry: the trainer draws it again with the step of the entry."""
        if self.entries and len(self.entries.last.bars) <= 1:
            self.entries.last.bars += (bar,)

    def starts_over(self, line: str) -> bool:
        """Whether a line is the first of a rerun: its epoch and its loss are the first again."""
        asked = self.entries and not self.banner.launches and "'epoch'" in line
        found = _EPOCH.search(line) if asked else None
        if found is None or float(found[1]) >= self.entries.last.epoch:
            return False
        entry, last = entry_of(line[max(line.find("{"), 0) :]), self.entries.last_trained
        if entry is None or last is None or self.entries.trained <= 1:
            return False
        first, second = self.entries.first
        begins = first.epoch <= _NEAR_ZERO * (second.epoch - first.epoch)
        again = abs(entry.epoch - first.epoch) <= entry.slack + first.slack
        losses = (number(each.row.get("loss")) for each in (entry, first, last))
        now, then, before = (math.nan if loss is None else loss for loss in losses)
        return begins and again and abs(now - then) < abs(now - before)

    def end(self) -> None:
        """The training is read: what all of its entries tell together."""
        self.entries.end()
        self.entries.write(SKIPPED, self.loss_scales.skipped(self.entries.training()))


def read_consoles(head: Head, settings: Settings) -> list[Console]:
    """The trainings of a log one after the other; a summary ends one, unless it is taken up again.

    What is between two belongs to the next where that is announced, else to the one before.
    Raises ReaderGaveUp where they are too many.
    """
    reader = _Reader(settings)
    for block in blocks(head):
        reader.take(block)
    return reader.ended()


class _Reader:
    """The trainings that were begun so far."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._steady = SteadyDicts()
        self._consoles = [Console(self._steady, EntryLog(settings))]
        self._bar: Bar | None = None  # drawn last
        self._place = 0  # of the last line, from 1
        self._begun: list[str] = []  # lines of a dict that is printed over several

    def take(self, lines: Sequence[str]) -> None:
        at = 0
        while at < len(lines):
            console = self._consoles[-1]
            is_dict = not self._begun and "{" in lines[at]  # a bar costs no more than this look
            run = console.take_run(lines, at, self._bar) if is_dict else 0
            self._place += run or 1
            if run:
                console.last = self._place
            else:
                self._take_line(lines[at])
            at += run or 1

    def _take_line(self, line: str) -> None:
        """Take a line, or as one what several of them print: a dict."""
        begun = self._begun
        if begun and not (len(begun) < LONGEST and line.lstrip().startswith("'")):
            self._take_joined(self._place - 1)
        if self._begun or (line.startswith("{'") and "}" not in line):
            self._begun.append(line.strip())
        else:
            self._take_whole(line, self._place)
        if self._begun and self._begun[-1].endswith("}"):
            self._take_joined(self._place)

    def _take_joined(self, place: int, end: str = "\n") -> None:
        line, self._begun = " ".join(self._begun) + end, []
        console = self._consoles[-1]
        if console.take_run([line], 0, self._bar):
            console.last = place
        else:
            self._take_whole(line, place)

    def _take_whole(self, line: str, place: int) -> None:
        console, consoles = self._consoles[-1], self._consoles
        if drawn := _BARE.fullmatch(line):
            self._bar = Bar(int(drawn[1]), int(drawn[2]))
            console.show(self._bar)
            console.last = place
            return
        if console.over and _begins(line):
            console = Console(self._steady, EntryLog(self._settings), first=place)
            consoles.append(console)
        elif console.starts_over(line):
            banner = replace(console.banner, config=dict(console.banner.config))
            console = Console(self._steady, EntryLog(self._settings), banner, first=place)
            consoles.append(console)
        if len(consoles) > MOST:
            raise ReaderGaveUp("too_many_trainings", most=MOST)
        self._bar = console.take(line, self._bar)
        console.last = place
        if len(consoles) > 1 and console.banner.launches and not console.entries:
            consoles[-2:] = [_taken_up(consoles[-2], console)]

    def ended(self) -> list[Console]:
        """All trainings, where the text ends; one at least."""
        if self._begun:
            self._take_joined(self._place, end="")
        for console in self._consoles:
            console.end()
        return [each for each in self._consoles if each.entries.trained] or self._consoles[:1]


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


def _repeats(entry: Entry, last: Entry) -> bool:
    """Whether LLaMA-Factory's own line and the trainer's say the same."""
    if entry.kind != "train" or last.kind != "train" or entry.row.keys() == last.row.keys():
        return False
    one, two = number(entry.row.get("loss")), number(last.row.get("loss"))
    same = one is not None and two is not None and abs(one - two) <= _SAME * max(abs(one), 1.0)
    return same and abs(entry.epoch - last.epoch) <= entry.slack + last.slack
