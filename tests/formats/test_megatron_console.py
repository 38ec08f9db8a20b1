"""The console of Megatron-LM and its kin."""

from pathlib import Path

import pytest

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


MOE = " load_balancing_loss: 1.0E+00 | mtp_1 loss: 9.0E+00 |"


@pytest.mark.parametrize("beside", [MOE, ""])
def test_read_takes_a_loss_that_was_never_printed_for_nan(tmp_path: Path, beside: str):
    """Where all losses are NaN only those of the router and of further heads are printed."""
    table = logs.read_log(tmp_path, logs.megatron_line(5, beside) + logs.megatron_line(10, beside))
    assert str(logs.points(table, "loss")) == "[(5, nan), (10, nan)]"


def test_read_takes_a_loss_for_nan_beside_losses_of_the_router(tmp_path: Path):
    """Mixtures of experts print losses of the router, also where that of the model is NaN."""
    text = logs.megatron_line(5, f" lm loss: 2.5E+00 |{MOE}") + logs.megatron_line(10, MOE)
    table = logs.read_log(tmp_path, text)
    assert str(logs.points(table, "loss")) == "[(5, 2.5), (10, nan)]"


@pytest.mark.parametrize("name", ["loss", "sop loss", "total loss", "lm_loss"])
def test_read_takes_the_loss_by_any_name(tmp_path: Path, name: str):
    """BERT, ICT and kin of Megatron call their loss otherwise; it may become NaN as well."""
    text = logs.megatron_line(5, f" {name}: 2.5E+00 |") + logs.megatron_line(10, "")
    assert str(logs.points(logs.read_log(tmp_path, text), "loss")) == "[(5, 2.5), (10, nan)]"


def test_read_takes_a_missing_loss_for_nan_beside_some_skipped_iterations(tmp_path: Path):
    """Two of five iterations were skipped: the other three gave NaN."""
    text = logs.megatron_line(5) + logs.megatron_line(10, "", 2)
    assert str(logs.points(logs.read_log(tmp_path, text), "loss")) == "[(5, 5.294689), (10, nan)]"


def test_read_takes_skipped_iterations_for_nan_where_they_are_counted_as_nan(tmp_path: Path):
    """Iterations may be skipped because their loss is NaN: then the log counts them so."""
    lost = logs.megatron_line(10, "", 5).replace("nan iterations:   0", "nan iterations:   5")
    table = logs.read_log(tmp_path, logs.megatron_line(5) + lost)
    assert str(logs.points(table, "loss")) == "[(5, 5.294689), (10, nan)]"


def test_read_takes_no_zero_from_skipped_iterations(tmp_path: Path):
    """Versions of 2026 and GPT-NeoX print a loss of 0 where all iterations were skipped."""
    zero = logs.megatron_line(10, " lm loss: 0.000000E+00 |", 5)
    table = logs.read_log(tmp_path, logs.megatron_line(5) + zero + logs.megatron_line(15))
    assert logs.points(table, "loss") == [(5, 5.294689), (15, 5.294689)]


def test_read_takes_no_nan_from_a_log_that_begins_with_skipped_iterations(tmp_path: Path):
    """How many iterations the first line of a resumed run stands for is not known."""
    text = logs.megatron_line(205, "", 5) + logs.megatron_line(210)
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(210, 5.294689)]


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


def test_read_validations_that_are_nan(tmp_path: Path):
    """Megatron prints a validation that is NaN, in capitals."""
    line = " validation loss at iteration 15 | lm loss value: NAN | lm loss PPL: NAN | \n"
    table = logs.read_log(tmp_path, logs.MEGATRON + line)
    assert str(logs.points(table, "eval_loss")) == "[(15, nan)]"


def test_read_validations_of_several_sets(tmp_path: Path):
    """Several validation sets are numbered."""
    line = " validation-{} loss at iteration 15 | lm loss value: 2.5E+00 | lm loss PPL: 12.2 | \n"
    table = logs.read_log(tmp_path, logs.MEGATRON + line.format(0) + line.format(1))
    assert logs.points(table, "eval_0_loss") == logs.points(table, "eval_1_loss") == [(15, 2.5)]


NEOX = """-------------------- arguments --------------------
  min_lr .......................... 9.7e-06.....................updated
---------------- end of arguments ----------------
 samples/sec: 51.2 | iteration       10/      50 | elapsed time per iteration (ms): 9876.5 |\
 learning rate: 1.234E-04 | approx flops per GPU: 150.3TFLOPS | lm_loss: 7.25E+00 |\
 loss scale: 4096.0 | number of skipped iterations:   0 | number of nan iterations:   0 |
 validation results at iteration 10 | lm_loss value: 6.5E+00 | lm_loss_ppl value: 6.6E+02 |
"""


def test_read_gpt_neox(tmp_path: Path):
    """GPT-NeoX prints its speed first, and says which arguments are not the default."""
    table = logs.read_log(tmp_path, NEOX)
    assert logs.points(table, "loss") == [(10, 7.25)]
    assert logs.points(table, "eval_loss") == [(10, 6.5)]
    assert table.config["min_lr"] == "9.7e-06"


def test_read_swiss_army_transformer(tmp_path: Path):
    """SwissArmyTransformer (GLM, CogVLM) prints no colons and no samples."""
    line = (
        " iteration       50/   10000 | elapsed time per iteration (ms): 2317.7 |"
        " learning rate 1.000E-05 | total loss 1.5E+00 | loss 1.25E+00 |speed 3.2 samples/(min*GPU)"
    )
    table = logs.read_log(
        tmp_path, f"{line}\n validation loss at iteration 50 | loss: 1.75E+00 |\n"
    )
    assert logs.points(table, "loss") == [(50, 1.25)]
    assert logs.points(table, "learning_rate") == [(50, 1e-05)]
    assert logs.points(table, "eval_loss") == [(50, 1.75)]


LOADED = "  successfully loaded checkpoint from /run [ t 1/1, p 1/1 ] at iteration {}\n"
BEGUN = "[before the start of training step] datetime: 2026-08-01 10:00:00 \n"


@pytest.mark.parametrize(
    ("said", "step"),
    [
        (LOADED.format(13), 13),
        (" loading distributed checkpoint from /run at iteration 15\n", 15),
        ("Loading checkpoint and starting from iteration 15\n", 15),
        (ARGUMENTS, 15),
        (BEGUN, 15),
        (ARGUMENTS + LOADED.format(15) + BEGUN, 15),
    ],
)
def test_read_launches_that_continue_where_the_one_before_ended(
    tmp_path: Path, said: str, step: int
):
    """A relaunch at the last checkpoint repeats no iteration: what it prints first tells of it."""
    text = ARGUMENTS + logs.MEGATRON + said + logs.megatron_line(20) + logs.megatron_line(25)
    assert logs.read_log(tmp_path, text).launches == (step,)


def test_read_takes_a_finetuning_for_no_resume(tmp_path: Path):
    """Who trains on from the weights of a checkpoint counts from 1 again."""
    table = logs.read_log(tmp_path, ARGUMENTS + LOADED.format(5000) + BEGUN + logs.MEGATRON)
    assert table.launches == ()


def test_read_bounds_the_launches_of_a_log_that_loads_at_every_step(tmp_path: Path):
    """No training is launched as often, and to judge each would take minutes."""
    text = "".join(logs.megatron_line(step) + LOADED.format(step) for step in range(1, 2000))
    assert len(logs.read_log(tmp_path, text).launches) == 500


@pytest.mark.parametrize("prefix", [" 0: ", "15: ", "[default7]:", "[1,0]<stdout>:"])
def test_read_lines_that_name_their_rank(tmp_path: Path, prefix: str):
    """srun, torchrun and mpirun put the rank before each line."""
    text = "".join(prefix + line for line in (ARGUMENTS + logs.MEGATRON).splitlines(keepends=True))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(5, 5.294689), (10, 5.294689), (15, 4.5)]
    assert table.config["lr"] == "0.002"


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
