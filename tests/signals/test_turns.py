"""Turns: where a course goes over from falling to rising."""

import numpy as np
import pytest

from lossscan.model import Landmark, Run, Schedule, Series
from lossscan.signals import scan
from lossscan.signals.turns import find_turns
from tests.curves import curve


def turns(values):
    """The turns of values at steps 1, 2, ..."""
    return list(find_turns(curve(values), ()))


def noise(n, seed):
    """Factors around 1."""
    return np.exp(0.03 * np.random.default_rng(seed).normal(size=n))


@pytest.mark.parametrize("n", [100, 1000, 5000])
def test_fall_that_becomes_a_climb_turns_once(n):
    """The place is where the climb begins, within a tenth of the run."""
    t = np.arange(n) / n
    course = np.where(t < 0.6, 2 - 2 * t, 0.8 + 3 * (t - 0.6))
    (turn,) = turns(course * noise(n, n))
    assert turn.kind == "slope_up"
    assert abs(turn.step - 0.6 * n) <= 0.1 * n


@pytest.mark.parametrize("seed", range(5))
def test_decay_that_levels_off_does_not_turn(seed):
    """A knee is a bend in one direction."""
    assert turns((1 + 2 * np.exp(-np.arange(600) / 60)) * noise(600, seed)) == []


def test_warm_up_fall_of_a_rate_is_one_turn():
    """A learning rate rises and then falls: it turns downward."""
    t = np.arange(200)
    (turn,) = turns(np.where(t < 40, (t + 1) / 40, 1 - 0.9 * (t - 40) / 160))
    assert turn.kind == "slope_down"


def _scanned(end: float, seed: int):
    """What is found in a loss that climbs to three times its level, and ends on another."""
    points = [0, 60, 90, 110, 140]
    course = np.exp(np.interp(np.arange(140), points, np.log([1, 0.5, 1.5, end, end])))
    values = course * np.exp(0.05 * np.random.default_rng(seed).normal(size=140))
    return scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 141), values)}, ()))


@pytest.mark.parametrize("seed", range(3))
def test_slow_climb_that_comes_back_is_one_excursion(seed: int):
    """The loss rises over 30 points and is back 20 later: no turn is left."""
    signals = _scanned(0.45, seed)
    assert any(45 <= each.start <= 80 for each in signals.excursions)
    assert signals.changes_of("loss", "slope_up") == ()


def _shaped(points: list[int], levels: list[float], seed: int, *, ends: tuple[float, ...] = ()):
    """What is found in a loss of 300 points that goes straight from level to level."""
    course = np.exp(np.interp(np.arange(300), points, np.log(levels)))
    marks = tuple(Landmark("epoch_boundary", end) for end in ends)
    loss = Series("loss", np.arange(1, 301), course * noise(300, seed))
    return scan(Run("r", "r", {"loss": loss}, (), schedule=Schedule(landmarks=marks)))


@pytest.mark.parametrize("seed", range(3))
def test_slow_climb_across_the_end_of_an_epoch_is_an_excursion(seed: int):
    """An epoch that ends halfway up has nothing to do with it."""
    course = [0, 120, 170, 220, 300], [1, 0.7, 1.2, 0.65, 0.6]
    signals = _shaped(*course, seed, ends=(150.0,))
    assert any(100 <= each.start <= 140 for each in signals.excursions)
    assert signals.changes_of("loss", "slope_up") == ()


@pytest.mark.parametrize("seed", range(3))
def test_steep_way_back_from_a_slow_climb_is_no_drop(seed: int):
    """Half of a climb of 60 points is gone within four."""
    signals = _shaped([0, 150, 210, 214, 300], [0.9, 0.7, 1.3, 0.9, 0.65], seed)
    assert any(130 <= each.start <= 170 for each in signals.excursions)
    assert signals.changes_of("loss", "level_down") == ()


@pytest.mark.parametrize("seed", range(3))
def test_slow_climb_far_behind_a_drop_is_a_turn(seed: int):
    """The loss drops by a third, and from the middle of the run on it climbs to the end."""
    signals = _shaped([0, 40, 41, 150, 300], [2, 1.9, 1.2, 1.1, 1.5], seed)
    assert [each.kind for each in signals.changes] == ["level_down", "slope_up"]


@pytest.mark.parametrize("seed", range(3))
def test_slow_climb_that_stays_is_a_turn(seed: int):
    """The same climb without the way back is for the rules of what diverges."""
    signals = _scanned(1.6, seed)
    assert signals.changes_of("loss", "slope_up", "level_up")


@pytest.mark.parametrize("seed", range(5))
def test_slow_climb_from_the_first_point_is_an_excursion(seed: int):
    """At a rate that is too high the loss climbs before it falls at all."""
    t = np.arange(200)
    course = np.exp(np.interp(t, [0, 60, 160, 200], np.log([4.6, 5.5, 4.6, 4.5])))
    loss = Series("loss", t + 1, course * noise(200, seed))
    (hump,) = scan(Run("r", "r", {"loss": loss}, ())).excursions
    assert hump.start == 0
    assert 60 < hump.stop < 160


@pytest.mark.parametrize("seed", range(5))
def test_loss_that_stays_where_it_began_until_it_falls_has_no_hump(seed: int):
    """A plateau, and then the fall of a model that begins to learn."""
    t = np.arange(200)
    course = 1 + 4 / (1 + np.exp((t - 100) / 10))
    loss = Series("loss", t + 1, course * noise(200, seed))
    assert scan(Run("r", "r", {"loss": loss}, ())).excursions == ()
