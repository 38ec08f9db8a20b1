"""Which logged points are values, and which zeros are none."""

import numpy as np
import pytest

from lossscan.points import blanks, finite, points_of
from lossscan.signals import scan
from tests.curves import make_run


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0, 8.0, 7.5, 7.0], [0, 1]),  # skipped at the start
        ([2.0, 1.9, 0, 1.8, 1.7], [2]),  # one masked window
        ([2.0, 1.9, 1.8, 0, 0], [3, 4]),  # hidden NaN
        ([0, 0, 0], [0, 1, 2]),
        ([2.0, 0.1, 0.0003, 0, 0.0002, 0], []),  # memorised and rounded
        ([0.4, 0.008, 0, 0.3, 0.5], []),  # some samples are memorised
        ([0.2, -0.1, 0, 0.3], []),  # an objective that crosses zero
        ([2.0, 1.0], []),
    ],
)
def test_a_zero_is_blank_where_nothing_near_could_round_to_it(values, expected):
    """Skipped, masked and hidden windows are told from tiny losses."""
    assert np.flatnonzero(blanks(np.array(values, dtype=np.float64))).tolist() == expected


def test_each_zero_is_judged_by_its_own_surroundings():
    """A run that memorises its samples in the end may have skipped updates at its start."""
    values = np.array([0.0, 0.0, *np.geomspace(8.0, 0.001, 30), 0.0, 0.0])
    assert np.flatnonzero(blanks(values)).tolist() == [0, 1]


def test_only_the_loss_is_cleared_of_blanks():
    """A gradient or a reward of 0 is a value."""
    run = make_run(loss={1: 0.0, 2: 2.0, 3: float("nan")}, grad_norm={1: 0.0, 2: 1.0, 3: 1.0})
    loss, norms = points_of(run, "loss"), points_of(run, "grad_norm")
    assert loss is not None
    assert norms is not None
    assert (loss.steps.tolist(), norms.steps.tolist()) == ([2], [1, 2, 3])


def test_the_zeros_of_a_policy_are_values():
    """The loss of GRPO begins at exactly 0."""
    run = make_run(loss={1: 0.0, 2: 2.0}, objective="grpo")
    loss = points_of(run, "loss")
    assert loss is not None
    assert loss.steps.tolist() == [1, 2]


def test_nothing_is_left_of_a_loss_that_is_always_zero():
    """There is no course to be judged."""
    assert points_of(make_run(loss={1: 0.0, 2: 0.0}), "loss") is None
    assert finite(None) is None


@pytest.mark.parametrize("skipped", [[1], [1, 2, 3, 4], [2, 3, 4, 5], [*range(1, 11)], [150, 151]])
def test_skipped_windows_make_no_jump_and_no_spike(skipped: list[int]):
    """The real losses around windows of 0.0 are no change of the loss."""
    course = [[0, 300, 10.4, 4.1]]
    run = make_run(every=1, loss=course, noise=0.01, put={"loss": dict.fromkeys(skipped, 0.0)})
    signals = scan(run)
    assert (signals.changes, signals.excursions) == ((), ())
