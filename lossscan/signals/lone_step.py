"""The steps of a short run, by how well a whole course with them explains the run.

Windows that fit twice into a short run leave the gap between two lines a wide error. All points
together tell a step from a bend: the same smooth courses are fitted with either, and a step at a
place that is searched must explain the run far better than any bend does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from lossscan.numeric.arrays import FloatArray
from lossscan.signals.gaps import Break
from lossscan.signals.stairs import SMALL, courses

MOST_POINTS = 200  # of a longer run, a third is enough for the windows
SIDE = 5  # points of the shorter level: fewer may be a spike
# Twice the log of the Bayes factor of a step over a bend, which has as many parameters: "decisive"
# is 10 (Kass and Raftery 1995). Of 574 clean labeled runs of up to 200 points none is beyond 15.7.
EVIDENCE = 20.0
COURSE_PARAMETERS = 4  # of each of the `courses` of stairs
FEW_POINTS = 60  # of a longer run, epochs hold enough points for the windows at their ends
MANY_LENGTHS = 64  # whose courses are remembered, 5 MB at most: runs of a sweep are of one length


class SmoothCourse(Struct, frozen=True):
    """A smooth course of n points, and what it leaves of a step or a bend at each of k places."""

    basis: FloatArray  # (n, 4), orthonormal
    steps: FloatArray  # (k,) squared lengths of unit steps
    bends: FloatArray  # (k,) of bends by one each point


def find_lone_step(level: FloatArray) -> Break | None:
    """The step that explains a course far better than a bend; None of a longer one."""
    n = len(level)
    if not 2 * SIDE < n <= MOST_POINTS:
        return None
    best = step = bend = np.inf
    index, gap = 0, 0.0
    rounding = _rounding(level)
    for course in _courses(n):
        rest = _residual(level, course.basis)
        rest = _residual(rest, course.basis)  # once more, for what it rounds
        whole = float(rest @ rest)
        behind = _suffix_sums(rest)  # as `rest @ shape`: it is free of the course
        steps, bends = behind[SIDE : n - SIDE + 1], _suffix_sums(behind)[SIDE + 1 : n - SIDE + 2]
        stepped = np.maximum(whole - steps**2 / course.steps, rounding)
        bent = whole - bends**2 / course.bends
        at = int(stepped.argmin())
        if stepped[at] < step:
            step, index, gap = float(stepped[at]), at + SIDE, float(steps[at] / course.steps[at])
        best, bend = min(best, whole), min(bend, float(bent.min()))
    if not n * np.log(min(best, bend) / step) >= EVIDENCE:  # NaN of a constant
        return None
    sigma = np.sqrt((n - COURSE_PARAMETERS - 1) * (best / step - 1))
    return Break(index, gap, float(np.copysign(sigma, gap)), width=min(index, n - index))


def shared_step(level: FloatArray, edges: Sequence[int], mixed: Sequence[int]) -> float | None:
    """Twice the log of the Bayes factor of one step that k known places share; None without it.

    Negative where the step is down, positive where it is up. `edges`: (k,) the first points behind
    the places; `mixed`: points with something of both sides, which are left out.
    """
    if not 2 * SIDE <= len(level) <= FEW_POINTS:
        return None
    pure = np.ones(len(level), dtype=bool)
    pure[list(mixed)] = False
    behind = np.searchsorted(edges, np.arange(len(level)), side="right").astype(np.float64)
    smooth, stepped = np.inf, (np.inf, 0.0)
    for columns in courses(len(level)):
        basis = np.linalg.qr(columns[pure])[0]
        rest, shape = _residual(level[pure], basis), _residual(behind[pure], basis)
        whole, moved = float(rest @ rest), float(rest @ shape)
        smooth = min(smooth, whole)
        stepped = min(stepped, (whole - moved**2 / max(float(shape @ shape), SMALL), moved))
    least = _rounding(level)
    evidence = pure.sum() * np.log(max(smooth, least) / max(stepped[0], least)) if least else 0.0
    return float(np.copysign(evidence, stepped[1]))


def _rounding(level: FloatArray) -> float:
    """The squares that rounding leaves of a course: what fits better fits no better."""
    return len(level) * float((SMALL * np.abs(level).max()) ** 2)


def _suffix_sums(values: FloatArray) -> FloatArray:
    """(n,) the sum of the values from each one on."""
    return np.asarray(values[::-1].cumsum()[::-1])


@lru_cache(MANY_LENGTHS)
def _courses(n: int) -> tuple[SmoothCourse, ...]:
    """What all runs of n points share."""
    behind = np.arange(n)[:, None] - np.arange(SIDE, n - SIDE + 1)
    shapes = (behind >= 0).astype(np.float64), np.maximum(behind, 0).astype(np.float64)
    bases = (np.linalg.qr(course)[0] for course in courses(n))
    return tuple(
        SmoothCourse(basis, *(_squares(shape, basis) for shape in shapes)) for basis in bases
    )


def _residual(values: FloatArray, basis: FloatArray) -> FloatArray:
    """What an orthonormal basis leaves of values (n,) or (n, k)."""
    return np.asarray(values - basis @ (basis.T @ values))


def _squares(shapes: FloatArray, basis: FloatArray) -> FloatArray:
    """(k,) the squared lengths of the residuals of k shapes."""
    free = _residual(shapes, basis)
    return np.asarray(np.maximum((free * free).sum(axis=0), np.finfo(np.float64).tiny))
