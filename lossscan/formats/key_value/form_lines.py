"""The lines of a console, each of them asked by its form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lossscan.canonical.names import is_evaluation, is_judged
from lossscan.formats.key_value.blocks import is_counted
from lossscan.formats.key_value.stated_log import Form, StatedLog
from lossscan.formats.kit.counters import Kind
from lossscan.formats.kit.stated import BATCH_LOSS
from lossscan.formats.kit.steps import SEVERAL
from lossscan.numeric.arrays import IntArray, distinct

TWO_LOOPS: Final = 2  # bars of different lengths, and epochs with a loss
KINDS: Final[tuple[Kind, ...]] = ("step", "batch", "bar", "epoch")
_BAR, _EPOCH = KINDS.index("bar"), KINDS.index("epoch")
HEADS: Final = tuple(KINDS.index(kind) for kind in KINDS if kind != "bar")  # of a headline


class FormLines:
    """The lines of a log as arrays; each question is answered once per form."""

    def __init__(self, log: StatedLog) -> None:
        self.log, self.forms = log, log.forms
        self.ids, self.counts = log.ids, log.counts
        self.kinds = self.of(lambda form: -1 if form.kind is None else KINDS.index(form.kind))
        self.stating = self.of(lambda form: bool(form.names))
        self.judged = self.of(lambda form: any(map(is_judged, form.names)))
        self.evaluating = self.of(lambda form: is_evaluation(*form.names))

    def of(self, told: Callable[[Form], Any]) -> NDArray[Any]:
        """(forms,) what is told of each form."""
        return np.array([told(form) for form in self.forms])

    def at(self, told: NDArray[Any]) -> NDArray[Any]:
        """(n,) what is told of the form of each line."""
        alike = len(told) > 0 and bool((told == told[0]).all())
        return np.broadcast_to(told[0], len(self.ids)) if alike else told[self.ids]

    def belong_together(self) -> bool:
        """Whether some lines state what belongs to others: below a headline, or of one batch."""
        if any(BATCH_LOSS in form.names for form in self.forms):
            return True
        bare = self.kinds < 0
        if (bare & self.stating & self.of(lambda form: form.indented)).any():
            return True
        counted = self.of(lambda form: all(map(is_counted, form.names)))
        heads = np.flatnonzero(self.at(counted & np.isin(self.kinds, HEADS)))
        if not len(heads):
            return False
        bars = np.flatnonzero(self.at(~self.stating & (self.kinds == _BAR)))
        says = np.flatnonzero(self.at(self.stating | (self.kinds >= 0)))
        after = np.append(says, len(self.ids))[np.searchsorted(says, heads, "right")]
        if len(bars) and (np.isin(after, bars)).any():
            return True
        adds = bare & self.judged
        return bool(adds[self.ids[after[after < len(self.ids)]]].any())

    def epochs(self) -> IntArray:
        """(n,) the epoch of each line, -1 for none: its own, or that of the headline it is below.

        The latter where these count its epochs; see `headed`.
        """
        own = self.of(lambda form: -1 if form.epoch is None else form.epoch)
        bare = self.at((self.kinds >= 0) & (self.kinds != _EPOCH) & (own < 0))
        told = self.at(own)
        if not bare.any() or bare.all():
            return told
        stated = np.where(self.at(self.kinds == _EPOCH), self.counts, told)
        held = headed(
            self.counts, stated, np.flatnonzero(bare & self.at(self.judged & ~self.evaluating))
        )
        return told if held is None else np.where(bare, held, told)

    def finest(self) -> Kind:
        """The counter of most lines with a loss; of two equally frequent ones the first.

        Where bars of two loops alternate, one may evaluate: the epochs that train are surer.
        """
        judged = self.judged & (self.kinds >= 0)
        kinds = self.at(self.kinds)[self.at(judged)]
        found = np.bincount(kinds, minlength=len(KINDS))
        if found[_BAR] and found[_EPOCH]:
            trains = judged & ~self.evaluating
            used = distinct(self.ids)
            bars = {self.forms[at].of for at in used if trains[at] and self.kinds[at] == _BAR}
            epochs = int(self.at(trains & (self.kinds == _EPOCH)).sum())
            if min(len(bars), epochs) >= TWO_LOOPS:
                found[_BAR] = 0
        if not found.any():
            return "step"
        firsts = {at: int((kinds == at).argmax()) for at in np.flatnonzero(found == found.max())}
        return KINDS[min(firsts, key=firsts.__getitem__)]


def headed(counts: IntArray, stated: IntArray, points: IntArray) -> IntArray | None:
    """(n,) the epoch of each line by the headlines, -1 for none; None where these count none.

    `counts` (n,) is what a line counts, `stated` (n,) the epoch that it states, else -1; `points`
    are the places of those that hold a loss and state none. A headline such as `Epoch 2` is before
    its lines or, where lines are before the first one, behind them.
    """
    heads = np.flatnonzero(stated >= 0)
    if not len(heads) or len(points) < SEVERAL:
        return None
    if not _are_headed(counts[points], points, heads, stated):
        return None
    lines, epochs = np.arange(len(stated)), stated[heads]
    if points[0] < heads[0]:  # the last epoch has no headline yet
        return np.append(epochs, epochs[-1] + 1)[np.searchsorted(heads, lines)]
    return np.append(-1, epochs)[np.searchsorted(heads, lines, "right")]


def _are_headed(counts: IntArray, points: IntArray, heads: IntArray, stated: IntArray) -> bool:
    """Whether the counter falls only across headlines, or these number epochs as it goes on."""
    falls = np.flatnonzero(np.diff(counts) <= 0)
    if not len(falls):
        return set(np.diff(stated[heads]).tolist()) in ({1}, {0, 1})
    edges = np.searchsorted(heads, points)
    return bool((edges[falls] != edges[falls + 1]).all())
