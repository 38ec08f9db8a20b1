"""What darknet prints: `12: 722.304077, 723.1 avg loss, 0.001 rate, 5.1 seconds, 64 images`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "darknet_console"
_QUICK = " avg"
_POINT: Final = re.compile(
    rf"^\s{{0,99}}(\d{{1,12}}): ({NUMBER}), ({NUMBER}) avg(?: loss)?, ({NUMBER}) rate,",
    re.MULTILINE,
)


def claims(head: Head) -> bool:
    """Whether a point is in it."""
    text = peek(head)
    return _QUICK in text and " rate," in text and _POINT.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All batches; the value is that of the very batch."""
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(list(_rows(head)), settings),
        framework="darknet",
        averaging="instant",
    )


def _rows(head: Head) -> Iterator[Row]:
    for line in lines(head):
        if _QUICK in line and (found := _POINT.match(line)):
            yield int(found[1]), {"loss": found[2], "learning_rate": found[4]}


FORMAT = Format(
    name=NAME,
    sample="12: 722.304, 723.1 avg loss, 0.001 rate, 5.1 seconds",
    claims=claims,
    read=read,
)
