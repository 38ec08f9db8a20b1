"""The results in a model card: `| Training Loss | Epoch | Step | Validation Loss |` and rows.

A card of Keras has `| Train Loss | Validation Loss | Epoch |`.
"""

from __future__ import annotations

from typing import Final

from lossscan.errors import UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.kit.columns import table
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

_HEADER: Final = expression(
    r"(?m)^\|(?:(?=[^\n]{0,400}\| ?Step ?\|)[^\n]{0,200}?\b(?:Training|Validation) Loss"
    r"| ?Train Loss ?\|[^\n]{0,400}\| ?Epoch) ?\|"
)
_CARD: Final = ".md"


def claims(head: Head) -> bool:
    """Whether the table of a trainer's card is in a page of Markdown."""
    text = peek(head)
    return head.name.lower().endswith(_CARD) and "Loss" in text and bool(_HEADER.search(text))


def read(head: Head, settings: Settings) -> Table:
    """The rows of the table; `No log` is where no training loss was logged yet.

    Raises UnreadableLog where it has none.
    """
    header: list[str] = []
    rows = []
    for line in lines(head):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if header and len(cells) == len(header) and line.endswith("\n"):
            rows.append(dict(zip(header, cells, strict=True)))
        elif header:
            break
        elif _HEADER.match(line):
            header = cells
    found, _ = table(rows, settings)
    if not found:
        raise UnreadableLog("card_without_points")
    keras = header[0] == "Train Loss"
    return Table(found, framework="keras" if keras else "transformers", fallback=True)


_SAMPLE = "| Training Loss | Epoch | Step | Validation Loss |"
FORMAT = Format(  # before tables at the beginning of a file
    "card_table", _SAMPLE, claims, read, priority=55, recorded=True
)
