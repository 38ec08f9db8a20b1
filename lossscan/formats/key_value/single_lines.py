"""Where the lines of a console are in their training, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from lossscan.canonical.names import canonical, is_judged
from lossscan.formats.key_value.form_lines import TWO_LOOPS
from lossscan.formats.key_value.headlines import headed
from lossscan.formats.kit.counters import CounterPlace, Kind
from lossscan.formats.kit.recount import is_beside, is_evaluation
from lossscan.formats.kit.stated import StatedLine

STILL: Final = ("step", "batch")  # that may be one number for all epochs: that of each one's only


def finest(parsed: Sequence[StatedLine]) -> Kind:
    """The counter of most lines with a loss; of two equally frequent ones the first.

    Where bars of two loops alternate, one may evaluate: the epochs that train are surer.
    """
    judged = [(place, row) for place, row in placed(parsed) if any(map(is_judged, row))]
    found = Counter(place.kind for place, _ in judged)
    both = found["bar"] and found["epoch"]
    trained = [place for place, row in judged if both and not is_evaluation(*row)]
    bars = {place.of for place in trained if place.kind == "bar"}
    if min(len(bars), sum(place.kind == "epoch" for place in trained)) >= TWO_LOOPS:
        del found["bar"]
    return found.most_common(1)[0][0] if found else "step"


def placed(
    parsed: Iterable[StatedLine], kind: Kind | None = None
) -> Iterator[tuple[CounterPlace, dict[str, Any]]]:
    """The counter and the numbers of each block that counts, or of those of one kind.

    The evaluation that sums up an epoch, or that counts nothing, is at the last count before.
    """
    parsed = list(parsed)
    current: CounterPlace | None = None
    counted = (line.place for line in parsed if line.place is not None and line.row)
    last = next((place for place in counted if place.kind == kind), None)  # of a log that is cut
    for line in parsed:
        row = line.row
        if line.place is not None and kind in (None, line.place.kind):
            current = last = line.place
        elif line.place is not None and sums_up(line.place.kind, kind):
            current = last
            row = {name: row[name] for name in row if canonical(name).startswith("eval_")}
        elif kind is not None and line.place is None and any(map(is_beside, row)):
            current = last
            row = {name: row[name] for name in row if is_beside(name)}
        else:
            current = None
        if current is not None and row:
            yield current, row


def sums_up(counted: Kind, kind: Kind | None) -> bool:
    """Whether a line that counts something else sums up what goes before it, an epoch."""
    return counted == "epoch" or (counted == "step" and kind == "bar")


def with_headlines(lines: list[StatedLine]) -> list[StatedLine]:
    """The lines with the epochs that are in headlines alone, where their counter needs these."""
    counts = np.array([each.place.count if each.place else 0 for each in lines], dtype=np.int64)
    stated = np.array([_epoch(each.place) for each in lines], dtype=np.int64)
    points = [at for at, each in enumerate(lines) if _is_bare(each)]
    held = headed(counts, stated, np.array(points, dtype=np.int64))
    if held is None:
        return lines
    return [
        replace(each, place=replace(each.place, epoch=int(epoch)))
        if each.place is not None and stated[at] < 0 <= epoch
        else each
        for at, (each, epoch) in enumerate(zip(lines, held, strict=True))
    ]


def _epoch(place: CounterPlace | None) -> int:
    """The epoch that a line states, -1 for none."""
    epoch = None if place is None else place.count if place.kind == "epoch" else place.epoch
    return -1 if epoch is None else epoch


def stands_still(lines: Iterable[StatedLine], kind: Kind) -> bool:
    """Whether all counts are one number, that of an epoch's, and the epochs go on."""
    places = [place for place, row in placed(lines, kind) if any(map(is_judged, row))]
    still = len({place.count for place in places}) == 1
    return still and len({place.epoch for place in places}) > 1 and places[0].of is None


def of_epoch(line: StatedLine) -> StatedLine:
    """A line that counts its epoch alone."""
    place = line.place
    if place is None or place.kind not in STILL or place.epoch is None:
        return line
    return replace(line, place=replace(place, kind="epoch", count=place.epoch))


def _is_bare(line: StatedLine) -> bool:
    """Whether a line states a loss at a count and no epoch."""
    return line.place is not None and _epoch(line.place) < 0 and any(map(is_judged, line.row))
