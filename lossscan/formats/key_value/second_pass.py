"""A second pass within an epoch, over other batches and under the header of the training.

`Epoch: [1] [0/200] loss: 0.5` and, behind the last batch, `Epoch: [1] [0/40] loss: 0.7`: a loop
that prints all sets by one function, as many forks of torchvision's do. A third pass is the test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct

from lossscan.canonical.names import canonical
from lossscan.formats.key_value.form_lines import KINDS, FormLines
from lossscan.formats.kit.stated import is_total
from lossscan.formats.kit.steps import SEVERAL, WHOLE
from lossscan.model import Note
from lossscan.numeric.arrays import BoolArray, IntArray, distinct

_UPDATES: Final = ("learning_rate", "grad_norm")  # only a line that trains states these
TWO: Final = 2  # sets that evaluate: more passes in a row are of clients, of tasks, or of folds
FOLD: Final = 1  # batch by which equal parts of a data set differ
NAMES: Final = ("eval_loss", "test_loss")  # what the means of the second and third pass are
NOTES: Final = ("second_pass", "third_pass")


class SecondPasses(Struct, frozen=True):
    """The passes of an epoch that evaluate."""

    passes: tuple[tuple[str, list[int]], ...]  # each with what its mean is, and where its lines are
    notes: tuple[Note, ...]  # what was assumed


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
    if not TWO <= len(lengths) <= 1 + TWO:
        return None
    totals, forms = np.repeat(passes.total, passes.lines), lines.ids[at]
    names = [
        {name for form in distinct(forms[totals == length]) for name in lines.forms[form].names}
        for length in lengths
    ]
    # Those that train; where none does for sure, passes of more batches do.
    updated = [any(canonical(name) in _UPDATES for name in each) for each in names]
    trained = int(lengths[updated.index(True)] if any(updated) else lengths[-1])
    place = _places(passes.total != trained)
    sizes = [distinct(passes.total[place == nth]).tolist() for nth in (1, TWO)]
    fits = lengths[-1] - lengths[-2] > FOLD and sum(map(sum, sizes)) <= trained
    if sum(updated) > 1 or not (any(updated) or fits):
        return None
    if place.max() > TWO or any(len(of) > 1 for of in sizes):
        return None
    if not any(map(is_total, set.intersection(*names))) or not _in_turn(passes, place):
        return None
    own = np.split(at, np.cumsum(passes.lines)[:-1])
    return SecondPasses(
        tuple((NAMES[nth - 1], own[of].tolist()) for of, nth in enumerate(place) if nth),
        tuple(
            Note(kind, Path(), {"evaluated": of[0], "trained": trained})
            for kind, of in zip(NOTES, sizes, strict=True)
            if of
        ),
    )


def _places(evaluates: BoolArray) -> IntArray:
    """(p,) which pass it is behind the last one that trains, 0 for that one."""
    at = np.arange(len(evaluates))
    return at - np.maximum.accumulate(np.where(evaluates, -1, at))


def _passes(lines: FormLines, at: IntArray) -> _Passes:
    """The passes of some lines; one whose lines name no total has that of its last count."""
    counts, forms = lines.counts[at], lines.ids[at]
    stated = lines.of(lambda form: -1 if form.epoch is None else form.epoch)
    own = stated[forms].min(initial=0) >= 0
    told = np.where(lines.at(lines.kinds == KINDS.index("epoch")), lines.counts, lines.at(stated))
    last = np.where(told >= 0, np.arange(len(told), dtype=np.int32), 0)
    epochs = told[np.maximum.accumulate(last, out=last)[at]]
    del told, last  # before others take their memory
    of = lines.of(lambda form: form.of or 0)[forms]
    begins = (np.diff(of) != 0) | (np.diff(counts) < 0) | (own & (np.diff(epochs) != 0))
    starts = np.append(0, np.flatnonzero(begins) + 1)[: len(at)]
    ends = np.append(starts[1:], len(at))[: len(at)]
    total = np.where(of[starts] > 0, of[starts], counts[ends - 1])
    if len(total) > TWO and not of[-1] and total[-1] not in total[:-1]:  # it is not over yet
        trains = np.flatnonzero(total[:-1] == total[:-1].max())
        total[-1] = total[-1 - int(np.diff(trains)[-1] if len(trains) > 1 else TWO)]
    gap = int(np.diff(counts).max(initial=0, where=~begins))
    return _Passes(ends - starts, counts[starts], counts[ends - 1], total, epochs[starts], gap, own)


def _in_turn(passes: _Passes, place: IntArray) -> bool:
    """Whether what evaluates follows a pass that trains and is whole, or goes on behind it.

    It does so in the same epoch or, where none is stated, again and again. Only where all lines
    state their epoch the log may begin with another: it is cut, or evaluates before it trains.
    """
    second = place > 0
    at = np.flatnonzero(second[1:]) + 1
    within = bool((passes.epoch[at] == passes.epoch[at - 1]).all())
    if not within if passes.own else second[0]:
        return False
    at = at[~second[at - 1]]
    trained = int(passes.total[~second][0])
    enough = min(WHOLE * trained, trained - 1 - passes.gap)
    behind = np.minimum(at + 1, len(second) - 1)
    goes_on = ~second[behind] & (passes.first[behind] > passes.last[at - 1])
    sure = within and bool(passes.epoch[at].min(initial=0) >= 0)
    return len(at) >= (1 if sure else SEVERAL) and bool(
        ((passes.last[at - 1] >= enough) | goes_on).all()
    )
