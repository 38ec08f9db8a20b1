"""The loss collapses within the first epoch: leaked labels, a broken mask, duplicates."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossscan.model import Cause, Episode, Evidence, Finding, Message, Series
from lossscan.numeric.levels import EDGE_POINTS, first_level, highest_first
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import begins_untrained, is_token_loss
from lossscan.rules.kit.levels import level_at
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of

LASTS = 5  # logged points that a collapse must last
READ_TEXT = 1.0  # nats: no model trained from scratch reads natural text that well in one epoch
EQUALLY_LOW = 2.0  # evaluation within twice the training loss is as low
SHORT_ANSWERS = 0.01  # nats: tasks with short answers do reach 0.02 (public runs), with luck 0.01
OF_START = 0.05  # of the first loss (huggingface/transformers#31673)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding where the loss is below what one pass over the data can teach."""
    loss = case.points("loss")
    if loss is None or not is_token_loss(case):
        return
    loss = _first_epoch(case, loss)
    if len(loss) < EDGE_POINTS + LASTS:
        return
    message = _message(case, loss)
    if message:
        yield _finding(case, loss, message)


def _first_epoch(case: Case, loss: Series) -> Series:
    """The points before any sample is seen again; none where that is unknown."""
    length, epochs = case.run.schedule.steps_per_epoch, case.run.schedule.epochs
    until = length or (math.inf if epochs is not None and epochs <= 1 else 0)
    inside = (loss.steps <= until) & (loss.values > 0)  # zeros are another rule's
    return Series(loss.name, loss.steps[inside], loss.values[inside])


def _message(case: Case, loss: Series) -> str:
    start, end = highest_first(loss.values), median(loss.values[-LASTS:])
    if begins_untrained(case) and end < READ_TEXT and end < OF_START * 2 * start:
        return "default"
    evaluated = case.points("eval_loss")
    if evaluated is None or end >= SHORT_ANSWERS or end >= OF_START * start:
        return ""
    level = level_at(evaluated, int(loss.steps[-1]), points=1)
    return "fine-tuning" if level < max(EQUALLY_LOW * end, SHORT_ANSWERS) else ""


def _finding(case: Case, loss: Series, message: str) -> Finding:
    start, end = first_level(loss.values), median(loss.values[-LASTS:])
    collapsed = int(np.argmax(loss.values < math.sqrt(start * max(end, 1e-4))))
    found = case.points("eval_loss")
    evaluated = [] if found is None else found.values[:1].tolist()
    step, last = int(loss.steps[collapsed]), int(loss.steps[-1])
    return Finding(
        # From scratch there is no innocent way; a pretrained model may have known the answers.
        0.95 if message == "default" else 0.6,
        message=Message(message, start=start, end=end, step=step, last=last),
        episodes=(Episode(step, last),),
        effect=effect_of(start, end),
        evidence=(
            Evidence(Message("level"), step=step, value=float(loss.values[collapsed])),
            *(Evidence(Message("evaluation", evaluated=value)) for value in evaluated),
        ),
        causes=(
            Cause(Message("broken-mask"), 0.6 if message == "default" else 0.3),
            Cause(Message("leaked-labels"), 0.5),
            Cause(Message("duplicates"), 0.4),
        ),
        next=Message("shuffled-tokens"),
    )


RULE = Rule(name="loss-too-low", check=check)
