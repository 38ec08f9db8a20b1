"""A console that says its loss is no number before it printed one: an error, skipped updates."""

from __future__ import annotations

import math
from itertools import chain
from typing import Final

from lossscan.canonical.sets import ANY
from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.ending import lost
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.loss_scale_log import SKIPPED, LossScaleLog
from lossscan.formats.kit.text import NUMBER, PAIR, lines, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

MOST: Final = 2  # lines that hold such a loss and no curve
_NO_NUMBER: Final = r"-?(nan|inf(?:inity)?)\b"
_LOST: Final = expression(rf"(?i)[\s:=]{_NO_NUMBER}")  # in any text that holds one: fast
_NAN: Final = expression(rf"(?i)(?:^|[^\w-])(?:\w{{0,30}}[_ ])?loss(?: ?[:=])? ?{_NO_NUMBER}")
_BEFORE_ANY: Final = expression(  # what the lowest loss is before there is one
    r"(?i)(?:best|min|minimum|lowest|prev)(?:[ _]\w{1,20})?[ _]loss[ :=]{0,3}inf(?:inity)?$"
)
_ALONE: Final = expression(  # behind a bullet or a count, and nothing behind it: no sentence
    rf"(?i)^[\W\d]{{0,40}}(?:(?:{ANY}|avg|mean)[ _])?loss ?[:=] ?(?:epoch )?{_NO_NUMBER}"
    r"(?: - batch nan)?[\s;,\d]{0,40}$"
)
_PAIRS: Final = expression(  # and nothing else
    rf"(?i)^[\W\d]{{0,40}}+(?:[a-z][\w ()/%]{{0,30}}[:=] {{0,8}}{NUMBER}[\s,;|-]{{0,6}}+){{2,12}}$"
)
_SENTENCE: Final = expression(  # prose, around what it quotes
    r"(?m)^\W{0,3}[A-Z][\w']{0,20}(?: [\w',()-]{1,20}){2,40}[.:?!][ \t]{0,9}$"
)
_OF_SHARE: Final = expression(  # `Training: [=====>] 100% (10/10) Loss nan Acc 0.19`
    rf"(?i)\d ?/ ?\d{{1,9}}[\])].{{0,80}}\bloss[ :=]{{1,3}}{_NO_NUMBER}"
)
_NORM: Final = expression(  # a loss and the norm of its gradient, and nothing else
    rf"(?im)^\W{{0,4}}loss\W{{1,5}}({NUMBER})\W{{1,4}}grad_?norm\W{{1,5}}({NUMBER})\W{{0,4}}$"
)
NAMED: Final = 4  # numbers that a line names, among them such a loss: no sentence does


def claims(head: Head) -> bool:
    """Whether the program stopped for it, or fp16 skipped updates until no scale was left."""
    text = peek(head)
    if _message(head) is not None or _lost_loss(text) is not None or _norms(text):
        return True
    if "verflow" not in text and "oss scale" not in text:
        return False
    scales = LossScaleLog()
    for place, line in enumerate(text.splitlines(keepends=True)):
        scales.take(line, place)
    return scales.is_used_up()


def read(head: Head, settings: Settings) -> Table:
    """The loss at the step that the message names, else the first; or gradients that are lost."""
    scales, count = LossScaleLog(), 0
    for line in lines(head):
        scales.take(line, count)
        count += 1
    skipped = sorted(scales.skipped(range(count)).items())
    said, value = _message(head), _lost_loss(peek(head))
    step = said.numbers["step"] if said else 1
    rows: list[Row] = [
        (at, {"grad_norm": math.inf, SKIPPED: skips})
        for at, (_, skips) in enumerate(skipped, start=1)
    ]
    if said is not None or value is not None:
        at = step if isinstance(step, int) else 1
        rows = [(at, {"loss": math.nan if value is None else value})]
    rows = rows or _norms(peek(head))
    return Table(columns(rows, settings), notes=scales.notes(head.path), fallback=True)


def _lost_loss(text: str) -> float | None:
    """NaN or inf where nothing but a line or two is there, with such a loss, or a logged one."""
    if _LOST.search(text) is None:
        return None
    said = [line for line in text.splitlines() if line.strip() and not line.startswith("```")]
    lost = [
        (line, found)
        for line in said
        for found in _NAN.finditer(line)
        if not _BEFORE_ANY.search(line[: found.end()])
    ]
    logged = (found for line, found in lost if len(PAIR.findall(line)) >= NAMED)
    pairs = (each for line, each in lost if _PAIRS.match(line) and not _SENTENCE.search(text))
    bars = (found for line, _ in lost if (found := _OF_SHARE.search(line)))
    alone = (found for line in said if (found := _ALONE.match(line)))
    few = (found for _, found in lost if len(said) <= MOST)
    found = next(chain(logged, bars, alone, few, pairs), None)
    return None if found is None else float(found[1])


def _norms(text: str) -> list[Row]:
    """Lines of a loss and its gradient norm, counted, where one of these is no number."""
    found = _NORM.findall(text) if "norm" in text else []
    lost = any(norm.lower().startswith("nan") for _, norm in found)
    return [(at, {"loss": x, "grad_norm": y}) for at, (x, y) in enumerate(found, 1) if lost]


def _message(head: Head) -> Note | None:
    return lost(head, lambda _: False)


FORMAT = Format(  # behind all that hold a curve
    "lost_console", "Loss is nan, stopping training", claims, read, printed=True, priority=99
)
