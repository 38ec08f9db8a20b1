"""A file that holds one JSON document, also one whose end is missing: what is whole before it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

from lossscan.errors import ReaderGaveUp, UnreadableLog, reason_of
from lossscan.expressions import expression
from lossscan.formats.kit.text import encoding
from lossscan.sources.files import Head
from lossscan.sources.safe_json import TooDeep, load_json

LARGEST: Final = 1 << 28  # bytes; decoded, a table takes some ten times as much
MOST_VALUES: Final = 5_000_000  # each takes some 200 bytes of memory
LARGEST_CUT: Final = 1 << 25  # bytes that are searched for what is whole, in 5 s
OBJECTS: Final = expression(r"\s{0,99}\[\s{0,99}\{")
DEEPEST: Final = 50  # levels; a deeper document is no table
_TOKEN: Final = expression(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]')
_CLOSERS: Final = {"[": "]", "{": "}"}


def document(head: Head) -> tuple[Any, bool]:
    """What a file holds, and whether its end is missing.

    Raises UnreadableLog where it is no JSON, and ReaderGaveUp where it is too much.
    """
    if head.size > LARGEST:
        raise ReaderGaveUp("too_large_table", mib=LARGEST >> 20)
    with head.open() as stream:
        text = stream.read().decode(encoding(head), errors="replace")
    if text.count(",") >= MOST_VALUES:
        raise ReaderGaveUp("too_many_values", most=MOST_VALUES)
    try:
        return parsed(text)
    except TooDeep as error:
        raise ReaderGaveUp("nested_rows") from error
    except json.JSONDecodeError as error:
        raise UnreadableLog("broken_json", reason=reason_of(error)) from error


def parsed(text: str) -> tuple[Any, bool]:
    """The document, and whether it is cut; raises JSONDecodeError where nothing of it is whole."""
    try:
        return load_json(text), False
    except json.JSONDecodeError as error:
        if OBJECTS.match(text):
            with suppress(json.JSONDecodeError):
                return load_json(text[: text.rfind("}", 0, error.pos) + 1] + "]"), True
        whole = closed(text) if len(text) <= LARGEST_CUT else None
        if whole is None:
            raise
        return load_json(whole), True


def closed(text: str) -> str | None:
    """The text up to its last whole item of a list, or whole list or object, with all closed.

    A number or text of an object that is not whole is left out with it, so that no row is half
    there. None where nothing is whole.
    """
    end, ends = 0, ""
    whole = False
    open_now: list[str] = []
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in _CLOSERS:
            open_now.append(_CLOSERS[sign])
            if len(open_now) > DEEPEST:
                return None
        elif sign in ("]", "}"):
            if not open_now or open_now.pop() != sign:
                return None
            if whole:  # several documents are no JSON
                return None
            end, ends = token.end(), "".join(reversed(open_now))
            whole = not open_now
        elif sign == "," and open_now[-1:] == ["]"]:
            end, ends = token.start(), "".join(reversed(open_now))
    return text[:end] + ends if end else None
