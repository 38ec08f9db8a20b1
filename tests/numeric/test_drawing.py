"""Fewer points that look like all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossscan.numeric.drawing import LEAST, thinned

NUMBERS = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=300)


@given(NUMBERS, st.integers(LEAST, 60))
def test_extremes_ends_and_gaps_stay(numbers, most):
    """No more places than asked for, in order; the lowest and the highest value among them."""
    values = np.array(numbers, dtype=np.float64)
    places = thinned(values, most)
    assert len(places) <= max(most, 0)
    assert (np.diff(places) > 0).all()
    finite = values[np.isfinite(values)]
    if len(finite):
        kept = values[places]
        kept = kept[np.isfinite(kept)]
        assert (kept.min(), kept.max()) == (finite.min(), finite.max())
    if len(values):
        assert (places[0], places[-1]) == (0, len(values) - 1)
        assert np.isfinite(values[places]).all() == np.isfinite(values).all()


@pytest.mark.parametrize("place", [1, 4_999, 99_998])
def test_a_single_spike_stays(place):
    """One point among a hundred thousand is not lost."""
    values = np.zeros(100_000)
    values[place] = 1.0
    assert place in thinned(values, 60)
