"""The language of what goes wrong: it may go wrong before the options are read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextvars import ContextVar
from itertools import pairwise
from typing import Final

from lossscan import words

OPTION: Final = "--lang"
_ASKED: Final[ContextVar[str | None]] = ContextVar("asked", default=None)
_CHOSEN: Final[ContextVar[str | None]] = ContextVar("language", default=None)


def begin(arguments: Sequence[str] | None) -> None:
    """A command line begins; None for that of the process."""
    named = _named(list(sys.argv[1:] if arguments is None else arguments))
    _ASKED.set(named)
    _CHOSEN.set(named)


def asked() -> str | None:
    """The language that the command line names, before the verb or behind it."""
    return _ASKED.get()


def choose(lang: str) -> None:
    """What the settings say, once they are read."""
    _CHOSEN.set(lang)


def spoken() -> str:
    """The language that the command line names, else the settings, else the user's locale."""
    return _CHOSEN.get() or words.default_language()


def _named(given: Sequence[str]) -> str | None:
    named = [each.partition("=")[2] for each in given if each.startswith(f"{OPTION}=")]
    named += [value for option, value in pairwise(given) if option == OPTION]
    return next((lang for lang in named if lang in words.LANGUAGES), None)
