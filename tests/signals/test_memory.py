"""What a long curve takes while it is searched, by the point."""

import tracemalloc

import numpy as np
import pytest

from lossscan.model import Run, Series
from lossscan.signals import scan

FEW, MANY = 60_000, 120_000


def peak(points: int, steps: int) -> int:
    """Bytes that the search of a noisy loss takes at most."""
    loss = 2 + np.random.default_rng(0).normal(0, 0.05, points)
    for at in range(steps):
        loss[points * (at + 1) // (steps + 1) :] -= 0.1
    run = Run(
        path="x", name="x", sources=(), series={"loss": Series("loss", np.arange(points), loss)}
    )
    tracemalloc.start()
    try:
        scan(run)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("steps", [0, 5])
def test_a_point_takes_no_more_than_eight_numbers(steps: int):
    """The curve itself is three; steps are searched near where a gap shows, not everywhere."""
    peak(FEW, steps)  # what is imported and remembered
    numbers = (peak(MANY, steps) - peak(FEW, steps)) / (MANY - FEW) / 8
    assert numbers < 8
