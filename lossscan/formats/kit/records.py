"""JSON objects with mostly the same keys, decoded many at once and not into dicts.

That takes a third of the time and a tenth of the memory: a million dicts are the larger part of
reading a log of a million lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
from msgspec.structs import astuple

from lossscan.expressions import expression
from lossscan.formats.kit.groups import Group
from lossscan.sources.safe_json import decoded

MOST_KEYS: Final = 256  # a log with more is read object by object
DEEPEST: Final = 4  # levels of nesting that become dotted keys
_MEDIA: Final = "_type"  # W&B's mark of a picture or a table
_SPREAD: Final = frozenset({"mean", "std"})  # of StyleGAN's sums: of some values
_UNFIT: Final = expression(r'[\\"\x00-\x1f\ud800-\udfff]')  # msgspec takes no such key
Decode: TypeAlias = Callable[[bytes], list[Any]]
_Cell: TypeAlias = str | int | float | bool | list[Any] | None  # an object needs a closer look


def in_lines(record: type[Any]) -> Decode:
    """A decoder of JSON lines; an object may span several lines, or share one with others."""
    return msgspec.json.Decoder(record).decode_lines


def in_array(record: type[Any]) -> Decode:
    """A decoder of a JSON array."""
    return msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]


def dotted(row: dict[str, Any], depth: int = DEEPEST) -> dict[str, Any]:
    """A row whose nested objects became dotted keys; W&B's media, and what is deeper, are none.

    Of a mean and its spread the mean is the value.
    """
    if dict not in map(type, row.values()):
        return row
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if not isinstance(value, dict):
            flat[key] = value
        elif value.keys() >= _SPREAD:
            flat[key] = value["mean"]
        elif depth and _MEDIA not in value:
            flat |= {f"{key}.{name}": v for name, v in dotted(value, depth - 1).items()}
    return flat


class Records:
    """Decodes blocks of objects whose keys it has met before, in lines or in an array."""

    def __init__(self, decoder: Callable[[type[Any]], Decode]) -> None:
        self._decoder = decoder
        self._keys: dict[str, None] = {}
        self._decode: Decode | None = None
        self._fit = True

    def meet(self, keys: Iterable[str]) -> None:
        """Learn the keys of some objects."""
        if not self._fit:
            return
        new = [key for key in dict.fromkeys(keys) if key not in self._keys]
        if new:
            self._keys |= dict.fromkeys(new)
            self._fit = len(self._keys) <= MOST_KEYS and not any(map(_UNFIT.search, new))
            self._decode = None

    def group(self, block: bytes, first: int) -> Group | None:
        """The objects of a block as rows, numbered from `first`.

        A bare NaN becomes text. None where one of them holds a key that was not met or is odd, or
        an object, or is broken or no UTF-8.
        """
        if not (self._fit and self._keys):
            return None
        self._decode = self._decode or self._decoder(_record(self._keys))
        try:
            found = decoded(self._decode, block)
        except (ValueError, RecursionError):
            return None
        row_by_row = list(chain.from_iterable(map(astuple, found)))  # zip(*...): half as long again
        cells = {key: row_by_row[at :: len(self._keys)] for at, key in enumerate(self._keys)}
        return Group(np.arange(first, first + len(found)), cells)


def _record(keys: Iterable[str]) -> type[Any]:
    names = {f"key_{number}": key for number, key in enumerate(keys)}
    return msgspec.defstruct(
        "Record",
        [(name, _Cell, None) for name in names],
        rename=names,
        forbid_unknown_fields=True,
        gc=False,  # it holds no cycles, and a million are made
    )
