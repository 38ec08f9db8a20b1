"""JSON text from an untrusted run becomes plain values, whatever numbers and bytes it holds."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from lossscan.errors import Unusable

MOST_DIGITS: Final = 308  # of an integer that a float can hold; Python takes minutes for a million


class TooDeep(Unusable):
    """Nesting made to exhaust the stack."""


def load_json(data: str | bytes) -> Any:
    """The value of `data`; raises ValueError with a one-line reason.

    A bare NaN is taken, as Python writes it; bytes that are no UTF-8 are replaced; an integer
    beyond any float is infinite.
    """
    text = data.decode("utf-8-sig", errors="replace") if isinstance(data, bytes) else data
    try:
        return json.loads(text, parse_int=whole)
    except RecursionError as error:
        raise TooDeep("nested") from error


def whole(digits: str) -> int | float:
    """An integer from its digits."""
    if len(digits.lstrip("-")) <= MOST_DIGITS:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf
