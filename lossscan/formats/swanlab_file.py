"""Files of SwanLab (`run-<id>.swanlab`, before 0.8 `backup.swanlab`), offline or local.

The framing is that of W&B's files with another mark. Records are protocol buffers since version 2
(swanlab/proto/swanlab/record/v1), lines of JSON before.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, field

from lossscan.errors import UnreadableLog
from lossscan.formats.kit.chunks import FILE_HEADER, Tally, notes_of, records
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.point_log import PointLog
from lossscan.formats.kit.protobuf import (
    BYTES,
    FIXED64,
    VARINT,
    Malformed,
    WireField,
    fields,
    message,
    signed,
    text_at,
    varint,
)
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_with_key

_MAGIC: Final = b":SWL\xd6\xe1"
_OF_LINES: Final = 1  # the version whose records are lines of JSON
_FINISH, _SCALAR = 11, 13  # fields of a record
_STATE: Final = 1  # field of a finish
_KEY, _STEP, _VALUE = 1, 2, 5  # fields of a scalar
_FINISHED: Final = 1  # of the states; 2 and above are crashes
_DOUBLE: Final = struct.Struct("<d")


class _Log(Struct):
    points: PointLog = field(default_factory=PointLog)
    complete: bool | None = None
    records: int = 0
    malformed: int = 0


def claims(head: Head) -> bool:
    """Whether it begins with the mark of the format."""
    return head.start.startswith(_MAGIC)


def read(head: Head, settings: Settings) -> Table:
    """Every logged number at its step; raises UnreadableLog where not one record is whole."""
    tally, log = Tally(), _Log()
    of_lines = head.start[FILE_HEADER - 1 : FILE_HEADER] == bytes([_OF_LINES])
    take: Callable[[_Log, bytes], None] = _take_line if of_lines else _take
    with head.open() as stream:
        for record in records(stream, tally):
            log.records += 1
            try:
                take(log, record)
            except (Malformed, ValueError, RecursionError):
                log.malformed += 1
    if log.records == log.malformed:
        raise UnreadableLog("no_whole_record", byte=FILE_HEADER, writer="SwanLab")
    return Table(
        log.points.columns(settings),
        framework=trainer_with_key(log.points.keys),
        complete=log.complete,
        notes=tuple(notes_of(head.path, tally, log.malformed)),
    )


def _take(log: _Log, data: bytes) -> None:
    for part in fields(data, 0, len(data)):
        if part.number == _SCALAR:
            _scalar(log, data, message(data, part))
        elif part.number == _FINISH:
            state = message(data, part).get(_STATE)
            log.complete = state is None or _count(data, state) == _FINISHED


def _scalar(log: _Log, data: bytes, parts: dict[int, WireField]) -> None:
    key, value = parts.get(_KEY), parts.get(_VALUE)
    if key is None or key.wire != BYTES or value is None:
        return
    stated = message(data, value).get(1)
    if stated is not None and stated.wire != FIXED64:
        raise Malformed("a value is no double")
    step = _count(data, parts[_STEP]) if _STEP in parts else 0
    found = 0.0 if stated is None else _DOUBLE.unpack_from(data, stated.start)[0]
    _add(log, text_at(data, key), step, found)


def _add(log: _Log, key: str, step: Any, value: Any) -> None:
    if key[:2] != "__":  # SwanLab's own
        log.points.add(key, step, value)


def _count(data: bytes, part: WireField) -> int:
    if part.wire != VARINT:
        raise Malformed("a count is no number")
    return signed(varint(data, part.start, part.stop))


def _take_line(log: _Log, data: bytes) -> None:
    record = json.loads(data)
    kind, held = record.get("model_type"), record.get("data")
    if kind == "Footer":
        log.complete = held.get("success") is True
    elif kind == "Scalar":
        _add(log, str(held.get("key")), held.get("step"), held["metric"].get("data"))


FORMAT = Format(
    name="swanlab_file",
    sample="run-abcd1234.swanlab (begins with :SWL)",
    claims=claims,
    read=read,
    priority=-1,  # known by its first bytes
    joined=True,
    recorded=True,
    precision=4,
    files="*.swanlab",
)
