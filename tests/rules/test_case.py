"""What a Case answers, and the evidence around a step."""

from __future__ import annotations

from typing import Any

import pytest

from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around
from lossscan.signals import scan
from tests.curves import make_run

RUN = make_run(
    loss=[[0, 3000, 2.0, 1.8], [3000, 6000, 2.6, 2.5]],
    noise=0.02,
    learning_rate=1e-4,
    put={"grad_norm": {10: float("nan"), 20: 1.0}},
    config={"shuffle": False, "learning_rate": 1e-4, "transformers_version": "4.49.0.dev0"},
)
CASE = Case(RUN, scan(RUN))


def test_a_case_tells_what_the_engine_found():
    """Its rises are the jump; without signals nothing was searched."""
    assert [rise.step for rise in CASE.rises] == [3010]
    assert not CASE.falls
    assert CASE.searched
    assert not Case(RUN).searched


def test_settings_are_numbers_versions_and_advice_where_they_are_stated():
    """A flag is no number, and a setting that no file states gets no advice."""
    assert CASE.number("learning_rate") == 1e-4
    assert CASE.number("shuffle") is None
    assert CASE.version("transformers_version") == (4, 49, 0)
    assert [each.field for each in CASE.advise("shuffle", suggest=True)] == ["shuffle"]
    assert CASE.advise("packing") == ()


@pytest.mark.parametrize("at", [CASE.rises[0], 3010])
def test_evidence_around_a_step_is_what_there_is_in_the_order_asked(at):
    """Nothing was evaluated, so there is no evidence of it."""
    kinds = [each.text.name for each in around(CASE, at, "order", "eval", "rate")]
    assert kinds == ["shuffle-off", "learning-rate-constant"]


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ({"learning_rate": 1e-3}, "learning-rate-constant"),
        ({"learning_rate": [[0, 400, 1e-3, 0.0]]}, "learning-rate"),
        ({"config": {"learning_rate": 1e-3}}, "learning-rate-set"),
    ],
)
def test_only_a_rate_that_moves_has_a_peak(rate: dict[str, Any], said: str):
    """A rate that is only configured may be scheduled by anything."""
    case = Case(make_run(loss=[[0, 400, 2.5, 2.0]], **rate))
    assert [each.text.name for each in around(case, 200, "rate")] == [said]
