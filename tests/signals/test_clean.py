"""A series becomes a curve: scale, noise, knee."""

import numpy as np
import pytest

from lossscan.model import Series
from lossscan.signals.clean import curve_of, on_floor


def series(values) -> Series:
    """Values at steps 1, 2, ..."""
    array = np.asarray(values, dtype=np.float64)
    return Series("loss", np.arange(1, len(array) + 1), array)


def test_curve_needs_four_finite_points():
    """Three points have no course that noise could be told from."""
    assert curve_of(series([1.0, np.nan, 1.0, np.inf, 1.0])) is None


def test_curve_leaves_out_what_is_not_finite():
    """A NaN in the middle costs one point and shifts no other."""
    curve = curve_of(series([1.0, np.nan, 0.9, 0.8, 0.7]))
    assert curve is not None
    assert curve.steps.tolist() == [1, 3, 4, 5]


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ([2.0, 1.5, 1.2, 1.1], True),
        ([0.002, 0.001, 0.0, 0.0005, 0.0003, 0.0002], True),  # rounded to 4 decimals
        ([0.01, -0.02, 0.0, 0.01], False),  # a GRPO loss
        ([0.0, 0.0, 0.0, 0.1], False),
    ],
)
def test_scale_is_logarithmic_where_values_are_positive(values, log):
    """Cross-entropy is judged by ratios, an objective around zero by differences."""
    curve = curve_of(series(values))
    assert curve is not None
    assert curve.log is log


def test_zeros_among_the_smallest_numbers_have_a_logarithm():
    """Half of the smallest number there is would be 0."""
    curve = curve_of(series([5e-324, 1.0, 0.0, 2.0, 1.0, 1.0]))
    assert curve is not None
    assert np.isfinite(curve.scaled).all()


@pytest.mark.parametrize("decay", [0.0, 1.0, 3.0])
def test_noise_is_that_of_one_point_whatever_the_trend(decay):
    """A steep decay is not taken for noise."""
    rng = np.random.default_rng(1)
    values = np.exp(-decay * np.linspace(0, 1, 600) + 0.05 * rng.normal(size=600))
    curve = curve_of(series(values))
    assert curve is not None
    assert curve.noise == pytest.approx(0.05, rel=0.25)


def test_noise_follows_a_loss_whose_relative_noise_grows():
    """Late in a run, where the loss is tiny, larger swings are ordinary."""
    rng = np.random.default_rng(2)
    spread = np.repeat([0.02, 0.2], 300)
    curve = curve_of(series(np.exp(spread * rng.normal(size=600))))
    assert curve is not None
    assert curve.local_noise[-1] > 4 * curve.local_noise[0]


def test_noise_of_a_loss_that_stops_is_that_of_where_it_moved():
    """Half of the last windows are one number: the points before it would all be spikes."""
    values = 2 + 0.05 * np.random.default_rng(3).normal(size=300)
    values[240:] = values[240]
    found = curve_of(series(values))
    assert found is not None
    assert found.local_noise[[200, 239, 299]] == pytest.approx(0.05 / 2, rel=0.3)


def test_noise_is_at_least_that_of_the_rounding():
    """A loss printed as 0.0001 or 0.0002 is uncertain by a good part of itself."""
    curve = curve_of(series([0.0001, 0.0002] * 20))
    assert curve is not None
    assert curve.noise > 0.1


@pytest.mark.parametrize("shape", ["exponential", "sigmoid"])
def test_settled_lies_after_the_initial_descent(shape):
    """The warm-up fall is over before anything counts as a drop."""
    t = np.arange(400)
    fall = np.exp(-t / 10) if shape == "exponential" else 1 / (1 + np.exp((t - 60) / 6))
    noise = 0.005 * np.random.default_rng(3).normal(size=400)
    curve = curve_of(series((1 + 3 * fall) * np.exp(noise)))
    assert curve is not None
    assert (20 if shape == "exponential" else 65) <= curve.descent_end <= 120


def test_settled_is_the_start_where_a_run_only_steps():
    """A staircase has no descent: its first step must not be passed over."""
    stairs = np.repeat([1.0, 0.7, 0.5], 100)
    noise = 0.02 * np.random.default_rng(4).normal(size=300)
    curve = curve_of(series(stairs * np.exp(noise)))
    assert curve is not None
    assert curve.descent_end < 50


def test_memorised_samples_rounded_to_zero_lie_on_the_floor():
    """Where a third of the points print as 0.0 there is no course to depart from."""
    curve = curve_of(series([0.0, 0.002, 0.0, 0.001, 0.003] * 8))
    assert curve is not None
    assert on_floor(curve)


def test_a_loss_of_few_digits_has_a_course_unless_most_points_are_equal():
    """0.0022 to 0.0025 shows its noise; a plateau at ln 2 that prints as 0.6931 shows none."""
    for values, floored in (([22, 23, 25, 23, 24] * 8, False), ([6931, 6931, 6932] * 8, True)):
        curve = curve_of(series([value / 10_000 for value in values]))
        assert curve is not None
        assert on_floor(curve) is floored


def test_a_loss_that_converges_is_on_its_floor_and_one_that_freezes_has_a_course():
    """The first gets to its last number digit by digit."""
    converged = np.round(0.5 + np.exp(-np.arange(200) / 20), 2)
    frozen = np.round(1 + 0.1 * np.random.default_rng(1).normal(size=200), 2)
    frozen[100:] = frozen.min() - 0.2
    curves = [curve_of(series(values)) for values in (converged, frozen)]
    assert [curve is not None and on_floor(curve) for curve in curves] == [True, False]
