"""Lines that were cut, JSON by its writer, others at a terminal's width; what is before all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from lossscan.expressions import expression

FEWEST: Final = 2  # entries that are cut: one may be the last
LONGEST: Final = 4096  # characters of an entry that is put together again
TERMINALS: Final = (80, 100, 120, 132)  # columns
FEWEST_FULL: Final = 3  # entries that fill a line: two may be as long by chance
BEGINNING: Final = 4  # characters that tell whether a line begins as another
_DIGIT: Final = expression(r"\d")
_OPENED: Final = "{'"  # an entry of the Trainer
_ROW: Final = expression(
    r"\A ?(?:\[[^\]]{1,40}\])? ?(?:iteration {1,12}\d{1,12}/|validation loss at )"
)
# JSON, indented.
_OBJECT: Final = expression(r'(?m)^ {0,12}\{[ \t]{0,9}\n\s{1,12}"[^"\n]{1,60}": [-\d.N]')
_MEMBER: Final = expression(r'\A\s{0,12}(?:"[^"\n]{1,60}": [^{}\[\]]{1,60}$|\},?$)')
_CELL_END: Final = "|"  # each cell of a row of Megatron has one: a piece of a row does too


def has_objects(text: str) -> bool:
    """Whether several indented objects of JSON are in a text that is none itself."""
    may = '": ' in text and text.lstrip()[:1] not in "[{"
    return may and len(_OBJECT.findall(text)) >= FEWEST


def objects_flat(text: Iterable[str]) -> Iterator[str]:
    """Each JSON object on a line of its own, as its counter may be behind its losses."""
    return _joined(
        text,
        lambda line: line.strip() == "{",
        lambda held, line: "}" not in held and _MEMBER.match(line) is not None,
    )


def are_cut_entries(shown: Sequence[str]) -> bool:
    """Whether several entries of the Trainer go on in the next line."""
    return sum(map(_is_opened, shown)) >= FEWEST


def whole_entries(text: Iterable[str]) -> Iterator[str]:
    """Each entry on a line of its own: a narrow terminal cuts it anywhere, also within a number."""
    return _joined(
        text, _is_opened, lambda held, line: "}" not in held and not line.startswith(_OPENED)
    )


def _is_opened(line: str) -> bool:
    return line.startswith(_OPENED) and "}" not in line


def are_cut_rows(shown: Sequence[str]) -> bool:
    """Whether several rows of Megatron go on in the next line."""
    return sum(map(_is_cut_row, shown)) >= FEWEST


def whole_rows(text: Iterable[str]) -> Iterator[str]:
    """Each row of Megatron on a line of its own: the pieces behind its start hold cells too."""
    return _joined(text, _is_row, lambda _, line: _CELL_END in line and not _is_row(line))


def _is_row(line: str) -> bool:
    return _ROW.match(line) is not None


def _is_cut_row(line: str) -> bool:
    said = line.rstrip()
    return _CELL_END in said and not said.endswith(_CELL_END) and _is_row(line)


def width_of_cut(shown: Sequence[str]) -> int:
    """The width of the terminal that cut lines, 0 for none: what follows begins as no other."""
    width = max(map(len, shown), default=0)
    if width not in TERMINALS:
        return 0
    full = [len(line) == width for line in shown]
    goes_on = [False, *full][: len(full)]
    begins = [_DIGIT.sub("0", line[:BEGINNING]) for line in shown]
    pieces = {begin for begin, piece in zip(begins, goes_on, strict=True) if piece}
    heads = {begin for begin, piece in zip(begins, goes_on, strict=True) if not piece}
    entries = sum(fills and not piece for fills, piece in zip(full, goes_on, strict=True))
    return width if entries >= FEWEST_FULL and not pieces & heads else 0


def margin_of(shown: Sequence[str]) -> str:
    """The blanks before all lines, as a page indents what was printed."""
    blanks = {line[: len(line) - len(line.lstrip())] for line in shown}
    least = min(blanks, key=len, default="")
    return least if all(each.startswith(least) for each in blanks) else ""


def uncut(width: int, text: Iterable[str]) -> Iterator[str]:
    """Each line as it was before a terminal of such a width cut it."""
    return _joined(
        text,
        lambda line: len(line.rstrip("\n")) == width,
        lambda held, _: len(held) % width == 0,
    )


def _joined(
    text: Iterable[str], starts: Callable[[str], bool], goes_on: Callable[[str, str], bool]
) -> Iterator[str]:
    """The lines, with what goes on from a start put behind it; an end that is missing stays so."""
    held, newline = "", ""
    for line in text:
        piece = line.rstrip("\n")
        newline = line[len(piece) :]
        if held and len(held) <= LONGEST and goes_on(held, line):
            held += piece
            continue
        if held:
            yield f"{held}\n"
        held = piece if starts(line) else ""
        if not held:
            yield line
    if held:
        yield held if goes_on(held, "") else held + newline
