"""The course of what a policy's training logs with its loss: reward, divergence, entropy."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct, structs

from lossscan.model import Cause, Episode, Finding, Message, Series
from lossscan.numeric.arrays import BoolArray, FloatArray
from lossscan.numeric.medians import median, running_median, step_noise
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around
from lossscan.rules.kit.levels import last_since
from lossscan.rules.kit.sizes import effect_of

MIN_POINTS = 20  # logged points: fewer have no course that noise does not make
WINDOW = 5  # logged points of a running median: what is left are levels
END = 5  # logged points that make the first and the last level
STAYS = 0.05  # of the run at least, and END points, a change must have lasted: later it may pass
SIGMA = 8.0  # standard errors of a level: rewards wander more than white noise does


class PolicyCourse(Struct, frozen=True):
    """A series of a policy with its levels."""

    series: Series
    levels: FloatArray  # (n,), its running median
    start: float
    end: float
    error: float  # standard error of a level

    def lasting(self, changed: BoolArray) -> int | None:
        """The index from which a change lasts to the end; None where it has not lasted."""
        since = last_since(changed)
        needed = max(END, STAYS * len(changed))
        return since if len(changed) - since >= needed else None


def course_of(case: Case, names: Sequence[str]) -> PolicyCourse | None:
    """The course of the first of some series that a policy's training logs with enough points."""
    if not case.is_policy:
        return None
    found = map(case.points, names)
    series = next((each for each in found if each is not None and len(each) >= MIN_POINTS), None)
    if series is None:
        return None
    return PolicyCourse(
        series,
        running_median(series.values, WINDOW),
        median(series.values[:END]),
        median(series.values[-END:]),
        max(step_noise(series.values) / math.sqrt(END), 1e-12),
    )


def change_finding(  # noqa: PLR0913 - what the finding says
    case: Case,
    course: PolicyCourse,
    since: int,
    before: float,
    causes: Sequence[Cause],
    *,
    said: str = "default",
    again: str = "rerun",
) -> Finding:
    """The finding that a series has left a level for good."""
    series, sigma = course.series, abs(course.end - before) / course.error
    step, last = int(series.steps[since]), int(series.steps[-1])
    levels = {"before": before, "after": course.end, "step": step, "last": last}
    return Finding(
        0.93 if sigma > 2 * SIGMA else 0.85,  # what is logged of a policy wanders
        series=series.name,
        message=Message(said, name=series.name, **levels, **structs.asdict(case.trainer.policy)),
        episodes=(Episode(step, last, sigma),),
        effect=effect_of(before, course.end, sigma),
        evidence=around(case, step, "rate"),
        causes=tuple(causes),
        remedies=(Message("last-good-checkpoint"),),
        next=Message(again),
    )
