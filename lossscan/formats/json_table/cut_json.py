"""JSON whose end is missing: what was whole before it, as a document of its own."""

from __future__ import annotations

from typing import Final

from lossscan.expressions import expression

DEEPEST: Final = 50  # levels; a deeper document is no table
_TOKEN: Final = expression(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]')
_CLOSERS: Final = {"[": "]", "{": "}"}


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
