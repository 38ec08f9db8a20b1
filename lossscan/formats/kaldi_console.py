"""Kaldi's objective, a log-likelihood that training raises: shown as a loss, its sign turned.

`Average objective function for 'output' for minibatches 40-49 is -3.5 over 19538 frames.`, the
`Overall average objective function` of an iteration, and `objf` of recipes in PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from lossscan.expressions import expression
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.columns import RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Column, Note, Table
from lossscan.numeric.arrays import IntArray
from lossscan.settings import Settings
from lossscan.sources.files import Head

_QUICK: Final = ("verage objective function for '", "verage objf: ")
_MAIN: Final = "output"  # what is trained for; others, such as `output-xent`, only regularize
_SUM: Final = rf"({NUMBER})(?: \+ {NUMBER} = ({NUMBER}))? over "
_STATED: Final = expression(
    rf"verage objective function for '([\w.-]{{1,60}})' "
    rf"(?:for minibatches \d{{1,12}}-(\d{{1,12}}) )?is {_SUM}"
)
_ITERATION: Final = expression(r"\btrain\.(\d{1,9})\.\d{1,9}\.log\b")  # before a line, by grep
_CURRENT: Final = expression(rf"current batch average objf: ({NUMBER})(?= over )")
_MEAN: Final = expression(rf"global average objf: ({NUMBER})(?= over )")
_VALIDATED: Final = expression(rf"(?i)valid(?:ation)? average objf: ({NUMBER})(?= over )")
_PROCESSED: Final = expression(r"\b(?:Process|batch) (\d{1,12})\b")


class _Point(NamedTuple):
    name: str
    value: float
    at: int | None  # None: it sums up what was counted


def claims(head: Head) -> bool:
    """Whether an objective is in it."""
    return next(_points(iter(peek(head).splitlines(keepends=True))), None) is not None


def read(head: Head, settings: Settings) -> Table:
    """All phases at their last minibatch; without any, the iterations by their own mean.

    Next to the main objective of an iteration nothing says which one the others belong to.
    """
    phases, main, others = logs = [RowLog(settings) for _ in range(3)]
    for point in _points(lines(head)):
        sums = main if point.name == "loss" else others
        log = sums if point.at is None else phases
        log.add(len(log) + 1 if point.at is None else point.at, {point.name: point.value})
    log = next((log for log in logs if len(log)), others)
    found = log.sheet.columns(_going_on(log.steps))
    below = sum(int(np.count_nonzero(column.values < 0)) for column in found.values())
    points = sum(len(column.values) for column in found.values())
    turned = below * 2 > points or _QUICK[0] in peek(head)
    if turned:
        found = {name: Column(each.steps, -each.values) for name, each in found.items()}
    note = Note("objective_turned" if turned else "objective_kept", head.path)
    return Table(found, framework="kaldi", notes=(note,))


def _going_on(counts: IntArray) -> IntArray:
    """(n,) counts that go on where one falls: there an epoch or an iteration begins."""
    before = np.append(0, counts)[:-1]
    return np.asarray(counts + np.cumsum(np.where(counts < before, before, 0)))


def _points(text: Iterator[str]) -> Iterator[_Point]:
    for line in text:
        if not any(word in line for word in _QUICK):
            continue
        if found := _STATED.search(line):
            counted = found[2] or ((of := _ITERATION.search(line)) and of[1])
            yield from _point(found[1], found[4] or found[3], counted)
        elif found := _VALIDATED.search(line):
            yield from _point("eval", found[1], None)
        elif (found := _CURRENT.search(line) or _MEAN.search(line)) and (
            count := _PROCESSED.search(line)
        ):
            yield from _point(_MAIN, found[1], count[1])


def _point(output: str, text: str, count: str | None) -> Iterator[_Point]:
    value = number(text)
    if value is not None:
        name = "loss" if output == _MAIN else f"{output}_loss"
        yield _Point(name, value, None if count is None else int(count))


_SAMPLE = "Average objective function for 'output' for minibatches 0-9 is -3.5 over 512 frames."
FORMAT = Format("kaldi_console", _SAMPLE, claims, read, printed=True, priority=60)
