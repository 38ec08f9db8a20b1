"""The log formats: each module of this folder holds a `FORMAT`, packages add more by entry points.

What a format states of itself are the fields of `kit.format.Format`. An entry point of the group
`lossscan.formats` bears the name of the format and leads to its `Format`.
"""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from lossscan import plugins
from lossscan.canonical.fields import canonical_fields
from lossscan.canonical.names import is_judged
from lossscan.errors import (
    ORDERS,
    LogDamaged,
    LossscanError,
    NoLogFound,
    ReaderFailed,
    ReaderGaveUp,
    UnreadableLog,
)
from lossscan.formats.kit.echoes import echoed
from lossscan.formats.kit.ending import ending, lost
from lossscan.formats.kit.format import Format, answered, claimed
from lossscan.formats.kit.several import Kept
from lossscan.formats.kit.unlike import never_a_log, unknown
from lossscan.model import UNREAD_NOTE, Message, Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head, head_of, is_object, plain
from lossscan.sources.notebook import is_notebook

_log = logging.getLogger(__name__)
MOST_COLUMNS: Final = 10_000  # a norm for each weight of a large model is fewer
YAML: Final = (".yaml", ".yml")


@cache
def formats() -> tuple[Format, ...]:
    """All formats, special ones first; raises PluginError."""
    stems = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "kit"]
    own: list[Format] = [import_module(f"{__name__}.{stem}").FORMAT for stem in stems]
    names = plugins.names(plugins.FORMATS, {each.name for each in own})
    added = plugins.added(plugins.FORMATS)
    more = [plugins.load(plugins.FORMATS, name, Format) for name in names if name in added]
    return tuple(sorted([*own, *more], key=lambda each: (each.priority, each.name)))


@cache
def named(name: str) -> Format:
    """The format that a table names as its own; raises KeyError where there is none."""
    return {each.name: each for each in formats()}[name]


@cache
def file_patterns() -> tuple[str, str, str]:
    """Names of logs: sure ones, those whose content has to tell, and those of whole histories."""
    every = formats()
    whole = (f"{each.files} {each.maybe_files}" for each in every if each.whole)
    sure, maybe = (each.files for each in every), (each.maybe_files for each in every)
    return " ".join(sure), " ".join(maybe), " ".join(whole)


def claimants(head: Head, settings: Settings) -> Iterator[Format]:
    """The formats to try on a file, in order; none where nothing in it looks like a log.

    What the user asks for goes first. Where the user names keys, formats that hold any keys are
    tried on what nobody claims.
    """
    unclaimed = True
    for each in _at_home(head, settings):
        unclaimed = False
        yield each
    if unclaimed and settings.series and not never_a_log(head.start):
        yield from (each for each in formats() if each.keys is not None)


def is_log(head: Head, settings: Settings) -> bool:
    """Whether a format is at home in a file, or could read a key in it that the user names."""
    if any(True for _ in _at_home(head, settings)):
        return True
    if not settings.series or never_a_log(head.start):
        return False
    named = tuple(f" {key}" for key in settings.series.values())  # prose may be before it
    keys = (key for each in formats() for key in each.keys_in(head))
    return any(f" {key}".endswith(named) for key in keys)


def _at_home(head: Head, settings: Settings) -> Iterator[Format]:
    """The formats that the user asks for on a file, then those that claim it."""
    yield from (each for each in formats() if each.wants(head, settings))
    if not never_a_log(head.start):
        is_yaml = head.path.suffix in YAML  # prose in one reads like a console
        likely = (each for each in formats() if each.may_be_yaml or not is_yaml)
        asked = (each for each in likely if not (each.printed and is_object(head)))
        yield from (each for each in asked if claimed(each, head))


def _read_by(each: Format, head: Head, settings: Settings) -> Table:
    """What one format reads; raises UnreadableLog, ReaderFailed where it breaks on the file."""
    from lossscan.numeric.arrays import ignore_float_errors

    try:
        if isinstance(failure := claimed(each, head), BaseException):
            raise failure
        with ignore_float_errors():
            table = (each.read if each.runs else _kept(each.read))(head, settings)
            path = head.path if table.path == Path() else table.path
            table = _bounded(replace(table, path=path, format=each.name))
            return _with_echoes(_with_ending(table, head, each), head, each)
    except (LossscanError, OSError, *ORDERS):
        raise
    except MemoryError as error:
        raise ReaderGaveUp("out_of_memory") from error
    except BaseException as error:  # a file that breaks one reader must not silence the others
        _log.debug("%s: reader %s: please report this", head.path, each.name, exc_info=True)
        raise ReaderFailed("reader_broke", error=type(error).__name__) from error


@cache
def _kept(read: Callable[[Head, Settings], Table]) -> Kept[Table]:
    """A reader that knows no runs, for which one training of a file is as good as another."""
    return Kept(read)


def _bounded(table: Table) -> Table:
    """The table with no more columns than any trainer logs, losses first."""
    if len(table.columns) <= MOST_COLUMNS:
        return table
    ranked = sorted(table.columns, key=lambda name: not is_judged(name))
    kept = {name: table.columns[name] for name in ranked[:MOST_COLUMNS]}
    note = Note("too_many_columns", table.path, {"most": MOST_COLUMNS})
    return replace(table, columns=kept, notes=(*table.notes, note))


def _with_ending(table: Table, head: Head, each: Format) -> Table:
    if each.recorded:
        return table
    note = lost(head, each.claims)
    if not note and not table.complete and (error := ending(head, each.claims)):
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


def runs_in(path: Path) -> list[str]:
    """The names of the runs in a file whose format may hold several, else none."""
    start = head_of(path)  # nothing is unpacked for a log of one run
    asked = (each for each in formats() if each.runs or each.priority < 0)  # those tell at a glance
    runs = next((each.runs for each in asked if claimed(each, start)), None)
    if runs is None:
        return []
    with plain(path) as head:
        return answered(runs, head, otherwise=[])


def has_home(path: Path) -> bool:
    """Whether a log may be a part of a run above, or that run: both have logs of such a format."""
    return any(each.home is not None and fnmatch(path.name, each.files) for each in formats())


def home_of(path: Path) -> Path | None:
    """The folder of the run that a log in a folder below it is a part of, where its place tells."""
    for each in formats():
        if each.home is not None and fnmatch(path.name, each.files):
            return answered(each.home, head_of(path), otherwise=None)
    return None


def read_file(path: Path, settings: Settings, part: str | None = None) -> Table:
    """Read a log, compressed or not; raises as `read` does, and OSError and MissingExtra.

    `part` is the run that is asked for, of a file that holds several.
    """
    with plain(path, keep=part is not None) as head:
        return _with_loss(read(replace(head, part=part), settings), head)


def read_if_log(path: Path, settings: Settings) -> Table | None:
    """What `read_file` reads; None where no format claims the file, without a reason."""
    with plain(path) as head:
        table = _read_as_claimed(head, settings)
        return table and _with_loss(table, head)


def _with_loss(table: Table, head: Head) -> Table:
    """The table with a note where the end of a compressed log could not be had."""
    damage = head.lost.message.bare() if isinstance(head.lost, LogDamaged) else None
    note = Note(UNREAD_NOTE if damage else "packed_cut", head.path, reason=damage)
    return replace(table, notes=(*table.notes, note)) if head.lost else table


def read(head: Head, settings: Settings) -> Table:
    """Read a log by the first format that claims it and can.

    Raises NoLogFound where none claims it, and UnreadableLog with what each claimant found
    wrong; both messages begin with the path.
    """
    table = _read_as_claimed(head, settings)
    if table is not None:
        return table
    if not head.start:
        kind = "nothing_printed" if is_notebook(head.path) else "empty_file"
        raise NoLogFound(kind, at=head.path)
    if not head.start.strip(b"\0"):
        raise NoLogFound("zero_bytes", at=head.path)
    raise unknown(head, settings, formats())


def _read_as_claimed(head: Head, settings: Settings) -> Table | None:
    """What the first claimant reads that can, None where there is none; raises UnreadableLog.

    One that finds settings alone, such as the arguments of Megatron, leaves the points to others.
    """
    refused: list[UnreadableLog] = []
    settings_alone: Table | None = None
    for each in claimants(head, settings):
        try:
            table = _with_failures(_read_by(each, head, settings), head, refused)
        except UnreadableLog as error:
            error.add_note(each.name)
            refused.append(error)
            continue
        if table.columns:
            stated = {} if settings_alone is None else settings_alone.config
            return replace(table, config={**stated, **table.config})
        settings_alone = settings_alone or table
    if settings_alone is not None:
        return settings_alone
    if not refused:
        if isinstance(head.lost, LogDamaged):  # what is before the damage is no log
            raise head.lost
        return None
    reasons = tuple(
        Message("as_format", format=error.__notes__[0], reason=error.message) for error in refused
    )
    broken = next((error for error in refused if isinstance(error, ReaderFailed)), None)
    told = broken or refused[0]
    raise told.worded(Message("refused", at=head.path, reasons=reasons)) from told


def _with_failures(table: Table, head: Head, refused: Iterable[UnreadableLog]) -> Table:
    """The table with a note of each better reader that broke on the file, or gave up."""
    broken = (error for error in refused if isinstance(error, ReaderFailed))
    failures = [Note(error.noted, head.path, reason=error.message) for error in broken]
    return replace(table, notes=(*table.notes, *failures)) if failures else table
