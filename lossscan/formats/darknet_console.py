"""What darknet prints: `12: 722.304077, 723.1 avg loss, 0.001 rate, 5.1 seconds, 64 images`.

A cut log may hold the lines of its detection layers alone: `Region 82 Avg IOU: 0.5, ...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

_QUICK = " avg"
_POINT: Final = expression(
    rf"^\s{{0,99}}(\d{{1,12}}): ({NUMBER}), ({NUMBER}) avg(?: loss)?, ({NUMBER}) rate,",
    re.MULTILINE,
)
_REGION: Final = expression(r"\bRegion \d{1,4} Avg \(?IOU: .{1,200}?, No Obj: ([-\w.]{1,40}),")
_LOSS_OF_REGION: Final = expression(rf"\b(class_loss|iou_loss|total_loss) = ({NUMBER})(?=[,\s])")


def claims(head: Head) -> bool:
    """Whether a point is in it, or layers alone that state a loss or lost it."""
    text = peek(head)
    if "Region " in text and any(map(_region, text.splitlines(keepends=True))):
        return True
    return _has_points(text)


def _has_points(text: str) -> bool:
    return _QUICK in text and " rate," in text and _POINT.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All batches; the value is that of the very batch."""
    whole = _has_points(peek(head))
    rows = list(_rows(head) if whole else enumerate(filter(None, map(_region, lines(head))), 1))
    counted = () if whole else (Note("regions_counted", head.path, {"entries": len(rows)}),)
    return Table(columns(rows, settings), framework="darknet", averaging="instant", notes=counted)


def _rows(head: Head) -> Iterator[Row]:
    for line in lines(head):
        if _QUICK in line and (found := _POINT.match(line)):
            yield int(found[1]), {"loss": found[2], "learning_rate": found[4]}


def _region(line: str) -> dict[str, str]:
    """The losses of a layer; without objects its means are 0/0, except that of all other cells."""
    found = _REGION.search(line)
    if found is None:
        return {}
    losses = dict(_LOSS_OF_REGION.findall(line))
    lost = found[1].lower().endswith("nan")
    return {"loss": "nan"} if lost and not losses else losses


_SAMPLE = "12: 722.304, 723.1 avg loss, 0.001 rate, 5.1 seconds"
FORMAT = Format("darknet_console", _SAMPLE, claims, read, printed=True)
