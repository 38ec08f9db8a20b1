"""The array types in use and how they count; not in `model`: values load without numpy."""

from collections.abc import Iterator
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
_Numbers = TypeVar("_Numbers", FloatArray, IntArray)
_Kind = TypeVar("_Kind", bound=np.generic)

BLOCK = 1 << 13  # numbers worked on together: a dozen arrays of them fit the cache of a core


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """All of `count` places, some at a time: what is made for each of them takes no memory."""
    return (slice(first, min(first + size, count)) for first in range(0, count, size))


def differences(values: _Numbers) -> _Numbers:
    """(n - 1,) from each value to the next; `np.diff` of a short array takes four times as long."""
    return values[1:] - values[:-1]


def settled_from(values: FloatArray) -> int:
    """The index from which on all values are the last one."""
    others = values != values[-1:]
    return len(values) - int(others[::-1].argmax()) if others.any() else 0


def distinct(values: NDArray[_Kind]) -> NDArray[_Kind]:
    """The finite numbers in order, each once; `np.unique` loads numpy's masked arrays for that."""
    ordered = np.sort(values)
    return np.asarray(ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]])


def stretches(true: BoolArray) -> list[tuple[int, int]]:
    """The stretches of true values, half-open, in order."""
    walled = np.zeros(len(true) + 2, dtype=bool)
    walled[1:-1] = true
    edges = np.flatnonzero(walled[1:] != walled[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


class Once:
    """Numbers that many hold alike, such as the steps of quantities that are logged together."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], IntArray] = {}  # by length and ends

    def of(self, numbers: IntArray) -> IntArray:
        """Those that were given before where they are equal, so that these take no memory."""
        ends = (len(numbers), *numbers[:1].tolist(), *numbers[-1:].tolist())
        known = self._known.setdefault(ends, numbers)
        return known if np.array_equal(known, numbers) else numbers


def ignore_float_errors() -> np.errstate:
    """Within it, infinity and NaN pass without a warning: a log may hold 1e300, or 5e-324."""
    return np.errstate(divide="ignore", over="ignore", invalid="ignore")
