"""Lines of one shape are understood once; of the later ones only the numbers are taken.

To look for any name and number in a line takes 30 to 100 microseconds; to match a line of a shape
that is known, 3. A log has a handful of shapes: a fraction behind a name or a blank has any sign,
any number of digits and any exponent in all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from functools import lru_cache
from itertools import pairwise
from typing import Final, Generic, NamedTuple, TypeVar

from lossscan.expressions import expression

LONGEST = 1 << 14  # characters of a line that has a shape: verl's longest lines take 8,000
WORTH = 30  # lines of a shape: to compile it takes as long as to look at some thirty
MOST = 2000  # shapes and lines that are remembered: a bar has a shape for each of its widths
RECENT = 4  # shapes of the last lines, tried first
COUNTED = 9  # digits of a number of any length; a counter may have as many in all formats
FRACTION: Final = r"[-+]?\d{1,15}\.\d{1,40}(?:[eE][-+]?\d{1,4})?"
_FRACTIONS: Final = expression(rf"(?<=[:= ]){FRACTION}(?![\w.])")
_RUNS: Final = expression(rf"{_FRACTIONS.pattern}|\d+| +")
_DIGITS: Final = expression(r"\d+")
_NO_NAME: Final = frozenset[int]()
NUMBER: Final = expression(r"\d|nan|inf", re.IGNORECASE)  # in what states or counts something

Label = TypeVar("Label", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


class Part(NamedTuple, Generic[Label]):
    """A number that is wanted of a line: `line[start:stop]`, behind what names it."""

    label: Label
    begin: int  # of the name: what is from here to the number is the same in all of a shape
    start: int
    stop: int


class Shape(NamedTuple, Generic[Label]):
    """The expression for lines of one shape, and its groups that are wanted."""

    match: Callable[[str], re.Match[str] | None]
    labels: tuple[Label, ...]
    groups: tuple[int, ...]

    def taken(self, found: re.Match[str]) -> dict[Label, str]:
        """The texts by label."""
        if len(self.groups) == 1:
            return {self.labels[0]: found[self.groups[0]]}
        return dict(zip(self.labels, found.group(*self.groups), strict=True))


class Learned(Generic[Key, Made]):
    """The values made for frequent shapes, and counts of the other shapes."""

    def __init__(self, *, worth: int = WORTH, most: int = MOST) -> None:
        self.known: dict[Key, Made] = {}
        self._seen: Counter[Key] = Counter()
        self._worth, self._most = worth, most

    def learn(self, key: Key, make: Callable[[], Made | None]) -> None:
        """Remember what is made of a shape once it has come often; where nothing can be, not."""
        self._seen[key] += 1
        if self._seen[key] % self._worth == 0 and (made := make()):
            self.known[key] = made
        if len(self._seen) > self._most:
            self._seen.clear()
            self.known.clear()


class Shapes(Generic[Label]):
    """The results of `find` by label; it may depend only on where digits are, not on which."""

    def __init__(self, find: Callable[[str], Iterable[Part[Label]]]) -> None:
        self.find = find
        self._recent: list[Shape[Label]] = []
        self._telling, self._idle = Learned[str, Shape[Label]](), Learned[str, Shape[Label]]()
        self._looked_at: dict[str, list[Part[Label]]] = {}

    def __call__(self, line: str) -> dict[Label, str]:
        """The text of each number that is wanted; of two with one label the last."""
        recent = self._recent
        for at, shape in enumerate(recent):
            if found := shape.match(line):
                if at:
                    self._recent = [shape, *recent[:at], *recent[at + 1 :]]
                return shape.taken(found)
        if NUMBER.search(line) is None:  # a million empty lines would take a minute
            return {}
        key = key_of(line)
        known = self._telling.known.get(key)
        if known is not None and (found := known.match(line)):
            self._recent = [known, *recent[: RECENT - 1]]
            return known.taken(found)
        known = self._idle.known.get(key)
        if known is not None and known.match(line):  # nothing that is wanted, again
            return {}
        parts = self._look_at(line)
        if key:
            learned = self._telling if parts else self._idle
            learned.learn(key, lambda: shape_of(line, parts))
        return {part.label: line[part.start : part.stop] for part in parts}

    def _look_at(self, line: str) -> list[Part[Label]]:
        """The parts of a line, remembered: it is looked at to claim the file, and to read it."""
        if (known := self._looked_at.get(line)) is not None:
            return known
        parts = list(self.find(line))
        if len(self._looked_at) >= MOST:
            self._looked_at = {}
        if len(line) <= LONGEST:
            self._looked_at[line] = parts
        return parts


@lru_cache(maxsize=1)  # several callers ask for it per line
def key_of(line: str) -> str:
    """The key that lines of one shape share; empty for a line that is too long."""
    return _DIGITS.sub("0", _FRACTIONS.sub(".", line)) if len(line) <= LONGEST else ""


def shape_of(line: str, parts: Sequence[Part[Label]]) -> Shape[Label] | None:
    """The shape of a line; None where numbers overlap or a digit may matter by its value."""
    spans = sorted({(part.start, part.stop) for part in parts})
    if any(two[0] < one[1] for one, two in pairwise(spans)):
        return None
    names = {place for part in parts for place in range(part.begin, part.start)}
    pieces, at = [], 0
    for start, stop in spans:
        pieces += [_loosened(line, at, start, names), f"({_loosened(line, start, stop, _NO_NAME)})"]
        at = stop
    pattern = "".join([*pieces, _loosened(line, at, len(line), names)])
    groups = {span: group for group, span in enumerate(spans, start=1)}
    labels = tuple(part.label for part in parts)
    wanted = tuple(groups[part.start, part.stop] for part in parts)
    return Shape(re.compile(pattern).fullmatch, labels, wanted)


def _loosened(line: str, start: int, stop: int, names: Set[int]) -> str:
    """A pattern of `line[start:stop]` with other digits, and other spaces next to digits.

    Digits at the places of `names` are the same in all.
    """
    pieces, at = [], start
    for run in _RUNS.finditer(line, start, stop):
        a, b = run.span()
        pieces.append(re.escape(line[at:a]))
        if line[a] == " ":
            around = line[max(a - 1, 0) : a] + line[b : b + 1]
            pieces.append(" +" if any(char.isdigit() for char in around) else re.escape(run[0]))
        elif a in names:
            pieces.append(re.escape(run[0]))
        elif not run[0].isdigit():
            pieces.append(FRACTION)
        elif b - a > COUNTED or _of_thousands(line, a, b):
            pieces.append(rf"\d{{{b - a}}}")
        else:
            pieces.append(rf"\d{{1,{COUNTED}}}")
        at = b
    return "".join([*pieces, re.escape(line[at:stop])])


def _of_thousands(line: str, start: int, stop: int) -> bool:
    """Whether a comma joins the digits to others: `1,234` is a number, `1,23` is two."""
    before, after = line[max(start - 2, 0) : start], line[stop : stop + 2]
    return (before[1:] == "," and before[0].isdigit()) or (after[:1] == "," and after[1:].isdigit())
