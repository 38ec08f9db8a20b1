"""Files of Weights & Biases (`run-<id>.wandb`), finished or live: history and config.

Each record is a protocol buffer (wandb/proto/wandb_internal.proto).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from msgspec import Struct, field

from lossscan.formats.kit.binary.chunks import read_records
from lossscan.formats.kit.binary.protobuf import BYTES, WireField, fields, message, plain, text_at
from lossscan.formats.kit.cells import step_number
from lossscan.formats.kit.columns import RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.many_keys import MOST_KEYS, is_needed
from lossscan.formats.kit.records import dotted
from lossscan.formats.kit.trainer_texts import trainer_by_arguments
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_of

_MAGIC: Final = b":W&B\xe1\xbe"
_KEY, _NESTED_KEY, _JSON = 1, 2, 16  # fields of an item
_RUN_CONFIG, _START = 4, 17  # fields of a run
_ITEM_JSON: Final = b"\x82\x01"  # how field 16 begins on the wire
_SHORT_ITEM: Final = 0x0A  # how field 1 of a history begins
_LONG: Final = 128  # from this length on a length takes two bytes
_LARGEST: Final = 1 << 16  # bytes of a value; a longer one is a table or a picture
_CLOCK: Final = "_"  # how the keys of W&B's own begin
_SUMMARY = "train/total_flos"  # transformers logs it when training has ended
_LIGHTNING_STEP = "trainer/global_step"


class _Log(Struct):
    history: RowLog
    config: dict[str, Any] = field(default_factory=dict)
    keys: dict[bytes, str] = field(default_factory=dict)  # how an item begins -> its key


def claims(head: Head) -> bool:
    """Whether it begins with the mark of the format."""
    return head.start.startswith(_MAGIC)


def read(head: Head, settings: Settings) -> Table:
    """Every logged number; its step is the trainer's own count where that is logged too.

    Raises UnreadableLog where not one record is whole.
    """
    log = _Log(RowLog(settings))
    notes = read_records(head, partial(_take, log), "W&B")
    keys = sorted(log.history.sheet.numbers)
    own = "lightning" if _LIGHTNING_STEP in keys else None
    framework = trainer_by_arguments(log.config) or own
    return Table(
        log.history.columns_as_stated(),
        framework=framework,
        config=log.config,
        averaging="instant" if "wandb" in trainer_of(framework).instant else "window",
        complete=True if _SUMMARY in keys else None,
        notes=notes,
    )


# --- records ------------------------------------------------------------------------------------


def _take(log: _Log, data: bytes) -> None:
    for part in fields(data, 0, len(data)):
        if part.number in _TAKERS and part.wire == BYTES:
            _TAKERS[part.number](log, data, part)


def _history(log: _Log, data: bytes, part: WireField) -> None:
    row: dict[str, Any] = {}
    step: int | None = None
    for key, text in _items(log.keys, data, part):
        if key == "_step":
            step = step_number(_value(text))
        elif key[:1] != _CLOCK:
            row[key] = _value(text)
    log.history.add(len(log.history) if step is None else step, dotted(row))


def _config(log: _Log, data: bytes, part: WireField) -> None:
    for key, text in _items(log.keys, data, part):
        log.config[key] = _parsed(text)


def _run(log: _Log, data: bytes, part: WireField) -> None:
    run = message(data, part)
    if _RUN_CONFIG in run and run[_RUN_CONFIG].wire == BYTES:
        _config(log, data, run[_RUN_CONFIG])
    began = plain(data, message(data, run.get(_START)).get(1))
    if isinstance(began, int):
        log.config["wall_time_start"] = began


_TAKERS: Final = {2: _history, 5: _config, 17: _run}  # by field of a record


def _items(keys: dict[bytes, str], data: bytes, part: WireField) -> Iterator[tuple[str, bytes]]:
    """The key and the JSON of each item of a history or a config.

    Short items follow one another; they are followed here, twice as fast as by `fields`.
    """
    at = part.start
    while at + 1 < part.stop and data[at] == _SHORT_ITEM and data[at + 1] < _LONG:
        end = at + 2 + data[at + 1]
        if end > part.stop:
            break
        yield _item(keys, data[at + 2 : end])
        at = end
    for item in fields(data, at, part.stop):
        if item.number == 1 and item.wire == BYTES:
            yield _item(keys, data[item.start : item.stop])


def _item(keys: dict[bytes, str], item: bytes) -> tuple[str, bytes]:
    """What items of one key begin with is parsed once."""
    start, _, rest = item.partition(_ITEM_JSON)
    key = keys.get(start)
    if key is None and len(keys) >= MOST_KEYS and not is_needed(start.decode(errors="replace")):
        return _CLOCK, b""  # of very many keys; to parse each takes some 20 microseconds
    if key is not None and rest and rest[0] == len(rest) - 1 < _LONG:
        return key, rest[1:]
    parts = list(fields(item, 0, len(item)))
    named = [part for part in parts if part.number in (_KEY, _NESTED_KEY)]
    key = ".".join(text_at(item, part) for part in named)
    text = next((part for part in parts if part.number == _JSON), None)
    if text is None:
        return key, b""
    if named == parts[:-1] and named[-1:] and named[-1].stop == len(start):
        keys[start] = key
    return key, item[text.start : text.stop]


def _value(text: bytes) -> Any:
    try:
        return float(text)
    except ValueError:  # "NaN" in quotes, an object, a text
        return _parsed(text)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text) if len(text) <= _LARGEST else None
    except (ValueError, RecursionError):
        return None


FORMAT = Format(
    name="wandb_file",
    sample="run-abcd1234.wandb (begins with :W&B)",
    claims=claims,
    read=read,
    priority=-1,  # asked first: it holds a copy of the console, which another format may claim
    joined=True,
    holds_arguments=True,
    precision=4,
    files="*.wandb",
)
