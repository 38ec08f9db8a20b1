"""What fairseq prints: `epoch 001:  10 / 100 loss=9.5, ..., num_updates=10, lr=0.0003, ...`."""

from __future__ import annotations

from typing import Any, Final

from lossscan.expressions import expression
from lossscan.formats.kit.cells import step_number
from lossscan.formats.kit.columns import RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.launches import Launches
from lossscan.formats.kit.loss_scale_log import SKIPPED, LossScaleLog
from lossscan.formats.kit.text import NUMBER, lines, pairs, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.safe_json import object_in

_POINT: Final = expression(  # also as the bar of tqdm: `50%|###  | 50/100 [00:10<00:10, 5it/s, `
    r"epoch (\d{1,9}): {1,9}(?:\d{1,3}%\|[^|\n]{0,200}\| {0,9})?\d{1,12} ?/ ?(\d{1,12}) "
    r"(?=.{0,80}loss=)"
)
_EPOCH: Final = expression(r"epoch \d{1,9} \| (?:loss|train_loss) (?=.{1,2000}\bnum_updates \d)")
_VALIDATION: Final = expression(r"epoch \d{1,9} \| valid on '[^']{1,100}' subset")
_FIELD: Final = expression(rf"\| (\w{{1,60}}) ({NUMBER})(?=\s)")
_OBJECT: Final = expression(  # with --log-format json
    r'\{"epoch": \d[^{}\n]{1,4000}"(?:(?:valid_|train_)?num_updates|valid_loss)": [^{}\n]{1,2000}\}'
    r"(?=\s)"
)
_LOADED: Final = expression(
    r"(?i)loaded checkpoint .{1,400} \(epoch \d{1,9} @ (\d{1,15}) updates\)"
)
_UPDATES = "num_updates"
_LOSS = '"loss": '  # in the object of a point; that of an epoch has `train_loss`
_WINDOW = "train_inner"  # such lines are means since the last one; early versions lack the word


def claims(head: Head) -> bool:
    """Whether a point is in it."""
    text = peek(head)
    return _UPDATES in text and any(each.search(text) for each in (_POINT, _OBJECT, _EPOCH))


def read(head: Head, settings: Settings) -> Table:
    """All points and validations; a remark where a value is the mean of the epoch so far.

    Where there are no others, the means of the epochs are the points.
    """
    log = RowLog(settings)
    points: list[int] = []
    last = None  # step
    text = peek(head)
    by_epoch = _LOSS not in text and not _POINT.search(text)
    config: dict[str, Any] = {}
    launches, loss_scales = Launches(), LossScaleLog()
    since_last = False
    for line in lines(head):
        row = _mean(line) if by_epoch else _row(line)
        if point := _POINT.search(line):
            config["steps_per_epoch"] = int(point[2])
        step = step_number(row.pop(_UPDATES, row.pop(f"valid_{_UPDATES}", None)))
        if step is None and "valid_loss" in row:
            step = last
        if step is None:
            loss_scales.take(line, len(log))
            if loaded := _LOADED.search(line):
                launches.load(int(loaded[1]))
            continue
        if "loss" in row:
            launches.point(step)
            since_last = since_last or _WINDOW in line
            points.append(len(log))
        last = step
        log.add(step, row)
    log.write(SKIPPED, loss_scales.skipped(points))
    means = () if since_last or by_epoch else (Note("running_means", head.path),)
    notes, begun = (*means, *loss_scales.notes(head.path)), tuple(launches.steps)
    return Table(log.columns(), framework="fairseq", config=config, launches=begun, notes=notes)


def _mean(line: str) -> dict[str, Any]:
    """The fields of a line that sums up an epoch, where versions differ in the prefix `train_`."""
    row = dict(_FIELD.findall(line)) if _EPOCH.search(line) else _row(line)
    return {name.removeprefix("train_"): value for name, value in row.items()}


def _row(line: str) -> dict[str, Any]:
    """The fields of a point or a validation, whose names begin with `valid_`; else empty."""
    if point := _POINT.search(line):
        return dict(pairs(line[point.end() :]))
    if validation := _VALIDATION.search(line):
        found = _FIELD.findall(line, validation.end())
        return {f"valid_{name.removeprefix('valid_')}": value for name, value in found}
    stated = _OBJECT.search(line)
    row = object_in(stated[0]) if stated else {}
    # `update` counts epochs, with their share; `epoch` is the number of the one begun.
    return {"epoch" if name == "update" else name: row[name] for name in row if name != "epoch"}


FORMAT = Format(
    "fairseq_console", "epoch 001: 10 / 100 loss=9.5, ..., num_updates=10", claims, read
)
