"""Levels that explain a whole series, and courses that only look like it."""

import numpy as np
import pytest

import lossscan
from lossscan.signals import scan
from lossscan.signals.breaks import find_breaks, gap_ratios
from lossscan.signals.lone_step import shared_step
from tests.curves import curve, make_run


def normal(n: int, seed: int) -> np.ndarray:
    """Unit noise of a seed."""
    return np.random.default_rng(seed).standard_normal(n)


def breaks(values: np.ndarray) -> list[int]:
    """What the search for sharp breaks finds by itself."""
    searched = curve(values)
    return [found.index for found in find_breaks(searched, gap_ratios(searched))]


def test_a_step_of_two_spreads_is_found_where_no_sharp_break_is():
    """It hides in the noise of any ten points, and is told by all of them."""
    found = sharp = 0
    for seed in range(20):
        values = np.where(np.arange(200) < 120, 0.0, 2.0) + normal(200, seed)
        places = lossscan.change_points(values)
        found += len(places) == 1 and abs(places[0] - 120) <= 5
        sharp += bool(breaks(values))
    assert found >= 16
    assert sharp <= 4


def test_a_step_below_seasons_is_found():
    """A season as large as the step says nothing about it."""
    n = np.arange(180)
    values = 10 + np.sin(2 * np.pi * n / 12) - 2.0 * (n >= 100) + 0.3 * normal(180, 1)
    (at,) = lossscan.change_points(values)
    assert abs(at - 100) <= 5


def test_a_block_between_two_levels_has_two_edges():
    """There and back again."""
    n = np.arange(120)
    values = 3.0 * ((n >= 40) & (n < 80)) + normal(120, 2)
    found = lossscan.change_points(values)
    assert np.abs(np.subtract(found, [40, 80])).max() <= 2


@pytest.mark.parametrize(
    "course",
    [
        lambda u: u,
        lambda u: u**3,
        lambda u: np.exp(-4 * u),
        lambda u: np.exp(-25 * u),
        lambda u: 1 / np.sqrt(1 + 100 * u),
        lambda u: np.cos(np.pi * u),
        np.zeros_like,
    ],
)
@pytest.mark.parametrize("n", [12, 40, 150, 600])
def test_smooth_courses_have_no_levels(course, n):
    """However much of the variance a few levels explain, a smooth course explains more."""
    values = course(np.arange(n) / n)
    assert lossscan.change_points(values) == []
    for size, seed in ((0.01, 3), (0.1, 4), (0.5, 5)):
        assert lossscan.change_points(values + size * normal(n, seed)) == []


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_levels_are_found_at_any_scale(scale):
    """No square leaves the range of numbers."""
    values = np.where(np.arange(60) < 30, 1.0, -1.0) + 0.3 * normal(60, 6)
    assert lossscan.change_points(values * scale) == [30]


def test_a_smooth_course_without_noise_steps_at_no_epoch():
    """What rounding leaves of it is no evidence, however large its values are."""
    course = 3 - 1e-3 * np.arange(40) + 1e-5 * np.arange(40.0) ** 2
    assert [shared_step(scale * course, (10, 20, 30), ()) for scale in (1.0, 1e150)] == [0.0, 0.0]


def test_a_jump_elsewhere_is_no_evidence_of_steps_at_epochs():
    """No smooth course holds it, so that any steps would explain a part of it."""
    run = make_run(loss=[[0, 350, 2.0, 1.3], [350, 600, 1.8, 1.75]], noise=0.02, epochs=3)
    signals = scan(run)
    assert [change.kind for change in signals.changes] == ["level_up"]
    assert signals.epoch_step is None
