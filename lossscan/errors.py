"""The errors a user may meet; only `commands` turns them into an exit status.

LossscanError
├─ UsageError           an option, verb or rule that does not exist
│  └─ SettingsError     a settings file that cannot be used
├─ InputError           this run cannot be examined
│  ├─ NoLogFound        nothing below the path is a log
│  ├─ UnreadableLog     a log that cannot be read
│  │  └─ ReaderFailed   a log that breaks its reader
│  ├─ ExaminationFailed a run that breaks what follows
│  └─ NoUsableSeries    logs were read and hold no series to judge
├─ OutputError          the report could not be written
├─ PluginError          what another package adds cannot be used
└─ MissingExtra         an optional part is not installed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self


class LossscanError(Exception):
    """What went wrong (`str(error)`, one line) and the way out (`hint`).

    `details` are lines for a person to read between the two.
    """

    def __init__(self, message: str, *, hint: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = tuple(details)

    def saying(self, message: str) -> Self:
        """The same error in other words."""
        return type(self)(message, hint=self.hint, details=self.details)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process."""
        return (_revive, (type(self), str(self), self.hint, self.details))


def _revive(
    kind: type[LossscanError], message: str, hint: str, details: Sequence[str]
) -> LossscanError:
    return kind(message, hint=hint, details=details)


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
    """A log that its reader breaks on: lossscan is at fault, but only for this file."""


class ExaminationFailed(InputError):  # noqa: N818
    """A run that was read and breaks what should judge it: lossscan is at fault."""


class NoUsableSeries(InputError):  # noqa: N818
    """Logs were read and hold no series to judge: names the series found instead."""


class OutputError(LossscanError):
    """The report could not be written."""


class PluginError(LossscanError):
    """What another package adds cannot be used: names the package and the reason."""


class MissingExtra(LossscanError):  # noqa: N818
    """An optional part is not installed; the hint is the command that installs it."""
