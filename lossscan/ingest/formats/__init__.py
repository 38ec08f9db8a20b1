"""The log formats, one file each, found by listing this folder; names with `_` are helpers.

A format is a module with `NAME`, `LACKS` (what is missing where it does not claim a file),
`claims(head) -> bool` and `read(head, settings) -> Table`. It may state `PRIORITY` (higher is asked
later), `MAPPABLE` (it can read keys the user names) and `wanted(head, settings) -> bool` (the user
asks for it on this file: it goes before all others).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.ingest.files import Head, plain
from lossscan.model import Note, Table
from lossscan.settings import Settings

MAPPING: Final = (
    "name its keys in lossscan.yaml, for CSV and JSONL `series: {step: it, loss: nll}`, for other"
    r" text `text: {pattern: 'it (?P<step>\d+) .*nll=(?P<loss>\S+)'}`; see docs/formats.md"
)


@dataclass(frozen=True, slots=True)
class Format:
    """One log format; `claims` looks at the content, `read` raises UnreadableLog."""

    name: str
    lacks: str  # what is missing in a file that it does not claim
    claims: Callable[[Head], bool]
    read: Callable[[Head, Settings], Table]
    priority: int = 0  # formats with a higher one are more general and asked later
    mappable: bool = False  # reads any keys that `settings.series` names
    wanted: Callable[[Head, Settings], bool] | None = None  # whether the user asks for it here


@cache
def formats() -> tuple[Format, ...]:
    """All formats, special ones first."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [_format(name) for name in names if not name.startswith("_")]
    return tuple(sorted(found, key=lambda each: (each.priority, each.name)))


def _format(name: str) -> Format:
    parts = vars(import_module(f"{__name__}.{name}"))
    return Format(
        name=parts["NAME"],
        lacks=parts["LACKS"],
        claims=parts["claims"],
        read=parts["read"],
        priority=parts.get("PRIORITY", 0),
        mappable=parts.get("MAPPABLE", False),
        wanted=parts.get("wanted"),
    )


def claimants(head: Head, settings: Settings) -> Iterator[Format]:
    """The formats to try on a file, in order; none where nothing in it looks like a log.

    What the user asks for goes first. Where the user names keys, formats that hold any keys are
    tried on what nobody claims.
    """
    wanted = [each for each in formats() if each.wanted and each.wanted(head, settings)]
    yield from wanted
    unclaimed = not wanted
    for each in formats():
        if each.claims(head):
            unclaimed = False
            yield each
    if unclaimed and settings.series:
        yield from (each for each in formats() if each.mappable)


def _unknown(head: Head) -> str:
    """Why no format claims a file: what each misses, or only the one whose name the file bears."""
    bearing = [each for each in formats() if each.name in head.name]
    tried = "; ".join(f"{each.name}: {each.lacks}" for each in bearing or formats())
    return f"no log that lossscan knows ({tried})"


def read_file(path: Path, settings: Settings) -> Table:
    """Read a log, compressed or not; raises as `read` does, OSError and MissingExtra besides."""
    with plain(path) as head:
        table = read(head, settings)
    cut = (Note("packed_cut", path),) if head.cut else ()
    return replace(table, notes=(*table.notes, *cut))


def read(head: Head, settings: Settings) -> Table:
    """Read a log by the first format that claims it and can.

    Raises NoLogFound where none claims it, and UnreadableLog with what each claimant found
    wrong; both messages begin with the path.
    """
    refused: list[UnreadableLog] = []
    for each in claimants(head, settings):
        try:
            return each.read(head, settings)
        except UnreadableLog as error:
            error.add_note(each.name)
            refused.append(error)
    if not refused:
        if not head.start:
            raise NoLogFound(f"{head.path}: is empty", hint="nothing was logged, or not yet")
        if not head.start.strip(b"\0"):
            said = f"{head.path}: begins with zero bytes only: sparse, or damaged"
            raise NoLogFound(said, hint="restore it, or name another log")
        raise NoLogFound(f"{head.path}: {_unknown(head)}", hint=MAPPING)
    reasons = "; ".join(f"as {error.__notes__[0]}: {error}" for error in refused)
    raise UnreadableLog(f"{head.path}: {reasons}", hint=refused[0].hint) from refused[0]
