"""Roots become Tasks: patterns are expanded, runs are found, filters are applied."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import starmap
from pathlib import Path, PurePosixPath

from msgspec import Struct

from lossscan.batching.work import Task, failure
from lossscan.errors import InputError
from lossscan.pipeline import no_log, place_of
from lossscan.runs import remote
from lossscan.settings import Settings


class Options(Struct, frozen=True):
    """Which runs of a batch are judged, and by whom."""

    include: tuple[str, ...] = ()  # patterns of paths; empty means all
    exclude: tuple[str, ...] = ()
    since: str | None = None  # a date or an age: runs with a file changed since then
    changed_only: Path | None = None  # the file that remembers what was seen
    jobs: int | None = None  # processes; None is one for each core
    dask: str | None = None  # address of a scheduler, instead of processes

    def admits(self, path: str, root: str) -> bool:
        """Whether a run found below a root is wanted; `*` matches `/` too.

        A pattern without `/` is held against each folder below the root, one with `/` against the
        path below the root and the whole path.
        """
        names = _names(path, root)
        wanted = not self.include or _any(names, self.include)
        return wanted and not _any(names, self.exclude)


def find(roots: Iterable[str], wanted: Options, settings: Settings) -> tuple[Task, ...]:
    """The runs below the roots, in the order of the roots, then of the names; none twice.

    A root where nothing is found is a task that carries its error. Raises InputError where runs
    were found and none is wanted.
    """
    found: dict[str, Task] = {}
    refused = 0
    for root, task in (each for pattern in roots for each in _below(pattern, settings)):
        if root is None or wanted.admits(task.path, root):
            found.setdefault(task.place, task)
        else:
            refused += 1
    if refused and not found:
        raise InputError("nothing_included", runs=refused)
    return tuple(found.values())


def _expanded(pattern: str) -> list[str]:
    """The paths that a pattern matches, sorted; itself if it is a path or matches nothing."""
    if remote.is_url(pattern):
        return remote.expanded(pattern)
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [str(place_of(pattern))]
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 - absolute ones
    return sorted({str(Path(each)) for each in found}) or [pattern]


def _below(pattern: str, settings: Settings) -> Iterator[tuple[str | None, Task]]:
    """The runs below each root that a pattern matches, with the root; None for no root.

    A folder without a log may be one that the filters leave out; a slip in a name never is.
    """
    try:
        for root in _expanded(pattern):
            tasks = list(_tasks(root, settings))
            if not tasks:
                tasks = [Task(root, error=failure(root, no_log(root)))]
            yield from ((root, task) for task in tasks)
    except (InputError, OSError) as error:
        yield None, Task(pattern, error=failure(pattern, error))


def _tasks(root: str, settings: Settings) -> Iterator[Task]:
    from lossscan.runs.apart import apart
    from lossscan.runs.discover import discover

    if remote.is_url(root):
        yield from (Task(run.url, run) for run in remote.find(root, settings))
    else:
        for files in discover(Path(root), settings):
            yield from (Task(str(each.root), each) for each in apart(files))


def _names(path: str, root: str) -> tuple[set[str], set[str]]:
    """The names that a pattern without `/` may match, and those for one with it."""
    whole = PurePosixPath(path)
    below = whole.relative_to(root) if whole.is_relative_to(root) else whole
    parts = below.parts or (whole.name,)
    return set(parts), {str(below), str(whole)}


def _any(names: tuple[set[str], set[str]], patterns: tuple[str, ...]) -> bool:
    folders, paths = names
    pairs = ((name, each) for each in patterns for name in (paths if "/" in each else folders))
    return any(starmap(fnmatchcase, pairs))
