"""Taking steps out of a curve: what is measured anew is what a fresh look would give."""

from __future__ import annotations

import numpy as np
import pytest

from lossscan.model import Series
from lossscan.signals import flattening, gaps
from lossscan.signals.breaks import find_breaks, gap_ratios
from lossscan.signals.clean import curve_of
from lossscan.signals.flattening import Flattening

WIDTHS = (6, 12, 24)


def _steps(n: int, at: tuple[int, ...]) -> np.ndarray:
    values = np.random.default_rng(0).normal(0, 0.1, n)
    for number, index in enumerate(at):
        values[index:] += 1.0 if number % 2 == 0 else -1.0
    return values


def _flattening(level: np.ndarray, proposals: np.ndarray) -> Flattening:
    noise = np.full(len(level), 0.1)
    return Flattening(level, noise, proposals, gaps.placebos_in(level, noise, *WIDTHS), WIDTHS)


@pytest.mark.parametrize("sampled", [gaps.SAMPLED, 100])
def test_what_is_left_is_as_if_the_step_had_never_been(sampled, monkeypatch):
    """After a step is taken out, all gaps are those of the curve without it."""
    monkeypatch.setattr(gaps, "SAMPLED", sampled)
    level = _steps(400, (100, 220))
    proposals = np.array([98, 99, 100, 110, 219, 220, 221, 300])
    curve = _flattening(level, proposals)
    spread = curve.spread_without(100, 1.0, 1)
    curve.remove(100, 1.0)
    level[100:] -= 1.0
    fresh = _flattening(level, proposals)
    np.testing.assert_allclose(curve.heights, fresh.heights, atol=1e-9)
    assert [row for _, *row in curve.highest()] == [row for _, *row in fresh.highest()]
    assert spread == pytest.approx(fresh.spread_without(100, 0.0, 1))
    curve.drop(220)
    assert not curve.heights[:, 4:7].any()
    assert curve.heights[:, 7].any() or not fresh.heights[:, 7].any()


def test_a_step_costs_the_same_in_a_curve_of_any_length(monkeypatch):
    """Summed over, per step, is no more than a few of the widest windows."""
    summed: list[int] = []
    real = gaps.sums_of

    def counted(curve: np.ndarray) -> gaps.Sums:
        summed.append(len(curve))
        return real(curve)

    monkeypatch.setattr(gaps, "sums_of", counted)
    for n in (30_000, 60_000):
        curve = _flattening(_steps(n, (n // 2,)), np.array([n // 2]))
        summed.clear()
        curve.remove(n // 2, 1.0)
        assert sum(summed) <= 8 * sum(WIDTHS) + 8 * WIDTHS[-1]


@pytest.mark.parametrize("n", [50, 400])
def test_the_strongest_of_blocks_is_that_of_all_places(n, monkeypatch):
    """Windows read in place, block by block, give the gaps of gathered ones, and their placebos."""
    level, noise = _steps(n, (n // 3,)), np.linspace(0.1, 0.2, n)
    everywhere = gaps.placebos(gaps.sums_of(level), noise, *WIDTHS)
    monkeypatch.setattr(gaps, "BLOCK", 37)
    monkeypatch.setattr(gaps, "SAMPLED", 20)
    some, most = gaps.survey(level, noise, *WIDTHS)
    assert most == pytest.approx(np.abs(everywhere).max())
    np.testing.assert_allclose(some, gaps.placebos_in(level, noise, *WIDTHS), atol=1e-9)


def test_a_long_curve_keeps_all_its_steps():
    """Forty steps in 400,000 points are forty breaks, each where its widest window sees it."""
    at = tuple(range(9_000, 400_000, 10_000))
    curve = curve_of(Series("loss", np.arange(400_000), 10 + _steps(400_000, at)))
    assert curve is not None
    found = [found.index for found in find_breaks(curve, gap_ratios(curve))]
    assert len(found) == len(at)
    assert np.abs(np.array(found) - np.array(at)).max() <= 24
    assert flattening.spread_of(np.zeros(5)) == 1.0
