"""A table that a script kept as one JSON document: `[{"step": 5, "loss": 2.3}, ...]`.

So are saved transformers' `trainer.state.log_history`, and column by column the `history` of Keras
or what a loop collected in lists: `{"loss": [2.3, ...], "val_loss": [...]}`; see `kit.documents`.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from lossscan.canonical.fields import canonical_fields
from lossscan.canonical.names import is_judged
from lossscan.errors import UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.kit.documents import Rows, settings_in, tables_in
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.json_document import OBJECTS, document, parsed
from lossscan.formats.kit.labels import are_labeled
from lossscan.formats.kit.several import Kept, table_of
from lossscan.formats.kit.text import encoding, is_text
from lossscan.formats.kit.wide import is_set, says_losses
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

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
    with suppress(ValueError):
        return tables_in(parsed(start)[0], file)
    return {}


def runs(head: Head) -> list[str]:
    """The names of the runs in a file; none where there is one.

    A large list whose first rows say nothing of runs is not read for that.
    """
    if head.size > len(head.start) and _is_plain(head):
        return []
    try:
        found = tables_in(document(head)[0], head.name)
    except UnreadableLog:
        return []
    return list(found) if len(found) > 1 else []


def _is_plain(head: Head) -> bool:
    start = head.start.decode(encoding(head), errors="replace")
    held = _glimpse(start, head.name) if OBJECTS.match(start) else {}
    return list(held) == [""] and not are_labeled(held[""])


def read(head: Head, settings: Settings) -> Table:
    """All rows of a run; of several runs, those of the longest.

    Raises UnreadableLog where it is no JSON, or no loss is in it, and ReaderGaveUp where it is too
    much; a cut one gives its whole rows.
    """
    tables, noted, config = _held(head, settings)
    return table_of(head, tables, settings, noted=noted, config=config)


@Kept
def _held(head: Head, _: Settings) -> tuple[dict[str, Rows], tuple[str, ...], dict[str, Any]]:
    """The rows of each run, the notes on them and the settings of all."""
    held, cut = document(head)
    return tables_in(held, head.name), ("cut_json",) * cut, canonical_fields(settings_in(held))


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
