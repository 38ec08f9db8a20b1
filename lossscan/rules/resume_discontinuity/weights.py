"""What the loss behind a resume tells of the weights it began with."""

from __future__ import annotations

import numpy as np

from lossscan.model import Resume
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.levels import (
    EDGE_POINTS,
    LEVEL_POINTS,
    SMOOTH_POINTS,
    first_level,
    last_level,
)
from lossscan.numeric.medians import median, running_median
from lossscan.rules.kit.case import Case

# Of what a run had learned: 0.52 to 1.2 of it is gone in three trained runs whose weights were not
# loaded, 0.36 at most in 26 other resumes.
UNDONE = 0.5
# Of the points in which the loss first came down by what it rose: older weights take as many again,
# and a model that only lost its optimizer state knows the way. 17 of 20 that were trained did.
AS_LONG = 0.5
# Of the rise, at the end: a lost optimizer state leaves .43 at most, lost weights .62 (simulated).
LEFT = 0.5
MIN_BEHIND = 2 * LEVEL_POINTS  # logged points: fewer do not show what stays
MIN_FIRST = 6  # of these points: fewer are no course


def is_undone(case: Case, resume: Resume) -> bool:
    """Whether the loss is back at once at a level of the first descent: what was learned is lost.

    A lost optimizer state disturbs a model that goes on from where it was.
    """
    once, again = _parts(case, resume)
    if not len(once) or not len(again):
        return False
    before, after = last_level(once), first_level(again)
    learned, back = first_level(once) - before, after - before
    return learned > 0 and UNDONE <= back / learned <= 1 / UNDONE


def stays_up(case: Case, resume: Resume) -> bool:
    """Whether half of a rise at the resume is left at the end: an optimizer's state fills again."""
    once, again = _parts(case, resume)
    if not len(once) or len(again) < MIN_BEHIND:
        return False
    before, after = last_level(once), first_level(again)
    return median(again[-LEVEL_POINTS:]) - before >= LEFT * (after - before) > 0


def is_learned_again(case: Case, resume: Resume) -> bool:
    """Whether the loss takes about as long to come down again as it took before the resume."""
    once, again = _parts(case, resume)
    if len(once) <= EDGE_POINTS or len(again) <= EDGE_POINTS:
        return False
    before, after = last_level(once), first_level(again)
    once, again = running_median(once, SMOOTH_POINTS), running_median(again, SMOOTH_POINTS)
    passed = np.flatnonzero(once >= after)
    back = np.flatnonzero(again <= before)
    first = len(once) - 1 - int(passed[-1]) if len(passed) else 0
    took = int(back[0]) if len(back) else len(again)
    soon = bool(len(back)) or took < first / AS_LONG  # or the log ends too early to tell
    return first >= MIN_FIRST and soon and AS_LONG * first <= took


def _parts(case: Case, resume: Resume) -> tuple[FloatArray, FloatArray]:
    """The losses before a resume and those behind it; nothing where there are none."""
    loss = case.loss
    if loss is None:
        return np.empty(0), np.empty(0)
    at = int(np.searchsorted(loss.steps, resume.step, side="right"))
    return loss.values[:at], loss.values[at:]
