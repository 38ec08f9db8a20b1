"""Counts that begin anew in each epoch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.formats.kit.steps import epoch_length, run_steps


@given(
    length=st.integers(10, 1000),
    epochs=st.integers(2, 20),
    every=st.integers(1, 9),
    first=st.integers(0, 1),
    resumed=st.integers(0, 5),
)
def test_run_steps_undoes_the_counting_of_epochs(
    length: int, epochs: int, every: int, first: int, resumed: int
):
    """Whatever epoch a log begins in, its steps are those of the whole run."""
    counts = np.arange(0, length, every)
    numbers = np.repeat(np.arange(resumed, resumed + epochs) + first, len(counts))
    counts = np.tile(counts, epochs)
    found = epoch_length(counts, numbers, [length] * len(counts))
    assert found == length
    base = first if first == 1 or resumed == 0 else 1
    assert np.array_equal(run_steps(counts, numbers, length), (numbers - base) * length + counts)


@given(steps=st.lists(st.integers(1, 50), min_size=2, max_size=60))
def test_epoch_length_leaves_steps_of_a_run_alone(steps: list[int]):
    """Counts that rise throughout are no counts of an epoch, whatever the epochs."""
    counts = np.cumsum(steps)
    assert epoch_length(counts, counts // 40) is None
