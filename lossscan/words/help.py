"""The help of the command line in Chinese; in English it is in the code, next to each option."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

CATALOGUE: Final = Path(__file__).with_name("help.json")
_WIDE: Final = ("W", "F")  # fill two cells of a terminal
_CLOSING: Final = " ，。；：、）”]"  # never begin a line


@cache
def _chinese() -> Mapping[str, str]:
    import json

    found: dict[str, str] = json.loads(CATALOGUE.read_bytes())
    return found


def helped(text: str, lang: str) -> str:
    """A text of the help in a language; one without words stays as it is."""
    return text if lang == "en" else _chinese().get(text, text)


def wrapped(text: str, cells: int) -> str:
    """Lines of so many cells: between Chinese characters a line may break anywhere."""
    return "\n".join(_lines(text, cells))


def _lines(text: str, cells: int) -> Iterator[str]:
    line, used = "", 0
    for part in _parts(text):
        width = sum(map(_cells, part.rstrip()))
        if line and used + width > cells:
            yield line.rstrip()
            line, used = "", 0
        line, used = line + part, used + sum(map(_cells, part))
    yield line


def _parts(text: str) -> Iterator[str]:
    """What a line may not break: one wide character, or a word; with what may not begin a line."""
    part = ""
    for each in text:
        apart = part and (part[-1] == " " or max(_cells(part[-1]), _cells(each)) > 1)
        if apart and each not in _CLOSING:
            yield part
            part = ""
        part += each
    yield part


def _cells(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
