"""Tables with a header: Lightning's metrics.csv, Keras' CSVLogger, fastai's, and alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any, Final

import numpy as np

from lossscan.canonical.names import canonical, is_judged, is_part
from lossscan.errors import UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.csv_table.separated import (
    BLANK,
    GAP,
    OF_FILES,
    broken_rows,
    cells_of,
    columns_of,
    header_of,
    number_columns,
    separator_between,
    separator_of,
    split,
    uncommented,
)
from lossscan.formats.csv_table.stacked import unruled, unstacked
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.columns import Sheet
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
from lossscan.formats.kit.several import Kept, chosen, others
from lossscan.formats.kit.text import lines, peek
from lossscan.formats.kit.wide import Renamed, by_file, counts, of_runs, renamed
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_of

MOST_ABOVE = 20  # lines above the header: what a notebook or a comment puts there
MOST_PASTED = 40  # above a table of Markdown: who pastes one states the settings before
CELLS = 1 << 17  # that are held as text at once: some 10 MB
MOST_SAID = 1 << 20  # rows of a table that names runs; they are held one by one
FEWEST_ROWS, MOST_ROWS = 256, 1 << 14  # fewer cost time for each column, more leave the cache
_INDEX: Final = ("", "Unnamed: 0")  # of pandas: the number of the row
_NAME: Final = expression(r"(?!.{0,40}(?:: |:\d|=))(?:\S{1,40} ?){0,4}")  # and no words of prose
_NUMBERED: Final = expression(r" -?(?:\d+\.\d*|nan)\Z")  # `train_err 3.02` is of a line of values
_OTHER: Final = expression(r"\[|(?:[\d/.-]{6,10}[ T])?\d\d?:\d\d(?::\d\d|$)")  # a list, a clock
_MEMBER: Final = '": '  # of an object of JSON: no header names one, and a settings file has many
_BOX: Final = str.maketrans("│┃║", "|||")
NEWLINE: Final = expression(rb"[\r\n]")
_DECIMAL_COMMA: Final = expression(  # not one of thousands
    r"[;\t\n] {0,9}-?(?:0,\d{3}|\d{1,9},(?:\d{4,20}|\d{1,2}))(?:[eE]| {0,9}[;\t\r\n])"
)


def claims(head: Head) -> bool:
    """Whether one of the first lines names a step or an epoch and a loss, or numbers are below."""
    above = unstacked(list(unruled(_seen(head))))
    return _header_at(above, head.name, peek(head)) is not None


def keys(head: Head) -> list[str]:
    """The names in the first line of a table; none where the next has not as many cells."""
    first, second = [*_seen(head), "", ""][:2]
    prose = first.startswith("{") or separator_of(first) == BLANK
    header = [] if prose else header_of(first)
    named = all(map(_NAME.fullmatch, header)) and not any(map(_NUMBERED.search, header))
    return header if named and len(header_of(second)) == len(header) else []


def _seen(head: Head) -> list[str]:
    """The first lines of what is looked at; only two where the header is longer than that."""
    text = _plain(peek(head))
    if text and head.size > len(head.start) and not NEWLINE.search(head.start):
        return list(map(_plain, islice(lines(head), 2)))
    return text.split("\n", MOST_PASTED + 1)[: MOST_PASTED + 1]


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
    sheet, broken = Sheet(settings), list[int]()
    if _says_more(body.header):
        held = _parted(head, settings)
        run = chosen(head, {name: len(own) for name, own in held.items()})
        rows, several = len(held[run]), len(held)
        for group in groups_of(held[run]):
            sheet.add(group)
    else:
        wide = _wide(body, head)
        run, several = chosen(head, dict.fromkeys(wide, 1)) if wide else "", len(wide)
        header = renamed(body.header, wide, run) if wide else body.header
        rows, broken = _take(sheet, body.lines, header, body.separator) if header else (0, [])
    if not rows:
        raise UnreadableLog("no_rows")
    steps, counted = sheet.counted_steps(rows)
    found = sheet.columns(steps)
    if not found:
        raise UnreadableLog("no_column" if any(map(len, sheet.numbers.values())) else "no_rows")
    framework = None if counted else _framework(body.header, body.separator)
    note = Note("steps_counted", head.path, {"entries": rows})
    lost = Note("broken_rows", head.path, {"rows": len(broken), "first": min(broken, default=0)})
    return Table(
        found,
        framework=framework,
        config={"logging_strategy": "epoch"} if framework == "keras" else {},
        averaging="instant" if "table" in trainer_of(framework).instant else "window",
        notes=(
            *((note,) if counted else ()),
            *((lost,) if broken else ()),
            *others(head, run, several),
        ),
        part=run if several > 1 else None,
    )


@dataclass(frozen=True, slots=True)
class _Body:
    """A table from its header on."""

    header: list[str]
    separator: str
    lines: Iterator[str]


def _body(head: Head) -> _Body:
    drawn = _is_drawn(peek(head))  # no table of millions of rows is: none of them is looked at
    text = unruled(map(_plain, lines(head)) if drawn else lines(head))
    above = unstacked(list(islice(text, MOST_PASTED + 1)))
    at = _header_at(above, head.name) or 0
    first = above[at] if above else ""
    below: Iterable[str] = chain(above[at + 1 :], text)
    second = next(iter(above[at + 1 :]), "")
    separator = separator_between(first, second)
    if separator != "," and _DECIMAL_COMMA.search(peek(head)):
        below = (line.replace(",", ".") for line in below)
    header = header_of(first)
    if separator in (GAP, BLANK) and len(split(second, separator)) == len(header) + 1:
        header = ["", *header]  # what R and pandas print: rows have names
    return _Body(header, separator, iter(below))


def _says_more(header: Sequence[str]) -> bool:
    """Whether a column names the run, the set or the quantity of a row."""
    return any(map(is_label, header)) or (phase_key(header) or tag_and_value(header)) is not None


@Kept
def _parted(head: Head, _: Settings) -> dict[str, list[dict[str, Any]]]:
    return _rows_of_runs(_body(head))


def _rows_of_runs(body: _Body) -> dict[str, list[dict[str, Any]]]:
    """The rows by run; raises UnreadableLog where each is the result of another."""
    cells = (cells_of(line, body.separator) for line in islice(body.lines, MOST_SAID))
    rows = [dict(zip(body.header, row, strict=False)) for row in cells if row != body.header]
    filled = [{key: row[key] for key in row if row[key] and key not in _INDEX} for row in rows]
    filled = list(map(beside_tag, filled))
    if sums_up_runs(filled):
        raise UnreadableLog("results_of_runs")
    return {run: list(map(beside_phase, own)) for run, own in parted(filled).items()}


def _wide(body: _Body, head: Head) -> Renamed:
    """The columns of each run of a table with columns of several; see `kit.wide`."""
    if body.separator not in OF_FILES:
        return {}
    return of_runs(body.header) or by_file(body.header, head.name)


def _plain(text: str) -> str:
    """The text with the lines of a drawn box as Markdown has them."""
    return text.translate(_BOX) if _is_drawn(text) else text


def _is_drawn(text: str) -> bool:
    return "│" in text or "┃" in text


def _header_at(above: Sequence[str], file: str, rows: str = "") -> int | None:
    """The place of the line that names a loss, and a counter or numbers in the line below.

    Where each row names its quantity the `rows` do: they may be in the order of their names.
    """
    for at, line in enumerate(above[:MOST_PASTED]):
        passed = _MEMBER in line or (at >= MOST_ABOVE and "oss |" not in f"{line.rstrip()} |")
        header = [] if passed else header_of(line)
        if not header:
            continue
        separator = separator_of(line)
        if separator in OF_FILES and tag_and_value(header) and counts(header):
            told = chain(above[at + 1 :], rows.split("\n"))
            below = (zip(header, header_of(each), strict=False) for each in told)
            header = list(dict.fromkeys(name for row in below for name in beside_tag(dict(row))))
        judged = any(_is_judged(name, separator) for name in map(canonical, header))
        if (judged or (separator in OF_FILES and by_file(header, file))) and (
            (separator != BLANK and counts(header)) or _holds_numbers(line, *above[at + 1 : at + 2])
        ):
            return at
    return None


def _is_judged(name: str, separator: str) -> bool:
    """Blanks alone also part what a console prints: there the parts of a loss make no table."""
    return is_judged(name) and not (is_part(name) and separator == GAP)


def _holds_numbers(header: str, below: str = "") -> bool:
    """Whether the line below a header has as many cells, and all that are filled are numbers."""
    header = uncommented(header)
    separator = separator_between(header, below)
    cells = [cell.strip() for cell in cells_of(below.rstrip("\r\n") + "\n", separator)]
    same = len(cells) == len(split(header.rstrip("\r\n"), separator))
    filled = [cell for cell in cells if cell and not _OTHER.match(cell)]
    return same and bool(filled) and all(number(cell) is not None for cell in filled)


def _take(
    sheet: Sheet, text: Iterator[str], header: Sequence[str], separator: str
) -> tuple[int, list[int]]:
    """Add all rows to a sheet, some at a time, so that no row is kept.

    Gives their number, and the places, from 1, of the rows that hold errors or words alone.
    """
    rows, at_once = 0, min(max(CELLS // len(header), FEWEST_ROWS), MOST_ROWS)
    broken: list[int] = []
    while below := list(islice(text, at_once)):
        numbers = number_columns(below, separator)
        if numbers is None:
            broken += broken_rows(below, header, separator, rows + 1)
        columns = numbers or columns_of(below, separator)
        sheet.add(Group(np.arange(rows, rows + len(below)), _named(header, columns, len(below))))
        rows += len(below)
    return rows, broken


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


def _framework(header: Sequence[str], separator: str) -> str | None:
    """Lightning sorts all its columns, Keras all but the epoch, apart by any sign one chooses."""
    if separator == "," and list(header) == sorted(header) and {"epoch", "step"} <= set(header):
        return "lightning"
    keras = header[0] == "epoch" and list(header[1:]) == sorted(header[1:]) and "step" not in header
    return "keras" if keras and separator in OF_FILES else None


FORMAT = Format(
    name="csv_table",
    sample="step,loss",
    claims=claims,
    read=read,
    printed=True,
    keys=keys,
    priority=60,
    files="metrics.csv",
    maybe_files="*.csv *.tsv",
    runs=runs,
)
