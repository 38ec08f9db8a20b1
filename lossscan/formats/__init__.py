"""The log formats, one file each, found by listing this folder; names with `_` are helpers.

A format is a module with `NAME`, `MARK` (a sample of what it looks for, as it stands in a log),
`claims(head) -> bool` and `read(head, settings) -> Table`. It may state `PRIORITY` (higher is asked
later), `MAPPABLE` (it can read keys the user names), `keys(head) -> list[str]` (those that stand
there), `wanted(head, settings) -> bool` (the user asks for it on this file: it goes before all
others) and `RECORDED` (only records of the trainer are in it, nothing that its program prints).
"""

from __future__ import annotations

import logging
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from lossscan import words
from lossscan.canonical.fields import canonical_fields
from lossscan.errors import InputError, MissingExtra, NoLogFound, ReaderFailed, UnreadableLog
from lossscan.formats.kit.echoes import echoed
from lossscan.formats.kit.ending import ending
from lossscan.formats.kit.lost import lost
from lossscan.model import FAILED_NOTE, Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head, plain

OWN_REPORT: Final = re.compile(rb'\s{0,99}\{\s{0,99}"schema": ?"lossscan\.')
_log = logging.getLogger(__name__)
MOST_KEYS: Final = 8  # that the message about an unknown log shows


@dataclass(frozen=True, slots=True)
class Format:
    """One log format; `claims` looks at the content, `read` raises UnreadableLog."""

    name: str
    mark: str  # a sample of what it looks for
    claims: Callable[[Head], bool]
    read: Callable[[Head, Settings], Table]
    priority: int = 0  # formats with a higher one are more general and asked later
    mappable: bool = False  # reads any keys that `settings.series` names
    keys: Callable[[Head], list[str]] | None = None  # those that a file of its kind has
    wanted: Callable[[Head, Settings], bool] | None = None  # whether the user asks for it here
    recorded: bool = False  # holds no output of the program, so no word of how it ended


@cache
def formats() -> tuple[Format, ...]:
    """All formats, special ones first."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    found = [_format(name) for name in names]
    return tuple(sorted(found, key=lambda each: (each.priority, each.name)))


def _format(name: str) -> Format:
    parts = vars(import_module(f"{__name__}.{name}"))
    return Format(
        name=parts["NAME"],
        mark=parts["MARK"],
        claims=parts["claims"],
        read=parts["read"],
        priority=parts.get("PRIORITY", 0),
        mappable=parts.get("MAPPABLE", False),
        keys=parts.get("keys"),
        wanted=parts.get("wanted"),
        recorded=parts.get("RECORDED", False),
    )


def claimants(head: Head, settings: Settings) -> Iterator[Format]:
    """The formats to try on a file, in order; none where nothing in it looks like a log.

    What the user asks for goes first. Where the user names keys, formats that hold any keys are
    tried on what nobody claims.
    """
    wanted = [each for each in formats() if each.wanted and each.wanted(head, settings)]
    yield from wanted
    if OWN_REPORT.match(head.start):  # it may lie in the run
        return
    unclaimed = not wanted
    for each in formats():
        if _claims(each, head):
            unclaimed = False
            yield each
    if unclaimed and settings.series:
        yield from (each for each in formats() if each.mappable)


def _claims(each: Format, head: Head) -> bool:
    """Whether a format claims a file; one that fails over it does, and fails again as it reads."""
    try:
        return each.claims(head)
    except Exception:
        _log.debug("%s: claims of %s", head.path, each.name, exc_info=True)
        return True


def _read_by(each: Format, head: Head, settings: Settings) -> Table:
    """What one format reads; raises UnreadableLog, ReaderFailed where it breaks on the file."""
    from lossscan.numeric.arrays import unalarmed

    try:
        each.claims(head)
        with unalarmed():
            return _with_echoes(_with_ending(each.read(head, settings), head, each), head, each)
    except (InputError, MissingExtra, OSError):
        raise
    except Exception as error:  # a file that breaks one reader must not silence the others
        _log.debug("%s: reader %s: please report this", head.path, each.name, exc_info=True)
        said = words.say(settings.lang, "failed_over_it", error=type(error).__name__)
        hint = words.say(settings.lang, "failed_hint")
        raise ReaderFailed(said, hint=hint) from error


def _with_ending(table: Table, head: Head, each: Format) -> Table:
    if each.recorded:
        return table
    note = lost(head, each.claims)
    error = None if note or table.complete else ending(head, each.claims)
    if error is not None:
        note = Note("ended_by_error", head.path, {"error": error})
    return replace(table, notes=(*table.notes, note)) if note else table


def _with_echoes(table: Table, head: Head, each: Format) -> Table:
    """The table with the settings that its log repeats, below those that its reader knows."""
    found = {} if each.recorded else echoed(head)
    if not found:
        return table
    own = canonical_fields(table.config)
    told = {name: value for name, (value, _) in found.items() if name not in own}
    lines = {name: line for name, (value, line) in found.items() if own.get(name, value) == value}
    return replace(table, config=told | dict(table.config), config_lines=lines)


def _unknown(head: Head, settings: Settings) -> NoLogFound:
    """No format claims a file: what each looks for, or only the one whose name the file bears.

    Who gave an expression is told that it meets no line.
    """
    lang, given = settings.lang, settings.text.get("pattern")
    if given is not None:
        return NoLogFound(
            words.say(lang, "pattern_unmet", path=head.path, source=settings.source or "settings"),
            hint=words.say(lang, "pattern_hint", pattern=given),
        )
    bearing = [each for each in formats() if each.name in head.name]
    found = {each: each.keys(head) if each.keys else [] for each in bearing or formats()}
    nearest_first = sorted(found, key=lambda each: not found[each])
    looked_for = (_looked_for(each, found[each], lang) for each in nearest_first)
    said = words.say(lang, "no_log_known", path=head.path)
    if error := ending(head, lambda _: False):
        said += words.say(lang, "ended_before", error=error)
    return NoLogFound(
        said,
        details=(words.say(lang, "looked_for"), *looked_for, *how_to_map(lang)),
        hint=words.say(lang, "map_hint"),
    )


def _looked_for(each: Format, keys: list[str], lang: str) -> str:
    shown = ", ".join(keys[:MOST_KEYS]) + (", ..." if len(keys) > MOST_KEYS else "")
    there = f"  {words.say(lang, 'keys_there', keys=shown)}" if keys else ""
    return f"  {each.name:<22}{each.mark}{there}"


def how_to_map(lang: str) -> tuple[str, ...]:
    """The lines that say how keys of the user's own are read."""
    return tuple(words.say(lang, key) for key in ("map_own", "map_keys", "map_lines"))


def read_file(path: Path, settings: Settings) -> Table:
    """Read a log, compressed or not; raises as `read` does, OSError and MissingExtra besides."""
    with plain(path) as head:
        table = read(head, settings)
    return replace(table, notes=(*table.notes, Note("packed_cut", path))) if head.cut else table


def read(head: Head, settings: Settings) -> Table:
    """Read a log by the first format that claims it and can.

    Raises NoLogFound where none claims it, and UnreadableLog with what each claimant found
    wrong; both messages begin with the path.
    """
    refused: list[UnreadableLog] = []
    for each in claimants(head, settings):
        try:
            return _with_failures(_read_by(each, head, settings), head, refused)
        except UnreadableLog as error:
            error.add_note(each.name)
            refused.append(error)
    if not refused:
        if not head.start:
            raise NoLogFound(f"{head.path}: is empty", hint="nothing was logged yet")
        if not head.start.strip(b"\0"):
            said = f"{head.path}: starts with zero bytes (sparse or damaged)"
            raise NoLogFound(said, hint="restore it, or pass another log")
        raise _unknown(head, settings)
    reasons = "; ".join(f"as {error.__notes__[0]}: {error}" for error in refused)
    broken = next((error for error in refused if isinstance(error, ReaderFailed)), None)
    told = broken or refused[0]
    raise type(told)(f"{head.path}: {reasons}", hint=told.hint) from told


def _with_failures(table: Table, head: Head, refused: Iterable[UnreadableLog]) -> Table:
    """The table with a note of each better reader that broke on the file."""
    broken = (error for error in refused if isinstance(error, ReaderFailed))
    failures = [Note(FAILED_NOTE, head.path, {"reason": str(error)}) for error in broken]
    return replace(table, notes=(*table.notes, *failures)) if failures else table
