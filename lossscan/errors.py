"""The errors a user may meet; only `commands` turns them into an exit status.

LossscanError
├─ UsageError           an option, verb or rule that does not exist
│  └─ SettingsError     a settings file that cannot be used
├─ InputError           this run cannot be examined
│  ├─ NoLogFound        nothing below the path is a log
│  ├─ UnreadableLog     a log that cannot be read
│  │  └─ ReaderFailed   a log that breaks its reader
│  │     ├─ ReaderGaveUp a log that is too much for its reader
│  │     └─ LogDamaged  a log whose packing or store is damaged
│  ├─ ExaminationFailed a run that breaks what follows
│  ├─ NoUsableSeries    logs were read and hold no series to judge
│  ├─ WorkerLost        the process that read a run of a batch ended
│  └─ TimedOut          a run of a batch that took too long
├─ SystemRefused        the system has no more memory or open files
├─ OutputError          the report could not be written
├─ PluginError          what another package adds cannot be used
└─ MissingExtra         an optional part is not installed
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple, Self, TypeVar

from lossscan.model import FAILED_NOTE, GAVE_UP_NOTE, HINT, UNREAD_NOTE, Message

_Error = TypeVar("_Error", bound="LossscanError")
MOST_SAID: Final = 300  # characters of an exception: a library may list all that it tried
DENIED: Final = "os_denied"
_TOO_LONG: Final = "set_int_max_str_digits"  # Python says so of an integer, of no other class
SYSTEM: Final = {  # what a user meets when a file cannot be had
    errno.ENOENT: "os_missing",
    errno.EACCES: DENIED,
    errno.EPERM: "os_not_permitted",
    errno.EISDIR: "os_directory",
    errno.ENOTDIR: "os_no_directory",
    errno.ENOSPC: "os_full",
    errno.EROFS: "os_read_only",
    errno.ELOOP: "os_loop",
    errno.ENAMETOOLONG: "os_long_name",
    errno.EIO: "os_io",
    errno.EMFILE: "os_many_files",
    errno.ESTALE: "os_stale",
    errno.ECONNREFUSED: "os_refused",
    errno.ECONNRESET: "os_reset",
}


class Order(BaseException):
    """What a signal asks for. All else that ends a program is a fault of who raises it."""


ORDERS: Final = (KeyboardInterrupt, Order)  # which no guard against faults may keep


class Worded(Exception):  # noqa: N818 - a part of errors, and none by itself
    """An exception that carries a message: a key of the catalogue and its values."""

    def __init__(self, key: str, /, **values: Any) -> None:
        super().__init__(key)
        self.message = Message(key, **values)

    def __str__(self) -> str:
        return str(self.message)


class Unusable(Worded, ValueError):  # noqa: N818 - reads as the fact it states
    """A text or value that cannot be used; the caller, which knows its place, reports it."""


class Said(NamedTuple):
    """An error in one language."""

    message: str
    hint: str
    details: tuple[str, ...]


class LossscanError(Worded):
    """What went wrong and the way out; `said` gives both in a language, `str` and `hint` English.

    It is raised with a key of the catalogue and the values that its sentence names; the catalogue
    knows the way out too, unless `hint` is given. `details` are lines between the two for a person.
    """

    def __init__(
        self,
        key: str,
        /,
        *,
        hint: Message | str | None = None,
        details: Sequence[Message] = (),
        **values: Any,
    ) -> None:
        super().__init__(key, **values)
        self.way_out = hint if isinstance(hint, Message) else _way_out(hint or key + HINT, values)
        self._details = tuple(details)

    @property
    def hint(self) -> str:
        """The way out, in English."""
        return str(self.way_out)

    @property
    def details(self) -> tuple[str, ...]:
        """Lines for a person to read, in English."""
        return self.said("en").details

    def said(self, lang: str) -> Said:
        """The error in a language."""
        details = tuple(each.say(lang) for each in self._details)
        return Said(self.message.say(lang), self.way_out.say(lang), details)

    def renamed(self, old: str, new: str) -> Self:
        """The same error of a place that the user knows by another name."""
        return self.worded(self.message.renamed(old, new), self.way_out.renamed(old, new))

    def worded(self, message: Message, way_out: Message | None = None) -> Self:
        """The same error with another message."""
        return _rebuilt(type(self), message, way_out or self.way_out, self._details)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process."""
        return (_rebuilt, (type(self), self.message, self.way_out, self._details))


def _way_out(key: str, values: Mapping[str, Any]) -> Message:
    """A hint does not begin with the place, but may name it."""
    return Message(key, path=values.get("at"), **{k: v for k, v in values.items() if k != "at"})


def _rebuilt(
    kind: type[_Error], message: Message, hint: Message, details: Sequence[Message]
) -> _Error:
    return kind(message.key, hint=hint, details=details, **message.values)


def reason_of(error: BaseException) -> Message:
    """What an exception says: ours, of JSON and the commonest of the system in each language."""
    from json import JSONDecodeError

    if isinstance(error, Worded):
        return error.message
    if isinstance(error, JSONDecodeError):
        return Message("not_json", said=error.msg, line=error.lineno, column=error.colno)
    if isinstance(error, UnicodeDecodeError):
        return Message("not_utf8", byte=error.start)
    if isinstance(error, OSError) and error.errno in SYSTEM:
        return Message(SYSTEM[error.errno])
    said = (isinstance(error, OSError) and error.strerror) or str(error)
    limit = "nested" if isinstance(error, RecursionError) else _TOO_LONG in said and "digits"
    return Message(limit) if limit else Message("as_said", text=said[:MOST_SAID])


def refusal(error: BaseException) -> SystemRefused | None:
    """What the system refused to lossscan itself; None for another error."""
    if isinstance(error, MemoryError):
        return SystemRefused("out_of_memory", at="lossscan")
    if isinstance(error, FileNotFoundError) and error.filename is None:  # of `os.getcwd` alone
        return SystemRefused("folder_gone", at=".")
    if isinstance(error, OSError):
        where = {"at": error.filename} if error.filename else {}
        return SystemRefused("system_refused", **where, reason=reason_of(error))
    return None


class UsageError(LossscanError):
    """An option, verb or rule that does not exist; the hint names the nearest match."""


class SettingsError(UsageError):
    """A settings file that cannot be used: names the file, the key and what was expected."""


class InputError(LossscanError):
    """This run cannot be examined; the message begins with its path."""


class NoLogFound(InputError):  # noqa: N818 - reads as the fact it states
    """Nothing below the path is a log: says what was looked for."""


class UnreadableLog(InputError):  # noqa: N818
    """A log that cannot be read: file, line or byte offset, reason."""


class ReaderFailed(UnreadableLog):
    """A log that breaks its reader: other readers may not see all of it."""

    noted: ClassVar[str] = FAILED_NOTE  # the kind of the note on it


class ReaderGaveUp(ReaderFailed):
    """A log beyond the bound of its reader: no fault, and other readers may not see all of it."""

    noted = GAVE_UP_NOTE


class LogDamaged(ReaderFailed):
    """A log whose packing or store is damaged: what it held would have counted."""

    noted = UNREAD_NOTE


class ExaminationFailed(InputError):  # noqa: N818
    """A run that was read and breaks what should judge it: lossscan is at fault."""


class NoUsableSeries(InputError):  # noqa: N818
    """Logs were read and hold no series to judge: names the series found instead."""


class WorkerLost(InputError):  # noqa: N818
    """The process that read a run ended, also when it read nothing else."""


class TimedOut(InputError):  # noqa: N818
    """A run that took longer than a run of this batch may."""


class SystemRefused(LossscanError):  # noqa: N818
    """The system has no more of what every program needs: memory, open files."""


class OutputError(LossscanError):
    """The report could not be written."""


class PluginError(LossscanError):
    """What another package adds cannot be used: names the package and the reason."""


class MissingExtra(LossscanError):  # noqa: N818
    """An optional part is not installed; the hint is the command that installs it."""
