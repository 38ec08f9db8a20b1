"""Updates that the trainer skipped, mostly for the loss scale of fp16."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.model import Advice, Cause, Message, Series
from lossscan.numeric.arrays import BoolArray
from lossscan.numeric.medians import spacing
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.levels import window_lengths

EARLY_STEPS = 20  # the scaler of fp16 starts at 2**16 and halves at each overflow: 16 at the most
REACH_POINTS = 5  # logged points before a change in which a skipped update may have to do with it
BURST = 2  # updates; a lone one is the scaler trying a larger scale, as it does all the time
CROWDED = 3.0  # times as many as elsewhere in the run
# Scores: a burst was seen to happen, while a rate above the usual (0.75) may be right for the
# model, but fp16 (0.8) is behind it; a lone skip is below any other cause.
LIKELY, ROUTINE = 0.78, 0.2


def skipped_updates(case: Case, step: int) -> Iterator[Cause]:
    """The skipped updates as a cause of what shows first at a step; none without any there.

    Megatron and DeepSpeed count them since the line before. Those of the first line are the
    scaler's search for its scale.
    """
    skips, loss = case.logged("skipped_iterations"), case.logged("loss")
    if skips is None or loss is None or not len(loss):
        return
    reach = REACH_POINTS * spacing(loss.steps)
    counted = (skips.steps > max(EARLY_STEPS, loss.steps[0])) & np.isfinite(skips.values)
    counted &= skips.values > 0
    near = counted & (skips.steps > step - reach) & (skips.steps <= step)
    if not near.any():
        return
    count = int(skips.values[near].sum())
    others = int(skips.values[counted].sum()) - count
    expected = others * reach / max(float(loss.steps[-1] - loss.steps[0]) - reach, 1.0)
    burst = count >= BURST and count > CROWDED * expected
    at = skips.steps[near].tolist()
    steps = f"{at[0]}" if at[0] == at[-1] else f"{at[0]}-{at[-1]}"
    said = Message("skipped-updates", count=count, steps=steps, others=others)
    yield Cause(said, LIKELY if burst else ROUTINE, to_bf16(case))


def to_bf16(case: Case) -> tuple[Advice, ...]:
    """Advice to use bf16 where fp16 is known to overflow."""
    return (*case.advise("fp16", suggest=False), Advice("bf16", suggest=True))


def may_be_fp16(case: Case) -> bool:
    """Whether no setting speaks against a loss scale."""
    return case.setting("fp16") is not False and case.setting("bf16") is not True


def skips_beside(case: Case, loss: Series) -> BoolArray:
    """(n,) at which points of the loss the log counts as many skipped updates as there are."""
    skips = case.logged("skipped_iterations")
    if skips is None:
        return np.zeros(len(loss), dtype=bool)
    counted = dict(zip(skips.steps.tolist(), skips.values.tolist(), strict=True))
    logged = np.array([counted.get(step, 0.0) for step in loss.steps.tolist()])
    return np.asarray(logged >= window_lengths(loss))
