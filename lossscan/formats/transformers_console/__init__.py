"""The console of transformers' Trainer and of front-ends on it: `{'loss': 1.23, 'epoch': 0.1}`.

The step of such a line is not printed, but by ms-swift. It is the epoch times the steps of an
epoch; see `epoch_scale` for these and `placing` for the rounding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace

from lossscan.errors import NoLogFound
from lossscan.expressions import expression
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.several import COURSE_POINTS, Kept
from lossscan.formats.kit.text import peek, pieces
from lossscan.formats.transformers_console.entry_log import DONE, TOTAL, Entries
from lossscan.formats.transformers_console.epoch_scale import epoch_scale
from lossscan.formats.transformers_console.placing import (
    AGREEING,
    MOST_STEPS,
    Scale,
    agree,
    counted,
    placed,
    usable,
)
from lossscan.formats.transformers_console.trainer_lines import Console, read_consoles
from lossscan.model import Note, Numbers, Table
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.numeric.medians import median
from lossscan.settings import Settings
from lossscan.sources.files import Head

_MARK: Final = expression(
    r"'(?:(?:eval_)?(?:loss|runtime)|objective/rlhf_reward)': "
    r"(?:[^{}\n]|\n\s{0,8}(?=')){1,2000}'epoch': '?[\d.e+-]{1,40}[',}]"
)
_DRAWN: Final = "Training Loss: "  # a row of the table that a notebook shows instead
_LOGGED: Final = "{'loss': "
_OVER: Final = b"'train_runtime': "
BLOCK: Final = 1 << 14  # numbers that are objects at the same time
_LLAMAFACTORY: Final = expression(r"ll(?:amafactory|mtuner)\.[\w.]{1,100}:\d{1,9} >> ")
_trainings: Final = Kept(read_consoles)


def claims(head: Head) -> bool:
    """Whether a line of the trainer is in it, and no table that holds what it trained."""
    text = peek(head)
    drawn = _DRAWN in text and _LOGGED not in text
    return not drawn and _MARK.search(text) is not None


def runs(head: Head) -> list[str]:
    """The numbers of the trainings that can be judged; none where one or none goes on."""
    if not _goes_on(head):
        return []
    consoles = enumerate(read_consoles(head, Settings()), start=1)
    return [
        str(number)
        for number, console in consoles
        if console.entries.points >= COURSE_POINTS or console.entries.is_lost()
    ]


def _goes_on(head: Head) -> bool:
    """Whether a training is logged behind the summary of one: to parse a log takes far longer."""
    over = False
    for piece in pieces(head):
        at = 0 if over else piece.find(_OVER)
        over = over or at >= 0
        if over and piece.find(_LOGGED.encode(), at) >= 0:
            return True
    return False


def read(head: Head, settings: Settings) -> Table:
    """All training and evaluation lines, and the counts of the start banner.

    Where nothing tells how many steps an epoch has, the lines themselves are counted.
    """
    consoles = _trainings(head, settings)
    console = _chosen(consoles, head)
    entries = console.entries.entries()
    training = entries.only(entries.trains)
    config = _config(console, training)
    total = config.get("max_steps", 0)
    scale = epoch_scale(console, training, total)
    steps = _steps(training, scale, total)
    found = console.entries.columns(_every(entries, steps, _refined(scale, training, steps)))
    placed_all = scale or (steps == training.stated[DONE]).all()
    unplaced = () if placed_all else (Note("steps_counted", head.path, {"entries": len(training)}),)
    return Table(
        found,
        framework=_framework(head),
        config=config,
        launches=tuple(console.banner.launches),
        complete=True if console.entries.summaries else None,
        part=head.part if len(consoles) > 1 else None,
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
    return max(consoles, key=lambda each: (each.entries.is_lost(), each.entries.points))


def _apart(consoles: Sequence[Console], chosen: Console, path: Path) -> Iterator[Note]:
    """Notes on the trainings of a log that are not analyzed; of a single one, with its place."""
    if len(consoles) > 2:  # noqa: PLR2004 - a remark on each would be a list
        told: Numbers = {"trainings": len(consoles), "number": consoles.index(chosen) + 1}
        yield Note("trainings_apart", path, told)
        return
    for place, console in enumerate(consoles, start=1):
        if console is not chosen:
            numbers: Numbers = {
                "number": place,
                "points": console.entries.points,
                "first": console.first,
                "last": console.last,
                "of": len(consoles),
                "shown": chosen.first,
                "to": chosen.last,
            }
            yield Note("training_apart", path, numbers)


def _framework(head: Head) -> str:
    if "'global_step/max_steps'" in peek(head):
        return "ms-swift"
    return "llamafactory" if _LLAMAFACTORY.search(peek(head)) else "transformers"


def _config(console: Console, training: Entries) -> dict[str, int]:
    """What the banner states; without one, the planned steps are those of the progress bar.

    A bar that is full before a loss is that of another loop, as of a tokenizer.
    """
    bars = Counter[int]()
    for bars_of in ((training.before, training.behind), (training.stated,)):
        shown = [each for each in bars_of if each[TOTAL].max(initial=-1) >= 0]
        for first in range(0, len(training) if shown else 0, BLOCK):
            part = slice(first, first + BLOCK)
            turns = [_planned(each, part, full=each is not training.before) for each in shown]
            bars.update(np.ravel(turns, order="F").tolist())
    del bars[-1]  # where no bar is
    planned = {"max_steps": max(bars, key=lambda total: bars[total])} if bars else {}
    return planned | console.banner.config


def _planned(bars: IntArray, part: slice, *, full: bool) -> IntArray:
    """The totals of some bars, -1 where there is none or, unless `full` ones count, it is full."""
    done, total = bars[:, part]
    return total if full else np.where(done < total, total, -1)


def _steps(training: Entries, scale: Scale | None, total: int) -> IntArray:
    """The step of each entry, launch by launch; `total` is planned, 0 if unknown."""
    edges = np.flatnonzero(np.diff(training.launches)) + 1
    steps = np.empty(len(training), dtype=np.int64)
    for first, end in pairwise((0, *edges.tolist(), len(training))):
        stated, grows = training.stated[DONE][first:end], np.diff(training.epochs[first:end]) > 0
        if (stated >= 0).all() and (np.diff(stated) >= grows).all():
            steps[first:end] = stated
        elif (drawn := _drawn(training, slice(first, end), total, scale)) is not None:
            steps[first:end] = drawn
        elif scale is None:
            steps[first:end] = counted(end - first, int(steps[first - 1]) if first else 0)
        else:
            epochs, slack = training.epochs[first:end], training.slack[first:end]
            steps[first:end] = placed(epochs, slack, scale)
    return steps


def _drawn(training: Entries, part: slice, total: int, scale: Scale | None) -> IntArray | None:
    """The counts of the bars, where each of these entries has the training's and they rise.

    The bar is drawn again behind what was printed, so it shows the very step; where it is the next
    one, most steps are no multiples of their distance.
    """
    done, shown = training.after[:, part]
    gaps = np.diff(done)
    if scale is None or (shown != total).any() or (gaps <= 0).any():
        return None
    on_time = not len(gaps) or np.mean(done % int(median(gaps)) == 0) >= AGREEING
    known = on_time and agree(done, training.epochs[part], training.slack[part], scale)
    return done if known else None


def _refined(scale: Scale | None, training: Entries, steps: IntArray) -> Scale | None:
    """The scale as the placed lines have it."""
    squares = _sum(training.epochs, training.epochs)
    if scale is None or not squares:
        return scale
    return usable(replace(scale, steps_per_epoch=_sum(training.epochs, steps) / squares))


def _sum(one: FloatArray, two: FloatArray | IntArray) -> float:
    """The sum of products, one behind the other: what is rounded to a step hangs on its end."""
    total = 0.0
    for first in range(0, len(one), BLOCK):
        part = slice(first, first + BLOCK)
        total = sum((one[part] * two[part]).tolist(), total)
    return total


def _every(entries: Entries, steps: IntArray, scale: Scale | None) -> IntArray:
    """The steps of what trains and what evaluates.

    An evaluation is at the step of the training line with its epoch, else by its epoch.
    """
    if entries.trains.all():
        return steps
    every = np.zeros(len(entries), dtype=np.int64)
    every[entries.trains] = steps
    at = np.flatnonzero(~entries.trains)
    last = np.maximum.accumulate(np.where(entries.trains, np.arange(len(entries)), -1))[at]
    before = last >= 0
    step = np.where(before, every[last], 0)
    epoch = np.where(before, entries.epochs[last], 0.0)
    slack = entries.slack[at] + np.where(before, entries.slack[last], 0.0)
    told = step.astype(np.float64)
    if scale:
        apart = np.abs(entries.epochs[at] - epoch) > slack
        told = np.where(apart, entries.epochs[at] * scale.steps_per_epoch, told)
    else:  # evaluations that are listed behind the training are where their epoch was
        trained = entries.epochs[entries.trains]
        between = np.interp(entries.epochs[at], trained, steps) if len(trained) else told
        told = np.where(entries.epochs[at] < epoch - slack, between, told)
    by_epoch = np.rint(np.clip(told, 0, MOST_STEPS)).astype(np.int64)
    stated = entries.stated[DONE][at]
    every[at] = np.where(stated >= 0, stated, by_epoch)
    return every


_SAMPLE = "{'loss': 2.3, 'learning_rate': 5e-05, 'epoch': 0.1}"
FORMAT = Format(
    "transformers_console", _SAMPLE, claims, read, priority=10, files="running_log.txt", runs=runs
)
