"""The one step of a short run, by how well a whole course with it explains the run.

Windows that fit twice into a short run leave the gap between two lines a wide error. All points
together tell a step from a bend: the same smooth courses are fitted with either, and the step must
explain the run far better than any bend does.
"""

from __future__ import annotations

import numpy as np

from lossscan.numeric.arrays import FloatArray
from lossscan.signals.gaps import Break
from lossscan.signals.stairs import courses

MOST_POINTS = 200  # of a longer run, a third is enough for the windows; 8 ms for these
SIDE = 5  # points of the shorter level: fewer may be a spike
# Twice the log of the Bayes factor of a step over a bend, which has as many parameters: "decisive"
# is 10 (Kass and Raftery 1995). Of 574 clean labeled runs of up to 200 points none is beyond 15.7.
EVIDENCE = 20.0
COURSE_PARAMETERS = 4


def find_lone_step(level: FloatArray) -> Break | None:
    """The step that explains a course far better than a bend; None of a longer one."""
    n = len(level)
    if not 2 * SIDE < n <= MOST_POINTS:
        return None
    places = np.arange(SIDE, n - SIDE + 1)
    behind = np.arange(n)[:, None] - places
    shapes = (behind >= 0).astype(np.float64), np.maximum(behind, 0).astype(np.float64)
    best = step = bend = np.inf
    index, gap = 0, 0.0
    for course in courses(n):
        basis = np.linalg.qr(course)[0]
        rest = level - basis @ (basis.T @ level)
        (stepped, gaps), (bent, _) = (_with(rest, basis, shape) for shape in shapes)
        at = int(stepped.argmin())
        if stepped[at] < step:
            step, index, gap = float(stepped[at]), int(places[at]), float(gaps[at])
        best, bend = min(best, float(rest @ rest)), min(bend, float(bent.min()))
    if not n * np.log(min(best, bend) / step) >= EVIDENCE:  # NaN of a constant
        return None
    sigma = np.sqrt((n - COURSE_PARAMETERS - 1) * (best / step - 1))
    return Break(index, gap, float(np.copysign(sigma, gap)), width=min(index, n - index))


def _with(rest: FloatArray, basis: FloatArray, shapes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(k,) the squared distances from a course with each of k shapes added, and their sizes."""
    free = shapes - basis @ (basis.T @ shapes)
    fit = rest @ free
    sizes = fit / np.maximum((free * free).sum(axis=0), np.finfo(np.float64).tiny)
    return rest @ rest - sizes * fit, sizes
