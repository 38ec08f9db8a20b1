"""Whether a series rises beyond chance."""

import numpy as np

from lossscan.numeric.courses import COMPARED, kendall


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
