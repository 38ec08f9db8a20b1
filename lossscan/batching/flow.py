"""Tasks go out in chunks to a crew and their reports come back in order, whoever dies meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from threading import Event
from typing import TypeAlias

from lossscan.batching.crews import Crew, Lane
from lossscan.batching.work import Task, failed, judge
from lossscan.errors import UsageError
from lossscan.model import Failure, RunReport
from lossscan.settings import Settings

SHARES = 4  # chunks for each lane at least, so that none idles while another has many left
AHEAD = 16  # chunks for each lane that may be done before one that is still awaited: bounds memory
LOSSES = 4  # workers for each lane, dead before any run was done: a chunk, 3 of its runs alone
PATIENCE = 0.2  # seconds between looks at whether to stop

_Reports: TypeAlias = Future[list[RunReport]]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Tasks `[start, stop)` that travel together; lost ones travel again, each alone."""

    start: int
    stop: int
    again: bool = False


@dataclass(slots=True)
class _Desk:
    """What is still to be sent out, what is out, and what came back too early."""

    tasks: Sequence[Task]
    settings: Settings
    waiting: deque[_Chunk]
    out: dict[_Reports, tuple[_Chunk, Lane]] = field(default_factory=dict)
    back: dict[int, RunReport] = field(default_factory=dict)
    losses_left: int | None = None  # before workers are held to be unable to work; None: they can


def in_order(
    tasks: Sequence[Task], settings: Settings, crew: Crew, stop: Event
) -> Iterator[tuple[Task, RunReport]]:
    """Each task with its report, in the order of the tasks.

    Once `stop` is set, no more is begun and what is done is still given. Raises UsageError.
    """
    desk = _Desk(tasks, settings, _chunks(len(tasks), crew), losses_left=LOSSES * len(crew.lanes))
    idle = deque(crew.lanes)
    place = 0
    while place < len(tasks) and not stop.is_set():
        _send(desk, idle, limit=place + AHEAD * crew.chunk * len(crew.lanes))
        done, _ = wait(desk.out, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        for future in done:
            idle.append(_receive(desk, future))
        while place in desk.back:
            yield tasks[place], desk.back.pop(place)
            place += 1
    for index in sorted(desk.back):
        yield tasks[index], desk.back[index]


def _chunks(count: int, crew: Crew) -> deque[_Chunk]:
    share = -(-count // (len(crew.lanes) * SHARES))
    size = max(min(crew.chunk, share), 1)
    return deque(_Chunk(i, min(i + size, count)) for i in range(0, count, size))


def _send(desk: _Desk, idle: deque[Lane], *, limit: int) -> None:
    while idle and desk.waiting and desk.waiting[0].start < limit:
        chunk, lane = desk.waiting.popleft(), idle.popleft()
        tasks = desk.tasks[chunk.start : chunk.stop]
        desk.out[lane.submit(judge, tasks, desk.settings)] = chunk, lane


def _receive(desk: _Desk, future: _Reports) -> Lane:
    """Take what came back; gives the lane, mended if its worker died."""
    chunk, lane = desk.out.pop(future)
    try:
        desk.back.update(enumerate(future.result(), start=chunk.start))
        desk.losses_left = None
    except UsageError:
        raise
    except (Exception, CancelledError) as error:  # the worker died, or the way to it
        lane.close()
        _lost(desk, chunk, error)
    return lane


def _lost(desk: _Desk, chunk: _Chunk, error: BaseException) -> None:
    """Send lost runs out again, each alone; one that is lost alone, too, has its row.

    Raises UsageError where no worker has done anything yet and many are lost.
    """
    if desk.losses_left is not None:
        desk.losses_left -= 1
        if desk.losses_left <= 0:
            raise UsageError(
                f"workers keep failing ({type(error).__name__})",
                hint="try --jobs 1; in a script, guard batch() with `if __name__ == ...`",
            ) from error
    if not chunk.again:
        alone = (_Chunk(i, i + 1, again=True) for i in range(chunk.start, chunk.stop))
        desk.waiting.extendleft(reversed(list(alone)))
        return
    path = desk.tasks[chunk.start].path
    desk.back[chunk.start] = failed(
        path,
        Failure(
            "WorkerLost",
            f"{path}: the process that read it ended twice ({type(error).__name__})",
            f"most often memory ran out; try it alone: lossscan analyze {path}",
        ),
    )
