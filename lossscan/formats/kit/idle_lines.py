"""Lines of a console that say nothing, told at a glance: a log may hold millions of them.

A line that is like one that said nothing says nothing either. Of lines that are like no other and
no points each is looked at, up to a size; beyond it only those that name a loss by a word that
stated one before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lossscan.errors import ReaderGaveUp
from lossscan.formats.kit.shapes import NUMBER, Learned, Shape, key_of, shape_of
from lossscan.model import Note

MEGABYTE: Final = 1_000_000
# Of lines, whatever their length, a look takes 2 microseconds a character: all three 6 s.
MOST = 1_500_000  # characters of unlike lines that are no points, of any words
MOST_JUDGED = 2_000_000  # also with those that name a loss, and points
TOLD: Final = 500_000  # of lines whose shapes said something: a bar has one for each of its widths
JUDGED: Final = (  # one is in each line that states a loss or a reward
    *("loss", "Loss", "LOSS", "reward", "Reward", "xent", "Xent", "cost", "Cost", "ntropy"),
    *("nll", "NLL", "损失", "奖励", "損失", "ロス", "손실", "로스", "отер"),
    *("perda", "Perda", "perte", "Perte", "érdida", "erdida", "erlust", "perdita", "Perdita"),
    *("Score at iteration", "verage Score", "Avg Score", "Total Score", ", Gradient "),
    *("cycle_A", "errD", "Err_", "_err", " l_", " L_", "G_GAN", " G=", " G: ", " G[", "| T: "),
    *("[L1: ", " Err ", ", ce ", "total ", " total=", " total: ", "Total: "),
    *("train==[", "fit progress", "train 0", "valid 0", "MSE: "),
    *("g|", ": error = ", "ing error", " error 0.", " error=", "KL divergence"),
)


class IdleLines:
    """Which lines say nothing, learned from the lines so far."""

    def __init__(self, asked: frozenset[str]) -> None:
        self.passed_over = False  # whether a line was, because too many were no points
        self._asked = asked
        self._words: set[str] = set()  # of JUDGED, in lines that stated something
        self._like: Callable[[str], re.Match[str] | None] | None = None  # the last idle line
        self._learned = Learned[str, Callable[[str], re.Match[str] | None]]()
        self._told: set[str] = set()
        self._looked_at = self._told_by = 0  # characters
        self._key = ""  # of the line that was asked for last

    def holds(self, line: str) -> bool:
        """Whether a line need not be looked at."""
        if self._like is not None and self._like(line):
            return True
        if NUMBER.search(line) is None:
            return True
        self._key = key = key_of(line)
        known = self._learned.known.get(key)
        if known is not None and known(line):
            self._like = known
            return True
        if self._looked_at < MOST or key in self._told or self._names(line):
            return False
        self.passed_over = True
        return True

    def learn(self, line: str, *, states: bool, counts: bool) -> None:
        """Note what the line that was asked for last says; raises ReaderGaveUp."""
        key = self._key
        if states and key not in self._told:
            self._words.update(word for word in JUDGED if word in line)
        if not (states or counts):
            self._learned.learn(key, lambda: _alike(line) if key else None)
        elif key and key not in self._told and self._told_by < TOLD:
            self._told.add(key)
            self._told_by += len(line)
        if key not in self._told:
            self._looked_at += len(line)
            if self._looked_at > MOST_JUDGED:
                raise ReaderGaveUp("too_many_unlike", most=MOST_JUDGED / MEGABYTE)

    def _names(self, line: str) -> bool:
        """Whether a line names a loss as those before; without such, in any way."""
        return any(word in line for word in (*(self._words or JUDGED), *self._asked))

    def notes(self, path: Path) -> tuple[Note, ...]:
        """The remark on a log some of whose lines were passed over."""
        return (Note("unlike_lines", path, {"most": MOST / MEGABYTE}),) if self.passed_over else ()


def _alike(line: str) -> Callable[[str], re.Match[str] | None] | None:
    shape: Shape[str] | None = shape_of(line, ())
    return None if shape is None else shape.match
