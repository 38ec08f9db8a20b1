"""JSON as people read it, written while it comes in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lossscan import words
from lossscan.expressions import expression

_WILD: Final = expression(rf"[{words.UNPRINTED}]|#(?=#\w{{0,20}}\[)")


def tame(text: str) -> str:
    """JSON in which what could steer a terminal, a viewer or a CI runner is an escape."""
    return _WILD.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return r"\u0023" if found[0] == "#" else json.dumps(found[0])[1:-1]


def dumped(value: Any, *, inside: int = 0) -> str:
    """Indented JSON; `inside` is how far its first line is indented."""
    text = tame(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
    return text.replace("\n", "\n" + " " * inside)  # a line break in a string is written as \\n


def listed(values: Iterable[Any], *, inside: int = 0) -> Iterator[str]:
    """The pieces of a JSON list, each value as it comes."""
    indent = " " * (inside + 2)
    between = "[\n"
    for value in values:
        yield f"{between}{indent}{dumped(value, inside=inside + 2)}"
        between = ",\n"
    yield "[]" if between.startswith("[") else f"\n{' ' * inside}]"
