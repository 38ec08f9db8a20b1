"""The last decimal place of a printed column."""

import numpy as np

from lossscan.numeric.decimals import last_place

UNITS = (1e-2, 1e-3, 1e-4)


def test_last_place_is_the_coarsest_that_fits_all_values():
    """One value of three decimals among rounder ones shows that three are printed."""
    assert last_place(np.array([0.0, 0.5, 0.25, 0.125]), UNITS) == 1e-3


def test_last_place_looks_at_every_value():
    """A value that is finer than those looked at first still counts."""
    values = np.zeros(1000)
    values[777] = 0.1234
    assert last_place(values, UNITS) == 1e-4


def test_last_place_of_an_unrounded_column_is_none():
    """A column with all its digits has no last decimal place among the units."""
    assert last_place(np.array([1 / 3, 2 / 3]), UNITS) == 0.0
