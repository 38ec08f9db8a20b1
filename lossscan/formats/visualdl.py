"""VisualDL record files (`vdlrecords.*.log`), as PaddleNLP and Paddle's own loops write them.

A record is `length u64 | payload` without checksums, the payload a protocol buffer that holds one
value (visualdl/proto/record.proto). They are read by the means of event files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

from lossscan.errors import UnreadableLog
from lossscan.formats.kit.binary.event import NO_STEP, Event, Number
from lossscan.formats.kit.binary.gather import Layout, Log, scan
from lossscan.formats.kit.binary.protobuf import (
    BYTES,
    FIXED32,
    VARINT,
    Malformed,
    WireField,
    fields,
    message,
    plain,
    text_at,
)
from lossscan.formats.kit.binary.tfrecord import RecordFrame
from lossscan.formats.kit.columns import by_name
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.trainer_texts import ARGS, MODEL, are_arguments, trainer_settings
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

_HEADER: Final = 8  # bytes of the length
_STEP, _TAG, _TIME, _VALUE, _TEXT, _HPARAM = 1, 2, 3, 4, 12, 13  # fields of a value
_MILLISECONDS: Final = 1e11  # a larger time is none in seconds: that would be the year 5138
_SUMMARY = "train/train_runtime"  # logged when training has ended


def _length_of(header: bytes) -> int | None:
    """No record is empty: a length of 0 is in a hole of zeros."""
    return int.from_bytes(header, "little") or None


def claims(head: Head) -> bool:
    """Whether the name says so, or the first record holds a value with a tag."""
    return "vdlrecords." in head.name or _begins_with_record(head.start)


def _begins_with_record(start: bytes) -> bool:
    length = _length_of(start[:_HEADER])
    if length is None or _HEADER + length > len(start):
        return False
    try:
        return bool(_value_of(start[_HEADER : _HEADER + length]).wall_time)
    except Malformed:
        return False


def read(head: Head, settings: Settings) -> Table:
    """All scalars at full resolution, and what the run says of itself in texts.

    Raises UnreadableLog where not one record is whole.
    """
    with head.open() as stream:
        log = scan(stream, stream.seek(0, os.SEEK_END), _LAYOUT)
    if log.records == log.bad:
        raise UnreadableLog("no_whole_record", byte=0, writer="VisualDL")
    tags = log.columns()
    args = log.text(ARGS)
    return Table(
        by_name(tags, settings),
        framework="paddlenlp" if are_arguments(args) else None,
        config=log.hparams | trainer_settings(args, log.text(MODEL)) | _start(log),
        complete=True if _SUMMARY in tags else None,
        notes=tuple(log.notes(head.path, "bad_records")),
    )


def _value_of(data: bytes) -> Event:
    """Read one record; raises Malformed."""
    record = list(fields(data, 0, len(data)))
    if len(record) != 1:
        raise Malformed("a record holds one value")
    value = message(data, record[0])
    tag, time, step, scalar = (value.get(number) for number in (_TAG, _TIME, _STEP, _VALUE))
    if tag is None or tag.wire != BYTES:
        raise Malformed("a value without a tag")
    name = text_at(data, tag)
    text = message(data, value.get(_TEXT)).get(1)
    return Event(
        wall_time=_number(time, VARINT),
        step=_number(step, VARINT) or NO_STEP,
        scalars=((name, number),) if (number := _number(scalar, FIXED32)) else (),
        texts=((name, data[text.start : text.stop]),) if text else (),
        hparams=tuple(_hparams(data, value.get(_HPARAM))),
        starts=False,
        length=len(data),
    )


def _number(field: WireField | None, wire: int) -> Number | None:
    if field is None or field.wire != wire:
        return None
    if wire == VARINT:
        return Number(field.start, field.stop, varint=True)
    return Number(field.start, field.stop, "<f")


def _hparams(data: bytes, field: WireField | None) -> Iterator[tuple[str, Any]]:
    """The settings among the fields of a HParam: each an int, a double or a text, and a name."""
    if field is None or field.wire != BYTES:
        return
    settings = (part for part in fields(data, field.start, field.stop) if part.number == 1)
    for held in (message(data, part) for part in settings):
        if name := held.get(4):
            value = next((held[number] for number in (1, 2, 3) if number in held), None)
            yield text_at(data, name), plain(data, value)


_LAYOUT: Final = Layout(RecordFrame(_HEADER, 0, _length_of), _value_of)


def _start(log: Log) -> dict[str, float]:
    """When the file begins, in seconds since 1970."""
    if log.wall_time is None:
        return {}
    return {"wall_time_start": log.wall_time / (1000 if log.wall_time > _MILLISECONDS else 1)}


FORMAT = Format(
    name="visualdl",
    sample="vdlrecords.*.log",
    claims=claims,
    read=read,
    recorded=True,
    joined=True,
    holds_arguments=True,
    precision=1,
    files="vdlrecords.*",
    priority=-1,  # known by its header, as event files are
)
