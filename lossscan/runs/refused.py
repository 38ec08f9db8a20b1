"""Files of a run that gave no table: what is said of them, and which would have counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from lossscan.errors import SYSTEM, MissingExtra, NoLogFound, ReaderFailed, reason_of
from lossscan.model import UNREAD_NOTE, Note, Skipped
from lossscan.runs.log_names import LOGS, is_log_name, is_sure_log_name
from lossscan.sources.files import any_of, relative

# What is said of a file that bears the name of a log and holds no text.
_NO_TEXT: Final = ("zero_bytes", "binary_data", "an_archive", "a_database")
_CLOSED: Final = frozenset(SYSTEM.values()) - {"os_missing", "os_loop"}  # nothing is there


class Refused(Struct):
    """Files of the run that gave no table, with the reason."""

    broken: dict[Path, Exception] = field(default_factory=dict)
    unknown: dict[Path, NoLogFound] = field(default_factory=dict)  # by name they may be logs

    def notes(self) -> list[Note]:
        """A note for each log that was there and was not read: none can vouch for it."""
        return [
            Note(kind, path, reason=reason_of(error).bare())
            for path, error in self._not_read()
            if (kind := _unread(path, error))
        ]

    def skipped(self, root: Path) -> list[Skipped]:
        """The files with their reasons."""
        return [
            Skipped(relative(path, root), reason_of(error).bare())
            for path, error in self._not_read()
        ]

    def _not_read(self) -> Iterator[tuple[Path, Exception]]:
        """Broken files, and files that are named like a log and hold no text."""
        yield from self.broken.items()
        for path, error in self.unknown.items():
            if error.message.key in _NO_TEXT and is_sure_log_name(path.name):
                yield path, error


def closed(skipped: Iterable[Skipped], root: Path) -> Iterator[Note]:
    """Notes on folders of the run that the system keeps from being read: logs may be there."""
    refused = (each for each in skipped if each.reason.key in _CLOSED)
    return (Note(UNREAD_NOTE, root / each.path, reason=each.reason) for each in refused)


def _unread(path: Path, error: Exception) -> str | None:
    """The kind of the note on a log; None where it is no log, or gone since it was found."""
    if isinstance(error, ReaderFailed):
        return error.noted
    if isinstance(error, NoLogFound):  # databases call what they keep `000003.log`
        return None if any_of(LOGS).fullmatch(path.name.lower()) else UNREAD_NOTE
    kept = isinstance(error, OSError | MissingExtra) and not isinstance(error, FileNotFoundError)
    return UNREAD_NOTE if kept and is_log_name(path.name) else None
