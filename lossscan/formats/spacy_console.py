"""The table that `spacy train` prints: `E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  SCORE`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.shapes import COUNTED
from lossscan.formats.kit.text import lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "spacy_console"
_QUICK = " LOSS "
_COUNT: Final = expression(rf"\d{{1,{COUNTED}}}")
_HEADER: Final = expression(r"^E +# +LOSS \S")


def claims(head: Head) -> bool:
    """Whether the header and a row below it are in it."""
    text = peek(head)
    return _QUICK in text and any(_rows(text.splitlines(keepends=True)))


def read(head: Head, settings: Settings) -> Table:
    """All rows; the losses of the components are sums over the batches since the last row."""
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(list(_rows(lines(head))), settings),
        framework="spacy",
    )


def _rows(text: Iterable[str]) -> Iterator[Row]:
    header: list[str] = []
    for line in text:
        if _HEADER.match(line):
            header = _split(line)
            continue
        cells = line.split() if header and line.endswith("\n") else []
        if len(cells) == len(header) and cells and all(map(_COUNT.fullmatch, cells[:2])):
            row = dict(zip(header[2:], cells[2:], strict=True))
            yield int(cells[1]), {"epoch": cells[0], **{_name(key): row[key] for key in row}}


def _name(header: str) -> str:
    return header.lower().replace(" ", "_")


def _split(line: str) -> list[str]:
    """The names of a header: any number of blanks separates the first two."""
    return re.split(" {2,}", re.sub(r"^E +# +", "E  #  ", line.strip()))


FORMAT = Format(
    name=NAME,
    sample="E    #       LOSS TOK2VEC  LOSS NER, then 0     200     12.3  45.6",
    claims=claims,
    read=read,
)
