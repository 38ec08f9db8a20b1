"""Entries that a log holds several times over: of two loggers, or of each rank."""

from __future__ import annotations

from typing import Final

MOST: Final = 8  # copies: the ranks of a node
FEWEST: Final = 2  # entries that differ: a log of one value may hold it as often as it likes


class Copies:
    """How often each entry of a log occurs, told by what equals the entry before it."""

    def __init__(self) -> None:
        self.possible = True
        self._seen = 1  # entries
        self._each = 0  # copies of the first one, 0 as long as no other came

    def take(self, *, again: bool) -> None:
        """One more entry, which says what the one before says, or not."""
        at = self._seen
        self._seen += 1
        if self._each:
            self.possible = self.possible and again == (at % self._each != 0)
        elif not again:
            self._each = at
            self.possible = self.possible and at > 1
        elif at >= MOST:
            self.possible = False

    @property
    def number(self) -> int:
        """How often each entry occurs in a row; the last may lack copies."""
        enough = self._each and self._seen >= FEWEST * self._each
        return self._each if self.possible and enough else 1
