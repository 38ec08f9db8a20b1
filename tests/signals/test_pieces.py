"""The pieces of a series are those that ruptures finds, however its search is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lossscan
from lossscan.model import Report
from lossscan.reporters import Page, render
from lossscan.signals import pieces

ROOT = Path(__file__).parents[2]


def _levels(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.1, int(rng.integers(6, 900)))
    for at in rng.integers(0, len(values), 4):
        values[at:] += rng.normal(0, 0.5)
    return values


@pytest.mark.parametrize("seed", range(12))
def test_levels_are_those_of_kernel_cpd(seed: int) -> None:
    """The same edges, in the same order."""
    import ruptures  # brings scipy: a worker without these tests does not wait for it

    values = _levels(seed)
    search = ruptures.KernelCPD(kernel="linear", min_size=3).fit(values.reshape(-1, 1))
    assert pieces.level_edges(values, 0.1) == search.predict(pen=0.1)[:-1]


@pytest.mark.parametrize("seed", range(12))
def test_lines_are_those_of_binary_segmentation(seed: int) -> None:
    """The same edges, though all costs come from one table."""
    import ruptures

    values = np.cumsum(np.cumsum(_levels(seed)[:120])) / 50
    search = ruptures.Binseg(model="clinear", min_size=5, jump=1).fit(values.reshape(-1, 1))
    assert pieces.line_edges(values, 0.3) == search.predict(pen=0.3)[:-1]


@pytest.mark.parametrize("seed", range(40))
def test_without_ruptures_the_levels_are_the_same(seed: int) -> None:
    """Our own search and that of ruptures agree at the penalty that the engine sets."""
    signal = _levels(seed).reshape(-1, 1)
    penalty = 2 * 0.1**2 * float(np.log(len(signal)))
    search = pieces._search()
    assert search is not pieces.optimal_levels
    assert list(map(int, search(signal, penalty, 3))) == pieces.optimal_levels(signal, penalty, 3)


@pytest.mark.parametrize("name", ["loss-jump", "staircase", "clean-finetune"])
def test_without_ruptures_the_verdict_is_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole reports of real runs, with the package and without it."""
    folder = ROOT / "sample_logs" / name
    with_it = _report(folder)
    monkeypatch.setattr(pieces, "EXTENSION_SUFFIXES", [".elsewhere"])
    pieces._search.cache_clear()
    try:
        assert pieces._search() is pieces.optimal_levels
        assert _report(folder) == with_it
    finally:
        pieces._search.cache_clear()


def _report(folder: Path) -> str:
    one = Report(lossscan.__version__, (lossscan.analyze(folder),))
    return str(render("json", one, Page()))


def test_the_search_loads_no_statistics() -> None:
    """A run with a break does not wait for scipy."""
    code = (
        "import sys, numpy as np; from lossscan.signals.pieces import level_edges;"
        "print(level_edges(np.repeat([0.0, 5.0], 10), 0.1), 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[10] False"


def test_a_short_series_has_one_level() -> None:
    """Five points hold no two levels of three."""
    assert pieces.level_edges(np.arange(5.0), 0.1) == []
