"""What the batches of an evaluation print: their mean, where no line sums the evaluation up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from lossscan.canonical.names import canonical
from lossscan.formats.kit.columns import number
from lossscan.formats.kit.stated import BATCH_LOSS, StatedLine, is_total

_EVAL: Final = "eval_loss"
_SUMS: Final = (_EVAL, "test_loss")


def averaged(
    lines: Sequence[StatedLine], passes: Iterable[tuple[str, Sequence[int]]]
) -> list[StatedLine]:
    """The lines; the last one of each pass over a set gets the mean of its losses by their name.

    Nothing but this is kept of a pass, and not this where the log states it itself.
    """
    found = list(lines)
    known = {canonical(name) for line in lines for name in line.row}
    for name, places in passes:
        losses = [_loss(found[at]) for at in places]
        for at in places:
            found[at] = StatedLine(None, {}, indented=False)
        if name not in known:
            mean = sum(losses) / len(losses)
            found[places[-1]] = StatedLine(None, {name: mean}, indented=False)
    return found


def _loss(line: StatedLine) -> float:
    values = (number(value) for name, value in line.row.items() if is_total(name))
    return next((value for value in values if value is not None), math.nan)


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
