"""Numbers and nothing else: `375 0.13` or `(375, 0.13)`, the first a step that rises.

It may be the batch behind its epoch, `2_375`. Further columns, as of a mean, are passed over. So
are code and prose around tensors that a loop printed one below the other,
`tensor(2.31, device='cuda:0')`, where a loss is spoken of. A list of such pairs may be on one line.
In a file whose name or header says `loss`, single numbers are losses too, in `val_loss.txt` those
of an evaluation, the step may be named, `Epoch 3: 0.13`, and the header of a table without names
is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from lossscan.canonical.names import canonical
from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.packed import plain_name

FEWEST = 2  # lines
_HELD_OUT: Final = ("eval_loss", "test_loss")
LISTED = 9  # commas of a line that is a list and no row of a table of losses
# The headers that pandas and Julia's CSV give a list without a name.
_UNNAMED: Final = (b",0\n", b",0\r\n", b"x1,x2\n")
_TRACKED: Final = " (tracked)"  # behind a number of Flux up to 0.9
_FIRST: Final = frozenset("0123456789([-.")
_LINE: Final = expression(
    rf"^\s{{0,20}}[(\[]{{0,2}}(?:(\d{{1,9}})_)?(\d{{1,15}})(?:[ \t,;:]{{1,8}}| ?-> ?)({NUMBER})"
    rf"(?:[ \t,;]{{1,8}}{NUMBER}){{0,3}}[)\]]{{0,2}},?\s*$"
)
_NAMED: Final = expression(r"(?im)^(?:epoch|step|iter|iteration)[ :=]{1,3}(?=\d)")
_GLUED: Final = expression(r"(?m)^(\d{1,9})_(?=\d{1,9}\.\d)")  # `12_0.44`
# Of WaveGlow, between its pairs.
_HEADLINE: Final = expression(r"(?im)^epoch[ :]{1,3}\d{1,9}[ \t]*$")
_ALONE: Final = expression(rf"^\s{{0,20}}({NUMBER}),?\s*$")
PRINTED: Final = 3  # tensors in a row: an example shows one or two
_TENSOR: Final = expression(
    rf"(?m)^\s{{0,20}}tensor\(({NUMBER})(?:, [\w=<>':.() ,]{{1,100}})?\)[ \t]*$"
)
_TENSORS: Final = expression(
    rf"(?:{_TENSOR.pattern.removeprefix('(?m)')}\n?){{{PRINTED}}}", re.MULTILINE
)
_BETWEEN: Final = expression(r"([)\]]), ?([(\[])")  # two pairs


def claims(head: Head) -> bool:
    """Whether its start holds nothing but pairs or, in a file of losses, numbers; or tensors."""
    return _are_tensors(head) or _are_pairs(head) or _are_alone(head)


def _are_pairs(head: Head) -> bool:
    """Whether each line of the start is such a pair, the steps rise, and values have decimals."""
    unnamed = "loss" in head.name.lower() and head.start.startswith(_UNNAMED)
    start = _bare(peek(head), head)
    if not unnamed and start.lstrip()[:1] not in _FIRST:
        return False
    text = _split(line for line in start.splitlines()[unnamed:] if line.strip())
    found = [match for line in text[:-1] if (match := _LINE.match(line))]
    if len(found) < len(text) - 1 or len(text) < FEWEST or not _LINE.match(text[-1]):
        return False
    # A file of losses may be appended to: a launch counts from where the one before it did.
    again = _count(found[0]) if found and "loss" in head.name.lower() else None
    rises = all(_count(one) < _count(two) or _count(two) == again for one, two in pairwise(found))
    return rises and any("." in match[3] for match in found)


def _bare(text: str, head: Head) -> str:
    """The text without quotes and headlines and, in a file of losses, the names of its steps."""
    text = _HEADLINE.sub("", text.replace('"', "").replace(_TRACKED, ""))
    return _GLUED.sub(r"\1 ", _NAMED.sub("", text)) if "loss" in head.name.lower() else text


def _count(match: re.Match[str]) -> tuple[int, int]:
    """The epoch, 0 where there is none, and the step."""
    return int(match[1] or 0), int(match[2])


def _are_tensors(head: Head) -> bool:
    """Whether tensors of one number are printed below each other, and a loss is spoken of."""
    text = peek(head)
    return "tensor(" in text and "loss" in text.lower() and _TENSORS.search(text) is not None


def _split(text: Iterable[str]) -> list[str]:
    """The lines, of a list of pairs each pair as a line."""
    return [each for line in text for each in _BETWEEN.sub("\\1\n\\2", line).splitlines()]


def _are_alone(head: Head) -> bool:
    """Whether all are single numbers, in a file that says what they are."""
    header = _header(head)
    said = header or "loss" in head.name.lower()
    shown = peek(head).splitlines()[bool(header) :] if said else []
    text = _singles(shown)
    alone = len(text) >= FEWEST and all(map(_ALONE.match, text))
    return alone and any("." in each for each in text) and not _is_table(shown)


def _is_table(shown: Sequence[str]) -> bool:
    """Whether each line begins with a whole number, as of a client, and others are behind it."""
    return all("," in line and line.partition(",")[0].strip().isdecimal() for line in shown)


def _header(head: Head) -> str:
    """The only name above single numbers, if it is that of a loss."""
    name = peek(head).partition("\n")[0].strip("\"' \r")
    return name if canonical(name) in ("loss", "train_loss", *_HELD_OUT) else ""


def _singles(text: Iterable[str]) -> list[str]:
    """What may be single numbers: the lines, of a list its items."""
    return [each for line in text for each in _items(line.strip("[] \r\n")) if each]


def _items(line: str) -> list[str]:
    """The items of a list, also of a long one without blanks: `375,0.13` is a pair."""
    return line.replace(" ", "").split(",") if line.count(",") >= LISTED else line.split(", ")


def read(head: Head, settings: Settings) -> Table:
    """All lines; the second number is taken for the loss, or the only one."""
    alone = _ALONE if _are_alone(head) and not _are_pairs(head) else None
    shape = _TENSOR if _are_tensors(head) else alone
    key = _key(_header(head) or plain_name(head.name).rpartition(".")[0])
    rows = list(_pairs(head, key) if shape is None else _alone(head, shape, key))
    note = Note("steps_counted", head.path, {"entries": len(rows)})
    return Table(columns(rows, settings), fallback=True, notes=() if shape is None else (note,))


def _key(said: str) -> str:
    """What the numbers are by a header or the file: `val_loss.txt` is next to `train_loss.txt`."""
    name = canonical(said)
    return name if name in _HELD_OUT else "loss"


def _alone(head: Head, shape: re.Pattern[str], key: str) -> Iterator[Row]:
    text = lines(head) if shape is _TENSOR else _singles(lines(head))
    found = filter(None, map(shape.match, text))
    return ((step, {key: match[1]}) for step, match in enumerate(found, start=1))


def _pairs(head: Head, key: str) -> Iterator[Row]:
    whole = _split(_bare(line, head) for line in lines(head) if line.endswith(("\n", ")", "]")))
    for found in filter(None, map(_LINE.match, whole)):
        epoch, step = _count(found)
        yield step, {key: found[3]} | ({"epoch": epoch} if epoch else {})


_SAMPLE = "375 0.13 (nothing but a step and its loss in each line)"
FORMAT = Format(  # behind all that name what they hold
    "bare_numbers", _SAMPLE, claims, read, priority=97
)
