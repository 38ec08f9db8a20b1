"""Two numbers a line and nothing else, the first a step that rises: `375 0.13`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "bare_numbers"
FEWEST = 2  # lines
_FIRST: Final = b"0123456789"
_LINE: Final = re.compile(rf"^\s{{0,20}}(\d{{1,15}})[ \t,;:]{{1,8}}({NUMBER})\s*$")


def claims(head: Head) -> bool:
    """Whether each line of the start is such a pair, the steps rise, and values have decimals."""
    if head.start.lstrip()[:1] not in {bytes([digit]) for digit in _FIRST}:
        return False
    text = [line for line in peek(head).splitlines() if line.strip()]
    found = [match for line in text[:-1] if (match := _LINE.match(line))]
    if len(found) < len(text) - 1 or len(text) < FEWEST or not _LINE.match(text[-1]):
        return False
    rises = all(int(one[1]) < int(two[1]) for one, two in pairwise(found))
    return rises and any("." in match[2] for match in found)


def read(head: Head, settings: Settings) -> Table:
    """All lines; the second number is taken for the loss."""
    whole = (line for line in lines(head) if line.endswith("\n"))
    rows: list[Row] = [
        (int(found[1]), {"loss": found[2]}) for line in whole if (found := _LINE.match(line))
    ]
    return Table(path=head.path, format=NAME, columns=columns(rows, settings), fallback=True)


FORMAT = Format(
    name=NAME,
    sample="375 0.13 (nothing but a step and its loss in each line)",
    claims=claims,
    read=read,
    priority=97,  # behind all that name what they hold
)
