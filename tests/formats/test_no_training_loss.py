"""Losses next to those of the training that are not its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import logs


@pytest.mark.parametrize(
    "line",
    [
        "[Eval @ step {n}] loss = 2.5\n",
        "validation\t{n}\tloss=2.5\n",
        "epoch {n}: holdout loss=2.5\n",
        "[Epoch {n}] Valid\tloss 2.5\n",
        "[验证] Epoch {n} loss: 2.5\n",
    ],
)
def test_the_loss_of_another_set_is_an_evaluation(tmp_path: Path, line: str):
    """Loops of one's own name the set in many ways, all of them before the loss."""
    train = line.replace("2.5", "0.{n}")
    for named in ("Eval", "validation", "holdout", "Valid", "验证"):
        train = train.replace(named, {"验证": "训练", "holdout": "train"}.get(named, "Train"))
    text = "".join((train + line).format(n=n) for n in range(1, 6))
    table = logs.read_log(tmp_path, text)
    assert [value for _, value in logs.points(table, "loss")] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert [value for _, value in logs.points(table, "eval_loss")] == [2.5] * 5


@pytest.mark.parametrize(
    "said",
    [
        "Saving model with best loss 0.05 at epoch {n}\n",
        "saved checkpoint at epoch {n} with loss 0.05\n",
        "Loaded checkpoint from epoch {n} (loss = 0.05)\n",
    ],
)
def test_what_is_said_of_a_checkpoint_is_no_point(tmp_path: Path, said: str):
    """It repeats the best loss so far, often that of another set."""
    text = "".join(f"Epoch {n}, loss 0.{n}\n" + said.format(n=n) for n in range(1, 6))
    table = logs.read_log(tmp_path, text)
    assert [value for _, value in logs.points(table, "loss")] == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_an_evaluation_that_counts_its_own_batches_does_not_hide_the_epochs(tmp_path: Path):
    """Of MMDetection on a small data set: a line of training in each epoch."""
    text = "".join(
        f'{{"mode": "train", "epoch": {n}, "iter": 50, "lr": 0.01, "loss": 0.{n}}}\n'
        f'{{"mode": "val", "epoch": {n}, "iter": 20, "lr": 0.01, "bbox_mAP": 0.3}}\n'
        for n in range(1, 6)
    )
    table = logs.read_log(tmp_path, text, name="log.json")
    assert [step for step, _ in logs.points(table, "loss")] == [50, 100, 150, 200, 250]
    assert [step for step, _ in logs.points(table, "bbox_mAP")] == [50, 100, 150, 200, 250]


def test_the_batches_of_a_cross_validation_are_no_training(tmp_path: Path):
    """WeNet and its kin call the set CV."""
    line = "2023-05-01 10:00:00,123 DEBUG {set} Batch {n}/{at} loss {loss} rank 0\n"
    text = "".join(
        line.format(set=name, n=n, at=at, loss=loss)
        for n in range(3)
        for name, loss in (("TRAIN", 0.5), ("CV", 1.5))
        for at in ((0, 100, 200) if name == "TRAIN" else (0, 100))
    )
    table = logs.read_log(tmp_path, text)
    assert [value for _, value in logs.points(table, "loss")] == [0.5] * 9
    assert {value for _, value in logs.points(table, "eval_loss")} == {1.5}
