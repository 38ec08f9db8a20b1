"""The language of what goes wrong: it may go wrong before the options are read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextvars import ContextVar
from itertools import pairwise
from typing import Final

from lossscan import words

OPTION: Final = "--lang"
_CHOSEN: Final[ContextVar[str | None]] = ContextVar("language", default=None)


def choose(lang: str | None) -> None:
    """What the settings say, once they are read; None where a command line begins."""
    _CHOSEN.set(lang)


def spoken(arguments: Sequence[str] | None = None) -> str:
    """The language that the command line names, else the settings, else the user's locale."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    named = [each.partition("=")[2] for each in given if each.startswith(f"{OPTION}=")]
    named += [value for option, value in pairwise(given) if option == OPTION]
    asked = next((lang for lang in named if lang in words.LANGUAGES), None)
    return asked or _CHOSEN.get() or words.default_language()
