"""What correlated noise does is no excursion; what exceeds its dips is one."""

from __future__ import annotations

import numpy as np
import pytest

from lossscan.signals import scan
from tests.curves import make_run


def _wandering(seed: int, points: int = 1200, memory: float = 0.8) -> np.ndarray:
    """A healthy loss whose noise of 4 % remembers most of the point before."""
    random = np.random.default_rng(seed)
    noise = np.zeros(points)
    for at in range(1, points):
        noise[at] = memory * noise[at - 1] + random.laplace()
    course = 1 + 1.5 * np.exp(-np.arange(points) / 200)
    return np.asarray(course * np.exp(0.04 * noise / noise.std()))


def _excursions(values: np.ndarray) -> list[tuple[int, int]]:
    found = scan(make_run(loss=dict(enumerate(values.tolist(), 1)))).excursions
    return [(each.start, each.stop) for each in found]


@pytest.mark.parametrize("seed", [4, 82, 93, 122])
def test_climbs_of_a_noise_that_wanders_are_no_excursions(seed: int):
    """A loss that also dips as far for as long has not left its course."""
    assert _excursions(_wandering(seed)) == []


@pytest.mark.parametrize("seed", [4, 82, 93, 122])
def test_a_block_beyond_all_its_dips_is_one(seed: int):
    """Twenty points at half as much again are seen in the same noise."""
    values = _wandering(seed)
    values[700:720] *= 1.5
    assert any(abs(start - 700) <= 2 and start < stop <= 722 for start, stop in _excursions(values))
