"""How far a batch has come, on standard error; and the signals that end it in good order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, TypeAlias

from lossscan import words
from lossscan.errors import Order

if TYPE_CHECKING:
    from lossscan.model import RunReport

EVERY = 15.0  # seconds between lines where nobody watches: a log of a job is read later
INTERRUPTED = 128 + signal.SIGINT  # the exit status that shells expect
ENDING = ("SIGTERM", "SIGHUP")  # a scheduler's, and that of a terminal that is closed

_Show: TypeAlias = Callable[[int, Callable[[], str]], None]  # how many are done, and the tally


def followed(
    reports: Iterable[RunReport], total: int, lang: str, *, bar: bool
) -> Iterator[RunReport]:
    """The reports, while a bar on the terminal, or now and then a line, says how far it is."""
    from lossscan.reporters.kit.rows import tally

    counts: Counter[str] = Counter()
    with _bar(total) if bar else _lines(total, lang) as show:
        for done, report in enumerate(reports, start=1):
            counts[report.status] += 1
            show(done, partial(tally, counts, lang))
            yield report


def tell(text: str, details: Iterable[str] = ()) -> None:
    """A line on standard error, on a terminal wrapped between words; and what belongs to it."""
    line = f"lossscan: {words.printable(text)}"
    if room := _room():
        from lossscan.words.wrapping import wrapped

        line = wrapped(line, room)
    lines = [line, *(f"  {indented(each)}" for each in details)]
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201 - no result


def _room() -> int:
    """Cells of a line of the terminal; 0 where there is none: scripts expect one line."""
    with suppress(OSError, ValueError):  # no terminal behind a stream that was put in its place
        return os.get_terminal_size(sys.stderr.fileno()).columns if sys.stderr.isatty() else 0
    return 0


def indented(line: str) -> str:
    """A line that steers nothing, as far to the right as it was."""
    return " " * (len(line) - len(line.lstrip(" "))) + words.printable(line)


@contextmanager
def interrupts() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second ends everything at once."""
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


class _Ended(Order):
    """A signal of those came; its argument is the status."""


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
    except _Ended as ended:
        sys.exit(*ended.args)
    finally:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # the second would interrupt the tidying up
    raise _Ended(128 + number)


@contextmanager
def _lines(total: int, lang: str) -> Iterator[_Show]:
    last = monotonic()

    def show(done: int, said: Callable[[], str]) -> None:
        nonlocal last
        if monotonic() - last >= EVERY:
            last = monotonic()
            tell(words.say(lang, "progress", done=done, total=total, tally=said()))

    yield show


@contextmanager
def _bar(total: int) -> Iterator[_Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (BarColumn(), MofNCompleteColumn(), Left(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=total)
        yield lambda done, said: progress.update(task, completed=done, description=said())
