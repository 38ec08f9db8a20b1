"""What holds of the engine for any series."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import lossscan
from lossscan.model import Run, Series
from lossscan.signals import scan

ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)
LENGTHS = st.integers(0, 120)


@settings(max_examples=60)
@given(arrays(np.float64, LENGTHS, elements=ANY))
def test_any_series_is_scanned_without_error(values):
    """No sequence of numbers, finite or not, stops the engine."""
    steps = np.arange(1, len(values) + 1)
    signals = scan(Run("r", "r", {"loss": Series("loss", steps, values)}, ()))
    assert all(0 <= change.index < len(values) for change in signals.changes)


@settings(max_examples=30)
@given(
    scale=st.floats(1e-3, 1e3),
    seed=st.integers(0, 10_000),
    n=st.integers(80, 400),
    up=st.booleans(),
)
def test_one_large_step_is_found_once_at_any_scale(scale, seed, n, up):
    """A step of 12 noise units gives one break within a point, in any unit of the loss."""
    rng = np.random.default_rng(seed)
    at = n // 2
    log = 0.05 * rng.normal(size=n)
    log[at:] += 0.6 if up else -0.6
    found = lossscan.change_points((scale * np.exp(log)).tolist())
    assert len(found) == 1
    assert abs(found[0] - at) <= 1


@settings(max_examples=30)
@given(st.floats(-1e6, 1e6), st.integers(1, 2000))
def test_constant_series_have_no_break(value, n):
    """Nothing happens where nothing changes."""
    assert lossscan.change_points([value] * n) == []
