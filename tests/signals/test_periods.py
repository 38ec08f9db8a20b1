"""Repetition: between epochs at equal places, and with any other period."""

import numpy as np
import pytest

from lossscan.model import Landmark
from lossscan.signals.periods import epoch_correlation, period
from tests.curves import curve


def test_sawtooth_of_length_grouping_has_its_period():
    """Sorted mega-batches of 50 updates, logged each 10, repeat every 50 steps."""
    rng = np.random.default_rng(0)
    saw = np.tile([1.2, 1.1, 1.0, 0.9, 0.8], 60) * np.exp(0.02 * rng.normal(size=300))
    lag, strength = period(curve(saw, spacing=10))
    assert lag == pytest.approx(50)
    assert strength > 0.8


def test_noise_has_no_period():
    """Shuffled data does not repeat."""
    values = np.exp(0.1 * np.random.default_rng(1).normal(size=400))
    assert period(curve(values))[1] < 0.4


@pytest.mark.parametrize("seed", range(3))
def test_a_loss_that_comes_back_once_has_no_period(seed):
    """Each batch is met again 40 steps later, and hardly any after 80: that is no wave."""
    batch = np.random.default_rng(seed).normal(size=2_080)
    values = np.exp(0.05 * (batch[80:] + batch[40:-40] + 0.4 * batch[:-80]))
    assert period(curve(values)) == (None, 0.0)


@pytest.mark.parametrize("period_points", [37, 90_000])
def test_a_long_loss_has_its_period_and_its_strength(period_points):
    """What repeats in half a million points is found by a part of them, and measured by all."""
    rng = np.random.default_rng(3)
    wave = np.resize(rng.normal(size=period_points), 500_000)
    values = np.exp(0.05 * (wave / wave.std() + 0.5 * rng.normal(size=len(wave))))
    lag, strength = period(curve(values))
    assert lag == period_points
    assert strength == pytest.approx(0.8 * (1 - period_points / len(wave)), abs=0.02)


@pytest.mark.parametrize(("shuffled", "low", "high"), [(False, 0.6, 1.0), (True, -0.3, 0.3)])
def test_epochs_in_file_order_correlate(shuffled, low, high):
    """Equal places of two epochs have equal losses only where the order is fixed."""
    rng = np.random.default_rng(2)
    order = rng.normal(size=100)
    epochs = [rng.permutation(order) if shuffled else order for _ in range(3)]
    values = np.exp(0.1 * np.concatenate(epochs) + 0.03 * rng.normal(size=300))
    marks = (Landmark("epoch_boundary", 100, epoch=1), Landmark("epoch_boundary", 200, epoch=2))
    found = epoch_correlation(curve(values), marks)
    assert found is not None
    assert low <= found <= high
