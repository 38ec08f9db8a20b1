"""Whether a series as a whole goes in steps from level to level, and where.

Breaks are sharp against the noise around them and stand on any trend. The eye also marks steps that
noise or seasons half hide, where nothing else happens in the series: these.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from lossscan.model import Curve
from lossscan.numeric.arrays import FloatArray
from lossscan.signals.pieces import level_edges

MOST_POINTS = 1500  # of a longer series, windows average out what hides a step
LEVEL_PENALTY = 3.0  # variances times log n for a level: the modified BIC (Zhang and Siegmund 2007)
EVIDENCE = 10.0  # twice the log of a Bayes factor: "very strong" (Kass and Raftery 1995)
STEP_SHARE = 0.5  # of a step that a line next to it must leave: of a slope it leaves a quarter
LEAST_STEP = 0.8  # spreads around the levels: a "large" difference (Cohen 1988)
RATES = (3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0)  # of decays, a run being 1 long
SMALL = 1e-12  # spread of a series relative to its values: rounding errors of a constant


def find_stairs(curve: Curve) -> list[int]:
    """The first points of the levels that explain a series better than any smooth course does.

    None where one of them is better explained by a slope or lost in the spread around the levels.
    """
    first = curve.descent_end
    series = _unit(np.exp(curve.clipped[first:]) if curve.log else curve.clipped[first:])
    n = len(series)
    if n > MOST_POINTS or not series.any():
        return []
    edges = level_edges(series, LEVEL_PENALTY * float(np.log(n)))
    if not edges:
        return []
    levels = [series[start:stop] for start, stop in pairwise([0, *edges, n])]
    around = sum(float(level.var()) * len(level) for level in levels)
    if _around_decay(series) <= around * np.exp(EVIDENCE / n):
        return []
    large = all(
        abs(after.mean() - before.mean()) >= LEAST_STEP * np.sqrt(around / n)
        and _is_step(before, after)
        for before, after in pairwise(levels)
    )
    return [first + edge for edge in edges] if large else []


def _unit(values: FloatArray) -> FloatArray:
    """The values around 0 with a variance of 1; zeros where they are constant."""
    values = values / max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > SMALL else np.zeros(len(values))


def courses(n: int) -> Iterator[FloatArray]:
    """(n, 4) the columns of smooth courses: a cubic, or two decays and a slope."""
    u = np.arange(1, n + 1) / n
    shapes = [(u**2, u**3), *((np.exp(-rate * u), np.exp(-3 * rate * u)) for rate in RATES)]
    yield from (np.column_stack([np.ones(n), u, *shape]) for shape in shapes)


def _around_decay(series: FloatArray) -> float:
    """Squared distances from the best of smooth courses."""
    return min(_apart(series, columns) for columns in courses(len(series)))


def _apart(series: FloatArray, columns: FloatArray) -> float:
    """Squared distances from the best sum of the columns."""
    rest = series - columns @ np.linalg.lstsq(columns, series, rcond=None)[0]
    return float(rest @ rest)


def _is_step(before: FloatArray, after: FloatArray) -> bool:
    """Whether a step next to a line, fitted to as many points of both levels, keeps its size."""
    side = min(len(before), len(after))
    x = np.linspace(-1, 1, 2 * side)
    columns = np.column_stack([np.ones(2 * side), x, x > 0])
    near = np.concatenate([before[-side:], after[:side]])
    step = np.linalg.lstsq(columns, near, rcond=None)[0][-1]
    return bool(step / (after.mean() - before.mean()) >= STEP_SHARE)
