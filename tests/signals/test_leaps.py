"""The rise of a short run, told with its trend left in."""

from __future__ import annotations

import numpy as np
import pytest

from lossscan.numeric.arrays import FloatArray
from lossscan.signals.breaks import find_breaks, gap_ratios
from lossscan.signals.gaps import Break
from lossscan.signals.leaps import find_leap, with_leap
from tests.curves import curve

POINTS, AT = 40, 24


def falling(seed: int, points: int = POINTS) -> FloatArray:
    """A healthy loss in 3 % noise."""
    noise = np.random.default_rng(seed).normal(0, 0.03, points)
    return 2 * (1 + np.arange(points) / 10) ** -0.2 * np.exp(noise)


def test_a_rise_that_a_slope_beside_it_would_hide_is_found():
    """A sixth of 40 falling points: more often than by the search that fits a slope."""
    raised = [
        curve(falling(seed) * np.where(np.arange(POINTS) < AT, 1, 1.17)) for seed in range(20)
    ]
    leaps = [find_leap(each) for each in raised]
    fitted = [find_breaks(each, gap_ratios(each)) for each in raised]
    found = sum(leap is not None and abs(leap.index - AT) <= 1 for leap in leaps)
    assert found >= 12
    assert found > sum(map(bool, fitted))


@pytest.mark.parametrize("seed", range(20))
def test_no_leap_is_in_a_healthy_loss(seed: int):
    """Nor is a fall one, however deep."""
    assert find_leap(curve(falling(seed))) is None
    assert find_leap(curve(falling(seed) * np.where(np.arange(POINTS) < AT, 1, 0.7))) is None


def test_a_block_of_which_the_end_was_found_has_its_front():
    """Only a rise near the leap is the same one."""
    block = 1 + 0.2 * ((np.arange(POINTS) >= AT) & (np.arange(POINTS) < AT + 8))
    raised = curve(falling(0) * block)
    fall, rise = Break(AT + 8, -0.18, -8.0, 8), Break(AT + 1, 0.18, 8.0, 8)
    assert [each.index for each in with_leap(raised, [fall])] == [AT, AT + 8]
    assert with_leap(raised, [rise]) == [rise]


def test_a_climb_is_no_leap():
    """Most of it is slope; noise may make a step of one in ten."""
    climb = np.interp(np.arange(POINTS), [15, 30], [1, 1.25])
    assert sum(find_leap(curve(falling(seed) * climb)) is not None for seed in range(10)) <= 1


def test_noise_around_it_counts():
    """A wobble where the noise is threefold for a while is none."""
    for seed in range(10):
        wild = np.random.default_rng(seed).normal(0, 1, POINTS)
        sizes = np.where(np.abs(np.arange(POINTS) - AT) < 6, 0.09, 0.03)
        assert find_leap(curve(2 * np.exp(wild * sizes))) is None


def test_a_long_run_is_left_to_the_search():
    """Its windows are wide enough to have a slope of their own."""
    values = falling(0, 300)
    values[150:] *= 1.5
    assert find_leap(curve(values)) is None


def test_numbers_whose_sum_is_none_have_no_leap():
    """Eighty losses of 2e306 add up to infinity."""
    values = np.append(-1.0, np.full(80, 2.4e306))
    with np.errstate(all="ignore"):
        assert find_leap(curve(values)) is None
