"""Many events at once: an open event file in, one column a tag out.

A run logs the same few shapes over and over. One record of a shape is taken apart, and all others
that agree with it in every byte but the numbers themselves are read by numpy; what is left is read
one by one. Both ways check every checksum and give the same points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from msgspec import Struct, field

from lossscan.formats.kit.binary.event import Event, event_of, value_at
from lossscan.formats.kit.binary.protobuf import Malformed, signed, varint
from lossscan.formats.kit.binary.rows import WORD, RowBatch, rows_of
from lossscan.formats.kit.binary.tfrecord import (
    TFRECORD,
    RecordBlock,
    RecordFrame,
    blocks,
    checksum,
)
from lossscan.formats.kit.damage import weighed
from lossscan.formats.kit.many_keys import MOST_KEYS, is_needed
from lossscan.model import UNREAD_NOTE, Column, Message, Note

if TYPE_CHECKING:
    from lossscan.formats.kit.binary.rows import Bytes
    from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray

_FEW = 12  # records; from 6 to 16 the time is the same, above it grows (300 tags of 20 points)
_WIDEST = 1024  # bytes; longer records hold histograms and texts, no two alike
_TURNS = 8  # samples of a shape taken from records of one length, so that the work stays linear


class Layout(NamedTuple):
    """How one kind of record file is framed and read."""

    frame: RecordFrame  # without a footer there are no checksums
    read: Callable[[bytes], Event]  # one payload; raises Malformed


EVENT_FILE = Layout(TFRECORD, event_of)


class Log(Struct):
    """What an event file holds; places are byte offsets of records in the file."""

    layout: Layout
    parts: dict[str, list[tuple[IntArray, IntArray, FloatArray]]] = field(
        default_factory=lambda: defaultdict(list)
    )  # tag -> places, steps, values
    singles: dict[str, list[tuple[int, int, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )  # the same, point by point
    texts: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # tag -> place, the latest
    hparams: dict[str, Any] = field(default_factory=dict)
    launches: list[tuple[int, int]] = field(default_factory=list)  # place, step
    wall_time: float | None = None  # seconds since 1970, of the first event
    bad: int = 0  # records with a wrong checksum or without meaning
    first_bad: int | None = None  # place
    records: int = 0
    left: int = 0  # bytes at the end that no whole record holds
    broken: bool = False  # they begin with a length whose checksum is wrong
    lost: int | None = None  # place of that length where it is no zeros: the rest may hold records

    def columns(self) -> dict[str, Column]:
        """One column a tag, in file order."""
        tags = dict.fromkeys([*self.parts, *self.singles])
        return {tag: _column(self.parts.get(tag, []), self.singles.get(tag, [])) for tag in tags}

    def text(self, tag: str) -> bytes:
        """The latest text under a tag, in UTF-8; empty where there is none."""
        return self.texts.get(tag, (0, b""))[1]

    def notes(self, path: Path, bad: str) -> Iterator[Note]:
        """The notes on damage; `bad` is the kind of the note on records."""
        if self.bad:
            note = Note(bad, path, {"records": self.bad, "offset": self.first_bad})
            yield weighed(note, self.bad, self.records - self.bad)
        if self.lost is not None and self.records:
            yield Note(UNREAD_NOTE, path, reason=Message("event_file_rest", byte=self.lost))
        elif self.left:
            yield Note("truncated_tail", path, {"bytes": self.left})


def scan(stream: BinaryIO, size: int, layout: Layout = EVENT_FILE) -> Log:
    """Read the first `size` bytes of an event file; no bytes make it raise."""
    log = Log(layout)
    for block in blocks(stream, size, layout.frame):
        if not log.records:
            log.wall_time = _wall_time(log, block)
        log.records += len(block.starts)
        _read_block(log, block)
        log.left, log.broken = block.left, block.broken
        # a tail of zeros is no damage
        if block.broken and any(block.data[block.end : block.end + layout.frame.header]):
            log.lost = block.offset + block.end
    return log


def _column(
    parts: list[tuple[IntArray, IntArray, FloatArray]], singles: list[tuple[int, int, float]]
) -> Column:
    if singles:
        at, by, of = zip(*singles, strict=True)
        parts = [*parts, (np.array(at), np.array(by, dtype=np.int64), np.array(of, dtype=float))]
    places, steps, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(places, kind="stable")
    return Column(steps=steps[order], values=values[order])


def _wall_time(log: Log, block: RecordBlock) -> float | None:
    if not block.starts:
        return None
    payload = block.data[block.starts[0] : _stops(log, block)[0]]
    event = _event(log, payload)
    return value_at(payload, event.wall_time) if event and event.wall_time else None


def _stops(log: Log, block: RecordBlock) -> IntArray:
    """Where each payload ends in the block's data."""
    frame = log.layout.frame
    starts = np.frombuffer(block.starts, dtype=np.int64)
    return np.append(starts[1:] - frame.header, block.end)[: len(starts)] - frame.footer


def _event(log: Log, payload: bytes) -> Event | None:
    try:
        return log.layout.read(payload)
    except Malformed:
        return None  # the caller counts it


def _read_block(log: Log, block: RecordBlock) -> None:
    """Sort the records by length, and read each length the way that suits it."""
    starts = np.frombuffer(block.starts, dtype=np.int64)
    lengths = _stops(log, block) - starts
    order = np.argsort(lengths, kind="stable")
    cuts = np.flatnonzero(np.diff(lengths[order])) + 1
    padded = np.frombuffer(block.data + bytes(2 * WORD), dtype=np.uint8)
    for group in np.split(order, cuts):
        length = int(lengths[group[0]]) if len(group) else 0
        rest = starts[group]
        if length <= _WIDEST:
            rest = _read_alike(log, block.offset, padded, rest, length)
        _read_singly(log, block, rest, length)


def _read_singly(log: Log, block: RecordBlock, starts: IntArray, length: int) -> None:
    frame = log.layout.frame
    for start in starts.tolist():
        payload = block.data[start : start + length]
        if len(log.singles) >= MOST_KEYS and not _takes(log, payload):
            continue
        stored = block.data[start + length : start + length + frame.footer]
        place = block.offset + start - frame.header
        sound = not stored or checksum(payload) == int.from_bytes(stored, "little")
        event = _event(log, payload) if sound else None
        if event is None:
            _count_bad(log, np.array([place]))
            continue
        step = signed(varint(payload, event.step.start, event.step.stop))
        for tag, number in event.scalars:
            log.singles[tag].append((place, step, value_at(payload, number)))
        if event.starts:
            log.launches.append((place, step))
        _keep_words(log, event, place)


def _takes(log: Log, payload: bytes) -> bool:
    """Whether a record is read where there are very many tags already; see `bounded`."""
    return len(log.singles) < 2 * MOST_KEYS and is_needed(payload.decode(errors="replace"))


def _count_bad(log: Log, places: IntArray) -> None:
    if len(places):
        log.bad += len(places)
        first = int(places.min())
        log.first_bad = first if log.first_bad is None else min(first, log.first_bad)


def _keep_words(log: Log, event: Event, place: int) -> None:
    """The texts and settings of an event; of a text the latest counts."""
    for tag, text in event.texts:
        if place >= log.texts.get(tag, (0, b""))[0]:
            log.texts[tag] = (place, text)
    log.hparams.update(event.hparams)


def _read_alike(log: Log, offset: int, data: Bytes, starts: IntArray, length: int) -> IntArray:
    """Read the records of one length shape by shape; returns where those begin that remain."""
    if len(starts) < _FEW:
        return starts
    batch = RowBatch(rows_of(data, starts, length), starts, length, np.zeros_like(starts))
    for turn in range(_TURNS):
        sample = _event(log, batch.payload(len(batch) * turn // _TURNS))
        groups, few = batch.groups(sample.numbers if sample else (), _FEW)
        left = [few]
        for events, family in _families(log, batch, groups):
            rows = np.concatenate(family)
            left.append(rows[_take(log, offset, batch.shaped(family), events)])
        batch = batch.only(np.sort(np.concatenate(left)))
        if len(batch) < _FEW:
            break
    return batch.starts


def _families(
    log: Log, batch: RowBatch, groups: Iterable[IntArray]
) -> Iterator[tuple[list[Event | None], list[IntArray]]]:
    """Groups whose numbers are at the same places, each with the event of its first row.

    Taken one by one, 500 tags cost three times what one tag does (tests/bench).
    """
    families: dict[Any, tuple[list[Event | None], list[IntArray]]] = {}
    for group in groups:
        event = _event(log, batch.payload(int(group[0])))
        events, members = families.setdefault(event and event.numbers, ([], []))
        events.append(event)
        members.append(group)
    yield from families.values()


def _take(log: Log, offset: int, batch: RowBatch, events: Sequence[Event | None]) -> BoolArray:
    """Keep what the rows of a family hold; returns which rows are not of their group's shape.

    `events` are those of the groups; of bytes without meaning, all are None.
    """
    frame, first = log.layout.frame, events[0]
    numbers = first.numbers if first else ()
    other = ~batch.alike(numbers)
    if other.any():
        batch = batch.only(~other)
    places = batch.starts + (offset - frame.header)
    good = np.full(len(batch), first is not None)
    if first and frame.footer:
        good = batch.sound(numbers)
    if not good.all():
        _count_bad(log, places[~good])
        batch, places = batch.only(good), places[good]
    if first:
        _keep(log, [event for event in events if event], batch, places)
    return other


def _keep(log: Log, events: Sequence[Event], batch: RowBatch, places: IntArray) -> None:
    steps = batch.steps(events[0].step)
    values = [batch.values(number) for _, number in events[0].scalars]
    bounds = np.searchsorted(batch.shapes, np.arange(len(events) + 1)).tolist()
    for event, start, stop in zip(events, bounds, bounds[1:], strict=False):
        if start == stop:
            continue
        for (tag, _), column in zip(event.scalars, values, strict=True):
            log.parts[tag].append((places[start:stop], steps[start:stop], column[start:stop]))
        if event.starts:
            at, by = places[start:stop].tolist(), steps[start:stop].tolist()
            log.launches.extend(zip(at, by, strict=True))
        _keep_words(log, event, int(places[stop - 1]))
