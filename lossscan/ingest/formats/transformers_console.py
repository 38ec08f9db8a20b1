"""The console of transformers' Trainer and of front-ends on it: `{'loss': 1.23, 'epoch': 0.1}`.

The step of such a line is not printed. It is the epoch times the steps of an epoch: those come
from the summary's epoch and the planned steps (banner, progress bar, or run time and speed),
else from the banner's counts, else from the progress bar beside each line; see `_placing`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

import numpy as np

from lossscan.ingest.files import Head
from lossscan.ingest.formats._columns import Row, columns, number
from lossscan.ingest.formats._placing import Scale, counted, misfit, placed
from lossscan.ingest.formats._text import peek
from lossscan.ingest.formats._trainer_lines import Console, Entry, read_console
from lossscan.model import Note, Table
from lossscan.settings import Settings

NAME = "transformers_console"
MARK = "{'loss': ..., 'epoch': ...}"
PRIORITY = 10
_MARK: Final = re.compile(
    r"'(?:(?:eval_)?(?:loss|runtime)|objective/rlhf_reward)': [^{}\n]{1,2000}'epoch': '?\d"
)
_LLAMAFACTORY: Final = re.compile(r"\b(?:llamafactory|llmtuner)\.[\w.]+:\d+ >> ")
_SPEED_DOUBT = 1e-3  # run time and speed are printed with four digits or three decimals


def claims(head: Head) -> bool:
    """Whether a line of the trainer stands in it."""
    return _MARK.search(peek(head)) is not None


def read(head: Head, settings: Settings) -> Table:
    """All training and evaluation lines, and the counts of the start banner.

    Where nothing tells how many steps an epoch has, the lines themselves are counted.
    """
    console = read_console(head)
    training = [entry for entry in console.entries if entry.kind == "train"]
    scale = _scale(console, training)
    steps = _steps(training, scale)
    rows = list(_rows(console.entries, steps, _refined(scale, training, steps)))
    unplaced = () if scale else (Note("steps_counted", head.path, {"entries": len(training)}),)
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(rows, settings),
        framework="llamafactory" if _LLAMAFACTORY.search(peek(head)) else "transformers",
        config=_config(console, training),
        launches=tuple(console.banner.launches),
        complete=any(entry.kind == "summary" for entry in console.entries) or None,
        notes=(*unplaced, *console.remarks.notes(head.path)),
    )


def _config(console: Console, training: Sequence[Entry]) -> dict[str, int]:
    """What the banner states; without one, the planned steps are those of the progress bar."""
    bars = Counter(bar.total for entry in training for bar in entry.bars)
    shown = {"max_steps": max(bars, key=lambda total: bars[total])} if bars else {}
    return shown | console.banner.config


def _scale(console: Console, training: Sequence[Entry]) -> Scale | None:
    """How many steps an epoch has, from the surest source there is."""
    if not training:
        return None
    total = _config(console, training).get("max_steps", 0)
    summary = next((e for e in reversed(console.entries) if e.kind == "summary"), None)
    if summary is not None and summary.epoch > 0 and total:
        return Scale(total / summary.epoch)
    from_counts = _by_counts(console.banner.config)
    if from_counts is None and summary is not None:
        return _by_speed(summary, training)
    return from_counts or _by_bars(training, total)


def _by_counts(stated: Mapping[str, Any]) -> Scale | None:
    samples, batch = stated.get("num_examples"), stated.get("total_train_batch_size")
    if samples and batch:
        steps = -(-samples // batch)
        return Scale(steps, 1 / steps)
    planned, epochs = stated.get("max_steps"), stated.get("num_train_epochs")
    return Scale(planned / epochs) if planned and epochs else None


def _by_speed(summary: Entry, training: Sequence[Entry]) -> Scale | None:
    """The speed counts all steps, or from transformers 5 on those of the last launch.

    Of the two, that holds with which the lines are a whole number of steps apart.
    """
    seconds, speed = (
        number(summary.row.get(key)) or 0.0 for key in ("train_runtime", "train_steps_per_second")
    )
    own = [entry.epoch for entry in training if entry.launch == training[-1].launch]
    steps = round(seconds * speed)
    spans = [summary.epoch, summary.epoch - (2 * own[0] - own[1])] if own[1:] else [summary.epoch]
    scales = [Scale(steps / span, _SPEED_DOUBT) for span in spans if span > 0 and steps]
    return min(scales, key=lambda scale: round(misfit(np.array(own), scale), 1), default=None)


def _by_bars(training: Sequence[Entry], total: int) -> Scale | None:
    """The progress bar beside a line is never ahead of it, and at most one line behind."""
    ratios = [
        bar.done / entry.epoch
        for entry in training
        for bar in entry.bars[-1:]
        if bar.total == total and bar.done and entry.epoch > entry.slack
    ]
    if not ratios:
        return None
    middle = float(np.median(ratios))
    return Scale(middle, float(np.median(np.abs(np.array(ratios) - middle))) / middle)


def _steps(training: Sequence[Entry], scale: Scale | None) -> list[int]:
    steps: list[int] = []
    for _, group in groupby(training, key=lambda entry: entry.launch):
        entries = list(group)
        if scale is None:
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
    return replace(scale, steps_per_epoch=products / squares)


def _rows(entries: Sequence[Entry], steps: Sequence[int], scale: Scale | None) -> Iterator[Row]:
    """An evaluation stands at the step of the training line with its epoch, else by its epoch."""
    ahead = iter(steps)
    step, epoch, slack = 0, 0.0, 0.0
    for entry in entries:
        if entry.kind == "train":
            step, epoch, slack = next(ahead), entry.epoch, entry.slack
            yield step, entry.row
        elif entry.kind == "eval":
            apart = abs(entry.epoch - epoch) > entry.slack + slack
            yield (
                (round(entry.epoch * scale.steps_per_epoch) if scale and apart else step),
                entry.row,
            )
