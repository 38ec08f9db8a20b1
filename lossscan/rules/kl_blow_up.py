"""A policy runs away from its reference: the logged divergence blows up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.canonical.rewards import DIVERGENCE, OF_UPDATE
from lossscan.model import Cause, Finding, Message
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.policy import SIGMA, change_finding, course_of
from lossscan.rules.kit.rates import high_rate
from lossscan.rules.kit.rule import Rule


def check(case: Case, *, min_ratio: float = 10.0, min_level: float = 1.0) -> Iterator[Finding]:
    """Yield a finding where the divergence ends far above its level in the first half of the run.

    `min_ratio`: a divergence that grows evenly ends at four times its level in the first half.
    `min_level`: nats; below, as in the first steps of every run, the policy is near its reference.
    """
    course = course_of(case, DIVERGENCE)
    if course is None:
        return
    usual = median(course.levels[: len(course.levels) // 2])
    limit = max(min_level, min_ratio * usual)
    if course.end < limit or course.end - usual < SIGMA * course.error:
        return
    since = course.lasting(np.asarray(course.levels >= limit))
    if since is not None:
        rate = high_rate(case, course.series.steps[since], 0.6)
        of_update = course.series.name in OF_UPDATE or not case.trainer.tokens  # no reference there
        if of_update:
            other, said, again = Cause(Message("update-too-large"), 0.5), "update", "rerun-update"
        else:
            beta = case.advise("kl_coef")
            other = Cause(Message("penalty-too-weak"), 0.5, config=beta)
            said, again = "default", "rerun"
        yield change_finding(case, course, since, usual, (rate, other), said=said, again=again)


RULE = Rule(name="kl-blow-up", check=check)
