"""The words by which loops of one's own say that a loss is of the validation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import logs


def _read(tmp_path: Path, text: str) -> tuple[list[float], list[float]]:
    """The losses of the training and of the validation."""
    run = logs.read_log(tmp_path, "".join(text.format(n=n) for n in range(1, 5)))
    trained = [value for _, value in logs.points(run, "loss")]
    held_out = [name for name in ("eval_loss", "test_loss") if name in run.columns]
    return trained, [value for name in held_out for _, value in logs.points(run, name)]


@pytest.mark.parametrize(
    "text",
    [
        "Epoch {n} train\nloss: {n}.5 acc: 0.5\nEpoch {n} val\nloss: {n}.7 acc: 0.4\n",
        "Epoch: {n}, Loss: {n}.5\nOn validation set: loss = {n}.7, accuracy = 50.0%\n",
        "Epoch {n} finished, avg loss: {n}.5\nEvaluation on dev set: avg loss: {n}.7\n",
        "epoch {n}\n  train    loss {n}.5    acc 0.5\n  valid    loss {n}.7    acc 0.4\n",
        "step {n}00 loss {n}.5\nEvaluating at step {n}00\nloss {n}.7\n",
        "Epoch {n} | tr_loss {n}.5 tr_acc 0.5 | te_loss {n}.7 te_acc 0.4\n",
        "Epoch {n}, loss: {n}.5, eval: loss: {n}.7\n",
        "Epoch {n}: Train [loss: {n}.5, acc: 0.5] Val [loss: {n}.7, acc: 0.4]\n",
        "Epoch {n} train_metrics: {{'loss': {n}.5}} val_metrics: {{'loss': {n}.7}}\n",
        "Training... epoch {n} loss {n}.5\nValidating... epoch {n} loss {n}.7\n",
        "Epoch {n} Loss (train/val): {n}.5/{n}.7\n",
        "Epoch {n}: Train/Val Loss: {n}.5 / {n}.7\n",
        "epoch {n} train|valid loss = {n}.5|{n}.7, train|valid acc = 0.9|0.8\n",
        "Train {n}, loss: {n}.5, train acc: 0.8\nTest {n}, loss: {n}.7, test acc: 0.8\n",
        "Train #{n} loss: {n}.5\nTest #{n} loss: {n}.7\n",
        "Training, epoch {n}: loss {n}.5\nValidation, epoch {n}: loss {n}.7\n",
        "Epoch: [{n}/4] Iter:[0/9], Loss: {n}.5\nLoss: {n}.7, MeanIU:  0.4, Best_mIoU:  0.5\n",
        "Epoch {n}/4\n  Train  loss={n}.5  acc=0.5\n  Val    loss={n}.7  acc=0.4\n",
        "epoch: {n}, loss is: {n}.5\ntesting in eval mode...\nepoch: {n}, loss is: {n}.7\n",
    ],
)
def test_a_loss_of_the_validation_is_not_of_the_training(tmp_path: Path, text: str):
    """However it is said, both have their four points."""
    assert _read(tmp_path, text) == ([1.5, 2.5, 3.5, 4.5], [1.7, 2.7, 3.7, 4.7])


@pytest.mark.parametrize(
    "line",
    [
        "Epoch {n}, loss: {n}.5, eval: every 5 epochs\n",
        "Epoch {n}, evaluating every 5, loss: {n}.5\n",
        "Testing the rate 0.{n}: epoch: {n} loss: {n}.5\n",
        "Test 3, epoch {n}, loss: {n}.5\n",
        "Epoch {n} of the test\nEpoch {n} loss: {n}.5\n",
        "Validation\nEpoch: {n}, loss: {n}.5\n",  # of the epoch before, without a number
    ],
)
def test_the_word_alone_says_nothing(tmp_path: Path, line: str):
    """The loss that is not behind it, or that it does not tell of, stays one of the training."""
    assert _read(tmp_path, line) == ([1.5, 2.5, 3.5, 4.5], [])
