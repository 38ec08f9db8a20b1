"""The log formats, one file each, found by listing this folder; names with `_` are helpers.

A format is a module with `NAME`, `claims(head) -> bool` and `read(head, settings) -> Table`, and
may state `PRIORITY` (higher is asked later) and `MAPPABLE` (it can read keys the user names).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.ingest.files import Head
from lossscan.model import Table
from lossscan.settings import Settings


@dataclass(frozen=True, slots=True)
class Format:
    """One log format; `claims` looks at the content, `read` raises UnreadableLog."""

    name: str
    claims: Callable[[Head], bool]
    read: Callable[[Head, Settings], Table]
    priority: int = 0  # formats with a higher one are more general and asked later
    mappable: bool = False  # reads any keys that `settings.series` names


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
        claims=parts["claims"],
        read=parts["read"],
        priority=parts.get("PRIORITY", 0),
        mappable=parts.get("MAPPABLE", False),
    )


def claimants(head: Head, settings: Settings) -> Iterator[Format]:
    """The formats to try on a file, in order; none where nothing in it looks like a log.

    Where the user names keys, formats that hold any keys are tried on what nobody claims.
    """
    unclaimed = True
    for each in formats():
        if each.claims(head):
            unclaimed = False
            yield each
    if unclaimed and settings.series:
        yield from (each for each in formats() if each.mappable)


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
        tried = ", ".join(each.name for each in formats())
        raise NoLogFound(f"{head.path}: none of the log formats ({tried}) is seen in it")
    reasons = "; ".join(f"as {error.__notes__[0]}: {error}" for error in refused)
    raise UnreadableLog(f"{head.path}: {reasons}", hint=refused[0].hint) from refused[0]
