"""Files of SwanLab (`run-<id>.swanlab`, before 0.8 `backup.swanlab`), offline or local.

The framing is that of W&B's files with another mark. Records are protocol buffers since version 2
(swanlab/proto/swanlab/record/v1), lines of JSON before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from msgspec import Struct, field

from lossscan.formats.kit.binary.chunks import FILE_HEADER, read_records
from lossscan.formats.kit.binary.protobuf import fields, message, plain
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.point_log import PointLog
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


class _Log(Struct):
    points: PointLog = field(default_factory=PointLog)
    complete: bool | None = None


def claims(head: Head) -> bool:
    """Whether it begins with the mark of the format."""
    return head.start.startswith(_MAGIC)


def read(head: Head, settings: Settings) -> Table:
    """Every logged number at its step; raises UnreadableLog where not one record is whole."""
    log = _Log()
    of_lines = head.start[FILE_HEADER - 1 : FILE_HEADER] == bytes([_OF_LINES])
    take: Callable[[_Log, bytes], None] = _take_line if of_lines else _take
    notes = read_records(head, partial(take, log), "SwanLab")
    return Table(
        log.points.columns(settings) if log.points.keys else {},  # it may be live
        framework=trainer_with_key(log.points.keys),
        complete=log.complete,
        notes=notes,
    )


def _take(log: _Log, data: bytes) -> None:
    for part in fields(data, 0, len(data)):
        held = message(data, part) if part.number in (_SCALAR, _FINISH) else {}
        if part.number == _FINISH:
            log.complete = plain(data, held.get(_STATE)) in (None, _FINISHED)
        elif _KEY in held and _VALUE in held:  # zeros are left out
            step, value = held.get(_STEP), message(data, held[_VALUE]).get(1)
            _add(log, str(plain(data, held[_KEY])), plain(data, step) or 0, plain(data, value) or 0)


def _add(log: _Log, key: str, step: Any, value: Any) -> None:
    if key[:2] != "__":  # SwanLab's own
        log.points.add(key, step, value)


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
