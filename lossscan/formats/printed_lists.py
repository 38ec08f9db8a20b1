"""The lists that a loop collects and prints at its end: `train_losses = [2.31, 2.05, ...]`.

So do `print(history.history)` of Keras, `{'loss': [2.3, ...], 'val_loss': [...]}`, arrays of NumPy
over several lines, `losses = [2.31 2.05 ...]`, and lists of tensors. A list that is printed again
as it grows counts once, as it was last. What each step prints of its parts is no such list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Final

from lossscan.canonical.names import is_judged
from lossscan.expressions import expression
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.documents import tables_in
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.several import table_of
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

FEWEST: Final = 4  # numbers: fewer may be a choice of settings, or the parts of one loss
MOST_LINES: Final = 100_000  # that are searched; NumPy prints some six numbers in each
LONGEST: Final = 70  # characters before a list that may hold its name
_NAME: Final = expression(r"([A-Za-z][\w ./-]{0,60})['\"]?\s{0,4}\Z")
_LIST: Final = expression(  # from the sign in front of it: letters begin in too many places
    r"[:=]\s{0,4}(?:[a-z.]{1,12}\(){0,2}"
    rf"(\[\s{{0,20}}(?:[a-z]\w{{0,11}}(?:\.\w{{1,12}})?\()?{NUMBER}[^\[\]]*+)(\]|\Z)"
)
_DIGIT: Final = expression(r"\d")
_WRAPPING: Final = expression(
    r"(?:tensor|array|(?:np\.)?float\d\d)\("
    r"|, (?:device|grad_fn|dtype|requires_grad)=[^,)]{1,40}|[()]"
)


def claims(head: Head) -> bool:
    """Whether a list of losses begins in its start; a JSON document has a reader with limits."""
    text = peek(head)
    return "[" in text and not text.startswith('{"') and bool(_losses(text))


def _losses(text: str) -> dict[str, list[float]]:
    """The longest list of each name that a text prints; none without a loss among them."""
    printed: Counter[str] = Counter()
    longest: dict[str, list[float]] = {}
    for found in _LIST.finditer(text):
        said = _NAME.search(text[max(0, found.start() - LONGEST) : found.start()])
        if said is None:
            continue
        name, cells = _named(said[1]), _cells(found[1])
        if not found[2]:
            cells = cells[:-1]  # it may be cut
        printed[name] += 1
        if len(cells) > len(longest.get(name, ())):
            longest[name] = cells
    kept = {k: v for k, v in longest.items() if len(v) >= max(FEWEST, printed[k] + 1)}
    return kept if any(map(is_judged, kept)) else {}


def _named(said: str) -> str:
    """The words before a list that make the name of a loss, behind any count, else the last."""
    *words, last = said.split()
    counted = [at for at, word in enumerate(words, start=1) if _DIGIT.search(word)]
    words = [*words[max(counted, default=0) :], last]
    names = (" ".join(words[first:]) for first in range(len(words)))
    return next(filter(is_judged, names), last)


def _cells(printed: str) -> list[float]:
    """The numbers of a list; none where anything else is among them."""
    cells = list(map(number, _WRAPPING.sub("", printed).strip("[ ,\r\n").replace(",", " ").split()))
    return [] if None in cells else [cell for cell in cells if cell is not None]


def read(head: Head, settings: Settings) -> Table:
    """Its lists side by side, counted from 1; raises UnreadableLog where none is of losses."""
    lists: Mapping[str, list[float]] = _losses("".join(islice(lines(head), MOST_LINES)))
    return table_of(head, tables_in(dict(lists)), settings)


_SAMPLE = "train_losses = [2.31, 2.05, ...], or {'loss': [2.31, ...], 'val_loss': [...]}"
FORMAT = Format(  # behind all that log while they train, before bare numbers
    "printed_lists", _SAMPLE, claims, read, priority=96
)
