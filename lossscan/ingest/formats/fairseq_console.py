"""What fairseq prints: `epoch 001:  10 / 100 loss=9.5, ..., num_updates=10, lr=0.0003, ...`."""

from __future__ import annotations

import re
from typing import Any, Final

from lossscan.ingest.files import Head
from lossscan.ingest.formats._columns import Row, columns, step_number
from lossscan.ingest.formats._text import NUMBER, lines, pairs, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings

NAME = "fairseq_console"
MARK = "epoch 001: 10 / 100 loss=9.5, ..., num_updates=10"
_POINT: Final = re.compile(r"epoch (\d{1,9}): {1,9}\d{1,12} / (\d{1,12}) (?=.{0,20}loss=)")
_VALIDATION: Final = re.compile(r"epoch \d{1,9} \| valid on '[^']{1,100}' subset")
_FIELD: Final = re.compile(rf"\| (\w{{1,60}}) ({NUMBER})(?=\s)")
_UPDATES = "num_updates"
_WINDOW = "train_inner"  # such lines are means since the last one; early versions lack the word


def claims(head: Head) -> bool:
    """Whether a point stands in it."""
    text = peek(head)
    return _UPDATES in text and _POINT.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All points and validations; a remark where a value is the mean of the epoch so far."""
    rows: list[Row] = []
    config: dict[str, Any] = {}
    since_last = False
    for line in lines(head):
        row: dict[str, Any] = {}
        if point := _POINT.search(line):
            since_last = since_last or _WINDOW in line
            config["steps_per_epoch"] = int(point[2])
            row = dict(pairs(line[point.end() :]))
        elif validation := _VALIDATION.search(line):
            row = {f"eval_{name}": value for name, value in _FIELD.findall(line, validation.end())}
        step = step_number(row.pop(_UPDATES, row.pop(f"eval_{_UPDATES}", None)))
        if step is not None:
            rows.append((step, row))
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(rows, settings),
        framework="fairseq",
        config=config,
        notes=() if since_last else (Note("running_means", head.path),),
    )
