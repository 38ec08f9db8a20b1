"""What Keras' `fit` prints: `Epoch 1/30`, then bars: `100/100 [====] - 1s - loss: 0.52 - ...`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from lossscan.canonical.names import SET_RATE
from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.rare_shapes import REDUCED
from lossscan.formats.kit.text import lines, pairs, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

LONGEST_GAP: Final = 8  # blanks before what was wrapped
FEWEST = 3  # bars of an epoch whose headline is not in the text
_EPOCH: Final = expression(r"^[ \t]{0,20}Epoch (\d{1,9})(?:/\d{1,9})?\s*$", re.MULTILINE)
_BAR: Final = expression(
    r"(?:^|\x08) *(\d{1,12})/(\d{1,12}|Unknown) (?=(?:\[[=>. ]|━|- ).{1,300}loss: )"
)
_LOST: Final = "- loss: nan"
_STOPPED: Final = expression(r"Batch \d{1,12}: Invalid loss, terminating training")  # behind a bar
_QUICK: Final = "loss: "  # to look for it takes a hundredth of the time


def claims(head: Head) -> bool:
    """Whether a bar with a loss is in it and an epoch is announced or it is NaN, or several are."""
    text = peek(head)
    if _QUICK not in text:
        return False
    bars = filter(_BAR.search, text.splitlines())
    needed = 1 if _EPOCH.search(text) or _LOST in text else FEWEST
    return len(list(islice(bars, needed))) == needed


def read(head: Head, settings: Settings) -> Table:
    """One point for each whole epoch: a bar shows the mean of the epoch so far.

    Where none was finished its bars are the points, of several epochs the last one of each.
    """
    bars = _of_epochs(list(_bars(head)))
    ends = (bar for bar in bars if bar.batch == bar.of or _has_validation(bar))  # cut by who pastes
    rows = list(_rows(ends))
    by_epoch = bool(rows)
    if not by_epoch:
        several = len({bar.epoch for bar in bars}) > 1
        drawn = {bar.epoch if several else bar.batch: bar.row for bar in bars if bar.batch > 0}
        rows = list(drawn.items())
    return Table(
        columns(rows, settings),
        framework="keras",
        config={"logging_strategy": "epoch"} if by_epoch else {},
        notes=() if by_epoch else (Note("running_means", head.path),),
        fallback=True,
    )


def _of_epochs(bars: list[_Bar]) -> list[_Bar]:
    """The bars, those above the first headline in the epoch before: who pastes may cut theirs."""
    first = next((bar.epoch for bar in bars if bar.headline), 1)
    return [bar if bar.headline else bar._replace(epoch=max(first - 1, 0)) for bar in bars]


def _rows(bars: Iterable[_Bar]) -> Iterator[Row]:
    """The rows of whole bars: below a headline `fit` draws one, `evaluate` those of other sets.

    The bar of `fit` ends with the validation, if it has one: then the other set is that of a test.
    """
    fitted: _Bar | None = None
    for bar in bars:
        if fitted is None or fitted.headline != bar.headline:
            fitted = bar if bar.of else None
        validated = fitted is not None and _has_validation(fitted)
        again = fitted is None or (bar.of == fitted.of and not validated)
        if again or not bar.of or _has_validation(bar):
            fitted = bar if _has_validation(bar) else fitted
            yield bar.epoch, {"epoch": bar.epoch, **bar.row}
        else:
            of_set = "test" if validated else "val"
            yield bar.epoch, {f"{of_set}_{name}": value for name, value in bar.row.items()}


def _has_validation(bar: _Bar) -> bool:
    return any(name.startswith("val_") for name in bar.row)


class _Bar(NamedTuple):
    """What a bar shows last in its line."""

    headline: int  # how many were before it
    epoch: int
    batch: int
    of: int
    row: dict[str, str]


def _unwrapped(text: Iterable[str]) -> Iterator[str]:
    """The lines, each bar with what a page wrapped to the next one."""
    held = ""
    for line in text:
        cut = held.rstrip().endswith(" -") or line[:LONGEST_GAP].lstrip().startswith("- ")
        if cut and _BAR.search(held):
            held = f"{held.rstrip()} {line.lstrip()}"
        else:
            yield held
            held = line
    yield held


def _bars(head: Head) -> Iterator[_Bar]:
    headline = epoch = 0
    for line in _unwrapped(lines(head)):
        if announced := _EPOCH.match(line):
            headline, epoch = headline + 1, int(announced[1])
            continue
        if reduced := REDUCED.search(line):
            yield _Bar(headline, epoch, 0, 0, {SET_RATE: reduced[1]})
            continue
        bars = list(_BAR.finditer(line))
        row = pairs(_STOPPED.sub("", line[bars[-1].end() :])) if bars else {}
        row.pop("ETA", None)
        if row:
            yield _Bar(
                headline, epoch, int(bars[-1][1]), int(bars[-1][2].replace("Unknown", "0")), row
            )


FORMAT = Format(
    "keras_console", "Epoch 1/30, then 100/100 [====] - 1s - loss: 0.52", claims, read, priority=10
)
