"""The loss scale of fp16: searched for in the first steps, or as low as it can be."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from lossscan.model import Message
from lossscan.numeric.arrays import IntArray
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.skips import EARLY_STEPS, may_be_fp16

APART = 10  # logged points: a sound scale overflows once in a thousand updates
MOST = 1e9  # updates in one line; what a broken line says need not fit a number
MINIMUM = 1.0  # the lowest scale of Megatron, DeepSpeed and Paddle: there gradients are not scaled


class Exhausted(Struct, frozen=True):
    """The stretch of a run in which most updates were skipped, with no scale left to lower."""

    start: int  # first logged step that shows it
    stop: int
    count: int  # of updates skipped
    lasting: bool  # to the end of the log


def scale_search(case: Case, tolerated: int) -> Message | None:
    """What is said where the gradient norm overflows only so often, and in the first steps."""
    norms = case.logged("grad_norm")
    steps = [] if norms is None else norms.steps[~np.isfinite(norms.values)].tolist()
    if not may_be_fp16(case) or not 0 < len(steps) <= tolerated or steps[-1] > EARLY_STEPS:
        return None
    return Message("scale-search", count=len(steps), last=steps[-1])


def exhausted(case: Case) -> Exhausted | None:
    """Where the scale was used up, by what the log says or by the scale that it logs with them."""
    stops = [note.numbers for note in case.run.notes if note.kind == "loss_scale_exhausted"]
    ended = any(each["behind"] for each in stops)
    overflows = [note.numbers for note in case.run.notes if note.kind == "fp16_overflows"]
    said = ended or any(_is_minimum(each["lowest"]) for each in overflows)
    steps, counts = _skips(case)
    low = np.isin(steps, _at_minimum(case))
    # DeepSpeed's lines tell how many updates were skipped behind the last logged step
    counts[-1:] += sum(int(each["behind"] or 0) for each in overflows) or int(ended)
    if not counts.any() or not (said or low.any()):
        return None
    found = [at for at in _stretches(counts) if said or low[at].any()]
    at = max(found, key=lambda at: counts[at].sum())
    still = low[-1] or any(_is_minimum(each["scale"]) for each in overflows)
    goes_on = len(steps) - 1 - at[-1] < np.diff(at).max(initial=1)
    return Exhausted(
        start=int(steps[at[0]]),
        stop=int(steps[at[-1]]),
        count=int(counts[at].sum()),
        lasting=bool(goes_on and (ended or still)),
    )


def _stretches(counts: IntArray) -> list[IntArray]:
    """The indices at which updates were skipped, those near each other together."""
    at = np.flatnonzero(counts)
    return np.split(at, np.flatnonzero(np.diff(at) > APART) + 1)


def _is_minimum(scale: object) -> bool:
    return isinstance(scale, float | int) and scale <= MINIMUM


def _skips(case: Case) -> tuple[IntArray, IntArray]:
    """(n,) the logged steps, and how many updates were skipped up to each."""
    skips, loss = case.logged("skipped_iterations"), case.logged("loss")
    logged = [series.steps for series in (skips, loss) if series is not None]
    steps = next(iter(logged), np.empty(0, dtype=np.int64))
    if len(logged) > 1:
        steps = np.sort(np.concatenate(logged), kind="stable")
        steps = steps[np.diff(steps, prepend=steps[:1] - 1) > 0]  # np.unique: six times as long
    counts = np.zeros(len(steps), dtype=np.int64)
    if skips is not None:
        known = np.nan_to_num(skips.values).clip(0, MOST)
        counts[np.searchsorted(steps, skips.steps)] = known
    return steps, counts


def _at_minimum(case: Case) -> IntArray:
    """The logged steps before which updates were skipped, and at which the scale is lowest."""
    skips, scale = case.logged("skipped_iterations"), case.logged("loss_scale")
    if skips is None or scale is None or case.trainer.sums_losses:
        return np.empty(0, dtype=np.int64)
    low = scale.steps[scale.values <= MINIMUM]
    return np.intersect1d(skips.steps[skips.values > 0], low)
