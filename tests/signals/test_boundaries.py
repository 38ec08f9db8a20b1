"""Known landmarks are tested where they stand."""

import numpy as np
import pytest

from lossscan.model import Landmark
from lossscan.signals.boundaries import judge_landmarks as judge
from tests.curves import curve


def stairs(levels, points, noise, seed=0):
    """Levels of `points` points each, in noise."""
    rng = np.random.default_rng(seed)
    return np.repeat(levels, points) * np.exp(noise * rng.normal(size=len(levels) * points))


def epochs(*steps):
    """Epoch boundaries at steps."""
    return [Landmark("epoch_boundary", step, epoch=at + 1) for at, step in enumerate(steps)]


def test_steps_at_boundaries_stand_out():
    """Each stair is measured at its own place, in the right direction."""
    found = judge(curve(stairs([1.0, 0.8, 0.6], 60, 0.05)), epochs(60, 120), averaged=True)
    assert [test.step for test in found] == [61, 121]
    assert all(test.sigma < -5 and test.p_value < 0.05 for test in found)


def test_boundary_without_step_does_not_stand_out():
    """A multi-epoch run without memorisation is like any other place of itself."""
    rng = np.random.default_rng(1)
    values = (1 + np.exp(-np.arange(180) / 30)) * np.exp(0.05 * rng.normal(size=180))
    assert all(abs(t.sigma) < 3 for t in judge(curve(values), epochs(60, 120), averaged=True))


def test_window_across_the_boundary_belongs_to_neither_side():
    """The logged mean of a window that holds both epochs is left out of both levels."""
    values = np.repeat([1.0, 0.5], 30)
    values[30] = 0.75  # steps 301..310, the epoch ends at 305
    (test,) = judge(curve(values, spacing=10), epochs(305), averaged=True)
    assert (test.before, test.after) == pytest.approx((1.0, 0.5))
    assert test.gap == pytest.approx(np.log(0.5))


def test_quoted_levels_are_those_at_the_two_edges():
    """On a slope, a step of a tenth is said to be one of a tenth, from where the epoch ended."""
    values = np.exp(-0.02 * np.arange(40.0)) * np.repeat([1.0, 0.9], 20)
    (test,) = judge(curve(values), epochs(20), averaged=True)
    assert test.after / test.before == pytest.approx(0.9, rel=1e-3)
    assert test.before == pytest.approx(np.exp(-0.02 * 19.5), rel=0.01)


def test_quoted_levels_are_near_the_boundary_behind_a_steep_descent():
    """The level before a step is that of the last points, however far above the loss was before."""
    descent = np.exp(np.linspace(0, np.log(0.2), 6))
    values = np.concatenate([np.ones(20), descent, np.repeat(0.1, 20)])
    (test,) = judge(curve(values), epochs(26), averaged=True)
    assert test.before == pytest.approx(0.2, rel=0.15)


def test_quoted_levels_leave_out_what_bends_farther_away():
    """Epochs in which the loss climbs step down by what is seen there, and not by twice as much."""
    climbs = 0.3 * np.sqrt(np.arange(30) / 30)
    values = np.exp(np.concatenate([climbs, climbs - 0.1]))
    (test,) = judge(curve(values), epochs(30), averaged=True)
    assert np.log(test.after / test.before) == pytest.approx(-0.4, abs=0.1)


def test_instant_losses_have_no_mixed_point():
    """MiniMind prints single batches: the first one after the boundary is all new."""
    values = np.repeat([1.0, 0.5], 30)
    (test,) = judge(curve(values, spacing=10), epochs(305), averaged=False)
    assert test.index == 30


def test_points_in_doubt_leave_no_edge_that_counts_as_noise():
    """Where the log rounds its epochs, a step is removed at the point where it is, not halfway."""
    values = stairs([1.6, 1.2, 0.8], 8, 0.02)
    marks = [Landmark("epoch_boundary", step, slack=1.0, epoch=step // 8) for step in (8, 16)]
    assert all(test.sigma < -8 for test in judge(curve(values), marks, averaged=True))


def ticked(drop, seed):
    """Three epochs of seven points in a descent, the window that ends each lifted by 12 %."""
    at, rng = np.arange(21), np.random.default_rng(seed)
    values = (1.5 + 0.6 * np.exp(-at / 3)) * (1 - drop) ** (at // 7)
    values *= np.exp(0.01 * rng.normal(size=21))
    values[[6, 13]] *= 1.12  # an incomplete last group, logged with the first steps of the next
    return judge(curve(values, spacing=10), epochs(68, 138), averaged=True)


def test_tick_at_the_end_of_each_epoch_hides_no_step_there():
    """The window that an incomplete last group lifts is no noise of the rest of a short run."""
    assert all(min(test.sigma for test in ticked(0.08, seed)) < -3 for seed in (0, 1, 3, 5))


def test_tick_alone_is_no_step():
    """Such a window between two levels that go on alike changes neither."""
    assert all(abs(test.sigma) < 2 for seed in range(6) for test in ticked(0.0, seed))


def test_slope_next_to_a_boundary_is_no_odd_point():
    """Where the loss still falls, the points nearest to the boundary are judged as well."""
    at = np.arange(30)
    values = (1.5 + np.exp(-at / 8)) * stairs([1.0, 0.92, 0.85], 10, 0.004)
    found = judge(curve(values, spacing=10), epochs(100, 200), averaged=True)
    assert [test.index for test in found] == [10, 20]


def test_epochs_of_one_point_are_not_judged():
    """With one point an epoch there is nothing to compare."""
    values = stairs([1.0, 0.9, 0.8, 0.7, 0.65, 0.6, 0.55, 0.5], 1, 0.01)
    assert judge(curve(values), epochs(1, 2, 3, 4, 5, 6, 7), averaged=True) == ()
