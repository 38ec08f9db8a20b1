"""Lines with a counter become rows at steps of the run, where the counter restarts or is coarse.

In each epoch a counter may begin again; it may state only the epoch, on many lines; and what an
evaluation counts is its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec.structs import replace

from lossscan.canonical.names import canonical, is_judged
from lossscan.formats.kit.columns import Row, number
from lossscan.formats.kit.copies import once
from lossscan.formats.kit.counters import CounterPlace
from lossscan.formats.kit.epoch_counts import in_only_epoch, in_run
from lossscan.formats.kit.rare_shapes import SET_RATE
from lossscan.numeric.arrays import BoolArray, IntArray
from lossscan.numeric.medians import median

Placed: TypeAlias = tuple[CounterPlace, dict[str, Any]]

LOOPED: Final = ("batch", "bar")  # that begin again in each epoch, by their nature
WHOLE: Final = 0.9  # of what an epoch counts: the last lines of it may not be logged
SEVERAL: Final = 2  # lines with one loss in most epochs: they are points of it, not its mean


@lru_cache(maxsize=256)
def is_evaluation(*names: str) -> bool:
    """Whether everything in a row of such names was evaluated, on any set, except its counts."""
    stated = [name for name in map(canonical, names) if name not in ("epoch", "step")]
    return bool(stated) and all(name.startswith("eval_") or name == "test_loss" for name in stated)


def is_beside(name: str) -> bool:
    """Whether what a line without a counter states belongs to the last one that has one."""
    return is_evaluation(name) or canonical(name) in ("reward", "learning_rate", SET_RATE)


def trains(row: Iterable[str]) -> bool:
    """Whether a row holds a loss of the training."""
    return any(is_judged(name) and not is_evaluation(name) for name in row)


# --- epochs that are missing ----------------------------------------------------------------------


def assumed(placed: Sequence[Placed]) -> list[Placed] | None:
    """Lines whose counter begins again after all it has, with the epochs that this makes.

    None where they state their epoch. A counter of steps may restart because another training
    does: its loss goes on where an epoch begins. One that never says how many there are must do
    so more than once.
    """
    if not placed or any(place.epoch is not None or place.kind == "epoch" for place, _ in placed):
        return None
    most = max(place.count for place, _ in placed)
    last, epoch, epochs = None, 1, []
    for place, _ in placed:
        if last is not None and place.count < last.count:
            if last.count < WHOLE * (place.of or most) or last.of != place.of:
                return None
            epoch += 1
        last = place
        epochs.append(epoch)
    first = placed[0][0]
    if epoch <= (1 if first.of else SEVERAL):
        return None
    found = [
        (replace(place, epoch=at), row) for (place, row), at in zip(placed, epochs, strict=True)
    ]
    return found if (first.kind in LOOPED and first.of) or _goes_on(found) else None


def _goes_on(placed: Sequence[Placed]) -> bool:
    """Whether the loss of each epoch begins nearer to the last one's end than to its begin."""
    names = Counter(name for _, row in placed for name in row if _is_trained(name))
    name = max(names, key=lambda each: names[each], default="")
    losses: dict[int | None, list[float]] = {}
    for place, row in placed:
        value = number(row.get(name))
        if value is not None:
            losses.setdefault(place.epoch, []).append(value)
    ends = [(each[0], each[-1]) for each in losses.values()]
    return all(abs(two[0] - one[1]) < abs(two[0] - one[0]) for one, two in pairwise(ends))


# --- lines that state only the epoch --------------------------------------------------------------


def by_lines(placed: Sequence[Placed]) -> list[Row] | None:
    """Rows of lines that state only their epoch, counted; None where an epoch has one of a loss.

    Means of an epoch and evaluations are at the last line before them.
    """
    kept = once(placed)
    name = _fullest(kept)
    if name is None:
        return None
    rows: list[Row] = []
    step = 0
    for place, row in kept:
        step += name in row
        rows.append((max(step, 1), {"epoch": place.count, **row}))
    return rows


def _fullest(placed: Sequence[Placed]) -> str | None:
    """The loss with several lines in a row in most epochs.

    Folds, and trainings one after another, come to an epoch once each.
    """
    lines: dict[str, Counter[tuple[int, int]]] = {}
    came, last = 0, None
    for place, row in placed:
        came += last is not None and place.count < last
        last = place.count
        for name in filter(_is_trained, row):
            lines.setdefault(name, Counter())[came, place.count] += 1
    if not lines:
        return None
    name = max(lines, key=lambda each: lines[each].total())
    return name if median(list(lines[name].values())) >= SEVERAL else None


def _is_trained(name: str) -> bool:
    return trains([name])


# --- steps of the run -----------------------------------------------------------------------------


def unrounded(placed: list[Placed]) -> list[Placed]:
    """Counts that were printed as 1K, 1K, 2K: at the distance that the exact ones before show.

    Without these, or where they lead elsewhere, they are evenly between the first and the last.
    """
    counts = [place.count for place, _ in placed]
    if len(placed) < SEVERAL or not any(place.rounded for place, _ in placed):
        return placed
    exact = next(at for at, (place, _) in enumerate(placed) if place.rounded)
    first, gap = counts[0], (counts[-1] - counts[0]) / (len(placed) - 1)
    if exact >= SEVERAL:
        shown = counts[exact - 1] - counts[exact - 2]
        last = counts[exact - 1] + shown * (len(placed) - exact)
        if round(last, -3) == round(counts[-1], -3):
            first, gap = last - shown * (len(placed) - 1), float(shown)
    even = [round(first + gap * at) for at in range(len(placed))]
    return [
        (replace(place, count=even[at]) if place.rounded else place, row)
        for at, (place, row) in enumerate(placed)
    ]


def counted(placed: Sequence[Placed]) -> tuple[list[Row], int | None]:
    """Rows at their steps in the run, and the steps of an epoch where counts begin again in each.

    A bar is drawn many times at one count: what was there last holds.
    """
    evaluated = np.array([is_evaluation(*row) for _, row in placed], dtype=bool)
    counts = np.array([place.count for place, _ in placed], dtype=np.int64)
    epochs = np.array([-1 if p.epoch is None else p.epoch for p, _ in placed], dtype=np.int64)
    kinds = {place.kind for place, _ in placed}
    if kinds == {"bar"}:
        last = last_drawn(counts, epochs, evaluated)
        placed = [placed[at] for at in last.tolist()]
        counts, epochs, evaluated = counts[last], epochs[last], evaluated[last]
    own = _own(evaluated)
    of = {place.of for (place, _), trained in zip(placed, own, strict=True) if trained}
    steps, length = in_steps(counts, epochs, evaluated, list(of), looped=kinds <= set(LOOPED))
    rows = [row if (at := _epoch(place)) is None else {"epoch": at, **row} for place, row in placed]
    return list(zip(steps.tolist(), rows, strict=True)), length


def last_drawn(counts: IntArray, epochs: IntArray, evaluated: BoolArray) -> IntArray:
    """The last drawing of each bar, in the order in which the bars were first drawn.

    At count 0 a bar shows numbers of the epoch before, unless no bar went before it.
    """
    began = int(np.argmax(counts > 0)) if counts.any() else len(counts)
    drawn = np.flatnonzero((counts > 0) | (np.arange(len(counts)) < began))
    told = np.stack([epochs[drawn], counts[drawn], evaluated[drawn]])
    _, first, same = np.unique(told, axis=1, return_index=True, return_inverse=True)
    last = np.zeros(len(first), dtype=np.int64)
    last[same.ravel()] = np.arange(len(drawn))
    return drawn[last[np.argsort(first)]]


def in_steps(
    counts: IntArray,
    epochs: IntArray,
    evaluated: BoolArray,
    of: Sequence[int | None],
    *,
    looped: bool,
) -> tuple[IntArray, int | None]:
    """The steps in the run of points that count, and the steps of an epoch as in `counted`.

    `of`: the counts that those which train say there are; `looped`: they begin again by nature.
    """
    own = _own(evaluated)
    found, length = in_run(counts[own], epochs[own], of)
    if length is None and looped:
        found, length = in_only_epoch(counts[own], epochs[own], of)
    steps = counts.copy()
    steps[own] = found
    if length is not None:
        told = (epochs - epochs[own].min(initial=1)) * length + counts
        steps = np.where(own, steps, _evaluated(steps, np.where(counts > length, 0, told), own))
    elif not own.all():  # an evaluation that counts its own batches, below all of the training
        early = ~own & (counts < found.min())
        steps = np.where(early, _evaluated(steps, counts, own), steps)
    return steps, length


def _own(evaluated: BoolArray) -> BoolArray:
    """The points whose own counts hold: those of training, or all if none is of training."""
    return np.ones_like(evaluated) if evaluated.all() else ~evaluated


def _epoch(place: CounterPlace) -> int | None:
    return place.count if place.kind == "epoch" else place.epoch


def _evaluated(steps: IntArray, told: IntArray, own: BoolArray) -> IntArray:
    """The steps of evaluations: the one they state, unless training has gone beyond it before."""
    last = np.maximum.accumulate(np.where(own, np.arange(len(steps)), -1))
    return np.asarray(np.where(last >= 0, np.maximum(told, steps[last]), told))


def without_settings(rows: list[Row]) -> list[Row]:
    """The rows without those before the first loss that count beyond it, as `'epoch': 300`."""
    first = next((at for at, (_, row) in enumerate(rows) if any(map(is_judged, row))), 0)
    return [row for at, row in enumerate(rows) if at >= first or row[0] <= rows[first][0]]


def without_echo(rows: list[Row]) -> list[Row]:
    """NeMo repeats the last evaluation on every line: only a new value is an evaluation."""
    names = {name for _, row in rows for name in row}
    evaluated = {name for name in names if canonical(name) == "eval_loss"}
    if not evaluated:
        return rows
    kept: list[Row] = []
    shown: Any = None
    for step, row in rows:
        echo = {name for name in evaluated & row.keys() if row[name] == shown}
        both = any(canonical(name) == "loss" for name in row)
        shown = next((row[name] for name in row if name in evaluated), shown)
        fresh = {name: value for name, value in row.items() if not (both and name in echo)}
        kept.append((step, fresh))
    return kept
