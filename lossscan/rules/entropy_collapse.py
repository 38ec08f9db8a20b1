"""A policy stops exploring: the entropy of its tokens falls to almost nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.canonical.rewards import ENTROPY
from lossscan.model import Cause, Finding, Message
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.policy import SIGMA, change_finding, course_of
from lossscan.rules.kit.rates import high_rate
from lossscan.rules.kit.rule import Rule


def check(case: Case, *, max_share: float = 0.1) -> Iterator[Finding]:
    """Yield a finding where the entropy ends below a share of its first level.

    `max_share`: learning alone costs half to three quarters of it (arXiv 2505.22617). Of a density,
    which may be negative, no share can be told.
    """
    course = course_of(case, ENTROPY)
    if course is None or (course.series.values < 0).any():
        return
    limit = max_share * course.start
    if course.end > limit or course.start - course.end < SIGMA * course.error:
        return
    since = course.lasting(np.asarray(course.levels <= limit))
    if since is not None:
        causes = (
            Cause(Message("no-bonus"), 0.5),
            high_rate(case, course.series.steps[since], 0.45),
            Cause(Message("same-rewards"), 0.35),
        )
        yield change_finding(case, course, since, course.start, causes)


RULE = Rule(name="entropy-collapse", check=check)
