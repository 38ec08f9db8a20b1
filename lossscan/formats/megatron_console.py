"""The console of Megatron-LM and its kin: `iteration 5/ 484 | consumed samples: 80 | ... |`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias

from lossscan.canonical.names import namer
from lossscan.expressions import expression
from lossscan.formats.kit.banner import consistent, data_facts
from lossscan.formats.kit.columns import Row, columns, number
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.launches import Launches
from lossscan.formats.kit.loss_scale_log import LossScaleLog
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "megatron_console"
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

_Fields: TypeAlias = dict[str, Any]


def claims(head: Head) -> bool:
    """Whether a point is in it, or the block of arguments."""
    text = peek(head)
    if "iteration" in text and _POINT.search(text):  # to look for a word is far faster
        return True
    return "arguments" in text and _ARGUMENTS.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All points and validations; what the arguments and the dataset builder say is config."""
    points: list[tuple[int, _Fields]] = []
    rows: list[Row] = []
    arguments: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    launches, loss_scales = Launches(), LossScaleLog()
    in_arguments = False
    for line in lines(head):
        if point := _POINT.search(line):
            launches.point(int(point[1]))
            arguments["train_iters"] = int(point[2])
            points.append((launches.last, _fields(line, point.end())))
            rows.append(points[-1])
        elif validation := _VALIDATION.search(line):
            rows.append(_validated(validation, max(launches.last, 0)))
        else:
            loss_scales.take(line, len(points))
            opens = _ARGUMENTS.search(line) is not None
            _note_launch(launches, line, begins=opens or _BEGIN in line)
            in_arguments = (in_arguments or opens) and _END not in line
            arguments |= _arguments(line) if in_arguments else {}
            facts = dict(data_facts(line)) | facts
    _restore_nan_losses(points, settings)
    loss_scales.end(range(len(points)))  # which count skipped updates themselves
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(rows, settings),
        framework="megatron",
        config=arguments | consistent(facts),
        launches=tuple(launches.steps),
        notes=loss_scales.notes(head.path),
    )


def _fields(line: str, start: int) -> _Fields:
    """The fields of a point that end with their bar, so that a cut number is none.

    Kin of its first versions print no colon: `learning rate 1.0E-05`.
    """
    fields: _Fields = {}
    for part in line[start:].split("|")[:-1]:
        name, colon, value = part.rpartition(":")
        if not colon:
            name, _, value = part.strip().rpartition(" ")
        fields[name.strip()] = value.strip()
    return fields


def _validated(found: re.Match[str], last: int) -> Row:
    name = "eval_loss" if found[1] is None else f"eval_{found[1]}_loss"
    return (int(found[2]) if found[2] else last), {name: found[3]}


def _note_launch(launches: Launches, line: str, *, begins: bool) -> None:
    """Note that a launch begins, or the checkpoint that it loads."""
    if begins:
        launches.begin()
    elif "iteration" in line and (loaded := _LOADED.search(line)):
        launches.load(int(loaded[1]))


def _arguments(line: str) -> dict[str, str]:
    """The argument that a line of the block states, unless it is None."""
    return {name: text for name, text in _ARGUMENT.findall(line.rstrip()) if text != "None"}


# --- the loss that is not printed ----------------------------------------------------------------


def _restore_nan_losses(points: Sequence[tuple[int, _Fields]], settings: Settings) -> None:
    """Write NaN where the loss was NaN, take out what is no loss, and call the loss so.

    Megatron prints no loss that is NaN: the field is missing while all others are there. Where all
    iterations of a line were skipped there was no loss: the field is missing, or 0.
    """
    name = _loss_name((name for _, fields in points for name in fields), settings)
    called = _called(name, settings)
    steps = [step for step, _ in points]
    spans = [1, *(max(b - a, 1) for a, b in pairwise(steps))]  # of the first one nothing is known
    for span, (_, fields) in zip(spans, points, strict=False):
        value = fields.pop(name, None)
        skipped = number(fields.get(_SKIPPED))
        if skipped is not None:  # else the line is cut, or of a version that prints NaN
            none_left = skipped >= span
            lost = not none_left or bool(number(fields.get(_NAN)))
            value = None if none_left and number(value) == 0 else value
            value = math.nan if value is None and lost else value
        if value is not None:
            fields[called] = value


def _loss_name(names: Iterable[str], settings: Settings) -> str:
    """The field that is the loss; a log whose every loss is NaN has none."""
    losses = [name for name in dict.fromkeys(names) if name.endswith("loss")]
    called = (name for name in losses if _called(name, settings) == name)
    others = (name for name in losses if not _EXTRA.search(name))
    return next(called, next(others, "lm loss"))


def _called(name: str, settings: Settings) -> str:
    """A name of the loss as it is where it is known for one, else `loss`."""
    return name if namer(settings.series)(name) == "loss" else "loss"


FORMAT = Format(
    name=NAME,
    sample="iteration 5/ 100 | ... | lm loss: 9.1E+00 | ...",
    claims=claims,
    read=read,
)
