"""Medians of short arrays agree with numpy's own."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossscan.numeric.medians import FEW_IN_ALL, block_medians, median, robust_sigma, running_median

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(NUMBERS)
def test_median_is_that_of_numpy(values):
    """The quick median gives the middle value, or the mean of the two in the middle."""
    assert median(np.array(values)) == np.median(values)


def test_median_of_nothing_is_no_number():
    """An empty stretch has no level."""
    assert math.isnan(median(np.array([])))


def test_a_nan_is_never_hidden():
    """A broken point among the values shows in their median."""
    assert math.isnan(median(np.array([1.0, math.nan, 3.0])))


@given(NUMBERS, st.sampled_from([1, 3, 7, 11]))
def test_running_median_repeats_the_edges(values, window):
    """Each point is the median of its neighbours; the ends see the first and last value again."""
    half = min(window, len(values)) // 2
    padded = np.pad(values, half, mode="edge")
    expected = [np.median(padded[i : i + 2 * half + 1]) for i in range(len(values))]
    assert running_median(np.array(values), window) == pytest.approx(expected)


def test_blocks_leave_out_an_unfinished_end():
    """Seven values make three whole blocks of two."""
    assert block_medians(np.arange(7.0), 2).tolist() == [0.5, 2.5, 4.5]


def test_one_wild_point_does_not_move_the_noise():
    """The robust spread of calm values stays what it is beside an outlier."""
    calm = np.random.default_rng(0).normal(size=500)
    assert robust_sigma(np.append(calm, 1e9)) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("points", [FEW_IN_ALL // 51, FEW_IN_ALL // 51 + 1])
def test_running_median_is_the_same_for_few_and_many_points(points):
    """Whichever way it is computed, it is the median of the window around each point."""
    values = np.random.default_rng(0).normal(size=points)
    padded = np.pad(values, 25, mode="edge")
    expected = [np.median(padded[at : at + 51]) for at in range(points)]
    assert running_median(values, 51).tolist() == expected
