"""The reward of a policy falls from its best level for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from lossscan.model import Cause, Finding, Message
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.policy import SIGMA, change_finding, course_of
from lossscan.rules.kit.rates import high_rate
from lossscan.rules.kit.rule import Rule

REWARD: Final = ("reward", "eval_reward")


def check(case: Case, *, min_share: float = 0.5) -> Iterator[Finding]:
    """Yield a finding where the reward ends below its best level by a share of it.

    `min_share`: of what was gained since the start, or of the best level, whichever is more: half
    is more than harder tasks or a new mix of them cost.
    """
    course = course_of(case, REWARD)
    if course is None:
        return
    best = float(course.levels.max())
    least = min_share * max(best - course.start, abs(best))
    if best - course.end < max(least, SIGMA * course.error):
        return
    since = course.lasting(np.asarray(course.levels < best - least / 2))
    if since is not None:
        causes = (
            high_rate(case, course.series.steps[since], 0.5),
            Cause(Message("hacked"), 0.4),
            Cause(Message("reward-source"), 0.35),
        )
        yield change_finding(case, course, since, best, causes)


RULE = Rule(name="reward-collapse", check=check)
