"""What an input may cost: seconds of CPU and memory, beyond which it is stopped and told."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

IN_MEMORY = next((p for p in (Path("/dev/shm"),) if p.is_dir()), None)  # noqa: S108 - a folder of our own is made there
SAID = 60.0  # seconds between two words on how far it is
SLOW = 5  # seconds of CPU within which each input must end
MEMORY = 1 << 30  # bytes that an input may take


class TooSlowError(BaseException):
    """An input that took longer; no `except Exception` of a reader swallows it."""


class Watch:
    """Counts the seconds of CPU that go by while one input is read."""

    def __init__(self) -> None:
        self.tried = 0
        self._seen, self._seconds = 0, 0

    def tick(self, _number: int, _frame: FrameType | None) -> None:
        """A second of CPU has gone by."""
        self._seconds = self._seconds + 1 if self._seen == self.tried else 0
        self._seen = self.tried
        if self._seconds >= SLOW:
            self._seconds = 0
            raise TooSlowError(f"more than {SLOW} s")


@contextmanager
def watched() -> Iterator[Watch]:
    """Bound the memory of this process and watch over its time."""
    watch = Watch()
    held = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGVTALRM, watch.tick)
    signal.setitimer(signal.ITIMER_VIRTUAL, 1, 1)
    resource.setrlimit(resource.RLIMIT_AS, (_mapped() + MEMORY, held[1]))
    try:
        yield watch
    finally:
        resource.setrlimit(resource.RLIMIT_AS, held)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _mapped() -> int:
    with open("/proc/self/statm") as stream:  # noqa: PTH123 - no file
        return int(stream.read().split()[0]) * resource.getpagesize()
