"""Files that hold several runs: which of them is read, and what is said of the others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lossscan.errors import UnreadableLog
from lossscan.model import Note, Numbers
from lossscan.sources.files import Head

MOST_NAMED: Final = 8  # runs in an error


def chosen(
    head: Head, points: Mapping[str, int], called: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The run that is asked for, else the fullest; raises UnreadableLog where there is no such.

    `points` are how many each has, `called` the names of those that also have one. A number may
    ask for one of several trainings in the only run.
    """
    if not points:
        raise UnreadableLog("no_points")
    if head.part is None or (len(points) == 1 and head.part.isdecimal()):
        return max(points, key=lambda run: points[run])
    for run in points:
        if head.part in (run, called.get(run)):
            return run
    named = ", ".join(called.get(run, run) for run in list(points)[:MOST_NAMED])
    raise UnreadableLog("no_such_run", run=head.part, runs=named)


def others(head: Head, run: str, count: int) -> tuple[Note, ...]:
    """A note on the other runs in a file, unless this one was asked for."""
    told: Numbers = {"run": run, "others": count - 1}
    return (Note("runs_apart", head.path, told),) if count > 1 and not head.part else ()
