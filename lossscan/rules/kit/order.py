"""Whether samples are read in file order at a step, as far as settings and trainer tell."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from lossscan.model import Cause, Change, Message
from lossscan.rules.kit.case import Case
from lossscan.samples import samples_per_step

# What the order adds to the score of odd data at one place: other data follow each other in a
# file, and a shuffle spreads them. The order of causes is what counts.
ORDERED: Final = {True: 0.3, False: -0.25, None: 0.0}
ENDED: Final = 0.2  # to that of other data where the loss returns: learning is not unlearnt


def file_order(case: Case, step: float) -> bool | None:
    """True for file order, False for shuffled; None where neither is stated.

    A setting holds; else what is known of the trainer's version, on one device: the sampler of
    several shuffles by itself.
    """
    shuffle = case.setting("shuffle")
    if shuffle is not None:
        return not shuffle
    order = case.setting("data_order")
    if order is None or (case.number("num_devices") or 1) > 1:
        return None
    return order == "file" or (order == "file_after_resume" and in_resumed_epoch(case, step))


def step_of_order(case: Case, change: Change) -> int:
    """The logged step next to a change whose order of samples tells most: one in file order."""
    before = int(case.curve.steps[change.index - 1])
    return before if file_order(case, before) else change.step


def drop_causes(case: Case, step: int, *, lasts: bool) -> tuple[Cause, ...]:
    """Possible causes of a drop at a step that nothing known explains."""
    other = min(0.5 + ORDERED[file_order(case, step)] + (0.0 if lasts else ENDED), 0.95)
    again = () if case.of_epochs else (Cause(Message("repeated-data"), 0.3),)
    learnt = (Cause(Message("phase-transition"), 0.15),) if lasts else ()
    return (Cause(_other_data(case, step), other), *again, *learnt)


def last_epoch_causes(case: Case, score: float) -> tuple[Cause, ...]:
    """Possible causes of a drop where the last data epoch begins, the first with this score."""
    return (
        Cause(Message("last-epoch-shuffled-apart"), score, config=case.advise("max_steps")),
        Cause(Message("data-mix-change"), 0.2),
    )


def _other_data(case: Case, step: int) -> Message:
    """Other data by the name of what puts them there, as far as it is known."""
    if not file_order(case, step) or case.of_epochs:
        return Message("epoch-change" if case.of_epochs else "data-change")
    rest = case.setting("shuffle") is None and case.setting("data_order") == "file_after_resume"
    return Message("rest-in-file-order" if rest else "unshuffled-data")


def in_resumed_epoch(case: Case, step: float) -> bool:
    """Whether a launch resumed earlier in the epoch that the step is in."""
    resumed, ended = (_last_before(steps, step) for steps in (case.resumed, case.epochs_ended))
    return resumed is not None and (ended is None or ended <= resumed)


def _last_before(steps: Sequence[float], step: float) -> float | None:
    """The last of sorted steps that is below one."""
    at = bisect_left(steps, step)
    return steps[at - 1] if at else None


def samples_between(case: Case, first: int, last: int) -> tuple[int, int] | None:
    """The samples of their epoch that the steps (first, last] read, where order is fixed."""
    batch = samples_per_step(case.run.config, case.run.framework)
    per_epoch = case.run.schedule.steps_per_epoch
    if batch is None or not per_epoch:
        return None
    start = int((first % per_epoch) * batch)
    return start, start + int((last - first) * batch)
