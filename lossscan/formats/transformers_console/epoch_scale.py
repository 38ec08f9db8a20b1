"""How many steps an epoch has, from what transformers' Trainer prints next to its epochs.

The summary's epoch is that of the last step, but which step that was is not printed: a run that
early stopping or a limit of time ended did not come to the planned one, and the speed that the
summary states counts the planned steps all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from lossscan.canonical.fields import MAX_EPOCHS
from lossscan.formats.kit.cells import number
from lossscan.formats.transformers_console.entries import Entry
from lossscan.formats.transformers_console.entry_log import Entries
from lossscan.formats.transformers_console.placing import Scale, misfit, usable
from lossscan.formats.transformers_console.trainer_lines import Console
from lossscan.numeric.arrays import IntArray
from lossscan.numeric.medians import median

_SPEED_SLACK: Final = 5e-4  # absolute in 4.x (three decimals), relative in 5.x (four digits)
_WHOLE: Final = 0.1  # of a step: one lost line of a hundred moves an interval of 10 that much


def epoch_scale(console: Console, training: Entries, total: int) -> Scale | None:
    """The steps of an epoch from the surest source there is; `total` is planned, 0 if unknown."""
    return usable(_surest(console, training, total))


def _surest(console: Console, training: Entries, total: int) -> Scale | None:
    stated = console.banner.config
    seen = _by_counts(stated, training) or _by_bars(training, total)
    summary = console.entries.summary
    if summary is None or not len(training) or summary.epoch <= 0:
        return seen or _by_plan(stated)
    if not total:
        return seen or _by_speed(summary, training)
    if len(summary.bars) > 1 and summary.bars[-1].total == total:  # drawn as the bar was closed
        return Scale(summary.bars[-1].done / summary.epoch)
    planned = Scale(total / summary.epoch)
    if any(bar.done == bar.total == total for bar in summary.bars):  # even of buffered lines
        return planned
    return planned if seen is None or _agree(planned, seen, summary) else seen


def _agree(planned: Scale, seen: Scale, summary: Entry) -> bool:
    """Whether the summary's epoch is that of the last planned step, as far as is known."""
    apart = abs(planned.steps_per_epoch - seen.steps_per_epoch)
    allowed = (seen.doubt + summary.slack / summary.epoch) * planned.steps_per_epoch
    return apart * summary.epoch <= allowed * summary.epoch + 1


def _by_counts(stated: Mapping[str, Any], training: Entries) -> Scale | None:
    """None where they do not fit the plan: GRPO's batches hold several completions a sample.

    The last batch counts unless it is left out (`drop_last`), which no line says: then the entries
    are no whole number of steps apart by a count with it, and are by one without.
    """
    samples, batch = stated.get("num_examples"), stated.get("total_train_batch_size")
    if not samples or not batch:
        return None
    counts = (-(-samples // batch), samples // batch)
    fitting = [steps for steps in dict.fromkeys(counts) if steps and _is_planned(stated, steps)]
    if len(fitting) > 1 and _shows(training, *fitting):
        del fitting[0]
    return Scale(fitting[0], 1 / fitting[0]) if fitting else None


def _is_planned(stated: Mapping[str, Any], steps: int) -> bool:
    """Whether so many steps an epoch fit the planned steps and epochs, where both are stated."""
    planned, epochs = stated.get("max_steps"), stated.get("num_train_epochs", MAX_EPOCHS)
    return not planned or epochs >= MAX_EPOCHS or -(-planned // steps) == epochs


def _shows(training: Entries, whole: int, cut: int) -> bool:
    """Whether the epochs of the last launch tell that the shorter of two counts is right."""
    if not len(training):
        return False
    own = training.only(training.launches == training.launches[-1])
    off, right = (misfit(own.epochs, Scale(steps)) for steps in (whole, cut))
    return bool(off > _mean_slack(own, Scale(whole)) >= right)


def _by_plan(stated: Mapping[str, Any]) -> Scale | None:
    planned, epochs = stated.get("max_steps"), stated.get("num_train_epochs", MAX_EPOCHS)
    return Scale(planned / epochs) if planned and epochs < MAX_EPOCHS else None


def _by_bars(training: Entries, total: int) -> Scale | None:
    """Of the bars after and before each line, those that go along with the epochs."""
    sides = (training.after, training.before) if len(training) else ()
    scales = [_ratio(training, total, side) for side in sides]
    return min(filter(None, scales), key=lambda scale: scale.doubt, default=None)


def _ratio(training: Entries, total: int, bars: IntArray) -> Scale | None:
    done, shown = bars
    drawn = np.diff(done, prepend=-1) != 0  # else of an earlier line: most bars are not kept
    told = drawn & (training.epochs > training.slack) & (shown == total) & (done > 0)
    if not told.any():
        return None
    ratios = done[told] / training.epochs[told]
    middle = median(ratios)
    return Scale(middle, median(np.abs(ratios - middle)) / middle)


def _by_speed(summary: Entry, training: Entries) -> Scale | None:
    """The speed counts all planned steps, or from transformers 5 on those of the last launch.

    Of the two, that holds with which the lines are a whole number of steps apart; with neither
    they are, the run did not come to its end.
    """
    seconds, speed = (
        number(summary.row.get(key)) or 0.0 for key in ("train_runtime", "train_steps_per_second")
    )
    steps, doubt = np.rint(seconds * speed), _SPEED_SLACK
    if not summary.quoted:
        doubt /= speed or 1.0
    own = training.only(training.launches == training.launches[-1])
    epochs = own.epochs
    spans = [summary.epoch]
    if len(own) > 1:
        spans.append(summary.epoch - (2 * epochs[0] - epochs[1]))
    told = (
        usable(Scale(float(steps / span), float(doubt))) for span in spans if span > 0 and steps
    )
    scales = [scale for scale in told if scale is not None]
    misfits = {scale: misfit(epochs, scale) for scale in scales}
    fitting = [s for s in scales if misfits[s] <= _WHOLE + _mean_slack(own, s)]
    return min(fitting, key=lambda scale: round(misfits[scale], 1), default=None)


def _mean_slack(own: Entries, scale: Scale) -> float:
    """How far the mean interval of these lines may be off, in steps."""
    slack = own.slack[0] + own.slack[-1] + scale.doubt * (own.epochs[-1] - own.epochs[0])
    return float(slack) * scale.steps_per_epoch / max(len(own) - 1, 1)
