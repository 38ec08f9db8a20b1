"""A file for each epoch, with its numbers in a JSON object: AllenNLP's `metrics_epoch_3.json`.

A folder of them is a curve: their points are put together in the order of the steps.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from lossscan.canonical.names import canonical
from lossscan.expressions import expression
from lossscan.formats.kit.documents import Rows, tables_in
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.several import table_of
from lossscan.formats.kit.text import encoding
from lossscan.formats.kit.trainer_texts import sums_up
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.safe_json import load_json

_KEYS: Final = (b'"epoch"', b'"step"', b'"global_step"', b'"iteration"')  # it counts by one
_TRAINED: Final = ("loss", "train_loss")
_NUMBERED: Final = expression(  # the file or the folder that it is in, else it holds results
    r"(?i)(?:\d|(?:epoch|step|iter)[_-]?\d{1,12}/[\w-]{1,60})(?:\.[a-z]{1,8}){1,2}$"
)


def claims(head: Head) -> bool:
    """Whether it is one whole object with a counter and a loss of the training, by a numbered name.

    What a trainer sums up at its end, with the time that it took, is no point.
    """
    start = head.start
    if not start.startswith(b"{") or head.size > len(start) or b"oss" not in start:
        return False
    if not _NUMBERED.search(head.path.as_posix()) or not any(key in start for key in _KEYS):
        return False
    row = next(iter(_rows(head)), {})
    trained = any(canonical(key) in _TRAINED for key in row)
    return trained and any(canonical(key) in ("epoch", "step") for key in row) and not sums_up(row)


def read(head: Head, settings: Settings) -> Table:
    """Its only point."""
    return replace(table_of(head, {"": _rows(head)}, settings), fallback=True)


@lru_cache(maxsize=2)
def _rows(head: Head) -> Rows:
    """The object as the only row of a table; no rows where it is none."""
    with suppress(ValueError):
        document = load_json(head.start.decode(encoding(head), errors="replace"))
        if isinstance(document, dict) and not tables_in(document):
            return tables_in([document]).get("", [])
    return []


FORMAT = Format(
    name="epoch_file",
    sample='metrics_epoch_3.json: {"epoch": 3, "training_loss": 0.51}',
    claims=claims,
    read=read,
    priority=51,  # behind tables and lines of JSON
    recorded=True,
    maybe_files="metrics*.json *epoch*.json",
)
