"""Tasks go out in chunks to a pool; reports come back in order, whichever worker dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from threading import Event
from typing import TypeAlias

from msgspec import Struct, field

from lossscan.batching.pool import Slot, WorkerPool
from lossscan.batching.work import Task, failed, failure, judge
from lossscan.errors import UsageError, WorkerLost
from lossscan.model import RunReport
from lossscan.settings import Settings

SHARES = 4  # chunks for each slot at least, so that none idles while another has many left
AHEAD = 16  # chunks for each slot that may be done before one that is still awaited: bounds memory
LOSSES = 4  # workers for each slot, dead before any run was done: a chunk, 3 of its runs alone
PATIENCE = 0.2  # seconds between looks at whether to stop

_Reports: TypeAlias = Future[list[RunReport]]


class _Chunk(Struct, frozen=True):
    """Tasks `[start, stop)` that travel together; lost ones travel again, each alone."""

    start: int
    stop: int
    again: bool = False


class _Scheduler(Struct):
    """The tasks still to be sent, those at work, and reports that came back out of order."""

    tasks: Sequence[Task]
    settings: Settings
    waiting: deque[_Chunk]
    out: dict[_Reports, tuple[_Chunk, Slot]] = field(default_factory=dict)
    back: dict[int, RunReport] = field(default_factory=dict)
    losses_left: int | None = None  # before workers are held to be unable to work; None: they can


def in_order(
    tasks: Sequence[Task], settings: Settings, pool: WorkerPool, stop: Event
) -> Iterator[tuple[Task, RunReport]]:
    """Each task with its report, in the order of the tasks.

    Once `stop` is set, no more is begun and what is done is still given. Raises UsageError.
    """
    scheduler = _Scheduler(
        tasks, settings, _chunks(len(tasks), pool), losses_left=LOSSES * len(pool.slots)
    )
    idle = deque(pool.slots)
    place = 0
    while place < len(tasks) and not stop.is_set():
        _send(scheduler, idle, limit=place + AHEAD * pool.chunk * len(pool.slots))
        done, _ = wait(scheduler.out, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        if gone := pool.is_gone():
            scheduler.losses_left = None  # not the workers fail, and each run has its row
        for future in done or (tuple(scheduler.out) if gone else ()):
            idle.append(_receive(scheduler, future))
        while place in scheduler.back:
            yield tasks[place], scheduler.back.pop(place)
            place += 1
    for index in sorted(scheduler.back):
        yield tasks[index], scheduler.back[index]


def _chunks(count: int, pool: WorkerPool) -> deque[_Chunk]:
    share = -(-count // (len(pool.slots) * SHARES))
    size = max(min(pool.chunk, share), 1)
    return deque(_Chunk(i, min(i + size, count)) for i in range(0, count, size))


def _send(scheduler: _Scheduler, idle: deque[Slot], *, limit: int) -> None:
    while idle and scheduler.waiting and scheduler.waiting[0].start < limit:
        chunk, slot = scheduler.waiting.popleft(), idle.popleft()
        tasks = scheduler.tasks[chunk.start : chunk.stop]
        try:
            future = slot.submit(judge, tasks, scheduler.settings)
        except Exception as error:  # nobody takes work any more
            future = Future()
            future.set_exception(error)
        scheduler.out[future] = chunk, slot


def _receive(scheduler: _Scheduler, future: _Reports) -> Slot:
    """Take what came back; gives the slot, restarted if its worker died."""
    chunk, slot = scheduler.out.pop(future)
    try:
        scheduler.back.update(enumerate(future.result(timeout=0), start=chunk.start))
        scheduler.losses_left = None
    except UsageError:
        raise
    except (Exception, CancelledError) as error:  # the worker died, or the way to it
        slot.close()
        _lost(scheduler, chunk, error)
    return slot


def _lost(scheduler: _Scheduler, chunk: _Chunk, error: BaseException) -> None:
    """Send lost runs out again, each alone; one that is lost alone, too, has its row.

    Raises UsageError where no worker has done anything yet and many are lost.
    """
    if scheduler.losses_left is not None:
        scheduler.losses_left -= 1
        if scheduler.losses_left <= 0:
            raise UsageError("workers_fail", error=type(error).__name__) from error
    if not chunk.again:
        alone = (_Chunk(i, i + 1, again=True) for i in range(chunk.start, chunk.stop))
        scheduler.waiting.extendleft(reversed(list(alone)))
        return
    path = scheduler.tasks[chunk.start].path
    lost = WorkerLost("worker_lost", at=path, error=type(error).__name__)
    scheduler.back[chunk.start] = failed(path, failure(path, lost))
