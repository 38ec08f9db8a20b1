"""What the program itself says of a loss that it did not log: it stopped because of NaN."""

from __future__ import annotations

from collections.abc import Callable

from lossscan.model import Cause, Episode, Evidence, Finding, Message
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around
from lossscan.rules.kit.nan_filter import lost_at, restarted


def said(case: Case, causes: Callable[[Case, int], tuple[Cause, ...]]) -> Finding | None:
    """The finding that such a message is, at the step that it names, else at the last logged."""
    found = next((note.numbers for note in case.run.notes if note.numbers.get("lost")), None)
    if found is None:
        return None
    stated = found["step"]
    step = case.run.last_step if stated is None else int(stated)
    lost = lost_at(case, step)
    return Finding(
        "non-finite-loss",
        0.98,  # the program's own word
        message=Message("said", step=step, **lost),
        episodes=(Episode(step, step),),
        evidence=(Evidence(Message("said", said=found["error"])), *around(case, step, "rate")),
        causes=causes(case, step),
        next=restarted("find-first", lost),
    )
