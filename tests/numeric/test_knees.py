"""The place where a course turns upwards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossscan.numeric.courses import knee


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
