"""Lines of a console as columns: what they count, and the numbers that they state by name.

Lines that differ in these alone are of one form. A log has a handful, or some in each epoch; so of
a line only the number of its form is kept, what it counts, and its numbers.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossscan.formats.kit.cells import numbers_of
from lossscan.formats.kit.counters import CounterPlace, Kind, whole
from lossscan.formats.kit.groups import groups_by_key
from lossscan.formats.kit.grown import Grown
from lossscan.formats.kit.stated import StatedLine
from lossscan.numeric.arrays import IntArray

HELD: Final = 1024  # lines that are objects at most: 1 MB
LARGEST: Final = 2**62  # counts beyond tell nothing


class Form(NamedTuple):
    """The part that lines have in common if they differ in their numbers alone."""

    kind: Kind | None
    of: int | None
    epoch: int | None
    rounded: bool
    indented: bool
    names: tuple[str, ...]  # raw, of what is stated


class StatedLog:
    """The lines of a log, added one by one."""

    def __init__(self) -> None:
        self.forms: list[Form] = []
        # By name, at the places of the lines.
        self.cells: dict[str, Grown[np.float64]] = defaultdict(lambda: Grown(np.float64))
        self._numbered: dict[Form, int] = {}
        self._ids, self._counts = array("i"), array("q")
        self._held: list[StatedLine] = []
        self._idle: bool | None = None  # whether the last line is indented, if it says nothing

    def __len__(self) -> int:
        return len(self._ids) + len(self._held)

    @property
    def ids(self) -> NDArray[np.int32]:
        """(n,) the form of each line, by its number."""
        self._settle()
        return np.frombuffer(self._ids, dtype=np.int32)

    @property
    def counts(self) -> IntArray:
        """(n,) what each line counts, 0 where it counts nothing."""
        self._settle()
        return np.frombuffer(self._counts, dtype=np.int64)

    def add(self, line: StatedLine) -> None:
        """One more; of lines in a row that say nothing the first stands for all."""
        idle = line.place is None and not line.row
        if idle and self._idle is line.indented:
            return
        self._idle = line.indented if idle else None
        self._held.append(line)
        if len(self._held) >= HELD:
            self._settle()

    def points(self) -> IntArray:
        """The places of the lines that count and state something."""
        ids = self.ids  # which settles the forms
        points = np.array([form.kind is not None and bool(form.names) for form in self.forms])
        return np.flatnonzero(points[ids]) if len(points) else ids.astype(np.int64)

    def add_run(
        self,
        form: Form,
        texts: Sequence[tuple[str, ...]],
        told: tuple[int | None, int | None, int],
        cells: Mapping[str, int],
    ) -> None:
        """Many more in a row: `told` are the places of how many, epoch and count in their texts."""
        self._settle()
        self._idle = None
        places = np.arange(len(self), len(self) + len(texts))
        columns = list(zip(*texts, strict=True))
        of, epoch, count = (None if at is None else columns[at] for at in told)
        if of is None and epoch is None:
            self._ids.extend([self._number(form)] * len(texts))
        else:
            pairs = list(zip(of or repeat(None), epoch or repeat(None), strict=False))
            numbers = {pair: self._number(_with(form, *pair)) for pair in dict.fromkeys(pairs)}
            self._ids.extend([numbers[pair] for pair in pairs])
        self._counts.extend(map(whole, count or ()))
        for name, at in cells.items():
            self.cells[name].add(*numbers_of(places, columns[at]))

    def write(self, name: str, values: Mapping[int, int]) -> None:
        """Put a number into some lines, which get another form."""
        places = sorted(values)
        self._settle()
        for place in places:
            form = self.forms[self._ids[place]]
            self._ids[place] = self._number(form._replace(names=(*form.names, name)))
        told = np.array([values[place] for place in places], dtype=np.float64)
        self.cells[name].add(np.array(places, dtype=np.int64), told)

    def lines(self) -> list[StatedLine]:
        """All of them again, as objects."""
        forms = [self.forms[at] for at in self.ids.tolist()]
        rows: list[dict[str, Any]] = [dict.fromkeys(form.names) for form in forms]
        for name, numbers in self.cells.items():
            for place, value in zip(numbers.places.tolist(), numbers.values.tolist(), strict=True):
                rows[place][name] = value if value == value else "nan"  # noqa: PLR0124  equals itself
        every = zip(forms, self.counts.tolist(), rows, strict=True)
        return [StatedLine(_place(form, at), row, form.indented) for form, at, row in every]

    def _settle(self) -> None:
        held, self._held = self._held, []
        first = len(self._ids)
        for line in held:
            place = line.place
            names = tuple(line.row)
            if place is None:
                form = Form(None, None, None, rounded=False, indented=line.indented, names=names)
            else:
                told = (place.kind, place.of, place.epoch, place.rounded)
                form = Form(*told, line.indented, names)
            self._ids.append(self._number(form))
            self._counts.append(0 if place is None else min(place.count, LARGEST))
        for group in groups_by_key([line.row for line in held], first):
            for name, texts in group.cells.items():
                self.cells[name].add(*numbers_of(group.places, texts))

    def _number(self, form: Form) -> int:
        number = self._numbered.setdefault(form, len(self.forms))
        if number == len(self.forms):
            self.forms.append(form)
        return number


def _with(form: Form, of: str | None, epoch: str | None) -> Form:
    """A form that says of how many, and the epoch."""
    return form._replace(
        of=None if of is None else whole(of), epoch=None if epoch is None else whole(epoch)
    )


def _place(form: Form, count: int) -> CounterPlace | None:
    if form.kind is None:
        return None
    return CounterPlace(form.kind, count, form.of, form.epoch, form.rounded)
