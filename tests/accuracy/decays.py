"""Smooth decays with noise and no change, of any length: `change_points` must find nothing."""

from __future__ import annotations

import numpy as np

import lossscan
from tests.accuracy.shapes import HALVES, NOISES, TRENDS

# Length and number of curves; few at the long end, where one takes seconds.
LENGTHS = {100: 300, 300: 300, 1000: 300, 3000: 200, 10_000: 100, 100_000: 20, 1_000_000: 4}
QUICK = {100: 60, 300: 60, 1000: 60, 3000: 30, 10_000: 10}


def tasks(half: str, lengths: dict[int, int]) -> list[tuple[str, int, int]]:
    """Every curve of a half, as the arguments of `breaks`."""
    return [(half, n, number) for n, count in lengths.items() for number in range(count)]


def breaks(task: tuple[str, int, int]) -> tuple[int, int]:
    """The length of a curve and the breaks found in it."""
    half, n, number = task
    rng = np.random.default_rng((HALVES[half], n, number))
    trend = TRENDS[half][str(rng.choice(tuple(TRENDS[half])))]
    noise = NOISES[half][str(rng.choice(tuple(NOISES[half])))]
    u = np.arange(1, n + 1) / n
    course = np.log(1.5 + rng.uniform(0.3, 6.0) * trend(u, rng))
    values = np.exp(course + np.exp(rng.uniform(np.log(0.005), np.log(0.2))) * noise(n, rng))
    return n, len(lossscan.change_points(values.tolist()))
