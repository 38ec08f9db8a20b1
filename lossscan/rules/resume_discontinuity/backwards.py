"""Epochs or a clock that go back while the steps go on: a restart that the steps do not show."""

from __future__ import annotations

from typing import Final

import numpy as np

from lossscan.model import Cause, Episode, Evidence, Finding, Message, Series, Severity
from lossscan.numeric.arrays import differences
from lossscan.numeric.medians import spacing
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rates import EPOCH_ROUNDED, rate_restarts

CLOCKS: Final = ("elapsed", "elapsed_time", "time", "wall_time", "relative_time", "time_elapsed")
MOST = 3  # falls: more are the stages or folds of one run, or times of single steps
FEW = 3  # logged points on each side, which tell a course from a stray number
_RESTARTED: Final = Cause(Message("restarted"), 0.6)
# Confidence, severity (None: the page's) and causes.
_FOUND: dict[str, tuple[float, Severity | None, tuple[Cause, ...]]] = {
    "epoch-back": (0.9, None, (_RESTARTED, Cause(Message("data-order-lost"), 0.4))),
    "clock-back": (0.8, Severity.INFO, (_RESTARTED,)),  # may also restart with each stage
}


def goes_back(case: Case) -> Finding | None:
    """Where epochs or the clock go back away from any resume that the steps show."""
    epochs = case.points("epoch")
    falls = [] if epochs is None else _falls(case, epochs, EPOCH_ROUNDED)
    if epochs is not None and falls:
        return _finding(case, "epoch-back", epochs, falls)
    for each in CLOCKS:
        clock = case.points(each)
        falls = [] if clock is None else _falls(case, clock, 0.0)
        if clock is not None and falls:
            return _finding(case, "clock-back", clock, falls)
    return None


def _falls(case: Case, series: Series, least: float) -> list[int]:
    """The entries at which a series that else only rises has gone back."""
    gone = differences(series.values)
    falls = (np.flatnonzero(gone < -least) + 1).tolist()
    if not falls or len(falls) > MOST or falls[0] < FEW or len(series) - falls[-1] < FEW:
        return []
    if len(falls) < int((gone < 0).sum()) or not (gone > 0).any():
        return []  # it jitters
    if any(series.values[at - FEW : at].min() <= series.values[at] for at in falls):
        return []  # a stray row with the number of another step
    near = spacing(series.steps)
    known = [resume.step for resume in case.run.schedule.resumes]
    return [at for at in falls if all(abs(series.steps[at] - step) > 2 * near for step in known)]


def _finding(case: Case, message: str, series: Series, falls: list[int]) -> Finding:
    confidence, severity, causes = _FOUND[message]
    at = falls[0]
    before, after = float(series.values[at - 1]), float(series.values[at])
    step = int(series.steps[at])
    if rate_restarts(case, step):
        causes = (Cause(Message("scheduler-lost"), 0.9), *causes)
    return Finding(
        confidence,
        series=series.name,
        stated_severity=severity,
        message=Message(message, step=step, before=before, after=after),
        episodes=tuple(Episode(int(series.steps[fall]), None) for fall in falls),
        evidence=(Evidence(Message("back", before=before, after=after), step=step, value=after),),
        causes=causes,
    )
