"""Lines of a console that belong together: a headline that counts, and what follows it."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Sequence, Set
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import Final

from msgspec.structs import replace

from lossscan.canonical.names import canonical, is_judged
from lossscan.formats.key_value.stated_log import StatedLog
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.counters import Kind
from lossscan.formats.kit.stated import BATCH_LOSS, StatedLine, is_total
from lossscan.numeric.arrays import IntArray

OVERDRAWN: Final = 3  # one epoch in so many may lack its headline; batches have many below each
_HEADED: Final = frozenset({"step", "batch"})  # and epochs, where each has its losses once
_COUNTED: Final = ("step", "epoch", "learning_rate")  # what a headline may state by name
_EVAL: Final = "eval_loss"
_SUMS: Final = (_EVAL, "test_loss")


def together(
    log: StatedLog, begun: Sequence[int], evaluated: Iterable[tuple[str, Sequence[int]]] = ()
) -> tuple[StatedLog, list[int]]:
    """The log with a line for each block, and in it the places of launches that go on.

    `evaluated` are passes over a set, by the name of their mean, with the places of their lines.
    """
    lines = summed_up(averaged(log.lines(), evaluated))
    parts = pairwise((0, *begun))
    return _log_of(_told(lines)), list(accumulate(len(_told(lines[a:b])) for a, b in parts))


def _told(lines: Iterable[StatedLine]) -> list[StatedLine]:
    """The blocks that count or state something."""
    return [block for block in blocks(lines) if block.place is not None or block.row]


def of_epochs(log: StatedLog, kinds: Container[Kind], epochs: IntArray) -> StatedLog:
    """The log whose lines of some kinds of counters count their epoch alone; -1 where none is."""
    lines = log.lines()
    for at, epoch in enumerate(epochs.tolist()):
        place = lines[at].place
        if place is not None and place.kind in kinds and epoch >= 0:
            lines[at] = replace(lines[at], place=replace(place, kind="epoch", count=epoch))
    return _log_of(lines)


def _log_of(lines: Iterable[StatedLine]) -> StatedLog:
    log = StatedLog()
    for line in lines:
        log.add(line)
    return log


def blocks(parsed: Iterable[StatedLine]) -> Iterator[StatedLine]:
    """Each line with what goes on with it: the indented ones below, numbers below a headline.

    A headline states a step or an epoch and nothing else; what follows it has names of its
    own, each once. Below `Epoch 1` may be a hundred lines of batches: these are no block.
    Lines are read as they are asked for, up to the first that counts epochs alone.
    """
    block: StatedLine | None = None
    headed = False  # whether the block began with a headline
    for line, kinds in _with_kinds(parsed):
        if block is None:
            block, headed = line, _is_headline(line, kinds)
        elif line.place is None and (line.indented or (headed and _adds(block, line))):
            block = replace(block, row=block.row | line.row)
        elif not (headed and _is_still(line) and not any(map(is_judged, block.row))):
            yield block
            block, headed = line, _is_headline(line, kinds)
    if block is not None:
        yield block


def _with_kinds(parsed: Iterable[StatedLine]) -> Iterator[tuple[StatedLine, Set[str]]]:
    """Each line with the counters that headlines state; whether epochs do, takes all lines."""
    read: list[StatedLine] = []
    rest = iter(parsed)
    for line in rest:
        read.append(line)
        if line.place is not None and line.place.kind == "epoch":
            break
        yield line, _HEADED
    else:
        return
    at = len(read) - 1
    read += rest
    kinds = _HEADED | {"epoch"} if _each_once(read) else _HEADED
    yield from ((line, kinds) for line in read[at:])


def _is_headline(line: StatedLine, kinds: Set[str]) -> bool:
    """Whether a line states what it counts and nothing more."""
    counts = line.place is not None and line.place.kind in kinds
    return counts and all(map(is_counted, line.row))


@lru_cache(maxsize=1 << 10)  # names: each line is asked
def is_counted(name: str) -> bool:
    """Whether a headline may state it by name."""
    return canonical(name).removeprefix("eval_") in _COUNTED


def _adds(block: StatedLine, line: StatedLine) -> bool:
    """Whether a line goes on with a headline and what already follows it."""
    adds = any(map(is_judged, line.row)) or (bool(line.row) and all(map(is_counted, line.row)))
    return adds and block.row.keys().isdisjoint(line.row)


def _is_still(line: StatedLine) -> bool:
    """Whether a line states nothing: a rule below a headline, or a bar without numbers."""
    return not line.row and (line.place is None or line.place.kind == "bar")


def _each_once(parsed: Iterable[StatedLine]) -> bool:
    """Whether no loss comes twice below one epoch, nor before the first one and not in the last.

    Who pastes a log may cut its start: then losses are before the first headline and below the
    last one. A headline may be overdrawn by a bar: then few epochs seem to have a loss twice.
    """
    below: set[str] | None = None
    cut = twice = False
    epochs = repeated = 0
    for line in parsed:
        place = line.place
        if place is not None and place.kind == "epoch":
            epochs, repeated = epochs + 1, repeated + twice
            below, twice = set(line.row), False
        elif place is None and not line.indented:
            judged = set(filter(is_judged, line.row))
            if below is None:
                cut = cut or bool(judged)
            else:
                twice = twice or not below.isdisjoint(judged)
                below |= judged
    if (repeated + twice) * OVERDRAWN > epochs:
        return False
    return not cut or any(map(is_judged, below or ()))


# --- what the batches of an evaluation print ------------------------------------------------------


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
    named = (value for name, value in line.row.items() if name == BATCH_LOSS or is_total(name))
    values = map(number, named)
    return next((value for value in values if value is not None), math.nan)


def summed_up(lines: Sequence[StatedLine]) -> list[StatedLine]:
    """The lines; the last batch of each evaluation gets the mean of the whole evaluation."""
    batches = [at for at, line in enumerate(lines) if BATCH_LOSS in line.row]
    if not batches:
        return list(lines)
    found = [replace(line, row={}) if BATCH_LOSS in line.row else line for line in lines]
    ended = list(accumulate(bool(line.row) for line in found))  # evaluations, by other numbers
    stated = any(canonical(name) in _SUMS for line in found for name in line.row)
    for _, evaluation in groupby(() if stated else batches, key=ended.__getitem__):
        places = list(evaluation)
        mean = sum(_loss(lines[at]) for at in places) / len(places)
        found[places[-1]] = replace(found[places[-1]], row={_EVAL: mean})
    return found
