"""Runs whose loss has no course to judge, and rises where nothing is left of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossscan.pipeline import examine
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import asides
from lossscan.settings import Settings


def findings(folder: Path, document: Any) -> list[str]:
    """The rules that speak of what a script kept."""
    (folder / "history.json").write_text(json.dumps(document))
    report = examine(folder, Settings())
    return [finding.rule for finding in report.findings]


RISE = [1.0 - n / 100 for n in range(40)] + [0.6 + n / 30 for n in range(60)]
HALF = [value / 2 for value in RISE]


@pytest.mark.parametrize(
    "names", [("d_loss", "g_loss"), ("Gen Loss", "Disc Loss"), ("errD", "errG")]
)
def test_two_nets_against_each_other_have_no_course(tmp_path: Path, names: tuple[str, str]):
    """One gains what the other loses: their sum says nothing of how well it goes."""
    assert findings(tmp_path, dict(zip(names, (RISE, HALF), strict=True))) == []


def test_parts_of_one_loss_have_a_course(tmp_path: Path):
    """The sum of the parts of a detector's loss is to fall."""
    assert findings(tmp_path, {"box_loss": RISE, "cls_loss": HALF}) == ["divergence"]


def test_a_generator_beside_other_parts_is_judged(tmp_path: Path):
    """Where something else is minimized as well, the sum is to fall."""
    assert findings(tmp_path, {"g_loss": RISE, "mel_loss": HALF}) == ["divergence"]


@pytest.mark.parametrize(("scale", "rules"), [(1e-4, []), (1.0, ["loss-jump"])])
def test_a_rise_of_next_to_nothing_is_none(tmp_path: Path, scale: float, rules: list[str]):
    """A fit to six digits goes up and down by orders of magnitude."""
    fall = [0.9**n for n in range(80)]
    low = [scale * value for value in RISE]
    assert findings(tmp_path, {"loss": [*fall, *low]}) == rules


def test_the_end_of_a_steady_descent_is_no_drop(tmp_path: Path):
    """Twice as steep once among twenty epochs, as in the last of a small network."""
    steps = [0.045 + 0.004 * (n % 3) for n in range(16)] + [0.11, 0.0265, 0.0039]
    losses = [2.0]
    for step in steps:
        losses.append(losses[-1] - step)
    assert findings(tmp_path, {"loss": losses}) == []


def test_a_step_at_the_end_of_a_descent_is_a_drop(tmp_path: Path):
    """It is as abrupt as it is large."""
    losses = [2.0 - n / 50 + (n % 3) / 500 for n in range(20)]
    assert "unexplained-drop" in findings(tmp_path, {"loss": [*losses, 0.9, 0.89, 0.9, 0.88, 0.87]})


def test_a_spike_of_two_nets_is_marked_and_explained(tmp_path: Path):
    """What the chart marks and no finding is about has its reason beneath."""
    noise = np.random.default_rng(0).normal(0, 0.05, 100)
    losses = (3.0 + noise).tolist()
    losses[60] = 9.0
    (tmp_path / "history.json").write_text(json.dumps({"g_loss": losses, "d_loss": losses}))
    report = examine(tmp_path, Settings())
    told = dict(asides(report, Page()))["explained_changes"]
    assert told == [
        (
            "step 61",
            "spike · two networks train against each other, so their losses rise and fall",
        )
    ]
