"""What MiniMind's trainers print, all its periods: `Epoch:[1/2](100/936) loss:2.345 lr:...`."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from lossscan.expressions import expression
from lossscan.formats.kit.columns import RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.steps import run_steps
from lossscan.formats.kit.text import lines, pairs, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

_POINT: Final = expression(
    r"Epoch:\[(\d{1,9})/(\d{1,9})\]\((\d{1,12})/(\d{1,12})\),? ?(?=[A-Za-z ]{1,20}:)"
)
_SKIPPED: Final = "跳过前"
_RESUMED: Final = expression(rf"Epoch:? ?\[(\d{{1,9}})/\d{{1,9}}\]: {_SKIPPED}(\d{{1,12}})个")


def claims(head: Head) -> bool:
    """Whether a point is in it."""
    return _POINT.search(peek(head)) is not None


def read(head: Head, settings: Settings) -> Table:
    """All points; a step is a micro-batch, counted on from epoch to epoch.

    The value is the loss of that very micro-batch, not a mean.
    """
    rows = RowLog(settings)
    places = array("q")  # epoch and step in it of each row, one behind the other
    resumed = array("q")  # and of each resume
    config: dict[str, Any] = {}
    last: Mapping[str, str] = {}  # that shows decimals of a loss
    for line in lines(head):
        if "Epoch" not in line:
            continue
        if _SKIPPED in line:
            resumed.extend(int(part) for match in _RESUMED.findall(line) for part in match)
        for epoch, epochs, step, length, text in _points(line):
            config = {"steps_per_epoch": length, "num_train_epochs": epochs}
            places.extend((epoch, step))
            row = pairs(text)
            rows.add(step, row)
            last = row if "." in row.get("loss", "") else last
    config |= _data_order(last, resumed=bool(resumed))
    length = config.get("steps_per_epoch", 0)
    epoch_of, counts = np.array(places + resumed).reshape(-1, 2).T
    # run_steps knows of epochs from 0, as in the early logs of issue 26
    steps = run_steps(counts, epoch_of, length)
    return Table(
        rows.sheet.columns(rows.sheet.run_steps(steps[: len(rows)])),
        framework="minimind",
        config=config,
        averaging="instant",
        launches=tuple(steps[len(rows) :].tolist()),
    )


def _data_order(last: Mapping[str, str], *, resumed: bool) -> dict[str, str]:
    """How a loader on one device orders samples, by the version whose losses look like the last.

    Three decimals are printed up to commit a82526d of 2025-10-23, which shuffles and prints six;
    four from 81d24a4 on. From e848487 (2025-10-26) to f7ffdf1 (2026-01-18) the rest of a resumed
    epoch is in file order; f7ffdf1 also renames `learning_rate`, but not in DPO.
    """
    decimals = len(last.get("loss", "").partition(".")[2])
    match decimals, "lr" in last or "dpo_loss" in last:
        case 3, _:
            return {"data_order": "file"}
        case 4, True:
            return {"data_order": "shuffled"}
        case 4 | 6, _:
            return {"data_order": "file_after_resume" if resumed else "shuffled"}
        case _:  # a fork, or no loss
            return {}


def _points(line: str) -> Iterator[tuple[int, int, int, int, str]]:
    """Epoch, epochs, step, steps of an epoch and the text behind, of each point of a line."""
    found = list(_POINT.finditer(line))
    ends = [match.start() for match in found[1:]] + [len(line)]
    for match, end in zip(found, ends, strict=False):
        epoch, epochs, step, length = (int(part) for part in match.groups())
        yield epoch, epochs, step, length, line[match.end() : end]


FORMAT = Format("minimind", "Epoch:[1/2](100/936) loss:6.123 lr:0.0005", claims, read)
