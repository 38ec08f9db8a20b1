"""Who does the work: this process, processes of its own, or the workers of a dask cluster.

A slot does one chunk at a time. Each process is a pool of its own, so that one that dies takes
with it only the chunk it was at, and no guessing is needed about which run killed it.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from multiprocessing import (
    active_children,
    connection,
    current_process,
    get_context,
    parent_process,
)
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar

from msgspec import Struct, field

from lossscan.errors import MissingExtra, UsageError, reason_of
from lossscan.sources.files import kept_unpacked

CHUNK = 8  # runs; some 50 ms of work, so that handing it over costs nothing in comparison
WORTH = 100  # runs for each process: fewer are done before it has loaded its libraries (1 s)
DASK_CHUNK = 32  # runs; a message to a cluster costs some milliseconds
DASK_DEPTH = 2  # chunks for each thread of the cluster, so that none waits for the next message
DASK_SECONDS = 30  # in which a scheduler has to answer and to have a worker

P = ParamSpec("P")
T = TypeVar("T")


class Slot(Struct):
    """A place where one chunk at a time is worked on."""

    start: Callable[[], Executor]
    shared: bool = False  # with the other slots: nobody's to close
    _executor: Executor | None = None
    _workers: set[BaseProcess] = field(default_factory=set)

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hand over work; the process starts with the first."""
        try:
            if self._executor is not None:
                return self._executor.submit(function, *args, **kwargs)
        except BrokenExecutor:  # it died while it had nothing to do
            self.close()
        before = set(active_children())
        self._executor = self.start()
        with _interrupts_held():
            future = self._executor.submit(function, *args, **kwargs)
        self._workers = set(active_children()) - before
        return future

    def close(self) -> None:
        """End the process, whatever it is at; the next submit starts another."""
        for worker in self._workers:
            worker.kill()
        if self._executor is not None and not self.shared:
            self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = None


class WorkerPool(Struct, frozen=True):
    """The slots that share the work, and at most how many runs go out together."""

    slots: tuple[Slot, ...]
    chunk: int
    is_gone: Callable[[], bool] = lambda: False  # what is out never comes back


def pool_for(jobs: int | None, dask: str | None, runs: int) -> AbstractContextManager[WorkerPool]:
    """A pool for so many runs; raises UsageError and MissingExtra."""
    if jobs is not None and jobs < 1:
        raise UsageError("bad_jobs", jobs=jobs)
    if dask is not None:
        return _cluster(dask)
    return _local(min(jobs or cores(), runs if jobs else runs // WORTH))


def cores() -> int:
    """How many cores this process may use, which a job of Slurm or a container limits."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


@contextmanager
def _local(processes: int) -> Iterator[WorkerPool]:
    """A pool of so many processes; one means this process itself, run by run."""
    pool = WorkerPool((Slot(InlineExecutor, shared=True),), chunk=1)
    with ExitStack() as ending:
        ending.callback(kept_unpacked.cache_clear)
        if processes > 1:
            if getattr(current_process(), "_inheriting", False):  # as spawn itself asks
                raise UsageError("imported_by_worker")
            unpacked = TemporaryDirectory(prefix="lossscan-", ignore_cleanup_errors=True)
            process = partial(_process, ending.enter_context(unpacked))
            pool = WorkerPool(tuple(Slot(process) for _ in range(processes)), CHUNK)
        for slot in pool.slots:
            ending.callback(slot.close)
        yield pool


def _process(folder: str) -> Executor:
    """A pool of one: spawned, because a fork of a process with threads may hang.

    What it unpacks is in the folder, so that it goes with the batch wherever the process is killed.
    """
    return ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=_follow_parent, initargs=(folder,)
    )


def _follow_parent(folder: str) -> None:
    """End with the parent, even where it is killed: nobody else would ever end this process."""
    tempfile.tempdir = folder
    parent = parent_process()
    if parent is not None:
        after = (parent.sentinel, folder)
        threading.Thread(target=_end_after, args=after, daemon=True).start()


def _end_after(sentinel: int, folder: str) -> None:
    connection.wait([sentinel])
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started within never see Ctrl-C, which is the parent's to answer."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class InlineExecutor(Executor):
    """Work done at once, in this process."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The result, or the error, as a future that is done."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # raised again where the result is asked for
            future.set_exception(error)
        return future


# --- dask --------------------------------------------------------------------------------------


@contextmanager
def _cluster(address: str) -> Iterator[WorkerPool]:
    """The threads of a running cluster; its scheduler gives a lost worker's chunks to others."""
    with _client(address) as client:
        executor = client.get_executor(pure=False)
        threads = sum(client.ncores().values())
        slots = (Slot(lambda: executor, shared=True) for _ in range(threads * DASK_DEPTH))
        yield WorkerPool(tuple(slots), DASK_CHUNK, lambda: client.status == "closed")


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtra("dask_extra") from error
    try:
        client = Client(address, timeout=DASK_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=DASK_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        reason = reason_of(error)
        raise UsageError("dask_unreachable", address=address, reason=reason) from error
    return client
