"""JSON text from an untrusted run becomes plain values, whatever numbers and bytes it holds."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import chain, zip_longest
from typing import Any, Final

from lossscan.errors import Unusable

MOST_DIGITS: Final = 308  # of an integer that a float can hold; Python takes minutes for a million

BARE: Final = {"NaN": math.nan, "-Infinity": -math.inf, "Infinity": math.inf}


class TooDeep(Unusable):
    """Nesting made to exhaust the stack."""


def load_json(data: str | bytes) -> Any:
    """The value of `data`; raises JSONDecodeError, or TooDeep, another ValueError of one line.

    A bare NaN is taken, as Python writes it; bytes that are no UTF-8 are replaced; where an integer
    has more digits than Python takes, those beyond any float are infinite.
    """
    text = data.decode("utf-8-sig", errors="replace") if isinstance(data, bytes) else data
    try:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # digits: to look at them costs each integer a call
            return json.loads(text, parse_int=whole)
    except RecursionError as error:
        raise TooDeep("nested") from error


def object_in(data: str | bytes | None) -> dict[str, Any]:
    """The object that `data` holds; empty where it is none, or no JSON."""
    try:
        found = load_json(data or "")
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def decoded(decode: Callable[[bytes], Any], data: bytes) -> Any:
    """What a decoder of msgspec makes of data, of bare numbers in quotes, since it takes none."""
    safe = quoted(data)
    try:
        return decode(safe)
    except ValueError:
        if safe is data:
            raise
        return decode(data)  # where text held what looks like one


def quoted(data: bytes) -> bytes:
    """The data with the bare numbers of Python in quotes, for a decoder that takes none.

    The same data where there is none. A string that holds one ends there and the data are no JSON
    any more: then ask `load_json`.
    """
    for bare in map(str.encode, BARE):
        # Its letter is sought far faster than the word.
        if bare.strip(b"-")[:1] in data and bare in data:
            parts = data.split(bare)  # in a third of the time that a search with the colon takes
            values = (part.endswith((b":", b": ")) for part in parts[:-1])
            between = (b'"%b"' % bare if value else bare for value in values)
            data = b"".join(chain.from_iterable(zip_longest(parts, between, fillvalue=b"")))
    return data


def unquoted(value: Any) -> Any:
    """A value of data that were `quoted`, as it was."""
    return BARE.get(value, value) if isinstance(value, str) else value


def whole(digits: str) -> int | float:
    """An integer from its digits."""
    if len(digits.lstrip("-")) <= MOST_DIGITS:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf
