"""Tables with a header: Lightning's metrics.csv, Keras' CSVLogger, fastai's, and alike."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat, zip_longest
from typing import Any, Final

import numpy as np

from lossscan.canonical.names import canonical, is_judged, is_part
from lossscan.errors import UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.kit.columns import Sheet, number
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.groups import Group, groups_of
from lossscan.formats.kit.labels import (
    beside_phase,
    beside_tag,
    is_label,
    parted,
    phase_key,
    sums_up_runs,
    tag_and_value,
)
from lossscan.formats.kit.number_rows import number_columns
from lossscan.formats.kit.ruled import unruled
from lossscan.formats.kit.several import chosen, others
from lossscan.formats.kit.stacked import unstacked
from lossscan.formats.kit.text import lines, peek
from lossscan.formats.kit.wide import Renamed, by_file, counts, of_runs, renamed
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_of

NAME: Final = "csv_table"
MOST_ABOVE = 20  # lines above the header: what a notebook or a comment puts there
MOST_COLUMNS = 2000  # a line with more separators is no header
CELLS = 1 << 17  # that are held as text at once: some 10 MB
MOST_SAID = 1 << 20  # rows of a table that names runs; they are held one by one
FEWEST_ROWS, MOST_ROWS = 256, 1 << 14  # fewer cost time for each column, more leave the cache
_OF_FILES: Final = ",;\t"
_SEPARATORS: Final = _OF_FILES + "|"  # Markdown's
_INDEX: Final = ("", "Unnamed: 0")  # of pandas: the number of the row
_BOX: Final = str.maketrans("│┃║", "|||")
_DECIMAL_COMMA: Final = expression(  # not one of thousands
    r"[;\t\n] {0,9}-?(?:0,\d{3}|\d{1,9},(?:\d{4,20}|\d{1,2}))(?:[eE]| {0,9}[;\t\r\n])"
)
_TWO_WORDS: Final = expression(r"(?i)\b(train|val|valid|validation|test|eval) (loss|acc)")
_SCORES: Final = ("score", "return", "total_score")  # of a game, what an episode is trained for
_BLANK: Final = " "  # parts the words of a header above numbers, where no two are side by side
_GAP: Final = "  "  # separates where nothing else does, as in fastai's table


def claims(head: Head) -> bool:
    """Whether one of the first lines names a step or an epoch and a loss, or numbers are below."""
    text = _plain(peek(head)).split("\n", MOST_ABOVE + 1)[: MOST_ABOVE + 1]
    above = unstacked(list(unruled(text)))
    return _header_at(above, head.name) is not None


def keys(head: Head) -> list[str]:
    """The names in the first line of a table; none where the next has not as many cells."""
    first, second = [*peek(head).split("\n", 2), "", ""][:2]
    prose = first.startswith("{") or _separator(first) == _BLANK
    header = [] if prose else _header(first)
    return header if len(_header(second)) == len(header) else []


def runs(head: Head) -> list[str]:
    """The names of the runs in a table; none where it holds one."""
    body = _body(head)
    held = list(_rows_of_runs(body)) if _says_more(body.header) else list(_wide(body, head))
    return held if len(held) > 1 else []


def read(head: Head, settings: Settings) -> Table:
    """All cells that hold numbers; the step is that of the row, else its epoch or its number.

    Raises UnreadableLog where no column is known.
    """
    body = _body(head)
    sheet = Sheet(settings)
    if _says_more(body.header):
        held = _rows_of_runs(body)
        run = chosen(head, {name: len(own) for name, own in held.items()})
        rows, several = len(held[run]), len(held)
        for group in groups_of(held[run]):
            sheet.add(group)
    else:
        wide = _wide(body, head)
        run, several = chosen(head, dict.fromkeys(wide, 1)) if wide else "", len(wide)
        header = renamed(body.header, wide, run) if wide else body.header
        rows = _take(sheet, body.lines, header, body.separator) if header else 0
    if not rows:
        raise UnreadableLog("no_rows")
    steps, counted = sheet.counted_steps(rows)
    found = sheet.columns(steps)
    if not found:
        raise UnreadableLog("no_column")
    framework = None if counted else _framework(body.header, body.separator)
    note = Note("steps_counted", head.path, {"entries": rows})
    return Table(
        path=head.path,
        format=NAME,
        columns=found,
        framework=framework,
        config={"logging_strategy": "epoch"} if framework == "keras" else {},
        averaging="instant" if "table" in trainer_of(framework).instant else "window",
        notes=(*((note,) if counted else ()), *others(head, run, several)),
    )


@dataclass(frozen=True, slots=True)
class _Body:
    """A table from its header on."""

    header: list[str]
    separator: str
    lines: Iterator[str]


def _body(head: Head) -> _Body:
    text = unruled(map(_plain, lines(head)))
    above = unstacked(list(islice(text, MOST_ABOVE + 1)))
    at = _header_at(above, head.name) or 0
    first = above[at] if above else ""
    below: Iterable[str] = chain(above[at + 1 :], text)
    separator = _separator(first)
    if separator != "," and _DECIMAL_COMMA.search(peek(head)):
        below = (line.replace(",", ".") for line in below)
    header, second = _header(first), next(iter(above[at + 1 :]), "")
    if separator in (_GAP, _BLANK) and len(_split(second, separator)) == len(header) + 1:
        header = ["", *header]  # what R and pandas print: rows have names
    return _Body(header, separator, iter(below))


def _says_more(header: Sequence[str]) -> bool:
    """Whether a column names the run, the set or the quantity of a row."""
    return any(map(is_label, header)) or (phase_key(header) or tag_and_value(header)) is not None


def _rows_of_runs(body: _Body) -> dict[str, list[dict[str, Any]]]:
    """The rows by run; raises UnreadableLog where each is the result of another."""
    cells = (_cells(line, body.separator) for line in islice(body.lines, MOST_SAID))
    rows = [dict(zip(body.header, row, strict=False)) for row in cells if row != body.header]
    filled = [{key: row[key] for key in row if row[key] and key not in _INDEX} for row in rows]
    filled = list(map(beside_tag, filled))
    if sums_up_runs(filled):
        raise UnreadableLog("results_of_runs")
    return {run: list(map(beside_phase, own)) for run, own in parted(filled).items()}


def _wide(body: _Body, head: Head) -> Renamed:
    """The columns of each run of a table with columns of several; see `kit.wide`."""
    if body.separator not in _OF_FILES:
        return {}
    return of_runs(body.header) or by_file(body.header, head.name)


def _plain(text: str) -> str:
    """The text with the lines of a drawn box as Markdown has them."""
    return text.translate(_BOX) if "│" in text or "┃" in text else text


def _header_at(above: Sequence[str], file: str) -> int | None:
    """The place of the line that names a loss, and a counter or numbers in the line below."""
    for at, line in enumerate(above[:MOST_ABOVE]):
        header = _header(line)
        if not header:
            continue
        separator = _separator(line)
        if separator in _OF_FILES and tag_and_value(header) and counts(header):
            below = (zip(header, _header(each), strict=False) for each in above[at + 1 :])
            header = list(dict.fromkeys(name for row in below for name in beside_tag(dict(row))))
        judged = any(_is_judged(name, line) for name in map(canonical, header))
        if (judged or (separator in _OF_FILES and by_file(header, file))) and (
            (separator != _BLANK and counts(header))
            or _holds_numbers(line, *above[at + 1 : at + 2])
        ):
            return at
    return None


def _is_judged(name: str, line: str) -> bool:
    """Blanks alone also part what a console prints: there the parts of a loss make no table."""
    return is_judged(name) and not (is_part(name) and _separator(line) == _GAP)


def _holds_numbers(header: str, below: str = "") -> bool:
    """Whether the line below a header has as many cells, and all that are filled are numbers."""
    header = _uncommented(header)
    separator = _separator(header)
    cells = [cell.strip() for cell in _cells(below.rstrip("\r\n") + "\n", separator)]
    same = len(cells) == len(_split(header.rstrip("\r\n"), separator))
    filled = [cell for cell in cells if cell and not cell.startswith("[")]  # a list of Python
    return same and bool(filled) and all(number(cell) is not None for cell in filled)


def _uncommented(line: str) -> str:
    """A header behind the mark that numpy and DeePMD set before it; of others it is a name."""
    bare = line.removeprefix("#").lstrip(" ") if line.startswith("#") else line
    return bare if bare[:1].isalpha() else line


def _separator(line: str) -> str:
    likely = max(_SEPARATORS, key=line.count)
    return likely if likely in line else _GAP if _GAP in line.strip() else _BLANK


def _split(line: str, separator: str) -> list[str]:
    if separator == _BLANK:
        return _TWO_WORDS.sub(r"\1_\2", line).split()
    return re.split(" {2,}", line.strip()) if separator == _GAP else line.split(separator)


def _header(line: str) -> list[str]:
    line = _uncommented(line.strip(" \r\n"))
    separator = _separator(line)
    names = [name.strip().strip('"') for name in _split(line, separator)]
    if "episode" in names and not any(map(is_judged, names)):
        names = ["reward" if name in _SCORES else name for name in names]
    if not 1 < len(names) <= MOST_COLUMNS:
        return []
    stating = separator in (_GAP, _BLANK) and any(number(name) is not None for name in names)
    return [] if stating else names


def _take(sheet: Sheet, text: Iterator[str], header: Sequence[str], separator: str) -> int:
    """Add all rows to a sheet, some at a time, so that no row is kept; gives their number."""
    rows, at_once = 0, min(max(CELLS // len(header), FEWEST_ROWS), MOST_ROWS)
    while below := list(islice(text, at_once)):
        columns = number_columns(below, separator) or map(_filled, _texts(below, separator))
        sheet.add(Group(np.arange(rows, rows + len(below)), _named(header, columns, len(below))))
        rows += len(below)
    return rows


def _named(
    header: Sequence[str], columns: Iterable[Sequence[Any]], rows: int
) -> dict[str, Sequence[Any]]:
    """The cells of each column by name; of two of one name the last filled one counts."""
    found: dict[str, Sequence[Any]] = {}
    for name, cells in zip(header, chain(columns, repeat((None,) * rows)), strict=False):
        if name not in _INDEX:
            twice = zip(cells, found.get(name, ()), strict=False)
            found[name] = [b if a is None else a for a, b in twice] or cells
    return found


def _filled(cells: Sequence[str]) -> Sequence[str | None]:
    """The cells, None where one is empty."""
    return [cell or None for cell in cells] if "" in cells else cells


def _texts(lines: Sequence[str], separator: str) -> Iterable[Sequence[str]]:
    """The columns; of lines with equally many cells and no quotes a single split gives them."""
    text, widths = "".join(lines), {line.count(separator) + 1 for line in lines}
    if len(widths) > 1 or separator in (_GAP, _BLANK) or '"' in text or not text.endswith("\n"):
        return zip_longest(*(_cells(line, separator) for line in lines), fillvalue="")
    width = widths.pop()
    cells = text.replace("\n", separator).split(separator)[:-1]
    return [cells[at::width] for at in range(width)]


def _cells(line: str, separator: str) -> list[str]:
    """The cells of a line; the last one of a line that is cut may be cut too and is left out."""
    if '"' not in line or separator in (_GAP, _BLANK):
        cells = _split(line.rstrip("\n"), separator)
    else:
        try:
            cells = next(csv.reader([line], delimiter=separator))
        except csv.Error:  # a cell of more than 128 KiB
            return []
    return cells if line.endswith("\n") else cells[:-1]


def _framework(header: Sequence[str], separator: str) -> str | None:
    """Lightning sorts all its columns, Keras all but the epoch, apart by any sign one chooses."""
    if separator == "," and list(header) == sorted(header) and {"epoch", "step"} <= set(header):
        return "lightning"
    keras = header[0] == "epoch" and list(header[1:]) == sorted(header[1:]) and "step" not in header
    return "keras" if keras and separator in _OF_FILES else None


FORMAT = Format(
    name=NAME,
    sample="step,loss",
    claims=claims,
    read=read,
    keys=keys,
    priority=60,
    mappable=True,
    files="metrics.csv",
    maybe_files="*.csv *.tsv",
    runs=runs,
)
