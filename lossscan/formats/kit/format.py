"""What a log format states of itself; no other module knows a format by its name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lossscan.errors import ORDERS, LossscanError
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

T = TypeVar("T")
_log = logging.getLogger(__name__)


def asked(question: Callable[..., T], *given: Any) -> T | BaseException:
    """What a format answers, or the error that it raises."""
    try:
        return question(*given)
    except ORDERS:
        raise
    except BaseException as error:
        _log.debug("%s fails over %s", question, given[0], exc_info=True)
        return error.with_traceback(None)  # it would hold the text of the file


def answered(question: Callable[..., T], *given: Any, otherwise: T) -> T:
    """What it answers, or what goes on to its reader; raises LossscanError."""
    found = asked(question, *given)
    if isinstance(found, LossscanError):  # it is no fault
        raise found
    return otherwise if isinstance(found, BaseException) else found


class _Reader(Struct, frozen=True):
    name: str
    sample: str  # of what it looks for, as it is in a log
    claims: Callable[[Head], bool]
    read: Callable[[Head, Settings], Table]


class Format(_Reader, frozen=True, kw_only=True):
    """One log format; `claims` looks at the content, `read` raises UnreadableLog."""

    keys: Callable[[Head], list[str]] | None = None  # those of a file, where it reads any
    wanted: Callable[[Head, Settings], bool] | None = None  # the user asks for it on this file
    runs: Callable[[Head], list[str]] | None = None  # the names of those in a file
    home: Callable[[Head], Path | None] | None = None  # the run's folder, of a part in one below
    priority: int = 0  # above 0: more general and asked later; below: known at a glance
    recorded: bool = False  # holds no output of the program, so no word of how it ended
    whole: bool = False  # a file holds all that those of earlier checkpoints hold
    joined: bool = False  # each launch begins a new file: all of them are read as one
    holds_arguments: bool = False  # its settings are the trainer's arguments, not what it printed
    precision: int = 0  # where two logs of a run disagree, the digits of the higher one count
    files: str = ""  # patterns of names, between blanks, that are a log for sure
    maybe_files: str = ""  # patterns of names whose content has to tell
    printed: bool = False  # lines that a program prints: a file that is one JSON object has none
    may_be_yaml: bool = False  # a file that is named as YAML may hold it

    def wants(self, head: Head, settings: Settings) -> bool:
        """Whether the user asks for it on a file."""
        return self.wanted is not None and answered(self.wanted, head, settings, otherwise=True)

    def keys_in(self, head: Head) -> list[str]:
        """The keys that it would read in a file."""
        return [] if self.keys is None else answered(self.keys, head, otherwise=[])


def claimed(each: Format, head: Head) -> bool | BaseException:
    """Whether a format claims a file; one that fails over it does, and fails again as it reads."""
    return _claimed(each.claims, replace(head, part=None) if head.part else head)  # of any run


@lru_cache(maxsize=128)  # three files: each is asked about as a store, as a log, and to be read
def _claimed(claims: Callable[[Head], bool], head: Head) -> bool | BaseException:
    return asked(claims, head)
