"""The console of Megatron-LM and its kin."""

from pathlib import Path

from tests import logs

ARGUMENTS = """------------------------ arguments ------------------------
  global_batch_size ............................... 16
  lr .............................................. 0.002
  split ........................................... 949,50,1
  train_samples ................................... None
-------------------- end of arguments ---------------------
INFO:megatron.core.datasets.gpt_dataset:> total number of epochs: 3
"""


def test_read_points(tmp_path: Path):
    """The fields of a line come out under their names, times in seconds."""
    table = logs.read_log(tmp_path, logs.MEGATRON)
    assert logs.points(table, "loss") == [(5, 5.294689), (10, 5.294689), (15, 4.5)]
    assert logs.points(table, "grad_norm")[0] == (5, 1.996)
    assert logs.points(table, "consumed_samples")[0] == (5, 80)
    assert logs.points(table, "seconds_per_step")[0] == (5, 0.05)
    assert table.framework == "megatron"


def test_read_arguments_and_data_epochs(tmp_path: Path):
    """The block of arguments and the dataset's lines are the settings."""
    assert logs.read_log(tmp_path, ARGUMENTS + logs.MEGATRON).config == {
        "global_batch_size": "16",
        "lr": "0.002",
        "split": "949,50,1",
        "train_iters": 484,
        "data_epochs": 3,
    }


def test_read_takes_a_missing_loss_for_nan(tmp_path: Path):
    """Megatron prints no loss that is NaN."""
    table = logs.read_log(tmp_path, logs.megatron_line(5) + logs.megatron_line(10, ""))
    assert str(logs.points(table, "loss")) == "[(5, 5.294689), (10, nan)]"


def test_read_takes_no_loss_from_skipped_iterations(tmp_path: Path):
    """While the loss scale is searched no update is made, and there is no loss."""
    table = logs.read_log(tmp_path, logs.megatron_line(5, "", 5) + logs.megatron_line(10))
    assert logs.points(table, "loss") == [(10, 5.294689)]
    assert logs.points(table, "skipped_iterations") == [(5, 5), (10, 0)]


def test_read_validations(tmp_path: Path):
    """Validations stand at their iteration, the one at the end at the last."""
    line = " validation loss at {} | lm loss value: {}E+00 | lm loss PPL: 1.043E+01 | \n"
    text = logs.MEGATRON + line.format("iteration 15", 2.5)
    text += line.format("the end of training for val data", 2.25)
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "eval_loss") == [(15, 2.5), (15, 2.25)]


def test_read_leaves_the_test_set_out(tmp_path: Path):
    """The loss of the test set is no validation."""
    line = " validation loss at iteration 10 on test set | lm loss value: 2.5E+00 | \n"
    assert "eval_loss" not in logs.read_log(tmp_path, logs.MEGATRON + line).columns


def test_read_leaves_out_a_cut_field(tmp_path: Path):
    """A field counts once its bar is there."""
    cut = logs.megatron_line(20).partition("294689E")[0]
    table = logs.read_log(tmp_path, logs.MEGATRON + cut)
    assert [step for step, _ in logs.points(table, "loss")] == [5, 10, 15]
    assert [step for step, _ in logs.points(table, "learning_rate")] == [5, 10, 15, 20]
