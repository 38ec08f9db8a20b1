"""Where a course turns upwards, and whether it rises beyond chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossscan.numeric.courses import COMPARED, kendall, knee


@given(st.integers(5, 45), st.floats(-0.1, 0.1), st.floats(0.2, 3.0))
def test_a_line_that_turns_upwards_has_its_knee_where_it_turns(at: int, before: float, turn: float):
    """Whatever its slope was before."""
    x = np.arange(50.0)
    assert knee(before * x + turn * np.maximum(x - at, 0)) == at


def test_noise_moves_the_knee_by_little():
    """A climb of 10 noise units over 40 points is placed within 5."""
    rng = np.random.default_rng(3)
    course = np.maximum(np.arange(100) - 60, 0) / 4 + rng.normal(size=100)
    assert abs(knee(course) - 60) <= 5


@pytest.mark.parametrize("values", [[], [1.0, 2.0], [1.0] * 9, list(range(9)), [0.0, 5, 6, 6, 6]])
def test_what_does_not_turn_upwards_has_none(values: list[float]):
    """A line, and a course that flattens."""
    assert knee(np.array(values, dtype=float)) == 0


def test_values_that_only_rise_are_as_sure_as_their_number_allows():
    """Ten values in order are four standard errors from chance, however large each step."""
    rising = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 1000.0])
    assert np.isclose(kendall(rising), 45 / np.sqrt(125))
    assert np.isclose(kendall(-rising), -kendall(rising))


def test_one_value_has_no_trend():
    """Nothing can be compared with nothing."""
    assert kendall(np.array([1.0])) == kendall(np.array([])) == 0.0


def test_a_long_series_costs_no_more_than_a_short_one():
    """A million values are compared as means of some in a row, and the trend shows all the same."""
    assert kendall(np.arange(1e6)) > kendall(np.arange(COMPARED / 2))
