"""The console of transformers' Trainer and of front-ends on it: `{'loss': 1.23, 'epoch': 0.1}`.

The step of such a line is not printed, but by ms-swift. It is the epoch times the steps of an
epoch; see `_epoch_scale` for these and `_placing` for the rounding.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace

from lossscan.errors import NoLogFound
from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns, number
from lossscan.formats.kit.entries import Entry
from lossscan.formats.kit.epoch_scale import epoch_scale
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.placing import MOST_STEPS, Scale, counted, placed, usable
from lossscan.formats.kit.text import peek
from lossscan.formats.kit.trainer_lines import Console, read_consoles
from lossscan.model import Note, Numbers, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "transformers_console"
_MARK: Final = expression(
    r"'(?:(?:eval_)?(?:loss|runtime)|objective/rlhf_reward)': "
    r"(?:[^{}\n]|\n\s{0,8}(?=')){1,2000}'epoch': '?\d"
)
_DRAWN: Final = "Training Loss: "  # a row of the table that a notebook shows instead
_LOGGED: Final = "{'loss': "
_LLAMAFACTORY: Final = expression(r"\b(?:llamafactory|llmtuner)\.[\w.]{1,100}:\d{1,9} >> ")


def claims(head: Head) -> bool:
    """Whether a line of the trainer is in it, and no table that holds what it trained."""
    text = peek(head)
    drawn = _DRAWN in text and _LOGGED not in text
    return not drawn and _MARK.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All training and evaluation lines, and the counts of the start banner.

    Where nothing tells how many steps an epoch has, the lines themselves are counted.
    """
    consoles = read_consoles(head)
    console = _chosen(consoles, head)
    training = console.training
    config = _config(console, training)
    scale = epoch_scale(console, training, config.get("max_steps", 0))
    steps = _steps(training, scale)
    rows = list(_rows(console.entries, steps, _refined(scale, training, steps)))
    placed_all = scale or all(entry.stated for entry in training)
    unplaced = () if placed_all else (Note("steps_counted", head.path, {"entries": len(training)}),)
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(rows, settings),
        framework=_framework(head, training),
        config=config,
        launches=tuple(console.banner.launches),
        complete=any(entry.kind == "summary" for entry in console.entries) or None,
        notes=(
            *(() if head.part else _apart(consoles, console, head.path)),
            *unplaced,
            *console.loss_scales.notes(head.path),
        ),
    )


def _chosen(consoles: Sequence[Console], head: Head) -> Console:
    """The one whose number is asked for, or that lost its loss, else the longest.

    All were finished, so none makes up for another.
    """
    if head.part is not None and len(consoles) > 1:
        numbered = {str(number): each for number, each in enumerate(consoles, start=1)}
        if head.part not in numbered:  # no other format is tried then
            every = ", ".join(numbered)
            raise NoLogFound("no_such_run", at=head.path, run=head.part, runs=every)
        return numbered[head.part]
    return max(consoles, key=lambda each: (_is_lost(each), len(each.training)))


def _is_lost(console: Console) -> bool:
    losses = (number(entry.row.get("loss")) for entry in console.training)
    return any(loss is not None and not math.isfinite(loss) for loss in losses)


def _apart(consoles: Sequence[Console], chosen: Console, path: Path) -> Iterator[Note]:
    """What is left out of a log that holds several trainings."""
    for place, console in enumerate(consoles, start=1):
        if console is not chosen:
            numbers: Numbers = {
                "number": place,
                "points": len(console.training),
                "first": console.first,
                "last": console.last,
                "of": len(consoles),
                "shown": chosen.first,
                "to": chosen.last,
            }
            yield Note("training_apart", path, numbers)


def _framework(head: Head, training: Sequence[Entry]) -> str:
    if any(entry.stated for entry in training):
        return "ms-swift"
    return "llamafactory" if _LLAMAFACTORY.search(peek(head)) else "transformers"


def _config(console: Console, training: Sequence[Entry]) -> dict[str, int]:
    """What the banner states; without one, the planned steps are those of the progress bar."""
    bars = Counter(bar.total for entry in training for bar in entry.bars)
    bars.update(entry.stated.total for entry in training if entry.stated)
    shown = {"max_steps": max(bars, key=lambda total: bars[total])} if bars else {}
    return shown | console.banner.config


def _steps(training: Sequence[Entry], scale: Scale | None) -> list[int]:
    steps: list[int] = []
    for _, group in groupby(training, key=lambda entry: entry.launch):
        entries = list(group)
        stated = [entry.stated.done for entry in entries if entry.stated]
        if len(stated) == len(entries):
            steps += stated
        elif scale is None:
            steps += counted(len(entries), steps[-1] if steps else 0).tolist()
        else:
            epochs = np.array([entry.epoch for entry in entries])
            slack = np.array([entry.slack for entry in entries])
            steps += placed(epochs, slack, scale).tolist()
    return steps


def _refined(scale: Scale | None, training: Sequence[Entry], steps: Sequence[int]) -> Scale | None:
    """The scale as the placed lines have it."""
    squares = sum(entry.epoch**2 for entry in training)
    if scale is None or not squares:
        return scale
    products = sum(entry.epoch * step for entry, step in zip(training, steps, strict=True))
    return usable(replace(scale, steps_per_epoch=products / squares))


def _rows(entries: Sequence[Entry], steps: Sequence[int], scale: Scale | None) -> Iterator[Row]:
    """An evaluation is at the step of the training line with its epoch, else by its epoch."""
    ahead = iter(steps)
    step, epoch, slack = 0, 0.0, 0.0
    for entry in entries:
        if entry.kind == "train":
            step, epoch, slack = next(ahead), entry.epoch, entry.slack
            yield step, entry.row
        elif entry.kind == "eval":
            apart = abs(entry.epoch - epoch) > entry.slack + slack
            told = entry.epoch * scale.steps_per_epoch if scale and apart else step
            by_epoch = round(min(max(told, 0), MOST_STEPS))
            yield (entry.stated.done if entry.stated else by_epoch), entry.row


FORMAT = Format(
    name=NAME,
    sample="{'loss': 2.3, 'learning_rate': 5e-05, 'epoch': 0.1}",
    claims=claims,
    read=read,
    priority=10,
    files="running_log.txt",
)
