"""Numbers in order, each once, as numpy gives them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.numeric.arrays import distinct, settled_from


@given(st.lists(st.integers(-9, 9)) | st.lists(st.floats(allow_nan=False)))
def test_distinct_numbers_are_those_of_numpy(numbers: list[float]):
    """The quick way gives the same, of nothing as well."""
    assert np.array_equal(distinct(np.array(numbers)), np.unique(numbers))


@given(st.lists(st.integers(0, 2)))
def test_a_series_is_settled_from_its_last_change_on(numbers: list[int]):
    """Nothing moves behind it; what never moves is settled from the first, and nothing as well."""
    changes = [at for at in range(1, len(numbers)) if numbers[at] != numbers[at - 1]]
    assert settled_from(np.array(numbers, dtype=float)) == max(changes, default=0)
