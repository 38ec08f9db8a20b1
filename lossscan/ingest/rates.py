"""The logged learning rate becomes landmarks: where warm-up ends, where the schedule breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

import numpy as np

from lossscan.arrays import BoolArray, FloatArray, IntArray
from lossscan.model import Field, Landmark, Series

HIGHEST = 1e6  # a larger number is no learning rate
RISE = 0.9  # of the peak: a first rate above this is no warm-up
CLIMBING = 0.5  # of the gaps; fp16 skips some updates at first
AT_PEAK = 1e-3  # relative: consoles print four digits
SUDDEN = 0.05  # of the rate: a smaller change between two points is not worth a landmark
UNUSUAL = 5.0  # times the change of the points around it: smooth schedules change evenly
COARSE = 1.5  # last decimal places: MiniMind prints a falling rate of 4e-8 in steps of 1e-8
MOST_PLACES = 16  # with more decimals a rate is not rounded
AROUND = 3  # points on either side that tell what is usual
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
    rises = np.diff(values)
    steady = np.count_nonzero(rises > 0) >= CLIMBING * len(rises)
    return bool(len(rises) and values[0] < RISE * peak and np.all(rises >= 0) and steady)


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
    found = _jumps(steps, values) | _kinks(values) | _turns(values)
    previous = -AROUND
    for index in np.flatnonzero(found & (steps[:-1] >= after)).tolist():
        if index - previous >= AROUND:  # one change may show in neighbouring points
            yield _change(steps, index)
        previous = index


def _change(steps: IntArray, index: int) -> Landmark:
    slack = float(steps[index + 1] - steps[index])
    return Landmark("lr_change", float(steps[index]), slack=slack, source="learning_rate")


def _finite(rate: Series) -> tuple[IntArray, FloatArray]:
    keep = (rate.values >= 0) & (rate.values <= HIGHEST)  # not so for NaN
    return rate.steps[keep], rate.values[keep]


def _jumps(steps: IntArray, values: FloatArray) -> BoolArray:
    """For each gap between points, whether the rate changes there as nowhere around."""
    gaps = np.diff(steps).astype(np.float64)
    slopes = np.abs(np.diff(values)) / gaps
    padded = np.pad(slopes, AROUND, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1)
    around = np.median(np.delete(windows, AROUND, axis=1), axis=1)
    local = np.maximum(values[:-1], values[1:])
    moved = slopes * gaps
    least = np.maximum(UNUSUAL * around * gaps, COARSE * _unit(values))
    return np.asarray((moved > SUDDEN * local) & (moved > least))


def _unit(values: FloatArray) -> float:
    """The last decimal place of a printed rate: 1e-8 for 0.00000042; 0 where there is none."""
    places = (10.0**-places for places in range(MOST_PLACES))
    return next((unit for unit in places if _is_multiple(values, unit)), 0.0)


def _is_multiple(values: FloatArray, unit: float) -> bool:
    counts = np.round(values / unit)
    close = np.all(np.abs(values / unit - counts) < AT_PEAK)
    return bool(close and np.all((counts > 0) | (values == 0)))  # 1e-5 is no multiple of 1


def _kinks(values: FloatArray) -> BoolArray:
    """For each point but the last, whether a plateau ends there and a real descent begins."""
    found = np.zeros(len(values) - 1, dtype=bool)
    here = np.arange(AROUND, len(values) - AROUND)
    rate = values[here]
    descent = np.maximum(SUDDEN / UNUSUAL * rate, UNUSUAL * _unit(values))
    before = np.abs(rate - values[here - AROUND]) <= AT_PEAK * rate
    later = np.abs(values[here + AROUND] - rate) > descent
    still = np.abs(values[here + 1] - rate) > AT_PEAK * rate
    found[here] = before & later & still
    return found


def _turns(values: FloatArray) -> BoolArray:
    """For each point but the last, whether the rate falls to it and climbs from it far faster."""
    found = np.zeros(len(values) - 1, dtype=bool)
    rises = np.diff(values)
    sudden = rises[1:] > np.maximum(SUDDEN * values[2:], COARSE * _unit(values))
    found[1:] = (rises[:-1] < 0) & (rises[1:] > -UNUSUAL * rises[:-1]) & sudden
    return found
