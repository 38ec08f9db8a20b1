"""Medians of short arrays agree with numpy's own."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossscan.numeric.medians import (
    APART,
    FEW,
    LONG,
    above_median,
    block_medians,
    median,
    past_median,
    robust_sigma,
    row_medians,
    running_median,
)

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
    """Each point is the median of its neighbors; the ends see the first and last value again."""
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


@pytest.mark.parametrize("points", [FEW, FEW + 1, FEW + 2])
def test_medians_are_the_same_for_few_and_many_points(points):
    """Whichever way they are found, they are those of numpy, and a NaN shows."""
    values = np.random.default_rng(0).normal(size=points)
    assert median(values) == np.median(values)
    assert math.isnan(median(np.append(values, math.nan)))
    rows = values[: points // 10 * 10].reshape(10, -1)
    assert row_medians(rows).tolist() == np.median(rows, axis=1).tolist()


def test_running_median_of_nothing_is_nothing():
    """A stretch without points has no course."""
    assert len(running_median(np.array([]), 11)) == 0


def test_running_median_leaves_out_what_is_no_number():
    """A NaN takes no part in the median of its neighbors."""
    assert running_median(np.array([1.0, math.nan, 3.0, 4.0]), 3).tolist() == [1.0, 2.0, 3.5, 4.0]


@pytest.mark.parametrize("count", [LONG, LONG + 1, LONG + APART + 3])
def test_what_is_far_from_the_course_is_measured_exactly(count):
    """In a long array with steps and spikes as well; what is near stays near."""
    values = np.random.default_rng(0).standard_t(3, size=count)
    values[count // 3 :] += 4.0
    values[[0, 5, count // 3 - 2, count // 2, count - 2]] += 9.0
    noise = np.linspace(1.0, 2.0, count)
    expected = (values - running_median(values, 51)) / noise
    parts = (slice(0, 8_000), slice(8_000, count))
    found = np.concatenate([above_median(values, noise[at], 51, at, 3.0) for at in parts])
    far = np.abs(expected) >= 3.0
    assert np.count_nonzero(far) > count // 100
    assert found[far] == pytest.approx(expected[far])
    assert np.abs(found[~far]).max() < 3.0


@given(NUMBERS, st.sampled_from([3, 5]))
def test_a_median_of_the_past_knows_no_future(values, window):
    """The first have fewer before them."""
    expected = [np.median(values[max(at - window + 1, 0) : at + 1]) for at in range(len(values))]
    assert past_median(np.array(values), window) == pytest.approx(expected)
