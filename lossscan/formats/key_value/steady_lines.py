"""A console is read into a `StatedLog`: of lines of one shape in a row, only the numbers are taken.

What a line states and what it counts are looked for once for each shape (see `Shapes`). Lines that
follow each other in one shape are matched by one expression for both, and become columns at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from lossscan.formats.key_value.stated_log import Form, StatedLog
from lossscan.formats.kit.counters import CounterPlace, counter_parts, whole
from lossscan.formats.kit.idle_lines import IdleLines
from lossscan.formats.kit.launches import resumes
from lossscan.formats.kit.loss_scale_log import LossScaleLog, is_about_scales
from lossscan.formats.kit.shapes import Learned, Part, key_of, shape_of
from lossscan.formats.kit.stated import LineReader, StatedLine
from lossscan.formats.kit.text import blocks, peek
from lossscan.sources.files import Head

MANY: Final = 64  # lines in a row: of fewer, columns take longer than objects


class ReadLines(Struct):
    """A log that was read, with its notes and launches."""

    idle: IdleLines
    log: StatedLog = field(default_factory=StatedLog)
    loss_scales: LossScaleLog = field(default_factory=LossScaleLog)
    begun: list[int] = field(default_factory=list)  # places of lines that say a launch goes on


def read_lines(head: Head, asked: frozenset[str]) -> ReadLines:
    """All lines of a file; `asked` are the user's own names. Raises UnreadableLog."""
    reader = LineReader(asked, peek(head))
    read = ReadLines(reader.idle)
    steady = _SteadyLines(reader.parts)
    for block in blocks(head):
        text = "".join(block)
        speaking = is_about_scales(text.lower()) or resumes(text)
        at, idle = 0, ""  # the last line, if it says nothing
        while at < len(block):
            if block[at] == idle:
                at += 1
                continue
            shape, texts = steady.shape, steady.texts(block, at)
            if shape is not None and len(texts) >= MANY:
                idle = ""
                read.log.add_run(shape.form, texts, shape.told, shape.cells)
            else:
                for line in block[at : at + max(len(texts), 1)]:
                    if speaking:
                        read.loss_scales.take(line, len(read.log))
                        read.begun += [len(read.log)] * resumes(line)
                    stated = reader.take(line)
                    read.log.add(stated)
                    steady.learn(line, stated)
                    idle = "" if speaking or stated.row or stated.place else line
            at += max(len(texts), 1)
    return read


class _LineShape(NamedTuple):
    match: Callable[[str], re.Match[str] | None]
    form: Form  # of such lines, except their total and their epoch
    told: tuple[int | None, int | None, int]  # groups of how many, of the epoch and of the count
    cells: dict[str, int]  # the group of each number


class _SteadyLines:
    """Lines that count and state something, in a shape that came often and comes again."""

    def __init__(self, parts: Callable[[str], Iterable[Part[str]]]) -> None:
        self.shape: _LineShape | None = None  # of the last two lines
        self._parts = parts
        self._last = ""
        self._learned = Learned[str, _LineShape]()

    def texts(self, lines: Sequence[str], first: int) -> list[tuple[str, ...]]:
        """The numbers of the lines from one on that are of the shape."""
        texts: list[tuple[str, ...]] = []
        if self.shape is None:
            return texts
        match = self.shape.match
        while first < len(lines) and (found := match(lines[first])) is not None:
            texts.append(found.groups())
            first += 1
        return texts

    def learn(self, line: str, stated: StatedLine) -> None:
        """Note the shape of a line."""
        counts = bool(stated.row) and stated.place is not None
        key = key_of(line) if counts else ""
        again, self._last = key != "" and key == self._last, key
        self.shape = self._learned.known.get(key) if again else None
        if again and self.shape is None:
            self._learned.learn(key, lambda: self._shape(line, stated))

    def _shape(self, line: str, stated: StatedLine) -> _LineShape | None:
        """The shape of a line; None where it says more than its numbers by their names."""
        place = stated.place
        if place is None or is_about_scales(line.lower()) or resumes(line):
            return None
        parts: list[Part[Any]] = [*counter_parts(line), *self._parts(line)]
        shape = shape_of(line, parts)
        found = shape.match(line) if shape is not None else None
        if shape is None or found is None:
            return None
        groups = {label: group - 1 for label, group in zip(shape.labels, shape.groups, strict=True)}
        cells = {label: group for label, group in groups.items() if isinstance(label, str)}
        told = [groups.get((place.kind, what)) for what in ("of", "epoch", "count")]
        texts = found.groups()
        row = {name: texts[group] for name, group in cells.items()}
        if told[-1] is None or row != stated.row or not _says(place, told, texts):
            return None
        names = tuple(stated.row)
        form = Form(place.kind, None, None, rounded=False, indented=stated.indented, names=names)
        return _LineShape(shape.match, form, (told[0], told[1], told[-1]), cells)


def _says(place: CounterPlace, told: Sequence[int | None], texts: Sequence[str | None]) -> bool:
    """Whether such texts are what a line counts."""
    shown = (None if group is None else texts[group] for group in told)
    numbers = [None if text is None else whole(text) for text in shown]
    return numbers == [place.of, place.epoch, place.count] and not place.rounded
