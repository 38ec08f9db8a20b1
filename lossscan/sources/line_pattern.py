"""The expression of the user for lines of a log: checked once, stopped where it takes forever."""

from __future__ import annotations

import re
import signal
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from types import FrameType
from typing import Any, Final

from lossscan.errors import ReaderGaveUp, Unusable
from lossscan.expressions import expression

LONGEST: Final = 500  # characters; a longer expression describes more than one line
PLACES: Final = ("step", "epoch")  # groups that say where a point is, not what was logged
# `(a+)+`: each further character doubles the time that a line takes which does not match.
_DOUBLED: Final = expression(r"(?<!\\)[*+}]\??\)(?:[*+]|\{\d*,\d*\})")
_PARSER: Final = import_module("re._parser")
_REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_FEW: Final = 4  # times; a choice repeated so often is tried in 16 ways at most for each place
LEAST: Final = 3  # seconds of CPU before anything is said of the pace
SLOWEST: Final = 1000  # lines a second; the slowest in use, with three `.*`, reads 20 times more


def _repeats_a_choice(parsed: Any, *, repeated: bool = False) -> bool:
    """Whether what is repeated may be met in several ways: `(a|aa)+`, `(aa?)+`."""
    met = Counter(repr(part) for item in parsed for part in (_repeated(item) or [item]))
    for item in parsed:
        name, held = str(item[0]), item[1]
        varied = _repeated(item) if name in _REPEATS and held[0] != held[1] else []
        twice = any(met[repr(part)] > 1 or str(part[0]) == "ANY" for part in varied)
        if repeated and (name == "BRANCH" or twice):
            return True
        many = repeated or (name in _REPEATS and int(held[1]) > _FEW)
        if any(_repeats_a_choice(each, repeated=many) for each in _parts(held)):
            return True
    return False


def _repeated(item: Any) -> list[Any]:
    """What an item of an expression repeats; nothing where it does not."""
    return list(item[1][2]) if str(item[0]) in _REPEATS else []


def _parts(held: Any) -> list[Any]:
    """The expressions within a part of one."""
    if type(held).__name__ == "SubPattern":
        return [held]
    if not isinstance(held, list | tuple):
        return []
    return [part for each in held for part in _parts(each)]


@lru_cache(maxsize=8)
def compiled(pattern: str) -> re.Pattern[str]:
    """The expression ready for use; raises ValueError that says what is wrong with it."""
    if len(pattern) > LONGEST:
        raise Unusable("pattern_long", characters=LONGEST)
    try:
        with warnings.catch_warnings():  # what Python may take otherwise some day
            warnings.simplefilter("ignore")
            found, parsed = re.compile(pattern), _PARSER.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unusable("pattern_invalid", reason=str(error)) from error
    if not set(found.groupindex) - set(PLACES):
        raise Unusable("pattern_unnamed")
    if _DOUBLED.search(pattern):
        raise Unusable("pattern_repeat")
    if _repeats_a_choice(parsed):
        raise Unusable("pattern_choice")
    return found


class Pace:
    """Counts lines, and how many seconds they took."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.lines = 0
        self._seconds = 0

    def tick(self, _number: int, _frame: FrameType | None) -> None:
        """A second of CPU has gone by: raise ReaderGaveUp where too few lines were read in all."""
        self._seconds += 1
        if self._seconds >= LEAST and self.lines < self._seconds * SLOWEST:
            raise ReaderGaveUp("pattern_slow", pattern=self.pattern)


@contextmanager
def paced(pattern: str) -> Iterator[Pace]:
    """Within it `lines` has to grow, or ReaderGaveUp is raised.

    Only where the system has such timers, and in the main thread; elsewhere nothing is stopped.
    """
    pace = Pace(pattern)
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield pace
        return
    held = signal.signal(signal.SIGVTALRM, pace.tick)
    left = signal.setitimer(signal.ITIMER_VIRTUAL, 1, 1)
    try:
        yield pace
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, *left)
        signal.signal(signal.SIGVTALRM, held)
