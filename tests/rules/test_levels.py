"""The level of a loss around steps."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.model import Series
from lossscan.rules.kit.levels import level_at, levels_at


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=40, unique=True).map(sorted),
    st.lists(st.integers(0, 60), min_size=1, max_size=8),
    st.integers(1, 5),
)
def test_a_level_is_the_median_of_the_nearest_points(
    steps: list[int], places: list[int], points: int
):
    """Of two that are as near, the one before the step; the same for many steps at once."""
    values = np.sin(np.arange(len(steps)) * 7.0)
    series = Series("loss", np.array(steps, dtype=np.int64), values)
    nearest = [sorted(range(len(steps)), key=lambda n: abs(steps[n] - at)) for at in places]
    expected = [float(np.median(values[each[:points]])) for each in nearest]
    assert levels_at(series, np.array(places), points=points).tolist() == expected
    assert [level_at(series, at, points=points) for at in places] == expected
