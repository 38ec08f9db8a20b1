"""The logged learning rate becomes landmarks: where warm-up ends, where the schedule breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

import numpy as np

from lossscan.canonical.names import SET_RATE
from lossscan.model import Field, Landmark, Series
from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray, blocks
from lossscan.numeric.decimals import last_place
from lossscan.numeric.medians import row_medians

HIGHEST = 1e6  # a larger number is no learning rate
RISE = 0.9  # of the peak: a first rate above this is no warm-up
CLIMBING = 0.5  # of the gaps; fp16 skips some updates at first
AT_PEAK = 1e-3  # relative: consoles print four digits
SUDDEN = 0.05  # of the rate: a smaller change between two points is not worth a landmark
UNUSUAL = 5.0  # times the change of the points around it: smooth schedules change evenly
COARSE = 1.5  # last decimal places: MiniMind prints a falling rate of 4e-8 in steps of 1e-8
PLACES = tuple(10.0**-place for place in range(16))  # with more decimals a rate is not rounded
AROUND = 3  # points on either side that tell what is usual
NEIGHBORS = np.delete(np.arange(-AROUND, AROUND + 1), AROUND)  # their places
MIN_POINTS = 2 * AROUND + 2


def warmup_end(rate: Series | None, config: Mapping[str, Field]) -> Landmark | None:
    """The last step of the warm-up: as configured where the logged rate agrees, else as logged."""
    configured = _configured(config)
    logged = _logged(rate) if rate is not None else None
    if rate is None or len(rate) < MIN_POINTS:
        return configured
    if configured is None or logged is None or not (rate.steps[0] < configured.step):
        return configured if logged is None else logged
    agree = abs(configured.step - logged.step) <= logged.slack + 1
    return configured if agree else logged


def _configured(config: Mapping[str, Field]) -> Landmark | None:
    steps, ratio, planned = (
        config.get(name) for name in ("warmup_steps", "warmup_ratio", "max_steps")
    )
    if steps is not None and steps.value > 0:
        return Landmark("warmup_end", float(steps.value), slack=1.0, source=steps.source)
    if ratio is not None and ratio.value > 0 and planned is not None:
        step = float(ceil(ratio.value * planned.value))
        return Landmark("warmup_end", step, slack=1.0, source=ratio.source)
    return None


def _logged(rate: Series) -> Landmark | None:
    """The first point at the peak after a rise without a fall; None where there is no rise."""
    steps, values = _finite(rate)
    if len(values) < MIN_POINTS:
        return None
    peak = float(values.max())
    top = int(np.argmax(values >= peak * (1 - AT_PEAK)))
    if not _is_ramp(values[: top + 1], peak) or top == len(values) - 1:  # it may climb still
        return None
    slack = float(steps[top] - steps[top - 1])
    return Landmark("warmup_end", float(steps[top]), slack=slack, source="learning_rate")


def _is_ramp(values: FloatArray, peak: float) -> bool:
    """Whether the rate climbs from low to the peak, and not in one jump after a plateau."""
    rises = values[1:] - values[:-1]
    steady = np.count_nonzero(rises > 0) >= CLIMBING * len(rises)
    return bool(len(rises) and values[0] < RISE * peak and steady and (rises >= 0).all())


def lr_changes(rate: Series | None, after: float) -> Iterator[Landmark]:
    """Places beyond the step `after` where the rate leaves its smooth course.

    A jump is a change between two points far above that of the points around it (step decay, a
    restart, a scheduler that was not restored); a kink is the end of a plateau (an anneal); a turn
    is a second warm-up.
    """
    if rate is None:
        return
    steps, values = _finite(rate)
    if len(values) < MIN_POINTS:
        return
    unit = last_place(values, PLACES)  # 1e-8 for 0.00000042; 0 where the rate is not rounded
    found = _left(steps, values, unit)
    previous = -AROUND
    for index in np.flatnonzero(found & (steps[:-1] >= after)).tolist():
        if index - previous >= AROUND:  # one change may show in neighboring points
            step, slack = float(steps[index]), float(steps[index + 1] - steps[index])
            yield Landmark("lr_change", step, slack=slack, source="learning_rate")
        previous = index


def set_rates(rate: Series | None, gap: float) -> Iterator[Landmark]:
    """Places where a log says that the rate is changed, `gap` steps between its points."""
    for step in () if rate is None else rate.steps.tolist():
        yield Landmark("lr_change", float(step), slack=gap, source=SET_RATE)


def _finite(rate: Series) -> tuple[IntArray, FloatArray]:
    keep = (rate.values >= 0) & (rate.values <= HIGHEST)  # not so for NaN
    kept = slice(None) if keep.all() else keep  # copies none
    return rate.steps[kept], rate.values[kept]


def _left(steps: IntArray, values: FloatArray, unit: float) -> BoolArray:
    """For each gap between points, whether the rate leaves its course there."""
    found = np.empty(len(values) - 1, dtype=bool)
    for at in blocks(len(found)):
        first = max(at.start - 2 * AROUND, 0)
        piece = slice(first, at.stop + 2 * AROUND + 1)
        near = steps[piece], values[piece]
        here = _jumps(*near, unit) | _kinks(near[1], unit) | _turns(near[1], unit)
        found[at] = here[at.start - first :][: at.stop - at.start]
    return found


def _jumps(steps: IntArray, values: FloatArray, unit: float) -> BoolArray:
    """For each gap between points, whether the rate changes there more than around."""
    gaps = (steps[1:] - steps[:-1]).astype(np.float64)
    moved = np.abs(values[1:] - values[:-1])
    slopes = moved / gaps
    least = np.maximum(SUDDEN * np.maximum(values[:-1], values[1:]), COARSE * unit)
    found = np.zeros(len(gaps), dtype=bool)
    sudden = np.flatnonzero(moved > least)
    if not len(sudden):
        return found
    around = np.abs(sudden[:, np.newaxis] + NEIGHBORS)
    around = np.minimum(around, 2 * (len(gaps) - 1) - around)  # mirrored at both ends
    found[sudden] = slopes[sudden] > UNUSUAL * row_medians(slopes[around])
    return found


def _kinks(values: FloatArray, unit: float) -> BoolArray:
    """For each point but the last, whether a plateau ends there and a real descent begins."""
    found = np.zeros(len(values) - 1, dtype=bool)
    here = np.arange(AROUND, len(values) - AROUND)
    rate = values[here]
    descent = np.maximum(SUDDEN / UNUSUAL * rate, UNUSUAL * unit)
    before = np.abs(rate - values[here - AROUND]) <= AT_PEAK * rate
    later = np.abs(values[here + AROUND] - rate) > descent
    still = np.abs(values[here + 1] - rate) > AT_PEAK * rate
    found[here] = before & later & still
    return found


def _turns(values: FloatArray, unit: float) -> BoolArray:
    """For each point but the last, whether the rate falls to it and climbs from it far faster."""
    found = np.zeros(len(values) - 1, dtype=bool)
    rises = values[1:] - values[:-1]
    sudden = rises[1:] > np.maximum(SUDDEN * values[2:], COARSE * unit)
    found[1:] = (rises[:-1] < 0) & (rises[1:] > -UNUSUAL * rises[:-1]) & sudden
    return found
