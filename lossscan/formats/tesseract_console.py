"""What `lstmtraining` prints: `At iteration 88/200/200, Mean rms=10.953%, delta=4.947%, ...`.

The root of the mean squared error of the outputs is what it has for a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "tesseract_console"
_POINT: Final = expression(  # learned of, trained on, and seen with those skipped
    rf"At iteration \d{{1,12}}/(\d{{1,12}})/\d{{1,12}}, [Mm]ean rms=({NUMBER})%, delta=({NUMBER})%,"
    rf" (?:char|BCER) train=({NUMBER})%, (?:word|BWER) train=({NUMBER})%"
)
_EVALUATION: Final = expression(
    rf"At iteration \d{{1,12}}, stage \d, Eval Char error rate=({NUMBER}), "
    rf"Word error rate=({NUMBER})(?=\D|$)"
)


def claims(head: Head) -> bool:
    """Whether a point is in it."""
    text = peek(head)
    return "ean rms=" in text and _POINT.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All iterations; an evaluation, printed into a later line, is at the last one."""
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(list(_rows(lines(head))), settings),
        framework="tesseract",
    )


def _rows(text: Iterable[str]) -> Iterator[Row]:
    last = 0
    for line in text:
        if found := _POINT.search(line):
            last = int(found[1])
            names = ("loss", "delta", "char_error", "word_error")
            yield last, dict(zip(names, found.groups()[1:], strict=True))
        if evaluated := _EVALUATION.search(line):
            yield last, {"eval_char_error": evaluated[1], "eval_word_error": evaluated[2]}


FORMAT = Format(
    name=NAME,
    sample="At iteration 88/200/200, Mean rms=10.953%, delta=4.947%, char train=118.25%",
    claims=claims,
    read=read,
)
