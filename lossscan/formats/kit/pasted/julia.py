"""What Julia prints: `0.25f0`, `NaN32`, arguments of what `@show` shows, messages in a frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression

_SINGLE: Final = expression(r"(\d\.\d{1,12})f(-?\d{1,2})(?!\w)")  # of 32 bits
_LOST: Final = expression(r"\b(NaN|Inf)(?:32|16)\b")  # of as many
_SHOWN: Final = expression(r"\b((?:\w{1,30}_)?loss(?:_\w{1,30})?)\([\w, .;]{1,60}\) = (?=[\d-])")
_TUPLE: Final = expression(  # `(loss(x, y), now()) = (0.25, ...)`
    r"\A\(((?:\w{1,30}_)?loss)\([\w, .;]{1,60}\), .{1,60}\) = \(([\d.]{1,30}(?:e-?\d{1,3})?)(?!\w)"
)
_FRAME: Final = expression(r"\A[┌│└] {0,4}")
_EXPONENT: Final = expression(r"f(?<=\df)-?\d")  # a glance: by a letter, as it is searched fast
_QUICK: Final = ("Info: ", "julia> ", "NaN32", "Inf32", "NaN16", "Inf16")
_SAYS: Final = expression(r"(?m)^(?:\[|┌) Info: |^julia> |[ (](?:NaN|Inf)(?:32|16)\b")


def is_julia(text: str) -> bool:
    """Whether a text shows a message of Julia's logger, its prompt or a single that it printed."""
    said = any(word in text for word in _QUICK) and _SAYS.search(text) is not None
    return said or (_EXPONENT.search(text) is not None and _SINGLE.search(text) is not None)


def plain(text: Iterable[str]) -> Iterator[str]:
    """The lines with numbers and names as other languages have them."""
    for line in text:
        said = _LOST.sub(r"\1", _SINGLE.sub(r"\1e\2", line))
        said = _TUPLE.sub(r"\1 = \2 ", _SHOWN.sub(r"\1 = ", said))
        yield _FRAME.sub("" if said.startswith("┌") else "    ", said)
