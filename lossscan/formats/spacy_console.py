"""The table that `spacy train` prints: `E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  SCORE`.

spaCy 2 counts passes over the data alone: `Itn  Tag Loss    Tag %    NER Loss   NER F`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.own_lines import own_lines
from lossscan.formats.kit.shapes import COUNTED

_QUICK = (" LOSS ", "Itn")
_COUNT: Final = expression(rf"\d{{1,{COUNTED}}}")
_HEADER: Final = expression(r"\AE +# +LOSS \S")
_HEADER_2: Final = expression(r"\AItn\.?[ \t]+[A-Z][\w. ]{0,9}Loss\b")


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """All rows; the losses of the components are sums over the batches since the last row."""
    header: list[str] = []
    for line in text:
        if _HEADER.match(line):
            header = _split(re.sub(r"^E +# +", "E  #  ", line))
        elif _HEADER_2.match(line):
            header = _split(line)
        elif header and line.endswith("\n"):
            yield from _row(header, line.split())


def _row(header: list[str], cells: list[str]) -> Iterator[Row]:
    """The row, if the cells are one: the step is the pass over the data where nothing else is."""
    counters = 2 if header[1] == "#" else 1
    counts = cells[:counters]
    if len(cells) == len(header) and all(map(_COUNT.fullmatch, counts)):
        names = (re.sub(r"\. |[. ]", "_", name.lower()) for name in header[counters:])
        named = zip(names, cells[counters:], strict=True)
        yield int(counts[-1]), {"epoch": counts[0], **dict(named)}


def _split(line: str) -> list[str]:
    """The names of a header, which hold single blanks."""
    return re.split(r" {2,}|\t", line.strip())


_SAMPLE = "E    #       LOSS TOK2VEC  LOSS NER, then 0     200     12.3  45.6"
FORMAT = own_lines("spacy_console", _SAMPLE, _QUICK, _rows, framework="spacy")
