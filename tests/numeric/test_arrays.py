"""Numbers in order, each once, as numpy gives them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.numeric.arrays import distinct


@given(st.lists(st.integers(-9, 9)) | st.lists(st.floats(allow_nan=False)))
def test_distinct_numbers_are_those_of_numpy(numbers: list[float]):
    """The quick way gives the same, of nothing as well."""
    assert np.array_equal(distinct(np.array(numbers)), np.unique(numbers))
