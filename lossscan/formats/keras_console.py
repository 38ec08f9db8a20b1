"""What Keras' `fit` prints: `Epoch 1/30`, then bars: `100/100 [====] - 1s - loss: 0.52 - ...`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.text import lines, pairs, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME = "keras_console"
MARK = "Epoch 1/30, then 100/100 [====] - 1s - loss: 0.52"
PRIORITY = 10
_EPOCH: Final = re.compile(r"^Epoch (\d{1,9})/(\d{1,9})\s*$", re.MULTILINE)
_BAR: Final = re.compile(r"(?:^|\x08) *(\d{1,12})/(\d{1,12}) (?=(?:\[|━|- ).{1,300}loss: )")


def claims(head: Head) -> bool:
    """Whether an epoch is announced and a bar with a loss stands in it."""
    text = peek(head)
    return _EPOCH.search(text) is not None and any(map(_BAR.search, text.splitlines()))


def read(head: Head, settings: Settings) -> Table:
    """One point for each whole epoch: a bar shows the mean of the epoch so far."""
    rows = list(_rows(head))
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(rows, settings),
        framework="keras",
        config={"logging_strategy": "epoch"},
        fallback=True,
    )


def _rows(head: Head) -> Iterator[Row]:
    epoch = 0
    for line in lines(head):
        if announced := _EPOCH.match(line):
            epoch = int(announced[1])
            continue
        bars = list(_BAR.finditer(line))
        if bars and bars[-1][1] == bars[-1][2] and (row := pairs(line[bars[-1].end() :])):
            yield epoch, row
