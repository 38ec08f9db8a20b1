"""Entries that a log holds several times over: of two loggers, or of each rank."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeVar

MOST: Final = 8  # copies: the ranks of a node
FEWEST: Final = 2  # entries that differ: a log of one value may hold it as often as it likes

Entry = TypeVar("Entry")


def once(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries without copies, where each occurs as often as the others; the last may be cut."""
    if len(entries) < 2 * FEWEST or entries[0] != entries[1]:
        return entries
    copies = next((at for at, each in enumerate(entries) if each != entries[0]), len(entries))
    if not 1 < copies <= MOST or len(entries) < FEWEST * copies:
        return entries
    single = entries[::copies]
    same = all(each == single[at // copies] for at, each in enumerate(entries))
    differ = all(one != two for one, two in pairwise(single))
    return single if same and differ else entries
