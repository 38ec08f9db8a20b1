"""Kaldi's objective, a log-likelihood that training raises: shown as a loss, its sign turned.

`Average objective function for 'output' for minibatches 40-49 is -3.5 over 19538 frames.`, the
`Overall average objective function` of an iteration, and `objf` of recipes in PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns, number
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Note, Table
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
    """All phases at their last minibatch; without any, the iterations by their own mean."""
    points = list(_points(lines(head)))
    phases = [point for point in points if point.at is not None]
    whole = phases or [point._replace(at=at) for at, point in enumerate(_apart(points), start=1)]
    turned = sum(point.value < 0 for point in whole) * 2 > len(whole) or _QUICK[0] in peek(head)
    note = Note("objective_turned" if turned else "objective_kept", head.path)
    rows = _rows(whole, -1.0 if turned else 1.0)
    return Table(columns(rows, settings), framework="kaldi", notes=(note,))


def _apart(points: list[_Point]) -> list[_Point]:
    """Only the main objective: next to it nothing says which iteration a line belongs to."""
    main = [point for point in points if point.name == "loss"]
    return main or points


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


def _rows(points: list[_Point], sign: float) -> Iterator[Row]:
    """Where the count falls, an epoch or an iteration begins: it goes on."""
    before = last = 0
    for point in points:
        count = point.at or 0
        if count < last:
            before += last
        last = count
        yield before + count, {point.name: sign * point.value}


_SAMPLE = "Average objective function for 'output' for minibatches 0-9 is -3.5 over 512 frames."
FORMAT = Format("kaldi_console", _SAMPLE, claims, read, printed=True, priority=60)
