"""What holds of every comparison."""

import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossscan.comparing import compared
from lossscan.errors import InputError
from lossscan.model import Run, RunReport, Series
from lossscan.model.comparison import Comparison
from lossscan.settings import Settings
from tests.curves import make_run

ANY = arrays(np.float64, st.integers(0, 80), elements=st.floats(width=64))
COURSES = st.lists(st.floats(1.0, 5.0), min_size=3, max_size=3)


def _report(name: str, run: Run) -> RunReport:
    return RunReport(name, name, "ok", run)


def _compare(*runs: Run) -> Comparison:
    reports = [_report(name, run) for name, run in zip("xyz", runs, strict=False)]
    return compared(reports, Settings())[0]


def _run(ends: list[float], seed: int) -> Run:
    first, middle, last = ends
    stretches = [[0, 500, first, middle], [500, 1000, middle, last]]
    return make_run(loss=stretches, noise=0.03, seed=seed, config={"seed": seed})


@settings(max_examples=40)
@given(COURSES, st.integers(0, 1000))
def test_a_run_beside_itself_differs_in_nothing(ends, seed):
    """compare(A, A) finds nothing."""
    run = _run(ends, seed)
    found = _compare(run, run)
    assert all(p.step is None and p.ends.delta == 0 for p in found.partings)
    assert (found.differences, found.contrasts, found.bands) == ((), (), ())


@settings(max_examples=40)
@given(COURSES, COURSES, st.integers(0, 1000))
def test_the_order_of_runs_changes_no_fact(one, other, seed):
    """Only the sign of the gap and the letters are turned round."""
    runs = _run(one, seed), _run(other, seed + 1)
    (there,), (back,) = _compare(*runs).partings, _compare(*runs[::-1]).partings
    facts = ("step", "until", "shape", "points")
    assert [getattr(there, key) for key in facts] == [getattr(back, key) for key in facts]
    assert there.ends.delta == -back.ends.delta
    assert (there.noise, there.margin) == pytest.approx((back.noise, back.margin))
    scores = [[(d.field, d.score) for d in _compare(*o).differences] for o in (runs, runs[::-1])]
    assert scores[0] == scores[1]


@settings(max_examples=80)
@given(ANY, ANY)
def test_any_two_series_are_compared_or_refused(left, right):
    """No pair of logs, finite or not, stops the comparison otherwise."""
    runs = [
        Run(name, name, {"loss": Series("loss", np.arange(1, len(v) + 1), v)}, ())
        for name, v in (("l", left), ("r", right))
    ]
    with suppress(InputError):
        assert not any(math.isnan(parting.margin) for parting in _compare(*runs).partings)
