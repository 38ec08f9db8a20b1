"""Lines that state a number for each set, and not what it is: `epoch 3 | train 1.11 | val 1.32`.

It is the loss where it falls, or stays between what no share and no percentage is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import Final

from lossscan.canonical.names import canonical
from lossscan.canonical.sets import HELD_OUT, TRAINING
from lossscan.expressions import expression
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.columns import columns
from lossscan.formats.kit.counters import CounterPlace
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.stated import LineReader
from lossscan.formats.kit.steps import Placed, counted
from lossscan.formats.kit.text import ENDS, NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

FEWEST: Final = 4  # lines whose first and last halves tell whether a number falls
SHARES: Final = 1.0  # an accuracy is at most that
PERCENTAGES: Final = 10.0  # few are below, and few losses above that do not fall
RISES: Final = 1.1  # times: what has grown by a tenth in a log is an accuracy, or has diverged
_STATED: Final = expression(
    rf"(?i)(?<![\w/.-])(?:(?P<train>{TRAINING})|(?:{HELD_OUT}))['\"]?[ \t]?[:=]?[ \t]{{0,4}}"
    rf"({NUMBER}){ENDS}(?! ?%)"
)
_COUNT: Final = expression(r"\s{0,8}(\d{1,9})[ \t]{0,4}[ \t|:,](?!\d)")  # and no word for it
_ASIDE: Final = expression(r"\([^()\n]{1,80}\)")  # of another quantity: `train 0.9 (acc 51%)`
_LOSSES: Final = ("loss", "train_loss", "eval_loss", "test_loss")
_NAMED: Final = expression(r"(?i)acc|score|auc|f1|dice|iou|psnr|bleu|reward|samples|images|size")


def claims(head: Head) -> bool:
    """Whether several lines that count state a number of training and one of another set."""
    text = peek(head)
    if "rain" not in text:
        return False
    texts = [row["train_loss"] for _, row in _placed(text.splitlines(keepends=True))]
    numbers = [each for each in map(number, texts) if each is not None and isfinite(each)]
    return len(numbers) >= FEWEST and "." in "".join(texts) and _is_loss(numbers)


def read(head: Head, settings: Settings) -> Table:
    """All such lines, at what they count."""
    rows, length = counted(list(_placed(lines(head))))
    config = {} if length is None else {"steps_per_epoch": length}
    return Table(columns(rows, settings), config=config)


def _placed(text: Iterable[str]) -> Iterator[Placed]:
    reader = LineReader()
    for line in text:
        found = list(_STATED.finditer(line))
        if len({match["train"] is None for match in found}) < len(found) or len(found) <= 1:
            continue  # one number for each of two sets
        stated, bare = reader.take(line), _COUNT.match(line)
        place = stated.place or (CounterPlace("step", int(bare[1])) if bare else None)
        if place is not None and not _NAMED.search(_ASIDE.sub("", line)):
            rest = {key: stated.row[key] for key in stated.row if canonical(key) not in _LOSSES}
            sets = {"train_loss" if m["train"] else "val_loss": m[2] for m in found}
            yield place, rest | sets


def _is_loss(values: Sequence[float]) -> bool:
    """Whether numbers of a training are its loss, and no accuracy."""
    half = len(values) // 2
    first, last = sum(values[:half]), sum(values[-half:])
    between = min(values) > SHARES and max(values) < PERCENTAGES
    return last < first or (between and last < RISES * first)


_SAMPLE = "epoch 3 | train 1.11 | val 1.32 (and no loss)"
FORMAT = Format(  # behind all that name a loss
    "set_lines", _SAMPLE, claims, read, printed=True, priority=95
)
