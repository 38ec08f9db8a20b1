"""What `lstmtraining` prints: `At iteration 88/200/200, Mean rms=10.953%, delta=4.947%, ...`.

The root of the mean squared error of the outputs is what it has for a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.own_lines import own_lines
from lossscan.formats.kit.text import NUMBER

_POINT: Final = expression(  # learned of, trained on, and seen with those skipped
    rf"At iteration \d{{1,12}}/(\d{{1,12}})/\d{{1,12}}, [Mm]ean rms=({NUMBER})%, delta=({NUMBER})%,"
    rf" (?:char|BCER) train=({NUMBER})%, (?:word|BWER) train=({NUMBER})%"
)
_EVALUATION: Final = expression(
    rf"At iteration \d{{1,12}}, stage \d, Eval Char error rate=({NUMBER}), "
    rf"Word error rate=({NUMBER})(?=\D|$)"
)


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """All iterations; an evaluation, printed into a later line, is at the last one."""
    last = 0
    for line in text:
        if found := _POINT.search(line):
            last = int(found[1])
            names = ("loss", "delta", "char_error", "word_error")
            yield last, dict(zip(names, found.groups()[1:], strict=True))
        if evaluated := _EVALUATION.search(line):
            yield last, {"eval_char_error": evaluated[1], "eval_word_error": evaluated[2]}


_SAMPLE = "At iteration 88/200/200, Mean rms=10.953%, delta=4.947%, char train=118.25%"
FORMAT = own_lines("tesseract_console", _SAMPLE, ("ean rms=",), _rows, framework="tesseract")
