"""The console of Megatron-LM and its kin: `iteration 5/ 484 | consumed samples: 80 | ... |`."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from lossscan.canonical.names import namer
from lossscan.expressions import expression
from lossscan.formats.kit.banner import consistent, data_facts
from lossscan.formats.kit.columns import Row, RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.grown import Grown, grown
from lossscan.formats.kit.launches import Launches
from lossscan.formats.kit.loss_scale_log import LossScaleLog
from lossscan.formats.kit.shapes import Part, Shapes
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Column, Table
from lossscan.numeric.arrays import IntArray
from lossscan.settings import Settings
from lossscan.sources.files import Head

_POINT: Final = expression(r"iteration +(\d{1,15})/ *(\d{1,15}) \| (?=(?:consumed|elapsed) )")
_VALIDATION: Final = expression(  # of several sets the first lines are numbered: `validation-0`
    r"validation(?:-(\d{1,4}))? (?:loss|results) at"
    r" (?:iteration +(\d{1,15})|the end of training for val data)(?: on validation set)? \| "
    rf".{{0,400}}?loss(?: value)?: ({NUMBER}) "
)
_ARGUMENT: Final = expression(  # GPT-NeoX says which are not the default
    r"(?:^|\s)(\w{1,80}) \.{3,200} (.{1,300}?)(?:\.{3,80}(?:updated|default))?$"
)
_ARGUMENTS: Final = expression(r"-{8} arguments -{8}")
_END: Final = "end of arguments"
_BEGIN: Final = "[before the start of training step]"
_LOADED: Final = expression(
    r"(?i)\bload(?:ing|ed)\b.{0,20} checkpoint .{0,400}?(?:at|from) iteration {1,8}(\d{1,15})(?=\s)"
)
_SKIPPED = "number of skipped iterations"
_NAN = "number of nan iterations"
_EXTRA: Final = expression(r"balanc|aux|router|indexer|^z_|^mtp|^moe")  # losses next to the loss


def claims(head: Head) -> bool:
    """Whether a point is in it, or the block of arguments."""
    text = peek(head)
    if "iteration" in text and _POINT.search(text):  # to look for a word is far faster
        return True
    return "arguments" in text and _ARGUMENTS.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All points and validations; what the arguments and the dataset builder say is config."""
    log, points = RowLog(settings), array("q")  # the places of the points among the rows
    arguments: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    launches, loss_scales = Launches(), LossScaleLog()
    in_arguments = False
    for line in lines(head):
        if point := _POINT.search(line):
            launches.point(int(point[1]))
            arguments["train_iters"] = int(point[2])
            points.append(len(log))
            log.add(launches.last, _fields(line[point.end() :]))
        elif validation := _VALIDATION.search(line):
            log.add(*_validated(validation, max(launches.last, 0)))
        else:
            loss_scales.take(line, len(points))
            opens = _ARGUMENTS.search(line) is not None
            _note_launch(launches, line, begins=opens or _BEGIN in line)
            in_arguments = (in_arguments or opens) and _END not in line
            stated = _ARGUMENT.findall(line.rstrip()) if in_arguments else ()
            arguments |= {name: value for name, value in stated if value != "None"}
            facts = dict(data_facts(line)) | facts
    loss_scales.end(range(len(points)))  # which count skipped updates themselves
    return Table(
        _columns(log, np.array(points, dtype=np.int64), settings),
        framework="megatron",
        config=arguments | consistent(facts),
        launches=tuple(launches.steps),
        notes=loss_scales.notes(head.path),
    )


def _parts(text: str) -> Iterator[Part[str]]:
    """The fields of a point that end with their bar, so that a cut number is none.

    Kin of its first versions print no colon: `learning rate 1.0E-05`.
    """
    begin = 0
    for field in text.split("|")[:-1]:
        stop = len(field.rstrip())
        colon = field.rfind(":")
        behind = (field.rfind(" ", 0, stop) if colon < 0 else colon) + 1
        start = stop - len(field[behind:stop].lstrip())
        name = field[: max(behind - 1, 0)].strip()
        yield Part(name, begin, begin + start, begin + stop)
        begin += len(field) + 1


_fields: Final = Shapes(_parts)


def _validated(found: re.Match[str], last: int) -> Row:
    name = "eval_loss" if found[1] is None else f"eval_{found[1]}_loss"
    return (int(found[2]) if found[2] else last), {name: found[3]}


def _note_launch(launches: Launches, line: str, *, begins: bool) -> None:
    """Note that a launch begins, or the checkpoint that it loads."""
    if begins:
        launches.begin()
    elif "iteration" in line and (loaded := _LOADED.search(line)):
        launches.load(int(loaded[1]))


# --- the loss that is not printed ----------------------------------------------------------------


def _columns(log: RowLog, points: IntArray, settings: Settings) -> dict[str, Column]:
    """All columns: NaN where the loss of a point was NaN, and none where there was no loss.

    Megatron prints no loss that is NaN: the field is missing while all others are there. Where all
    iterations of a line were skipped there was no loss: the field is missing, or 0.
    """
    numbers, rows = log.sheet.numbers, len(log)
    name = _loss_name((name for name in numbers if not name.startswith("eval_")), settings)
    shown, losses = numbers.pop(name, Grown(np.float64)).spread(rows)
    counted, skipped = numbers[_SKIPPED].spread(rows)  # else cut, or of a version that prints NaN
    _, nans = numbers[_NAN].spread(rows)
    spans = np.ones(rows)  # of the first point nothing is known
    spans[points[1:]] = np.maximum(np.diff(log.steps[points]), 1)
    none_left = counted & (skipped >= spans)
    shown &= ~(none_left & (losses == 0))
    lost = counted & ~shown & (~none_left | (nans > 0))
    places = np.flatnonzero(shown | lost)
    restored = grown(places, np.where(lost, math.nan, losses)[places])
    log.sheet.take(_called(name, settings), restored)
    return log.columns()


def _loss_name(names: Iterable[str], settings: Settings) -> str:
    """The field that is the loss; a log whose every loss is NaN has none."""
    losses = [name for name in dict.fromkeys(names) if name.endswith("loss")]
    called = (name for name in losses if _called(name, settings) == name)
    others = (name for name in losses if not _EXTRA.search(name))
    return next(called, next(others, "lm loss"))


def _called(name: str, settings: Settings) -> str:
    """A name of the loss as it is where it is known for one, else `loss`."""
    return name if namer(settings.series)(name) == "loss" else "loss"


FORMAT = Format("megatron_console", "iteration 5/ 100 | ... | lm loss: 9.1E+00 | ...", claims, read)
