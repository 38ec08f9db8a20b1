"""What nanoGPT, its kin and mlx-lm print: `iter 100: loss 3.45, time 52ms`, `step 250: ...`."""

from __future__ import annotations

import re
from typing import Final

from lossscan.canonical.names import canonical
from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns, number
from lossscan.formats.kit.counters import EVALUATES
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.launches import Launches, resumes
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_with_key

NAME: Final = "nanogpt_console"
_POINT: Final = expression(
    r"(?i)(?:(?<!\d )|(?<=:\d\d ))\b(?:iter|step) +(\d{1,15}): "  # of a number only behind a clock
    rf"(?=(?:(?:train|val) )?loss {NUMBER}(?=[^\w.+-]))"
)
_SAID: Final = (": loss ", ": train loss ", ": val loss ")  # one is in each point
_SHORT: Final = expression(rf"^(\d{{1,15}}) (train|val) ({NUMBER})$", re.MULTILINE)  # build-nanogpt
_SHORT_NAMES: Final = {"train": "loss", "val": "eval_loss"}
_EPOCHS: Final = expression(r"(?im)^\W{0,20}epoch\W{1,3}\d")  # it knows none: another's loop
_TRAINED: Final = {"eval_train_loss": "loss"}
_FIELD: Final = expression(rf"([A-Za-z][A-Za-z/ ]{{0,30}}?) ({NUMBER})(ms)?(?=[^\w.+-])")
FEWEST = 3  # of build-nanogpt's short lines; fewer may be anything
_VOCABULARY: Final = expression(r"vocab_size (?:= |of GPT-2 to )(\d{1,9})(?=\D)")
_MILLISECONDS = 1e-3


def claims(head: Head) -> bool:
    """Whether a point is in it."""
    text = peek(head)
    return _holds_points(text) or len(_SHORT.findall(text)) >= FEWEST


def _holds_points(text: str) -> bool:
    lowered = text.lower()
    if not any(each in lowered for each in _SAID):  # far faster than the expression
        return False
    return _POINT.search(text) is not None and _EPOCHS.search(text) is None


def read(head: Head, settings: Settings) -> Table:
    """All points; nanoGPT prints the loss of one micro-batch, mlx-lm a mean since the last line.

    `step` lines are evaluations, of the training data too: that becomes `eval_train_loss`.
    """
    rows: list[Row] = []
    config: dict[str, str] = {}
    launches = Launches()
    instant = False
    for line in lines(head):
        if vocabulary := _VOCABULARY.search(line):
            config["vocab_size"] = vocabulary[1]
        if resumes(line):
            launches.begin()
        elif parsed := _point(line):
            step, row = parsed
            rows.append((step, row))
            if "loss" in row:  # who resumes evaluates first, at the step of the checkpoint
                launches.point(step)
                instant = True
    if rows and not any("loss" in row for _, row in rows):  # only the evaluations were kept
        rows = [(step, {_TRAINED.get(name, name): row[name] for name in row}) for step, row in rows]
    found = columns(rows, settings)
    return Table(
        path=head.path,
        format=NAME,
        columns=found,
        framework="nanogpt" if instant else trainer_with_key(found),
        config=config,
        launches=tuple(launches.steps),
        averaging="instant" if instant else "window",
    )


def _point(line: str) -> Row | None:
    if short := _SHORT.match(line):
        return int(short[1]), {_SHORT_NAMES[short[2]]: short[3]}
    point = _POINT.search(line)
    if not point:
        return None
    row = _row(line[point.end() :])
    if "train loss" in row and not line.endswith("\n"):
        return None  # cut: it may have been an evaluation
    if "loss" in row and EVALUATES.search(line):
        row["eval_loss"] = row.pop("loss")
    return int(point[1]), row


def _row(text: str) -> dict[str, float | str]:
    row: dict[str, float | str] = {}
    for key, value, unit in _FIELD.findall(text):
        name = key.strip()
        if name == "time" and unit:
            if (milliseconds := number(value)) is not None:
                row["seconds_per_step"] = milliseconds * _MILLISECONDS
        else:
            row[name] = value
    if any(canonical(name) == "eval_loss" for name in row) and "train loss" in row:
        row["eval_train_loss"] = row.pop("train loss")
    return row


FORMAT = Format(
    name=NAME,
    sample="iter 100: loss 3.45",
    claims=claims,
    read=read,
)
