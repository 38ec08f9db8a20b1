"""What the loss behind a resume tells of the weights it began with."""

from __future__ import annotations

import numpy as np

from lossscan.model import Resume
from lossscan.numeric.medians import median, running_median
from lossscan.rules.kit.case import Case

FEW = 3  # logged losses whose median is the level where a run begins, and next to a resume
# Of what a run had learned: 0.52 to 1.2 of it is gone in three trained runs whose weights were not
# loaded, 0.36 at most in 26 other resumes.
UNDONE = 0.5
# Of the points in which the loss first came down by what it rose: older weights take as many again,
# and a model that only lost its optimizer state knows the way. 17 of 20 that were trained did.
AS_LONG = 0.5
MIN_FIRST = 6  # of these points: fewer are no course
SMOOTH_POINTS = 3  # whose median tells where the loss passes a level


def is_undone(case: Case, resume: Resume) -> bool:
    """Whether the loss is back at once at a level of the first descent: what was learned is lost.

    A lost optimizer state disturbs a model that goes on from where it was.
    """
    loss = case.loss
    at = 0 if loss is None else int(np.searchsorted(loss.steps, resume.step, side="right"))
    if loss is None or not 0 < at < len(loss):
        return False
    levels = (slice(FEW), slice(max(at - FEW, 0), at), slice(at, at + FEW))
    first, before, after = (median(loss.values[near]) for near in levels)
    learned, back = first - before, after - before
    return learned > 0 and UNDONE <= back / learned <= 1 / UNDONE


def is_learned_again(case: Case, resume: Resume) -> bool:
    """Whether the loss takes about as long to come down again as it took before the resume."""
    loss = case.loss
    at = 0 if loss is None else int(np.searchsorted(loss.steps, resume.step, side="right"))
    if loss is None or not FEW < at < len(loss) - FEW:
        return False
    before, after = (
        median(loss.values[near]) for near in (slice(at - FEW, at), slice(at, at + FEW))
    )
    once, again = (running_median(part, SMOOTH_POINTS) for part in np.split(loss.values, [at]))
    passed = np.flatnonzero(once >= after)
    back = np.flatnonzero(again <= before)
    first = at - 1 - int(passed[-1]) if len(passed) else 0
    return first >= MIN_FIRST and (int(back[0]) if len(back) else len(again)) >= AS_LONG * first
