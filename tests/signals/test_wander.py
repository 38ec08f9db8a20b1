"""The wander of a smoothed loss is no departure; what moves it at once is one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan.model import Schedule
from lossscan.numeric.arrays import FloatArray
from lossscan.signals import scan
from tests.curves import make_run

POINTS, AT = 180, 120


def noisy(seed: int, rise: float = 1.0) -> FloatArray:
    """A falling loss in 10 % noise, which may rise two thirds into the run."""
    course = 1 + 1.2 * np.exp(-np.arange(POINTS) / 36)
    noise = np.random.default_rng(seed).normal(0, 0.1, POINTS)
    return course * np.exp(noise) * np.where(np.arange(POINTS) < AT, 1, rise)


def running_mean(values: FloatArray, points: int = 20) -> FloatArray:
    """The mean of the last points, of all there are at the start."""
    return np.array([values[max(at - points + 1, 0) : at + 1].mean() for at in range(len(values))])


def ema(values: FloatArray, memory: float = 0.9) -> FloatArray:
    """An exponential moving average that starts at the first value."""
    smooth = values.copy()
    for at in range(1, len(values)):
        smooth[at] = memory * smooth[at - 1] + (1 - memory) * values[at]
    return smooth


def departures(values: FloatArray, per_epoch: float = POINTS) -> list[int]:
    """The first points of its levels and excursions."""
    run = make_run(loss=dict(enumerate(values.tolist(), 1)))
    found = scan(replace(run, schedule=Schedule(steps_per_epoch=per_epoch)))
    levels = [change.step for change in found.changes if change.kind.startswith("level")]
    return levels + [each.start_step for each in found.excursions]


@pytest.mark.parametrize("smooth", [running_mean, ema])
def test_a_smoothed_loss_that_wanders_is_quiet(smooth: Callable[[FloatArray], FloatArray]):
    """What it does from point to point is a fifth of its wander: 14 such runs seemed to jump."""
    assert sum(bool(departures(smooth(noisy(seed)))) for seed in range(20)) <= 4


@pytest.mark.parametrize("seed", [4, 10, 20])
def test_the_first_points_of_a_running_mean_are_means_of_few(seed: int):
    """They move as the loss itself does, which is no spike."""
    assert departures(running_mean(noisy(seed))) == []


def test_a_rise_that_smoothing_spreads_is_found():
    """A loss that is doubled climbs faster than its mean ever wanders."""
    for seed in range(10):
        found = departures(ema(noisy(seed, rise=2.0)))
        assert any(abs(step - AT) <= 6 for step in found), seed


def test_a_jump_after_smoothing_is_found():
    """A tenth at one point is more than any move of the mean, and less than its wander."""
    for seed in range(10):
        values = running_mean(noisy(seed))
        values[AT:] *= 1.1
        assert any(abs(step - AT) <= 2 for step in departures(values)), seed


def test_a_smooth_loss_of_whole_epochs_may_have_a_bump():
    """Nothing smooths it from epoch to epoch: of ten such bumps eight are told, else one."""
    bump = 1 + 0.06 * np.exp(-(((np.arange(POINTS) - AT) / 3) ** 2))
    runs = [ema(noisy(seed)) * bump for seed in range(10)]
    assert sum(bool(departures(run, per_epoch=1)) for run in runs) >= 7


def test_a_leap_onto_a_steep_fall_is_found():
    """Neighbors of a steep fall are alike as those of a mean; what leaps to 20 times is no wander.

    A learning rate that is too high for the first step does so.
    """
    for seed in range(5):
        at = np.arange(75)
        course = np.interp(at, [0, 1, 12, 32, 74], np.log([3, 60, 3, 0.25, 0.12]))
        noise = np.random.default_rng(seed).normal(0, 0.12, len(at))
        assert departures(np.exp(course + noise), per_epoch=75) == [2], seed
