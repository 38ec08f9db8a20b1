"""Signals that end the command: what it has on the disk for a while goes with it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = ("SIGTERM", "SIGHUP")  # a scheduler's, and that of a terminal that is closed


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Drafts and temporary folders are removed before SIGTERM or SIGHUP ends the process.

    Its status is then the one that a shell shows for the signal. One that is ignored, as under
    `nohup`, stays ignored.
    """
    numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in caught:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # the second would interrupt the tidying up
    sys.exit(128 + number)
