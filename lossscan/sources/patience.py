"""An expression of the user that takes forever on a line is stopped."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from lossscan.errors import ReaderGaveUp

LEAST: Final = 3  # seconds of CPU before anything is said of the pace
SLOWEST: Final = 1000  # lines a second; the slowest in use, with three `.*`, reads 20 times more


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
