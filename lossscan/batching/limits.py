"""A limit on the time that one run of a batch may take."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from lossscan.errors import TimedOut

AGAIN = 5.0  # seconds until the alarm rings again where nobody listened, as within a destructor


class _TimeUp(BaseException):
    """The alarm: no guard against faults of a reader or a rule may take it for one."""


@contextmanager
def within(seconds: float | None, path: str) -> Iterator[None]:
    """End what is done within after so many seconds; raises TimedOut.

    Only the main thread of a process can be rung up, and on Windows none.
    """
    if seconds is None or not _has_alarm():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
        yield
    except _TimeUp:
        raise TimedOut("timed_out", at=path, seconds=f"{seconds:g}") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(number: int, frame: FrameType | None) -> None:
    raise _TimeUp


def _has_alarm() -> bool:
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        return False
    return signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
