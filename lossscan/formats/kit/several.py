"""Files that hold several runs: which of them is read, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from msgspec.structs import replace

from lossscan.errors import UnreadableLog
from lossscan.formats.kit.columns import table
from lossscan.formats.kit.labels import keys_of
from lossscan.formats.kit.trainer_texts import sums_up
from lossscan.model import Note, Numbers, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_with_key

MOST_NAMED: Final = 8  # runs in an error
COURSE_POINTS: Final = 8  # of a training that began in a file: fewer cannot be judged
Held = TypeVar("Held")


class Kept(Generic[Held]):
    """What a reader makes of a file, kept from one of its runs that is asked for to the next.

    A batch asks for each by itself: of a thousand runs the file would be read a thousand times.
    """

    def __init__(self, parse: Callable[[Head, Settings], Held]) -> None:
        self._parse = parse
        self._last: tuple[object, Held] | None = None

    def __call__(self, head: Head, settings: Settings) -> Held:
        """All that the file holds; not to be changed. Raises as the reader does."""
        if head.part is None:
            return self._parse(head, settings)
        whole = replace(head, part=None)
        asked = (whole, settings, *_written(head.path))
        if self._last is None or self._last[0] != asked:
            self._last = asked, self._parse(whole, settings)
        return self._last[1]


def _written(path: Path) -> Iterator[int]:
    """When a file was last written, in nanoseconds; a database in use grows next to itself."""
    for each in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):
            yield each.stat().st_mtime_ns


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


def table_of(
    head: Head,
    held: Mapping[str, list[dict[str, Any]]],
    settings: Settings,
    *,
    noted: Iterable[str] = (),
    config: Mapping[str, Any] = MappingProxyType({}),
) -> Table:
    """The rows of the run that is asked for, else of the fullest; `held` are those of each run.

    `noted` are kinds of notes that say how many rows there are. Raises UnreadableLog where no key
    is known.
    """
    if not held:
        raise UnreadableLog("no_key")
    run = chosen(head, {name: len(rows) for name, rows in held.items()})
    rows = held[run]
    found, counted = table(rows, settings)
    if not found:
        raise UnreadableLog("no_key")
    kinds = (*noted, *("steps_counted",) * counted)
    notes = (Note(kind, head.path, {"entries": len(rows)}) for kind in kinds)
    return Table(
        found,
        framework=trainer_with_key(set(keys_of(rows))),
        config=config,
        complete=True if any(map(sums_up, rows)) else None,
        notes=(*notes, *others(head, run, len(held))),
        part=run if len(held) > 1 else None,
    )
