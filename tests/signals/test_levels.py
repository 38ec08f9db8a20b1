"""Whether a rise stays is judged against the course it is on, not against where it began."""

from __future__ import annotations

import numpy as np
import pytest

from lossscan.model import Excursion, Landmark, Run, Schedule, Series, Signals
from lossscan.signals import scan

AT, POINTS = 34, 100  # index of the rise, and points of the run


def _scanned(rise: np.ndarray, seed: int) -> Signals:
    """A falling curve with noise of 1 % that is multiplied by a rise from a point on."""
    course = 1.2 + 2.5 * np.exp(-4 * np.arange(POINTS) / POINTS)
    values = course * np.exp(0.01 * np.random.default_rng(seed).normal(size=POINTS))
    values[AT:] *= rise
    series = Series("loss", np.arange(1, POINTS + 1), values)
    return scan(Run("r", "r", {"loss": series}, ()))


@pytest.mark.parametrize("seed", range(5))
def test_step_up_within_a_descent_is_a_jump_though_the_loss_falls_on(seed: int):
    """The loss is below its level before the jump twenty points later; the jump is still in it."""
    signals = _scanned(np.full(POINTS - AT, 1.3), seed)
    (jump,) = signals.changes_of("loss", "level_up")
    assert (jump.index, jump.stays > 0.5) == (AT, True)
    assert signals.excursions == ()


@pytest.mark.parametrize("seed", range(5))
def test_rise_that_decays_within_a_descent_is_no_jump(seed: int):
    """Once it is over, the loss falls as steeply as before it."""
    signals = _scanned(1 + 0.6 * np.exp(-np.arange(POINTS - AT) / 6), seed)
    assert signals.changes_of("loss", "level_up") == ()
    assert [each.start for each in signals.excursions] == [AT]


def _smooth_descent(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=POINTS)
    return np.asarray(3.0 * np.exp(-np.arange(POINTS) / 40 + 0.005 * noise))


def _scan(values: np.ndarray) -> Signals:
    return scan(Run("r", "r", {"loss": Series("loss", np.arange(POINTS), values)}, ()))


@pytest.mark.parametrize("seed", range(5))
def test_hump_in_a_smooth_descent_is_one_excursion_and_its_end_no_drop(seed: int):
    """The loss rises by 15 % for four points while it falls by 10 %: no level of its own shows."""
    values = _smooth_descent(seed)
    values[50:54] *= 1.15
    signals = _scan(values)
    assert [each.start_step for each in signals.excursions] == [50]
    assert signals.changes_of("loss", "level_down") == ()


@pytest.mark.parametrize("seed", range(5))
def test_drop_far_below_where_a_small_climb_began_is_a_drop(seed: int):
    """What the fall takes back is a tenth of it."""
    values = _smooth_descent(seed)
    values[50:54] *= 1.04
    values[54:] *= 0.6
    assert [each.step for each in _scan(values).changes_of("loss", "level_down")] == [54]


def test_points_before_a_step_in_a_descent_hide_no_later_spike():
    """They are far below a median that holds the level behind the step, which is no noise."""
    values = 50 * np.exp(0.003 * np.random.default_rng(1).normal(size=POINTS))
    values[:20] *= np.linspace(1.2, 0.9, 20)
    values[50:] *= np.exp(-np.arange(50) / 15)
    values[80] *= 1.2
    assert 80 in [each.start_step for each in _scan(values).excursions]


def _with_epoch(rise: np.ndarray, seed: int) -> Signals:
    """Two epochs in noise of 10 %, the second multiplied by a rise."""
    values = np.exp(0.1 * np.random.default_rng(seed).normal(size=60))
    values[-len(rise) :] *= rise
    series = Series("loss", np.arange(1, 61), values)
    schedule = Schedule((Landmark("epoch_boundary", 60.0 - len(rise), epoch=1),))
    return scan(Run("r", "r", {"loss": series}, (), schedule=schedule))


@pytest.mark.parametrize("seed", [0, 1, 6])
def test_step_up_that_only_the_end_of_an_epoch_makes_sure_is_a_jump(seed: int):
    """A search of all places does not find it; the test at this one does."""
    (jump,) = _with_epoch(np.full(23, 1.5), seed).changes_of("loss", "level_up")
    assert jump.aligned_to is not None
    assert jump.aligned_to.kind == "epoch_boundary"


@pytest.mark.parametrize("seed", [0, 1, 6])
def test_step_up_at_the_end_of_an_epoch_that_is_soon_over_is_no_jump(seed: int):
    """The loss is back after a fourth of the epoch."""
    rise = np.concatenate([np.full(6, 1.5), np.ones(17)])
    assert _with_epoch(rise, seed).changes_of("loss", "level_up") == ()


def _raised(rise: np.ndarray) -> Signals:
    """A level of 300 points in noise of 1 %, multiplied by a rise from the 100th on."""
    values = np.exp(0.01 * np.random.default_rng(0).normal(size=300))
    values[100 : 100 + len(rise)] *= rise
    return scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 301), values)}, ()))


@pytest.mark.parametrize(("points", "stays"), [(45, False), (105, True)])
def test_a_stay_of_a_third_of_the_run_is_a_level_of_its_own(points: int, stays: bool):  # noqa: FBT001
    """A shorter one, which the loss comes back from, is no jump."""
    signals = _raised(np.full(points, 1.4))
    assert bool(signals.changes_of("loss", "level_up")) is stays
    assert bool(signals.excursions) is not stays


@pytest.mark.parametrize(("left", "stays"), [(0.3, False), (0.7, True)])
def test_a_rise_that_soon_loses_most_of_its_height_is_no_jump(left: float, stays: bool):  # noqa: FBT001
    """Of one that stays, most is left behind its first points."""
    fading = np.concatenate([np.linspace(1, left, 12), np.full(188, left)])
    assert bool(_raised(1 + 0.6 * fading).changes_of("loss", "level_up")) is stays


@pytest.mark.parametrize("seed", range(5))
def test_rise_in_the_first_points_of_a_run_that_only_falls_behind_it_is_found(seed: int):
    """The first two steps make the loss a hundred times as large, and it never comes back."""
    course = np.concatenate([[60, 600], 6000 * np.exp(-np.arange(48) / 13)])
    values = course * np.exp(0.1 * np.random.default_rng(seed).normal(size=50))
    values = np.maximum(values, 150.0 * (np.arange(50) > 0))
    signals = scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 51), values)}, ()))
    (rise,) = signals.changes_of("loss", "level_up")
    assert rise.index <= 2


def test_loss_that_rises_with_each_epoch_and_falls_within_does_not_jump():
    """Data read in one order makes a wave of every epoch."""
    wave = np.tile(np.exp(-0.06 * np.linspace(0, 1, 20)), 20)
    values = wave * np.exp(0.008 * np.random.default_rng(0).normal(size=400))
    series = Series("loss", np.arange(1, 401), values)
    ends = tuple(Landmark("epoch_boundary", 20.0 * e, epoch=e) for e in range(1, 20))
    signals = scan(Run("r", "r", {"loss": series}, (), schedule=Schedule(ends)))
    assert any(test.sigma > 6 for test in signals.boundaries)
    assert signals.changes_of("loss", "level_up") == ()


def test_block_that_begins_with_an_epoch_is_over_and_no_jump():
    """What the search has seen to come back is no rise that stays, whatever the test says."""
    rng = np.random.default_rng(0)
    values = np.exp(0.01 * rng.normal(size=160))
    values[80:100] *= 1.15
    series = Series("loss", np.arange(1, 161), values)
    schedule = Schedule((Landmark("epoch_boundary", 80.0, epoch=1),))
    signals = scan(Run("r", "r", {"loss": series}, (), schedule=schedule))
    assert [each.start for each in signals.excursions] == [80]
    assert signals.changes == ()


def test_block_that_ends_with_an_epoch_is_no_step_down():
    """The course comes back to where it was; the test at the boundary passes over the block."""
    values = np.exp(0.01 * np.random.default_rng(0).normal(size=160))
    values[60:80] *= 1.15
    series = Series("loss", np.arange(1, 161), values)
    schedule = Schedule((Landmark("epoch_boundary", 80.0, epoch=1),))
    signals = scan(Run("r", "r", {"loss": series}, (), schedule=schedule))
    assert [each.start for each in signals.excursions] == [60]
    assert all(abs(end.sigma) < 4 for end in signals.boundaries)


def test_fall_with_the_learning_rate_is_no_rise_at_the_end_of_the_next_epoch():
    """No window that judges the end of an epoch reaches over a step with a cause of its own."""
    values = np.exp(0.012 * np.random.default_rng(0).laplace(size=600))
    values[350:] *= 0.85
    series = Series("loss", np.arange(1, 601), values)
    marks = (Landmark("lr_change", 350.0), Landmark("epoch_boundary", 400.0, epoch=2))
    schedule = Schedule(marks)
    (end,) = scan(Run("r", "r", {"loss": series}, (), schedule=schedule)).boundaries
    assert abs(end.sigma) < 4


def _descent(rise: np.ndarray, seed: int) -> np.ndarray:
    """A smooth fall over 80 points, multiplied by a rise from the 40th on."""
    course = 2.0 * np.exp(-np.arange(80) / 60)
    course[40 : 40 + len(rise)] *= rise
    return course * np.exp(0.005 * np.random.default_rng(seed).normal(size=80))


@pytest.mark.parametrize("seed", range(5))
def test_slow_hump_on_a_smooth_curve_is_found_where_it_begins(seed: int):
    """Five points of a tenth and more, too slow for a step, stand out of a smooth descent."""
    values = _descent(np.array([1.06, 1.13, 1.2, 1.18, 1.08]), seed)
    signals = scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 81), values)}, ()))
    assert any(39 <= each.start <= 43 for each in signals.excursions)


@pytest.mark.parametrize("seed", range(5))
def test_smooth_descent_without_a_hump_has_none(seed: int):
    """Its noise makes no climb that comes back."""
    values = _descent(np.ones(0), seed)
    signals = scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 81), values)}, ()))
    assert signals.excursions == ()


def test_what_is_told_of_two_peaks_is_a_peak():
    """Between two odd batches is a usual one, which is no height that the loss reached."""
    found: list[Excursion] = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        values = 3.7 * np.exp(-np.arange(130) / 80 + 0.01 * random.normal(size=130))
        odd = random.random(130) < 0.15
        values[odd] *= random.uniform(1.3, 3.0, odd.sum())
        series = Series("loss", np.arange(1, 131), values)
        found += scan(Run("r", "r", {"loss": series}, ())).excursions
    assert found
    assert all(each.peak > each.base for each in found)
