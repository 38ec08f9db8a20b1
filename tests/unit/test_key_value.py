"""Lines of names and numbers, of many trainers and of own loops."""

from pathlib import Path

import pytest

from lossscan.errors import UnreadableLog
from tests import logs

SHAPES = {
    "torchtune": "Step {} | loss:2.5 lr:2e-05 tokens_per_second_per_gpu:1234 ",
    "torchtitan": "[rank0]: step:  {}  loss:  2.5  memory: 37.98GiB(80.18%)  tps: 14,593  mfu: 1%",
    "nemo": "Training epoch 0, iteration {}/149 | lr: 3e-05 | consumed_samples: 121 |"
    " global_step: {} | reduced_train_loss: 2.5 | train_step_timing in s: 0.03 | val_loss: 4.1",
    "deepspeed": "steps: {} loss: 2.5 iter time (s): 1.234 samples/sec: 51.234",
    "olmo-core": "[step={}/5000,epoch=1,eta=1h]\n    train/CE loss=2.5\n    optim/LR (group 0)=0.1",
}
OWN = [
    "step: {}, loss: 2.5, lr: 0.001",
    "2026-01-01 10:00:00,123 INFO train.py:33 step={} loss=2.5 lr=1e-4",
    "iteration {}/900: train loss: 2.5",
    "Epoch 1/3 [step {}] loss = 2.5",
]


@pytest.mark.parametrize("name", SHAPES)
def test_read_trainers(tmp_path: Path, name: str):
    """Each trainer is read and known by its line."""
    text = "".join(SHAPES[name].format(i, i) + "\n" for i in range(1, 6))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(i, 2.5) for i in range(1, 6)]
    assert table.framework == name


@pytest.mark.parametrize("line", OWN)
def test_read_own_loops(tmp_path: Path, line: str):
    """What people print in loops of their own."""
    table = logs.read_log(tmp_path, "".join(line.format(i) + "\n" for i in range(1, 6)))
    assert logs.points(table, "loss") == [(i, 2.5) for i in range(1, 6)]


def test_read_counts_steps_across_epochs(tmp_path: Path):
    """Where steps begin anew in each epoch, they go on."""
    text = "".join(
        f"Epoch [{epoch}/2], Step [{step}/300], Loss: 2.5\n"
        for epoch in (1, 2)
        for step in (100, 200, 300)
    )
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == [100, 200, 300, 400, 500, 600]


def test_read_keeps_a_fall_within_an_epoch(tmp_path: Path):
    """A resumed launch goes back, and that must show."""
    text = "".join(f"step: {step} loss: 2.5\n" for step in (10, 20, 30, 20, 30, 40))
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == [10, 20, 30, 20, 30, 40]


def test_read_takes_a_repeated_evaluation_once(tmp_path: Path):
    """NeMo repeats the last evaluation on every line."""
    line = SHAPES["nemo"].replace("4.1", "4.{}")
    text = "".join(line.format(i, i, i // 3) + "\n" for i in range(1, 7))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "eval_loss") == [(1, 4.0), (3, 4.1), (6, 4.2)]


def test_read_takes_the_users_key(tmp_path: Path):
    """A name that nobody knows is the loss where the user says so."""
    text = "".join(f"step: {i} my nll: 2.5 loss: 9.0\n" for i in range(1, 5))
    table = logs.read_log(tmp_path, text, {"loss": "my nll"})
    assert logs.points(table, "loss") == [(i, 2.5) for i in range(1, 5)]


def test_read_refuses_lines_without_the_users_key(tmp_path: Path):
    """Where the key is nowhere, the log is not read by guess."""
    with pytest.raises(UnreadableLog, match="no line holds a step and a loss"):
        logs.read_log(tmp_path, "hello world\n", {"loss": "nll"})


def test_read_leaves_out_a_cut_number(tmp_path: Path):
    """The last number of a file that is still written may lack digits."""
    table = logs.read_log(tmp_path, logs.TORCHTUNE + "Step 6 | loss:2.3")
    assert len(logs.points(table, "loss")) == 5


def test_read_takes_the_progress_bar_of_nemo(tmp_path: Path):
    """NeMo 1 shows its numbers behind a bar, the step with a decimal point."""
    bar = "Epoch 0: 1%|#| {0}/90 [00:10, loss=3.1, reduced_train_loss=3.09, global_step={0}.0]"
    table = logs.read_log(tmp_path, "\r".join(bar.format(step) for step in range(1, 5)) + "\r")
    assert table.framework == "nemo"
    assert logs.points(table, "loss")[-1] == (4, 3.1)


def test_read_takes_the_block_of_olmo_core(tmp_path: Path):
    """The rate of the first group is the learning rate; the steps of the run are stated."""
    block = "[step={}/90,epoch=1,eta=1h]\n    optim/LR (group 0)=0.0003\n    train/CE loss=3.1\n"
    table = logs.read_log(tmp_path, "".join(block.format(step) for step in range(1, 5)))
    assert logs.points(table, "learning_rate")[0] == (1, 0.0003)
    assert table.config == {"max_steps": "90"}


OVERFLOW = "OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 65536, reducing to 32768\n"


def test_read_remarks_on_skipped_updates(tmp_path: Path):
    """DeepSpeed says when gradients overflow and how far it lowers the loss scale."""
    line = "steps: {} loss: 2.5 iter time (s): 1.2 samples/sec: 51.2\n"
    points = [line.format(step) for step in (10, 20, 30)]
    table = logs.read_log(tmp_path, OVERFLOW * 2 + points[0] + points[1] + OVERFLOW + points[2])
    (note,) = table.notes
    assert (note.kind, note.numbers) == ("fp16_overflows", {"updates": 3, "scale": 32768.0})
    assert logs.points(table, "skipped_iterations") == [(10, 2.0), (30, 1.0)]
