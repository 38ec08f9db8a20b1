"""What MiniMind's trainers print."""

from pathlib import Path

import pytest

from tests import logs

_AT = "Epoch:[1/19](100/12345)"
SHAPES = [
    f"{_AT} loss:2.345 lr:0.00000200 epoch_Time:123.0min:",
    f"{_AT} loss:2.345000 lr:0.000002000000 epoch_Time:12min:",
    f"{_AT}, loss: 2.3450, aux_loss: 0.0000, learning_rate: 0.00000200, epoch_time: 12.0min",
    f"{_AT}, loss: 2.3450, dpo_loss: 2.3450, lr: 0.00000200, epoch_time: 9.000min",
    f"{_AT}, Reward: -2.3041, KL_ref: -0.0010, Actor Loss: 2.3450, Learning Rate: 0.00000200",
]


@pytest.mark.parametrize("line", SHAPES)
def test_read_every_shape(tmp_path: Path, line: str):
    """The line changed over the years; its meaning did not."""
    table = logs.read_log(tmp_path, line + "\n")
    assert logs.points(table, "loss") == [(100, 2.345)]
    assert logs.points(table, "learning_rate") == [(100, 2e-06)]
    assert table.averaging == "instant"


def test_read_counts_steps_across_epochs(tmp_path: Path):
    """The step in a line begins anew in each epoch."""
    table = logs.read_log(tmp_path, logs.MINIMIND)
    assert logs.points(table, "loss") == [(0, 8.85), (100, 5.032), (400, 4.032)]
    assert (table.config["steps_per_epoch"], table.config["num_train_epochs"]) == (300, 2)


def test_read_keeps_rewards(tmp_path: Path):
    """GRPO prints rewards beside the loss."""
    table = logs.read_log(tmp_path, SHAPES[-1] + "\n")
    assert logs.points(table, "reward") == [(100, -2.3041)]
    assert logs.points(table, "kl") == [(100, -0.001)]


def test_read_knows_a_resume(tmp_path: Path):
    """A resumed launch says how many steps it skips."""
    text = "Epoch [1/2]: 跳过前100个step，从step 101开始\n" + logs.MINIMIND
    assert logs.read_log(tmp_path, text).launches == (100,)


def test_read_takes_points_of_one_physical_line(tmp_path: Path):
    """Output of a progress bar may lack the newline."""
    text = logs.MINIMIND.replace("\n", " ") + "\n"
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 3


def test_read_leaves_out_a_cut_number(tmp_path: Path):
    """The last number of a file that is still written may lack digits."""
    table = logs.read_log(tmp_path, SHAPES[0] + "\nEpoch:[1/19](200/12345) loss:2.3")
    assert logs.points(table, "loss") == [(100, 2.345)]


def test_read_takes_epochs_that_are_counted_from_zero(tmp_path: Path):
    """Early logs of MiniMind number epochs from 0 (its issue 26)."""
    line = "Epoch:[{}/19]({}/300) loss:2.500 lr:0.00020000 epoch_Time:98.0min:\n"
    text = "".join(line.format(epoch, step) for epoch in (0, 1, 2) for step in (0, 100, 200))
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == list(range(0, 900, 100))


ORDERS = [
    (f"{_AT} loss:2.345 lr:0.00000200 epoch_Time:123.0min:", "file", "file"),
    (f"{_AT} loss:2.345678 lr:0.000002000000 epoch_Time:12min:", "shuffled", "file_after_resume"),
    (f"{_AT}, loss: 2.3456, learning_rate: 0.00000200", "shuffled", "file_after_resume"),
    (f"{_AT}, loss: 2.3456, logits_loss: 2.3456, lr: 0.00000200", "shuffled", "shuffled"),
    (f"{_AT}, loss: 0.6931, dpo_loss: 0.6931, learning_rate: 0.00000004", "shuffled", "shuffled"),
    (f"{_AT} loss:2.35 lr:0.00000200", None, None),
    (f"{_AT} loss:nan lr:0.00000200", None, None),
]


@pytest.mark.parametrize(("line", "whole", "resumed"), ORDERS)
def test_read_tells_the_order_of_the_data_by_the_version_of_the_line(
    tmp_path: Path, line: str, whole: str | None, resumed: str | None
):
    """Its loader read in file order, then shuffled but for the rest of a resumed epoch."""
    notice = "Epoch [1/19]: 跳过前50个step，从step 51开始\n"
    orders = [logs.read_log(tmp_path, t + line + "\n").config for t in ("", notice)]
    assert [config.get("data_order") for config in orders] == [whole, resumed]
