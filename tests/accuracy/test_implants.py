"""What is put into real curves is where and as large as the truth about it says."""

import numpy as np
import pytest

from tests.accuracy.cases import build
from tests.accuracy.implant_kinds import EFFECTS, edges
from tests.accuracy.implants import noise_at

UP = ("jump", "jump-epoch", "spike", "spike-decay", "recurring-spike")
DOWN = ("drop", "epoch-drop", "last-epoch-drop")
HEIGHT = 0.4


@pytest.fixture(scope="module")
def healthy():
    """A run of several epochs, each long enough to show its end."""
    runs = (build(f"train/clean/any/-/{number}").run for number in range(100))
    return next(run for run in runs if edges(run))


def put(run, kind):
    """The run with an effect, its truth, and by how much each point of its log loss changed."""
    rng = np.random.default_rng(7)
    changed, truth = EFFECTS[kind].change(run, len(run.series["loss"]) // 2, HEIGHT, rng)
    before, after = run.series["loss"].values, changed.series["loss"].values
    with np.errstate(divide="ignore", invalid="ignore"):
        return changed, truth, np.log(after / before)


@pytest.mark.parametrize("kind", [*UP, *DOWN])
def test_an_effect_begins_at_its_step_with_its_height(healthy, kind):
    """The point before is as it was, unless another epoch has its own."""
    changed, truth, moved = put(healthy, kind)
    at = int(np.flatnonzero(changed.series["loss"].steps == truth.step)[0])
    rise = moved[at] - moved[at - 1]
    assert rise == pytest.approx(HEIGHT if kind in UP else -HEIGHT)


@pytest.mark.parametrize("kind", ["nan", "zero"])
def test_a_broken_loss_stays_broken(healthy, kind):
    """From its step to the end, and not before."""
    changed, truth, _ = put(healthy, kind)
    loss = changed.series["loss"]
    wrong = ~np.isfinite(loss.values) | (loss.values == 0)
    assert wrong.tolist() == (loss.steps >= truth.step).tolist()


def test_a_summed_loss_is_above_its_evaluation(healthy):
    """By the number of steps that the settings state."""
    changed, _, moved = put(healthy, "ga-scale")
    times = changed.config["gradient_accumulation_steps"].value
    assert np.exp(moved) == pytest.approx(np.full(len(moved), times))
    apart = changed.series["loss"].values.mean() / changed.series["eval_loss"].values.mean()
    assert 0.5 * times < apart < 2 * times


def test_a_run_that_should_evaluate_holds_no_evaluation(healthy):
    """The settings ask for it within the run."""
    changed, _, _ = put(healthy, "eval-missing")
    assert changed.config["eval_steps"].value <= changed.series["loss"].steps[-1]
    assert [name for name in changed.series if name.startswith("eval")] == []


def test_the_noise_unit_is_that_of_one_point():
    """Of white noise on a slope: the slope counts for nothing."""
    rng = np.random.default_rng(3)
    level = -0.01 * np.arange(400) + 0.05 * rng.standard_normal(400)
    units = [noise_at(level, at) for at in range(100, 300, 20)]
    assert np.mean(units) == pytest.approx(0.05, rel=0.15)
