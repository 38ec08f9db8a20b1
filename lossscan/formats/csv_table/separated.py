"""Lines of a table whose cells a separator parts: its header, and the cells of one line or many."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, TypeAlias

from msgspec.json import Decoder

from lossscan.canonical.names import is_judged
from lossscan.expressions import expression
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.many_keys import MOST_KEYS, bounded

OF_FILES: Final = ",;\t"
BLANK: Final = " "  # parts the words of a header above numbers, where no two are side by side
GAP: Final = "  "  # separates where nothing else does, as in fastai's table
_SEPARATORS: Final = OF_FILES + "|"  # Markdown's
_TWO_WORDS: Final = expression(r"(?i)\b(train|training|val|valid|validation|test|eval) (loss|acc)")
_SCORES: Final = ("score", "return", "total_score")  # of a game, what an episode is trained for
_ERRORS: Final = ("#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")  # of a spreadsheet
_NO_DIGIT: Final = expression(r"\n[^0-9\n]*+\n")  # quick
_WORDS: Final = expression(r"(?i)(?!.*(?:\d|nan|inf)).*[^\W_]")
_Cell: TypeAlias = int | float | None
_CELLS: Final = Decoder(list[int | float | None])
_WITHIN: Final = bytes(set(range(256)) - set(b",\n"))  # a cell


def separator_of(line: str) -> str:
    """What is most often in a line; else two blanks or more, or one."""
    likely = max(_SEPARATORS, key=line.count)
    return likely if likely in line else GAP if GAP in line.strip() else BLANK


def separator_between(header: str, below: str) -> str:
    """What parts a header and the row below it: one blank too, where wide numbers leave no more."""
    separator = separator_of(header)
    names = split(header, separator)
    if separator != GAP or len(split(below, GAP)) >= len(names):
        return separator
    return BLANK if len(below.split()) == len(names) else GAP


def split(line: str, separator: str) -> list[str]:
    """The parts of a line without quotes, as they are."""
    if separator == BLANK:
        return _TWO_WORDS.sub(r"\1_\2", line).split()
    return re.split(" {2,}", line.strip()) if separator == GAP else line.split(separator)


def uncommented(line: str) -> str:
    """A header behind the mark that numpy and DeePMD set before it; of others it is a name."""
    bare = line.removeprefix("#").lstrip(" ") if line.startswith("#") else line
    return bare if bare[:1].isalpha() else line


def header_of(line: str) -> list[str]:
    """The names in a line, of very many only those that are read; none of numbers or one part."""
    line = uncommented(line.strip(" \r\n"))
    separator = separator_of(line)
    names = [name.strip().strip("\"'") for name in split(line, separator)]
    if "episode" in names and not any(map(is_judged, names)):
        names = ["reward" if name in _SCORES else name for name in names]
    if len(names) == 1:
        return []
    if len(names) > MOST_KEYS:
        kept = set(bounded(names))
        names = [name if name in kept else "" for name in names]
    stating = separator in (GAP, BLANK) and any(number(name) is not None for name in names)
    return [] if stating else names


def columns_of(lines: Sequence[str], separator: str) -> Iterable[Sequence[str | None]]:
    """The cells of each column, None where one is empty."""
    for cells in _texts(lines, separator):
        yield [cell or None for cell in cells] if "" in cells else cells


def _texts(lines: Sequence[str], separator: str) -> Iterable[Sequence[str]]:
    """Of lines with equally many cells and no quotes a single split gives the columns."""
    text, widths = "".join(lines), {line.count(separator) + 1 for line in lines}
    if len(widths) > 1 or separator in (GAP, BLANK) or '"' in text or not text.endswith("\n"):
        return zip_longest(*(cells_of(line, separator) for line in lines), fillvalue="")
    width = widths.pop()
    cells = text.replace("\n", separator).split(separator)[:-1]
    return [cells[at::width] for at in range(width)]


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of a line; the last one of a line that is cut may be cut too and is left out."""
    if '"' not in line or separator in (GAP, BLANK):
        cells = split(line.rstrip("\n"), separator)
    else:
        try:
            cells = next(csv.reader([line], delimiter=separator))
        except csv.Error:  # a cell of more than 128 KiB
            return []
    return cells if line.endswith("\n") else cells[:-1]


def broken_rows(
    lines: Sequence[str], header: Sequence[str], separator: str, first: int
) -> Iterator[int]:
    """The rows, counted from `first` on, with errors of a spreadsheet or with words alone.

    A line of other width is no row, nor is the header once more, as a run that goes on repeats it.
    """
    width = len(header) - 1 if separator in OF_FILES else -1
    text = "\n" + "".join(lines)
    if not (_NO_DIGIT.search(text) or any(error in text for error in _ERRORS)):
        return
    for at, line in enumerate(lines, first):
        broken = _WORDS.match(line) or any(error in line for error in _ERRORS)
        if broken and line.count(separator) == width and header_of(line) != list(header):
            yield at


def number_columns(lines: Sequence[str], separator: str) -> list[list[_Cell]] | None:
    """The cells of each column, None where empty; None where one is no number of JSON.

    So `nan`, `.5` and text are; lines that have not equally many cells, or are cut, are no rows.
    """
    text, blank = "".join(lines), separator.isspace() and separator != "\t"  # any number of them
    if blank or not text.endswith("\n") or (separator != "," and "," in text):
        return None
    rows, width = text.replace(separator, ",").encode(), lines[0].count(separator) + 1
    if width == 1 or rows.translate(None, _WITHIN) != (b"," * (width - 1) + b"\n") * len(lines):
        return None
    listed = b"[%b]" % rows[:-1].replace(b"\n", b",")
    if b",," in listed or listed.startswith(b"[,") or listed.endswith(b",]"):
        for empty in (b"[,", b",,", b",,", b",]"):  # each finds every other one
            listed = listed.replace(empty, b"null".join((empty[:1], empty[1:])))
    try:
        cells = _CELLS.decode(listed)
    except ValueError:
        return None
    return [cells[at::width] for at in range(width)]
