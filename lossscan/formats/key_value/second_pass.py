"""A second pass within an epoch, over other batches and under the header of the training.

`Epoch: [1] [0/200] loss: 0.5` and, behind the last batch, `Epoch: [1] [0/40] loss: 0.7`: a loop
that prints both sets by one function, as many forks of torchvision's do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct

from lossscan.canonical.names import canonical
from lossscan.formats.key_value.form_lines import KINDS, FormLines
from lossscan.formats.kit.recount import SEVERAL, WHOLE
from lossscan.formats.kit.stated import is_total
from lossscan.model import Note
from lossscan.numeric.arrays import IntArray, distinct

_UPDATES: Final = ("learning_rate", "grad_norm")  # only a line that trains states these
TWO: Final = 2  # lengths of passes: three are of clients, of tasks, or of data that grows
FOLD: Final = 1  # batch by which equal parts of a data set differ


class SecondPasses(Struct, frozen=True):
    """The lines of passes that evaluate, and the batches of both kinds of passes."""

    places: IntArray  # of the lines in the log
    trained: int
    evaluated: int

    def note(self) -> Note:
        """What was assumed."""
        counted = {"trained": self.trained, "evaluated": self.evaluated}
        return Note("second_pass", Path(), counted)


class _Passes(NamedTuple):
    """Lines in a row whose counter rises to one total; (p,) each."""

    lines: IntArray  # how many
    first: IntArray  # count of the first one
    last: IntArray
    total: IntArray
    epoch: IntArray  # the one they state, or else that was stated last; -1 before any
    gap: int  # largest distance of two counts within a pass
    own: bool  # whether all lines state their epoch themselves


def second_passes(lines: FormLines) -> SecondPasses | None:
    """The passes that evaluate; None where another reading is as likely."""
    kind = lines.finest()
    if kind == "epoch":
        return None
    trains = lines.judged & ~lines.evaluating & (lines.kinds == KINDS.index(kind))
    at = np.flatnonzero(lines.at(trains))
    passes = _passes(lines, at)
    lengths = distinct(passes.total)
    if len(lengths) != TWO:
        return None
    totals, forms = np.repeat(passes.total, passes.lines), lines.ids[at]
    few, many = (_names(lines, forms[totals == length]) for length in lengths)
    by_few, by_many = _updates(few), _updates(many)
    trained, evaluated = (lengths if by_few > by_many else lengths[::-1]).tolist()
    undecided = by_few if by_many else trained - evaluated == FOLD
    if undecided or not any(map(is_total, few & many)) or not _in_turn(passes, trained):
        return None
    return SecondPasses(at[totals == evaluated], trained, evaluated)


def _names(lines: FormLines, forms: IntArray) -> set[str]:
    return {name for form in distinct(forms) for name in lines.forms[form].names}


def _updates(names: set[str]) -> bool:
    """Whether lines with such names train; where none does for sure, passes of more batches do."""
    return any(canonical(name) in _UPDATES for name in names)


def _passes(lines: FormLines, at: IntArray) -> _Passes:
    """The passes of some lines; one whose lines name no total has that of its last count."""
    counts, forms = lines.counts[at], lines.ids[at]
    stated = lines.of(lambda form: -1 if form.epoch is None else form.epoch)
    own = stated[forms].min(initial=0) >= 0
    told = np.where(lines.at(lines.kinds == KINDS.index("epoch")), lines.counts, lines.at(stated))
    last = np.maximum.accumulate(np.where(told >= 0, np.arange(len(told)), 0))
    epochs, of = told[last][at], lines.of(lambda form: form.of or 0)[forms]
    begins = (np.diff(of) != 0) | (np.diff(counts) < 0) | (own & (np.diff(epochs) != 0))
    starts = np.append(0, np.flatnonzero(begins) + 1)[: len(at)]
    ends = np.append(starts[1:], len(at))[: len(at)]
    total = np.where(of[starts] > 0, of[starts], counts[ends - 1])
    if len(total) > TWO and not of[-1] and total[-1] not in total[:-1]:  # it is not over yet
        total[-1] = total[-1 - TWO]
    gap = int(np.diff(counts)[~begins].max(initial=0))
    return _Passes(ends - starts, counts[starts], counts[ends - 1], total, epochs[starts], gap, own)


def _in_turn(passes: _Passes, trained: int) -> bool:
    """Whether each other pass follows one that trains and is whole, or goes on behind it.

    It does so in the same epoch or, where none is stated, again and again. Only where all lines
    state their epoch the log may begin with another: it is cut, or evaluates before it trains.
    """
    second = passes.total != trained
    at = np.flatnonzero(second[1:]) + 1
    within = bool((passes.epoch[at] == passes.epoch[at - 1]).all())
    if second[at - 1].any() or (not within if passes.own else second[0]):
        return False
    enough = min(WHOLE * trained, trained - 1 - passes.gap)
    behind = np.minimum(at + 1, len(second) - 1)
    goes_on = ~second[behind] & (passes.first[behind] > passes.last[at - 1])
    sure = within and bool(passes.epoch[at].min(initial=0) >= 0)
    return len(at) >= (1 if sure else SEVERAL) and bool(
        ((passes.last[at - 1] >= enough) | goes_on).all()
    )
