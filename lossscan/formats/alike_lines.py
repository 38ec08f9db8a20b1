"""Lines of one shape that state a loss or reward among others and name no count, as graph nets do.

The number that each begins with is its count where it rises: `[100] recall: 0.4, loss: 4.92`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from lossscan.canonical.names import canonical, is_judged, trains
from lossscan.expressions import expression
from lossscan.formats.kit.columns import RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.stated import LineReader
from lossscan.formats.kit.text import PAIR, lines, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

FEWEST: Final = 5  # lines of one shape: no document repeats a sentence with numbers so often
LOGGED: Final = 2  # of a logger, behind a clock: no prose has one
RISING: Final = 3  # that begin with a count: two may be items of a list
FEWEST_NUMBERS: Final = 2  # numbers that a line names, the loss among them; prose has one
LONGEST: Final = 1000  # characters of a line that has a shape
_NUMBER: Final = expression(r"(?i)[-+]?\d[\d.,:]{0,40}(?:e[-+]?\d{1,4})?|\b(?:nan|inf)\b")
_CLOCK: Final = expression(
    r"\W{0,3}(?:[A-Z]{4,8}\W{1,3})?(?:\d{2,4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d|\d\d:\d\d:\d\d\b)"
)
_DRAWN: Final = str.maketrans("", "", "#=>█")
_LEADING: Final = expression(  # `[100] `, `Game number: 010590  `
    r"[\[(#\s]{0,4}(?:[A-Za-z]{1,20}[ :=#]{1,3}){0,3}(\d{1,12})[\])\s:|,]"
)
_QUICK: Final = ("oss", "eward", "OSS")  # one is in each of these lines


def claims(head: Head) -> bool:
    """Whether so many lines are of one shape."""
    text = peek(head)
    return any(word in text for word in _QUICK) and _repeated(text.splitlines(keepends=True)) != ""


def read(head: Head, settings: Settings) -> Table:
    """These lines at what they begin with, else counted as steps; evaluations at the last one."""
    shape = _repeated(peek(head).splitlines(keepends=True))
    reader = LineReader(frozenset(settings.series.values()))
    log = RowLog(settings)
    counts: list[int | None] = []
    for line in lines(head):
        row = reader.take(line).row
        if row and _shape(line) == shape:
            counts.append(_leading(line))
            log.add(len(counts), row)
        elif counts and row:
            evaluated = {n: value for n, value in row.items() if canonical(n).startswith("eval_")}
            if evaluated:
                log.add(len(counts), evaluated)
    notes = [*reader.idle.notes(head.path)]
    steps = log.steps
    if rising := _rising(counts):
        steps = np.array(rising)[steps - 1]
    else:
        notes.insert(0, Note("steps_counted", head.path, {"entries": len(counts)}))
    found = log.sheet.columns(log.sheet.run_steps(steps))
    return Table(found, notes=tuple(notes), fallback=True)


def _repeated(text: Iterable[str]) -> str:
    """The shape of most lines that count nothing and are judged; empty where few are of it.

    Where none is of the training, the loss of an evaluation.
    """
    reader = LineReader()
    shapes: dict[tuple[bool, str], list[int | None]] = defaultdict(list)  # and whether they train
    logged: set[str] = set()
    for line in text:
        if len(line) > LONGEST or not any(word in line for word in _QUICK):
            continue
        stated = reader.take(line)
        clock = _CLOCK.match(line) is not None
        judged = any(map(is_judged, stated.row))
        named = max(len(PAIR.findall(line)), len(stated.row))
        if stated.place is None and judged and (clock or named >= FEWEST_NUMBERS):
            shapes[trains(stated.row), _shape(line)].append(_leading(line))
            logged |= {_shape(line)} if clock else set()
    trained = any(trained for trained, _ in shapes)
    own = {shape: counts for (of, shape), counts in shapes.items() if of is trained}
    shape = max(own, key=lambda each: len(own[each]), default="")
    counts = own.get(shape, [])
    fewest = LOGGED if shape in logged else RISING if _rising(counts) else FEWEST
    return shape if len(counts) >= fewest else ""


def _leading(line: str) -> int | None:
    """The number that a line begins with, behind its name at most, and no part of a clock."""
    found = _LEADING.match(line)
    return int(found[1]) if found else None


def _rising(counts: Sequence[int | None]) -> list[int]:
    """The counts, where all are there and each is above the last; else none."""
    told = [count for count in counts if count is not None]
    rises = len(told) == len(counts) and all(one < two for one, two in pairwise(told))
    return told if rises and len(told) > 1 else []


def _shape(line: str) -> str:
    """The line without its numbers, blanks that pad them, and what is drawn of a bar."""
    return "".join(_NUMBER.sub("0", line).translate(_DRAWN).split())


_SAMPLE = "Training: loss = 1.6, acc = 0.5 | Val: loss = 1.7 (5 such lines)"
FORMAT = Format(  # behind lines that begin with a loss
    "alike_lines", _SAMPLE, claims, read, printed=True, priority=96
)
