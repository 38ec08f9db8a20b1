"""Level shifts: found where they are, and nowhere else."""

import numpy as np
import pytest

import lossscan
from lossscan.model import Series
from lossscan.numeric.arrays import ignore_float_errors
from lossscan.signals.breaks import find_breaks, gap_ratios
from lossscan.signals.clean import curve_of
from lossscan.signals.gaps import Break, gaps, sums_of, windows_at


def found_in(values) -> list[Break]:
    """The breaks of values."""
    array = np.asarray(values, dtype=np.float64)
    curve = curve_of(Series("loss", np.arange(len(array)), array))
    return [] if curve is None else find_breaks(curve, gap_ratios(curve))


def breaks(values) -> list[int]:
    """Indices of the breaks of values."""
    return [b.index for b in found_in(values)]


def noise(n: int, seed: int, size: float = 0.03):
    """Factors around 1."""
    return np.exp(size * np.random.default_rng(seed).normal(size=n))


def test_gap_is_the_step_and_nothing_of_line_or_parabola():
    """A decay that bends gently makes no gap; a step shows in full."""
    t = np.arange(80.0)
    curve = 5 - 0.1 * t + 0.002 * t**2
    curve[40:] += 1.5
    (found,) = gaps(sums_of(curve), windows_at(np.array([40, 60]), 15, n=80))
    assert found == pytest.approx([1.5, 0.0], abs=1e-9)


@pytest.mark.parametrize("n", [60, 300, 2000, 20_000])
def test_one_step_is_found_at_its_point(n):
    """A lasting jump by a half in 3 % noise stands at its first point, at any length."""
    at = n * 6 // 10
    values = 2 * (1 + np.arange(n) / 20) ** -0.2 * noise(n, 5)
    values[at:] *= 1.5
    assert breaks(values) == [at]


def test_step_that_short_windows_hardly_see_is_found_by_the_whole_course():
    """A drop by 38 % in 10 % noise, with 60 points in all: no bend explains them as well."""
    values = (0.25 + np.exp(-np.arange(60) / 12)) * noise(60, 5, 0.1)
    values[25:] *= 0.62
    assert breaks(values) == [25]


@pytest.mark.parametrize("seed", range(10))
def test_late_drop_of_a_short_run_is_as_sure_as_the_whole_course_tells(seed):
    """Down by a factor of 7 in 30 % noise, 15 points before the end: it is plain to see."""
    values = (0.03 + np.exp(-np.arange(75) / 12)) * noise(75, seed, 0.3)
    values[60:] /= 7
    (drop,) = found_in(values)
    assert drop.index == pytest.approx(60, abs=1)
    assert drop.sigma < -8


@pytest.mark.parametrize("seed", range(10))
def test_bend_of_a_short_run_is_no_step(seed):
    """A loss that begins to fall four times as fast steps at no point."""
    t = np.arange(60)
    values = np.where(t < 25, 1 - 0.005 * t, 0.875 - 0.02 * (t - 25)).clip(0.2)
    assert breaks(values * noise(60, seed, 0.06)) == []


def test_two_drops_on_a_decay_are_both_found():
    """Trend and steps are told apart."""
    n = 1500
    values = (1 + 2 * np.exp(-np.arange(n) / 300)) * noise(n, 6)
    values[500:] *= 0.7
    values[1000:] *= 0.7
    assert breaks(values) == [500, 1000]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "course",
    [
        lambda t: 1 + 3 * np.exp(-t / 40),
        lambda t: 4 * (1 + t) ** -0.3,
        lambda t: 2 - 0.5 * np.cos(np.pi * t / 800) * -1,
        lambda t: 1 + 2 / (1 + np.exp((t - 80) / 8)),
    ],
)
def test_smooth_courses_have_no_break(course, seed):
    """Descents, knees and cosines are courses, not changes."""
    assert breaks(course(np.arange(800.0)) * noise(800, seed)) == []


@pytest.mark.parametrize("rate", [1.002, 1.006, 1.02])
@pytest.mark.parametrize("size", [0.003, 0.01, 0.03])
def test_the_beginning_of_a_climb_is_no_fall(rate, size):
    """Lines fitted to both sides of it meet below the curve."""
    t = np.arange(1050.0)
    curve = np.where(t < 900, 2.4 - 0.4 * t / 900, 2.0 * rate ** (t - 900))
    falls = [
        at
        for seed in range(8)
        for values in [curve * noise(1050, seed, size)]
        for at in breaks(values)
        if values[at : at + 10].mean() < values[at - 10 : at].mean()
    ]
    assert falls == []


def test_spike_is_no_break():
    """Three wild points do not make a level."""
    values = noise(400, 7)
    values[200:203] *= 6
    assert breaks(values) == []


def test_change_points_speaks_in_steps_where_given():
    """The public function gives the steps of the caller."""
    values = np.where(np.arange(200) < 120, 1.0, 3.0) * noise(200, 8)
    assert lossscan.change_points(list(values)) == [120]
    assert lossscan.change_points(list(values), steps=list(range(0, 2000, 10))) == [1200]


def test_change_points_passes_over_what_is_not_finite():
    """One NaN does not hide a break."""
    values = np.where(np.arange(200) < 120, 1.0, 3.0) * noise(200, 9)
    values[[10, 150]] = np.nan, np.inf
    assert lossscan.change_points(list(values)) == [120]


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0], [5.0] * 500])
def test_change_points_of_short_or_constant_series_are_none(values):
    """Nothing to find is not an error."""
    assert lossscan.change_points(values) == []


def test_change_points_refuses_steps_of_another_length():
    """A mistake in the call is said, not guessed over."""
    with pytest.raises(ValueError, match="do not fit"):
        lossscan.change_points([1.0, 2.0], steps=[1])


@pytest.mark.parametrize("size", [1e155, 1e306, 1e308])
def test_the_largest_numbers_are_searched(size: float):
    """Their squares and sums are infinite, and no error."""
    values = np.random.default_rng(0).uniform(-1, 1, size=120) * size
    values[:40] = -size
    with ignore_float_errors():
        assert all(0 < index < 120 for index in breaks(values))
    assert all(0 < index < 120 for index in lossscan.change_points(values.tolist()))
