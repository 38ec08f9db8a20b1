"""Where nothing is found, the report says how small an effect the noise would have hidden."""

import re
from typing import Any

import pytest

from lossscan.ledger import Diagnosis, diagnose
from lossscan.settings import Settings
from lossscan.signals import scan
from tests.curves import make_run

STEPS = 4000
RULES = ("epoch-step-drop", "loss-jump", "loss-spike", "resume-discontinuity")


def said(rule: str, *, size: float = 0.0, noise: float = 0.05) -> Diagnosis:
    """What a rule says of a flat loss with an effect of a size, as a share of the loss."""
    recipes: dict[str, dict[str, Any]] = {
        "epoch-step-drop": {"loss": _steps(4, 1 - size), "epochs": 4},
        "loss-jump": {"loss": _steps(2, 1 + size)},
        "loss-spike": {"loss": _steps(1, 1), "put": {"loss": {2500: 2.0 * (1 + size)}}},
        "resume-discontinuity": {
            "loss": _steps(2, 1 + size),
            "landmarks": [["resume", STEPS // 2]],
            "resumes": [STEPS // 2],
        },
    }
    run = make_run(**recipes[rule], noise=noise)
    return diagnose(run, scan(run), Settings(lang="en", select=(rule,)))


def _steps(count: int, factor: float) -> list[list[float]]:
    ends = [STEPS * n // count for n in range(count + 1)]
    return [[ends[n], ends[n + 1], 2 * factor**n, 2 * factor**n] for n in range(count)]


def least(rule: str, *, noise: float) -> float:
    """The share of the loss below which the rule says that the noise hides its effect."""
    (out,) = said(rule, noise=noise).ruled_out
    shown = re.search(r"(\d+)%", str(out.text))
    assert shown is not None
    return int(shown[1]) / 100


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("noise", [0.03, 0.1])
def test_an_effect_of_twice_the_least_is_found(rule: str, noise: float):
    """What is said to be visible is seen, in little noise and in much."""
    assert said(rule, size=2 * least(rule, noise=noise), noise=noise).findings


@pytest.mark.parametrize("rule", RULES)
def test_more_noise_hides_larger_effects(rule: str):
    """A restless loss is said to hide more."""
    assert least(rule, noise=0.2) > least(rule, noise=0.03)


@pytest.mark.parametrize(("rule", "size"), [("loss-jump", 1.0), ("loss-spike", 2.0)])
def test_no_limit_is_named_where_there_is_something(rule: str, size: float):
    """A run with a jump is not told how small a jump could be seen."""
    assert said(rule, size=size).ruled_out == ()


def test_dips_as_deep_as_any_spike_leave_spikes_undecided():
    """Where single points lie far below the course, one far above it proves nothing."""
    dips = dict.fromkeys(range(500, STEPS, 500), 0.02)
    run = make_run(loss=_steps(1, 1), put={"loss": dips}, noise=0.01)
    (out,) = diagnose(run, scan(run), Settings(lang="en", select=("loss-spike",))).ruled_out
    assert "no clear spike" in str(out.text)


def test_no_limit_is_named_where_a_share_of_the_loss_means_nothing():
    """Of a policy loss that is zero to the end, no percentage is said."""
    run = make_run(loss=[[0, 1000, 7, 6], [1000, STEPS, 0, 0]], noise=0.02, objective="grpo")
    found = diagnose(run, scan(run), Settings(lang="en", select=("loss-jump", "loss-spike")))
    assert found.ruled_out == ()


def test_no_limit_is_named_where_nothing_was_searched():
    """A loss on the floor of its printing has no course in which a jump was looked for."""
    loss = {step: 0.0001 if step % 30 else 0.0002 for step in range(10, STEPS, 10)}
    run = make_run(loss=loss)
    found = diagnose(run, scan(run), Settings(lang="en", select=("loss-jump", "loss-spike")))
    assert found.ruled_out == ()
