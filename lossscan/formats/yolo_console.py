"""The table that YOLO's trainers print, and YOLOv5's and v7's results.txt: a row an epoch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

_HEADER: Final = expression(r"^\s*Epoch\s+gpu_mem\s+(\S.*)$", re.IGNORECASE)
_ROW: Final = expression(r"^\s*(\d{1,6})/(\d{1,6})\s+[\d.]{1,12}[GM]\s+(\S.*)$")
_MEMORY: Final = expression(r"\d[GM] ")  # of a row, to be quick
_PARTS: Final = {"box": "box_loss", "obj": "obj_loss", "cls": "cls_loss", "total": "total_loss"}
_OF_RESULTS: Final = (  # results.txt has no header
    *_PARTS,
    "labels",
    "img_size",
    *("P", "R", "mAP@.5", "mAP@.5:.95", "val_box_loss", "val_obj_loss", "val_cls_loss"),
)


def claims(head: Head) -> bool:
    """Whether a row of the table is in it, below a header or as wide as results.txt."""
    text = peek(head)
    if "G " not in text and "M " not in text:
        return False
    if "gpu_mem" not in text.lower() and not _MEMORY.search(text):
        return False
    return next(iter(_rows(text.splitlines(keepends=True))), None) is not None


def read(head: Head, settings: Settings) -> Table:
    """The last row of each epoch: a bar draws it many times."""
    series = columns(list(dict(_rows(lines(head))).items()), settings)
    return Table(series, framework="ultralytics", config={"logging_strategy": "epoch"})


def _rows(text: Iterable[str]) -> Iterator[Row]:
    header: list[str] = []
    for line in text:
        if found := _HEADER.match(line):
            header = [_PARTS.get(name, name) for name in found[1].split()]
        elif (row := _ROW.match(line)) and line.endswith("\n"):
            cells = row[3].partition(":")[0].split() if header else row[3].split()
            names = header or (_OF_RESULTS if len(cells) == len(_OF_RESULTS) else ())
            if names and len(cells) >= len(names):
                named = {
                    _PARTS.get(name, name): cell for name, cell in zip(names, cells, strict=False)
                }
                yield int(row[1]), {"epoch": row[1], **named}


_SAMPLE = "Epoch  GPU_mem  box_loss  cls_loss, then 1/60  7.01G  1.675  2.813"
FORMAT = Format(  # before the bars behind its rows are taken for a log
    "yolo_console", _SAMPLE, claims, read, priority=5
)
