"""A loss that is counted up since each epoch began is told from one that is not."""

from __future__ import annotations

import numpy as np
import pytest

from lossscan.ledger import diagnose
from lossscan.settings import Settings
from lossscan.signals import scan
from tests.accuracy.cases import build
from tests.curves import make_run

EPOCHS, BATCHES, EVERY = 5, 120, 5


def _logged(kind: str, seed: int) -> dict[int, float]:
    """What a loop logs of batches of even noise, by step."""
    random, steps = np.random.default_rng(seed), EPOCHS * BATCHES
    batches = (0.6 + 1.8 * np.exp(-2 * np.arange(steps) / steps)) * random.normal(1, 0.2, steps)
    if kind != "batch":
        sums = batches.reshape(EPOCHS, BATCHES).cumsum(axis=1)
        batches = (sums / np.arange(1, BATCHES + 1) if kind == "mean" else sums).ravel()
    return {step: float(batches[step - 1]) for step in range(EVERY, steps + 1, EVERY)}


ENDS = [["epoch_boundary", epoch * BATCHES] for epoch in range(1, EPOCHS)]


@pytest.mark.parametrize("ends", [ENDS, []], ids=["known", "unknown"])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("kind", "said"), [("sum", ["running-loss"]), ("mean", ["running-loss"]), ("batch", [])]
)
def test_what_the_loop_adds_up_is_no_course_of_the_loss(
    kind: str, said: list[str], seed: int, ends: list[list[object]]
):
    """Neither the steps of a running mean nor the teeth of a sum are findings of their own."""
    run = make_run(loss=_logged(kind, seed), landmarks=ends)
    found = [finding.rule for finding in diagnose(run, scan(run), Settings()).findings]
    assert found == said or (not ends and not found)  # without a fall there is nothing to explain


@pytest.mark.parametrize("seed", range(4))
def test_mean_whose_first_epoch_only_falls_is_told_by_the_others(seed: int):
    """A first descent bends more than the mean wobbles; its smoothness is no sign against it."""
    random, epochs, batches = np.random.default_rng(seed), 5, 60
    course = np.where(np.arange(epochs * batches) < batches, 1.0, 0.25)
    course[:batches] = np.linspace(2.3, 0.6, batches)
    losses = (course * random.normal(1, 0.1, epochs * batches)).reshape(epochs, batches)
    means = (losses.cumsum(axis=1) / np.arange(1, batches + 1)).ravel()
    losses_by_step = {step: float(means[step - 1]) for step in range(2, len(means) + 1, 2)}
    ends = [["epoch_boundary", epoch * batches] for epoch in range(1, epochs)]
    run = make_run(loss=losses_by_step, landmarks=ends)
    assert [f.rule for f in diagnose(run, scan(run), Settings()).findings] == ["running-loss"]


@pytest.mark.parametrize("seed", range(4))
def test_unshuffled_data_repeats_in_each_epoch_whatever_its_order(seed: int):
    """Epochs that all wobble alike show one wobble: it may fade by luck, and steps at its ends."""
    random, epochs, points = np.random.default_rng(seed), 10, 20
    order = np.sort(np.abs(random.normal(0, 0.12, points)))[::-1] * random.choice([-1, 1], points)
    course = 1.2 + 0.8 * np.exp(-np.arange(epochs * points) / 60) + np.tile(order, epochs)
    course += random.normal(0, 0.01, epochs * points)
    losses = {10 * n: float(value) for n, value in enumerate(course, start=1)}
    ends = [["epoch_boundary", epoch * points * 10] for epoch in range(1, epochs)]
    run = make_run(loss=losses, landmarks=ends)
    found = [finding.rule for finding in diagnose(run, scan(run), Settings()).findings]
    assert "periodic-loss" in found
    assert "running-loss" not in found


def test_odd_data_at_one_place_of_each_epoch_are_no_mean():
    """They make the loss bend where a mean since the epoch began moves most: early in it."""
    ticks = {(12 * epoch + 3) * 10: 1.9 for epoch in range(1, 6)}
    run = make_run(loss=[[0, 720, 1.6, 1.2]], noise=0.03, epochs=6, put={"loss": ticks})
    assert [f.rule for f in diagnose(run, scan(run), Settings()).findings] == ["loss-spike"]


@pytest.mark.parametrize("seed", range(3))
def test_a_mean_of_few_epochs_is_told_by_its_restarts_too(seed: int):
    """What a model learned in an epoch shows at once there: no memorization."""
    noise = np.random.default_rng(seed).normal(0, 0.25, (3, 500))
    losses = 0.5 + 2 * np.exp(-np.arange(1, 1501) / 900).reshape(3, 500) + noise
    means = (np.cumsum(losses, axis=1) / np.arange(1, 501))[:, 19::20].ravel()
    loss = dict(zip(range(20, 1501, 20), means.tolist(), strict=True))
    run = make_run(loss=[[0, 1500, 2.5, 2.0]], every=20, put={"loss": loss}, epochs=3)
    found = diagnose(run, scan(run), Settings())
    assert [finding.rule for finding in found.findings] == ["running-loss"]


@pytest.mark.parametrize("seed", range(5))
def test_an_odd_batch_in_a_running_mean_is_told(seed: int):
    """It moves the mean by its share only, and so it is judged by the place where it is read."""
    logged = _logged("mean", seed)
    odd = 2 * BATCHES + 40  # the 40th batch of the third epoch is 30 times its usual loss
    for step in range(odd, 3 * BATCHES + 1):
        if step in logged:
            logged[step] += 30 / (step - 2 * BATCHES)
    run = make_run(loss=logged, landmarks=ENDS)
    found = {finding.rule: finding for finding in diagnose(run, scan(run), Settings()).findings}
    assert {"running-loss", "loss-spike"} <= found.keys()
    starts = [each.start_step or 0 for each in found["loss-spike"].episodes]
    assert any(abs(start - odd) <= EVERY for start in starts)


@pytest.mark.parametrize("name", [26, 45, 75])
def test_the_wobble_of_a_means_first_batches_is_no_spike(name: int):
    """Where each epoch starts over, a mean of few batches is far from what it comes to."""
    run = build(f"test/phenomenon/running-loss/-/{name}").run
    assert [finding.rule for finding in diagnose(run, scan(run), Settings()).findings] == [
        "running-loss"
    ]
