"""The pieces of a series are those that ruptures finds, however its search is loaded."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import ruptures

from lossscan.signals import pieces


def _levels(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.1, int(rng.integers(6, 900)))
    for at in rng.integers(0, len(values), 4):
        values[at:] += rng.normal(0, 0.5)
    return values


@pytest.mark.parametrize("seed", range(12))
def test_levels_are_those_of_kernel_cpd(seed: int) -> None:
    """The same edges, in the same order."""
    values = _levels(seed)
    search = ruptures.KernelCPD(kernel="linear", min_size=3).fit(values.reshape(-1, 1))
    assert pieces.level_edges(values, 0.1) == search.predict(pen=0.1)[:-1]


@pytest.mark.parametrize("seed", range(12))
def test_lines_are_those_of_binary_segmentation(seed: int) -> None:
    """The same edges, though all costs come from one table."""
    values = np.cumsum(np.cumsum(_levels(seed)[:120])) / 50
    search = ruptures.Binseg(model="clinear", min_size=5, jump=1).fit(values.reshape(-1, 1))
    assert pieces.line_edges(values, 0.3) == search.predict(pen=0.3)[:-1]


def test_the_search_of_the_file_and_that_of_the_package_agree() -> None:
    """One search, loaded in two ways."""
    one, other = pieces._from_file(), pieces._from_package()
    for seed in range(5):
        signal = _levels(seed).reshape(-1, 1)
        assert list(one(signal, 0.1, 3)) == list(other(signal, 0.1, 3))


def test_where_the_file_is_elsewhere_the_package_is_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another layout of ruptures takes longer to load, and no more."""
    monkeypatch.setattr(pieces, "EXTENSION_SUFFIXES", [".elsewhere"])
    pieces._search.cache_clear()
    try:
        assert pieces.level_edges(np.repeat([0.0, 5.0], 10), 0.1) == [10]
    finally:
        pieces._search.cache_clear()


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
