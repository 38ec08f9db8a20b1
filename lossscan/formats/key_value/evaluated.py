"""What the batches of an evaluation print: their mean, where no line sums the evaluation up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from lossscan.canonical.names import canonical
from lossscan.formats.kit.columns import number
from lossscan.formats.kit.stated import BATCH_LOSS, StatedLine, is_total

_EVAL: Final = "eval_loss"
_SUMS: Final = (_EVAL, "test_loss")


def as_batches(lines: Sequence[StatedLine], evaluated: Iterable[int]) -> list[StatedLine]:
    """The lines; those at some places state the loss of a batch that was evaluated."""
    found = list(lines)
    for at in evaluated:
        losses = [value for name, value in found[at].row.items() if is_total(name)]
        row = {BATCH_LOSS: losses[0]} if losses else {}
        found[at] = StatedLine(None, row, indented=False)
    return found


def summed_up(lines: Sequence[StatedLine]) -> list[StatedLine]:
    """The lines; the last batch of each evaluation gets the mean of the whole evaluation."""
    if not any(BATCH_LOSS in line.row for line in lines):
        return list(lines)
    stated = any(canonical(name) in _SUMS for line in lines for name in line.row)
    found: list[StatedLine] = []
    batches: list[float] = []
    last = 0
    for at, line in enumerate(lines):
        batch = line.row.get(BATCH_LOSS)
        found.append(line if batch is None else replace(line, row={}))
        if batch is not None and (value := number(batch)) is not None:
            batches.append(value)
            last = at
        elif line.row and batches:
            found[last] = replace(found[last], row=_mean(batches, stated=stated))
            batches = []
    if batches:
        found[last] = replace(found[last], row=_mean(batches, stated=stated))
    return found


def _mean(batches: Sequence[float], *, stated: bool) -> dict[str, float]:
    return {} if stated else {_EVAL: sum(batches) / len(batches)}
