"""The console of PaddleNLP's Trainer: `loss: 5.27, learning_rate: 0.001, global_step: 5, ...`."""

from __future__ import annotations

from typing import Any, Final

from lossscan.expressions import expression
from lossscan.formats.kit.banner import Banner, consistent, data_facts
from lossscan.formats.kit.cells import number, step_number
from lossscan.formats.kit.columns import RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.loss_scale_log import SKIPPED, LossScaleLog
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.formats.kit.trainer_texts import sums_up
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

_BETWEEN = r"(?:\w{1,80}: [\w.+-]{1,40}, ){0,9}"  # other values
_POINT: Final = expression(  # of several evaluation sets each has a name
    rf"\bloss: {NUMBER}, {_BETWEEN}learning_rate: {NUMBER}, global_step: \d"
    rf"|\beval_(\w{{0,60}})loss: {NUMBER}, {_BETWEEN}eval_\1runtime:"
)
_FIELD: Final = expression(rf"(?<![\w./])([A-Za-z][\w/]{{0,60}}): ({NUMBER})(?=[,\s])")
_SPEED = "interval_steps_per_second"


def claims(head: Head) -> bool:
    """Whether a point is in it, or an evaluation."""
    text = peek(head)
    may = "global_step: " in text or "eval_runtime:" in text  # far faster than to search for all
    return may and _POINT.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All points, the evaluations at the step before them, and what the dataset builder says.

    A loss of 0 may stand for a window in which all updates were skipped.
    """
    log = RowLog(settings)
    points: list[int] = []
    last = 0  # step
    banner, loss_scales = Banner(), LossScaleLog()
    facts: dict[str, Any] = {}
    complete = None
    for line in lines(head):
        row = _row(line)
        if sums_up(row):
            complete = True
        elif row:
            step = step_number(row.pop("global_step", None))
            last = last if step is None else step
            points += [len(log)] * ("loss" in row)
            log.add(last, row)
        else:
            banner.take(line)
            loss_scales.take(line, len(log))
            facts = dict(data_facts(line)) | facts
    log.write(SKIPPED, loss_scales.skipped(points))
    return Table(
        log.columns(),
        framework="paddlenlp",
        config=banner.config | consistent(facts),
        launches=tuple(banner.launches),
        complete=complete,
        notes=loss_scales.notes(head.path),
    )


def _row(line: str) -> dict[str, Any]:
    """The fields of a point, an evaluation or the summary; empty where the line is none."""
    if "loss: " not in line:
        return {}
    row: dict[str, Any] = dict(_FIELD.findall(line))
    if "global_step" not in row and not any(name.endswith("_runtime") for name in row):
        return {}
    if (speed := number(row.pop(_SPEED, None))) is not None and speed > 0:
        row["seconds_per_step"] = 1 / speed
    return row


_SAMPLE = "loss: 2.3, learning_rate: 1e-05, global_step: 5"
FORMAT = Format("paddlenlp_console", _SAMPLE, claims, read, files="workerlog.*")
