"""What nanoGPT, its kin and mlx-lm print: `iter 100: loss 3.45, time 52ms`, `step 250: ...`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lossscan.canonical.names import canonical
from lossscan.expressions import expression
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.columns import Row, RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.held_out import EVALUATES
from lossscan.formats.kit.launches import Launches, resumes
from lossscan.formats.kit.shapes import Part, Shapes
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_with_key

_POINT: Final = expression(
    r"(?im)(?:(?:(?<!\d )|(?<=:\d\d ))\b(?:iter|step) +"  # of a number only behind a clock
    r"|^(?=\d{1,15} \| loss \S{1,20} \| lr \S{1,20} \| \S{1,20}ms))"  # llama2.c's
    r"(\d{1,15})(?:: | \| )"
    rf"(?=(?:(?:train|val) )?loss {NUMBER}(?=[^\w.+-]))"
)
_SAID: Final = (": loss ", ": train loss ", ": val loss ", " | loss ")  # one is in each point
_WORDS: Final = (" loss ", " Loss ", " LOSS ")
_SHORT: Final = expression(rf"^(\d{{1,15}}) (train|val) ({NUMBER})$", re.MULTILINE)  # build-nanogpt
_SHORT_SAID: Final = (" train ", " val ")
_SHORT_NAMES: Final = {"train": "loss", "val": "eval_loss"}
_OTHERS: Final = expression(  # it knows no epochs, and loses no loss in other words: another's loop
    r"(?im)^\W{0,20}epoch\W{1,3}\d|\bloss (?:is )?(?:nan|inf) at (?:step|iter)"
)
_TRAINED: Final = "eval_train_loss"
_FIELD: Final = expression(rf"([A-Za-z][A-Za-z/ ]{{0,30}}?) ({NUMBER})(ms)?(?=[^\w.+-])")
FEWEST = 3  # of build-nanogpt's short lines; fewer may be anything
_VOCABULARY: Final = expression(r"vocab_size (?:= |of GPT-2 to )(\d{1,9})(?=\D)")
_MILLISECONDS = 1e-3
_STEP, _TIME = "#", "#ms"  # labels that are no names


def claims(head: Head) -> bool:
    """Whether a point is in it."""
    text = peek(head)
    if _holds_points(text):
        return True
    said = sum(map(text.count, _SHORT_SAID))  # far faster than the expression
    return said >= FEWEST and len(_SHORT.findall(text)) >= FEWEST


def _holds_points(text: str) -> bool:
    if not any(each in text for each in _WORDS):  # where signs of bars are, lower() takes as long
        return False  # as all other readers together
    lowered = text.lower()
    if not any(each in lowered for each in _SAID):  # far faster than the expression
        return False
    return _POINT.search(text) is not None and _OTHERS.search(text) is None


def read(head: Head, settings: Settings) -> Table:
    """All points; nanoGPT prints the loss of one micro-batch, mlx-lm a mean since the last line.

    `step` lines are evaluations, of the training data too: that becomes `eval_train_loss`.
    """
    log = RowLog(settings)
    config: dict[str, str] = {}
    launches = Launches()
    instant = False
    for line in lines(head):
        if "vocab_size" in line and (vocabulary := _VOCABULARY.search(line)):
            config["vocab_size"] = vocabulary[1]
        if resumes(line):
            launches.begin()
        elif parsed := _point(line):
            step, row = parsed
            log.add(step, row)
            if "loss" in row:  # who resumes evaluates first, at the step of the checkpoint
                launches.point(step)
                instant = True
    numbers = log.sheet.numbers
    if not numbers["loss"] and _TRAINED in numbers:  # only the evaluations were kept
        log.sheet.take("loss", numbers.pop(_TRAINED))
    found = log.columns()
    return Table(
        found,
        framework="nanogpt" if instant else trainer_with_key(found),
        config=config,
        launches=tuple(launches.steps),
        averaging="instant" if instant else "window",
    )


def _point(line: str) -> Row | None:
    if short := _SHORT.match(line):
        return int(short[1]), {_SHORT_NAMES[short[2]]: short[3]}
    row: dict[str, float | str] = dict(_told(line))
    if not row or ("train loss" in row and not line.endswith("\n")):
        return None  # cut: it may have been an evaluation
    step = int(row.pop(_STEP))
    if (milliseconds := number(row.pop(_TIME, None))) is not None:
        row["seconds_per_step"] = milliseconds * _MILLISECONDS
    return step, row


def _parts(line: str) -> Iterator[Part[str]]:
    """The step of a point, and the numbers behind it by their names."""
    point = _POINT.search(line)
    if point is None:
        return
    yield Part(_STEP, point.start(), *point.span(1))
    fields = [(field[1].strip(), field) for field in _FIELD.finditer(line, point.end())]
    renamed = {"loss": "eval_loss"} if EVALUATES.search(line) else {}
    if any(canonical(name) == "eval_loss" for name, _ in fields):
        renamed["train loss"] = _TRAINED
    for name, field in fields:
        label = _TIME if name == "time" and field[3] else renamed.get(name, name)
        yield Part(label, field.start(), *field.span(2))


_told: Final = Shapes(_parts)


FORMAT = Format("nanogpt_console", "iter 100: loss 3.45", claims, read, printed=True)
