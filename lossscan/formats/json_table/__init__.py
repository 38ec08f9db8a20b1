"""A table that a script kept as one JSON document: `[{"step": 5, "loss": 2.3}, ...]`.

So are saved transformers' `trainer.state.log_history`, and column by column the `history` of Keras
or what a loop collected in lists: `{"loss": [2.3, ...], "val_loss": [...]}`; see `kit.documents`.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from lossscan.canonical.fields import canonical_fields
from lossscan.canonical.names import is_judged
from lossscan.errors import ReaderGaveUp, UnreadableLog, reason_of
from lossscan.expressions import expression
from lossscan.formats.json_table.cut_json import closed
from lossscan.formats.kit.columns import table
from lossscan.formats.kit.documents import Rows, settings_in, tables_in
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.labels import are_labeled, keys_of
from lossscan.formats.kit.several import chosen, others
from lossscan.formats.kit.text import encoding, is_text
from lossscan.formats.kit.trainer_texts import sums_up
from lossscan.formats.kit.wide import is_set, says_losses
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.safe_json import python_json
from lossscan.trainers import trainer_with_key

LARGEST: Final = 1 << 28  # bytes; decoded, a table takes some ten times as much
MOST_VALUES: Final = 5_000_000  # each takes some 200 bytes of memory
LARGEST_CUT: Final = 1 << 25  # bytes that are searched for what is whole, in 5 s
_OBJECTS: Final = expression(r"\s{0,99}\[\s{0,99}\{")
_KEY: Final = expression(r'"([^"\\]{1,100})"\s{0,9}:')
_STATE: Final = b'"log_history"'  # transformers' trainer state, which has a format of its own
_TOTAL: Final = "total"  # may be all that calls a loss one, below `train`


def claims(head: Head) -> bool:
    """Whether a table of losses is in what its start holds."""
    if head.start.lstrip()[:1] not in (b"[", b"{") or not is_text(head):
        return False
    if _STATE in head.start:
        return False
    return bool(_glimpse(head.start.decode(encoding(head), errors="replace"), head.name))


@lru_cache(maxsize=2)
def _glimpse(start: str, file: str) -> dict[str, Rows]:
    """The tables in the start of a file, as far as they are whole."""
    keys = set(_KEY.findall(start))
    named = _TOTAL in keys or any(map(is_judged, keys)) or says_losses(file)
    if not (named or sum(map(is_set, keys)) > 1):
        return {}
    with suppress(json.JSONDecodeError, RecursionError):
        return tables_in(_parsed(start)[0], file)
    return {}


def runs(head: Head) -> list[str]:
    """The names of the runs in a file; none where there is one.

    A large list whose first rows say nothing of runs is not read for that.
    """
    if head.size > len(head.start) and _is_plain(head):
        return []
    try:
        found = tables_in(_document(head)[0], head.name)
    except UnreadableLog:
        return []
    return list(found) if len(found) > 1 else []


def _is_plain(head: Head) -> bool:
    start = head.start.decode(encoding(head), errors="replace")
    held = _glimpse(start, head.name) if _OBJECTS.match(start) else {}
    return list(held) == [""] and not are_labeled(held[""])


def read(head: Head, settings: Settings) -> Table:
    """All rows of a run; of several runs, those of the longest.

    Raises UnreadableLog where it is no JSON, or no loss is in it, and ReaderGaveUp where it is too
    much; a cut one gives its whole rows.
    """
    document, cut = _document(head)
    held = tables_in(document, head.name)
    if not held:
        raise UnreadableLog("no_key")
    run = chosen(head, {name: len(rows) for name, rows in held.items()})
    rows = held[run]
    found, counted = table(rows, settings)
    if not found:
        raise UnreadableLog("no_key")
    kinds = ("cut_json",) * cut + ("steps_counted",) * counted
    notes = (Note(kind, head.path, {"entries": len(rows)}) for kind in kinds)
    return Table(
        found,
        framework=trainer_with_key(set(keys_of(rows))),
        config=canonical_fields(settings_in(document)),
        complete=True if any(map(sums_up, rows)) else None,
        notes=(*notes, *others(head, run, len(held))),
        part=run if len(held) > 1 else None,
    )


def _document(head: Head) -> tuple[Any, bool]:
    """What it holds, and whether its end is missing."""
    if head.size > LARGEST:
        raise ReaderGaveUp("too_large_table", mib=LARGEST >> 20)
    with head.open() as stream:
        text = stream.read().decode(encoding(head), errors="replace")
    if text.count(",") >= MOST_VALUES:
        raise ReaderGaveUp("too_many_values", most=MOST_VALUES)
    try:
        return _parsed(text)
    except RecursionError as error:
        raise ReaderGaveUp("nested_rows") from error
    except json.JSONDecodeError as error:
        raise UnreadableLog("broken_json", reason=reason_of(error)) from error


def _parsed(text: str) -> tuple[Any, bool]:
    """The document, and whether it is cut; raises JSONDecodeError where nothing of it is whole."""
    try:
        return python_json(text), False
    except json.JSONDecodeError as error:
        if _OBJECTS.match(text):
            with suppress(json.JSONDecodeError):
                return python_json(text[: text.rfind("}", 0, error.pos) + 1] + "]"), True
        whole = closed(text) if len(text) <= LARGEST_CUT else None
        if whole is None:
            raise
        return python_json(whole), True


FORMAT = Format(
    name="json_table",
    sample='[{"step": 5, "loss": 2.3}, ...] or {"loss": [2.3, ...]}',
    claims=claims,
    read=read,
    priority=45,
    maybe_files=(
        "*history*.json scalars.json metrics*.json *_metrics*.json *result*.json *log*.json"
        " *loss*.json *curve*.json *progress*.json *epoch*.json *stats*.json *record*.json"
        " *fold*.json"
    ),
    runs=runs,
)
