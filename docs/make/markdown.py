"""Small pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from lossscan.words.numerals import left_open

# A code span, a number that only a run can fill in, or a character that Markdown would take away.
_PIECE = re.compile(r"`[^`]*`|(?P<field>\{\w+[^}]*\})|[*<|]")


def said(chinese: Mapping[str, str], text: str, lang: str) -> str:
    """A text in a language, by its translations; raises KeyError for one without."""
    return text if lang == "en" or not text else chinese[text]


def prose(text: str) -> str:
    """A catalogue text: code stays, open numbers become italic names, the rest shows as it is."""
    return _PIECE.sub(_shown, text)


def _shown(piece: re.Match[str]) -> str:
    if piece["field"]:
        return left_open(piece["field"], "*{}*")
    return piece[0] if piece[0].startswith("`") else f"\\{piece[0]}"


def bullets(lines: Iterable[str]) -> str:
    """An unordered list."""
    return "\n".join(f"- {line}" for line in lines)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells must not hold a bare `|` or a line break."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def page(parts: Iterable[str]) -> str:
    """Blocks, one empty line apart; empty ones are left out."""
    return "\n\n".join(filter(None, parts)) + "\n"
