"""The level of a loss around steps."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.model import Series
from lossscan.rules.kit.levels import level_at, levels_at


@given(
    st.lists(st.integers(0, 60), min_size=5, max_size=40, unique=True).map(sorted),
    st.lists(st.integers(0, 60), min_size=1, max_size=8),
    st.integers(1, 5),
)
def test_levels_at_many_steps_are_the_level_at_each(
    steps: list[int], places: list[int], points: int
):
    """All at once, for runs with an evaluation at each step."""
    values = np.sin(np.arange(len(steps)) * 7.0)
    series = Series("loss", np.array(steps, dtype=np.int64), values)
    expected = [level_at(series, place, points=points) for place in places]
    assert levels_at(series, np.array(places), points=points).tolist() == expected
