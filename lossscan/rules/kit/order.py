"""Whether samples are read in file order at a step, as far as settings and trainer tell."""

from __future__ import annotations

from math import inf
from typing import Final

from lossscan.model import Cause, Change, Curve, Evidence, Message, Run
from lossscan.rules.kit.context import number

# What the order adds to the score of odd data at one place: other data follow each other in a
# file, and a shuffle spreads them. The order of causes is what counts.
ORDERED: Final = {True: 0.3, False: -0.25, None: 0.0}
ENDED: Final = 0.2  # to that of other data where the loss returns: learning is not unlearnt


def file_order(run: Run, step: float) -> bool | None:
    """True for file order, False for shuffled; None where neither is stated.

    A setting holds; else what is known of the trainer's version, on one device: the sampler of
    several shuffles by itself.
    """
    shuffle = run.setting("shuffle")
    if shuffle is not None:
        return not shuffle
    order = run.setting("data_order")
    if order is None or (number(run, "num_devices") or 1) > 1:
        return None
    return order == "file" or (order == "file_after_resume" and _resumed_epoch(run, step))


def order_evidence(run: Run, step: float) -> Evidence | None:
    """What tells the order of the samples at a step, as evidence."""
    ordered = file_order(run, step)
    if ordered is None:
        return None
    if run.setting("shuffle") is not None:
        return Evidence(
            Message("shuffle-off" if ordered else "shuffle-on"), source=run.config["shuffle"].source
        )
    kept = "trainer-rest-in-order" if _resumed_epoch(run, step) else "trainer-in-order"
    return Evidence(
        Message(kept if ordered else "trainer-shuffles"), source=run.config["data_order"].source
    )


def step_of_order(run: Run, curve: Curve, change: Change) -> int:
    """The logged step beside a change whose order of samples tells most: one in file order."""
    before = int(curve.steps[change.index - 1])
    return before if file_order(run, before) else change.step


def drop_causes(run: Run, step: int, *, lasts: bool) -> tuple[Cause, ...]:
    """What may be behind a drop at a step that nothing known explains."""
    other = 0.5 + ORDERED[file_order(run, step)] + (0.0 if lasts else ENDED)
    found = (Cause(Message("data-change"), min(other, 0.95)), Cause(Message("repeated-data"), 0.3))
    return (*found, Cause(Message("phase-transition"), 0.15)) if lasts else found


def _resumed_epoch(run: Run, step: float) -> bool:
    """Whether a launch resumed earlier in the epoch that the step is in."""
    ends = [mark.step + mark.slack for mark in run.schedule.of("epoch_boundary")]
    for resume in run.schedule.resumes:
        end = min((end for end in ends if end > resume.step), default=inf)
        if not resume.fresh and resume.step < step <= end:
            return True
    return False
