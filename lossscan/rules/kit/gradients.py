"""What the gradient norm says of a change of the loss: whether it rose before."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lossscan.model import Excursion
from lossscan.numeric.arrays import BoolArray, IntArray
from lossscan.numeric.medians import median
from lossscan.numeric.scales import to_scale
from lossscan.rules.kit.case import Case

LEAD_POINTS = 20  # logged points before a change in which a gradient leads (arXiv 2501.00656)
RISING = 2  # norms, as many as make a rise
NEAR_POINTS = LEAD_POINTS // 4  # up to the step, where a rise that leads to it has not ended
USUAL_PEAK = 3.0  # noise units to which normal noise rises in some hundred points
LEAD_SIGMA = 5.0  # of a gradient norm above its course: the clean public runs stay below
MIN_LEAD_POINTS = 8  # fewer have no course of their own


def leading_gradient(case: Case, step: int) -> float | None:
    """How far gradient norms rise in the points before a step, in noise units above their median.

    A rise is two norms at least, one of them near the step: single norms stand out by
    themselves, also before changes that the data makes (3 of 17 trained runs with such changes).
    The unit is wider where earlier norms stood out, too. Norms next to an earlier spike belong to
    that spike and lead to none. None where no norms are logged there.
    """
    trace = case.signals.trace_of("grad_norm")
    if trace is None:
        return None
    stop = int(np.searchsorted(trace.steps, step))
    start = max(stop - LEAD_POINTS, 0)
    if stop - start < MIN_LEAD_POINTS:
        return None
    scaled, _ = to_scale(trace.values)  # not kept: of a long run it takes as much as the norms
    course, unit = median(scaled[start:stop]), max(trace.noise, 1e-12)
    if start >= MIN_LEAD_POINTS:
        earlier = scaled[:start]
        unit = max(unit, float(earlier.max() - median(earlier)) / USUAL_PEAK)
    alone = _outside(case.spikes, trace.steps[start:stop])
    norms = (scaled[start:stop] - course) / unit
    if int(alone.sum()) < RISING:
        return None
    near = norms[-NEAR_POINTS:][alone[-NEAR_POINTS:]]
    highest = np.sort(norms[alone])[-RISING:]
    return float(min(highest.min(), near.max(initial=highest.min())))


def _outside(spikes: Iterable[Excursion], steps: IntArray) -> BoolArray:
    """(n,) which steps no spike covers."""
    outside = np.ones(len(steps), dtype=bool)
    for spike in spikes:
        if spike.start_step <= steps[-1] and steps[0] <= spike.end_step:
            outside &= (steps < spike.start_step) | (spike.end_step < steps)
    return outside
