"""A table that a script kept as one JSON document: `[{"step": 5, "loss": 2.3}, ...]`.

So are saved transformers' `trainer.state.log_history`, and column by column the `history` of Keras
or what a loop collected in lists: `{"loss": [2.3, ...], "val_loss": [...]}`.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from itertools import zip_longest
from typing import Any, Final

from lossscan.canonical.names import canonical, is_judged
from lossscan.errors import UnreadableLog, reason_of
from lossscan.formats.kit.columns import table
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import encoding, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_with_key

NAME: Final = "json_table"
LARGEST: Final = 1 << 28  # bytes; decoded, a table takes some ten times as much
_OBJECTS: Final = re.compile(r"\s{0,99}\[\s{0,99}\{([^{}\[\]]{1,20000}+)\}")
_LISTS: Final = re.compile(r'\s{0,99}\{\s{0,99}"[^"]{1,100}"\s{0,9}:\s{0,9}\[')
_KEY: Final = re.compile(r'"([^"]{1,100})"\s{0,9}:')
_LIST: Final = re.compile(r'"([^"]{1,100})"\s{0,9}:\s{0,9}\[\s{0,99}-?(?:\d|NaN|Infinity)')


def claims(head: Head) -> bool:
    """Whether its first object holds a loss and its step or epoch, or its lists hold a loss."""
    text = peek(head)
    if first := _OBJECTS.match(text):
        names = {canonical(key) for key in _KEY.findall(first[1])}
        return not names.isdisjoint(("step", "epoch")) and any(map(is_judged, names))
    return _LISTS.match(text) is not None and any(map(is_judged, _LIST.findall(text)))


def read(head: Head, settings: Settings) -> Table:
    """All its rows; lists are columns, and a row is what is at one place of each.

    Raises UnreadableLog where it is no JSON, or no loss is in it; a cut list gives whole rows.
    """
    document, cut = _document(head)
    rows = _rows(document)
    keys = {key for row in rows for key in row}
    found, counted = table(rows, settings)
    if not found:
        raise UnreadableLog("no_key")
    return Table(
        path=head.path,
        format=NAME,
        columns=found,
        framework=trainer_with_key(keys),
        complete=True if any(map(_sums_up, rows)) else None,
        notes=tuple(
            Note(kind, head.path, {"entries": len(rows)})
            for kind, holds in (("cut_json", cut), ("steps_counted", counted))
            if holds
        ),
    )


def _document(head: Head) -> tuple[Any, bool]:
    """What it holds, and whether its end is missing."""
    if head.size > LARGEST:
        raise UnreadableLog("too_large_table", mib=LARGEST >> 20)
    with head.open() as stream:
        text = stream.read().decode(encoding(head), errors="replace")
    try:
        return json.loads(text), False
    except RecursionError as error:
        raise UnreadableLog("nested_rows") from error
    except json.JSONDecodeError as error:
        if _OBJECTS.match(text):
            with suppress(json.JSONDecodeError):
                return json.loads(text[: text.rfind("}", 0, error.pos) + 1] + "]"), True
        raise UnreadableLog("broken_json", reason=reason_of(error)) from error


def _sums_up(row: dict[str, Any]) -> bool:
    """Whether it is the trainer's last row; some log the time with each loss."""
    return "train_runtime" in row and "loss" not in row


def _rows(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, list):
        return [row for row in document if isinstance(row, dict)]
    if not isinstance(document, dict):
        return []
    lists = {key: cells for key, cells in document.items() if isinstance(cells, list)}
    return [dict(zip(lists, row, strict=True)) for row in zip_longest(*lists.values())]


FORMAT = Format(
    name=NAME,
    sample='[{"step": 5, "loss": 2.3}, ...] or {"loss": [2.3, ...]}',
    claims=claims,
    read=read,
    priority=45,
    maybe_files="*history*.json scalars.json metrics*.json result*.json log*.json",
)
