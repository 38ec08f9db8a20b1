"""What loops of one's own and trainers without a reader print, in lines and tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from tests import logs


@pytest.mark.parametrize(
    "line",
    [
        "Episode {n}, Reward Sum {n}.5.\n",
        "[06-09 23:30:15 MainThread @main.py:30] Episode {n} total reward {n}.5 steps 9\n",
        "Total rewards in episode {n} is {n}.5\n",
        "Episode {n}\tAverage Score: {n}.5\tEpsilon: 0.1\n",
    ],
)
def test_a_reward_needs_no_sign_before_its_number(tmp_path: Path, line: str):
    """Loops of one's own print words and numbers with nothing between."""
    text = "".join(line.format(n=n) for n in range(1, 6))
    found = logs.points(logs.read_log(tmp_path, text), "reward")
    assert found == [(n, n + 0.5) for n in range(1, 6)]


def test_losses_may_be_numbered(tmp_path: Path):
    """Two losses without a total are parts of one that is lost."""
    text = "".join(f"train: epoch 1, iter:{n}, loss1u: nan, loss2u: nan\n" for n in range(1, 6))
    run = logs.read_log(tmp_path, text)
    assert {"loss", "loss1u", "loss2u"} <= run.columns.keys()


def test_two_sets_with_a_name_are_two(tmp_path: Path):
    """Nobody knows which of them is the evaluation."""
    line = "epoch: {n} | loss: 3.5 | dev-clean-loss: 4.5 | dev-other-loss: 5.5\n"
    run = logs.read_log(tmp_path, "".join(line.format(n=n) for n in range(1, 6)))
    assert {"eval_clean_loss", "eval_other_loss"} <= run.columns.keys()
    assert "eval_loss" not in run.columns


def test_a_number_in_brackets_that_stays_is_no_step(tmp_path: Path):
    """It is that of the process: the lines are counted."""
    text = "".join(f"[4711] recall: 0.1, precision: 0.2, loss: {n}.5\n" for n in range(1, 6))
    assert logs.points(logs.read_log(tmp_path, text), "loss")[-1] == (5, 5.5)


def test_a_header_of_two_lines_is_one(tmp_path: Path):
    """Vowpal Wabbit prints `average` above `loss`, and the count of examples."""
    header = (
        "Num weight bits = 18\n"
        "average    since         example     example  current  current  current\n"
        "loss       last          counter      weight    label  predict features\n"
    )
    row = "0.{n}41010   0.641010   {n:12d} {n:9d}.0  -1.0000  -0.1864        4\n"
    text = header + "".join(row.format(n=n) for n in (1, 2, 4, 8))
    assert [step for step, _ in logs.points(logs.read_log(tmp_path, text), "loss")] == [1, 2, 4, 8]


def test_a_wide_number_leaves_one_blank_in_its_row(tmp_path: Path):
    """The columns of spaCy's example touch where a loss has three digits before the point."""
    rows = "".join(f"18{n}.500 0.505   1.000   0.671\n" for n in range(4))
    text = f"Training the model...\nLOSS      P       R       F\n{rows}This movie was bad\n"
    assert logs.points(logs.read_log(tmp_path, text), "loss")[-1] == (4, 183.5)


def test_a_batch_behind_its_epoch_may_be_padded(tmp_path: Path):
    """OpenNMT pads both numbers: `Epoch  2,   550/  725;`."""
    row = "Epoch  2,   {n}50/  725; acc:   0.00; ppl:  11.85; 5187 src tok/s\n"
    text = "".join(row.format(n=n) for n in (1, 2, 3)) + "Validation perplexity: 11.5\n"
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 3


def test_words_between_commas_are_no_keys(tmp_path: Path):
    """What a user is told to map are names, not halves of sentences."""
    text = "I train it, it runs, then: nothing\nepoch 1, x: 3, lossy: 4\nepoch 2, x: 3, lossy: 5\n"
    with pytest.raises(NoLogFound) as caught:
        logs.read_log(tmp_path, text)
    assert "it runs" not in str(caught.value)


def test_a_count_may_have_a_name_of_its_own(tmp_path: Path):
    """Games are counted by lines of one shape, and what rises at their start is the count."""
    row = (
        "Game number: 01059{n}  Frame number: 079434{n}  Average reward: {n}.5  Time taken: 69.4s\n"
    )
    text = "".join(row.format(n=n) for n in range(1, 6))
    assert logs.points(logs.read_log(tmp_path, text), "reward")[0] == (10591, 1.5)


def test_an_evaluation_that_counts_its_own_batches_is_behind_the_training(tmp_path: Path):
    """Its counter is far below that of the training, whose run goes on."""
    train = "epoch : 9, iteration : {n}, train loss : 0.5, train loss_ce: 0.25\n"
    text = "".join(train.format(n=1600 + n) for n in range(5))
    text += "epoch : 9, iteration : 90, val loss : 0.75, val loss_ce: 0.5\n"
    run = logs.read_log(tmp_path, text)
    assert logs.points(run, "eval_loss") == [(1604, 0.75)]


def test_a_line_of_a_file_is_no_step(tmp_path: Path):
    """Detectron says where in its code it stops."""
    text = "".join(f'json_stats: {{"iter": {n}, "loss": "4.5", "lr": "0.1"}}\n' for n in range(5))
    text += "CRITICAL train_net.py: 159: Loss is NaN, exiting...\n"
    assert logs.points(logs.read_log(tmp_path, text), "loss")[-1] == (4, 4.5)


def test_epochs_with_a_loss_of_each_set_are_not_all_of_nnunet(tmp_path: Path):
    """The trainer is named where it says more than a loop of one's own would."""
    own = "".join(f"Epoch {n}\n-----\nTrain loss: 0.5\nTest loss: 0.5\n\n" for n in range(5))
    assert logs.read_log(tmp_path, own).framework is None
    assert logs.read_log(tmp_path, logs.NNUNET).framework == "nnunet"


def test_a_history_is_read_where_its_beginning_was_not_pasted(tmp_path: Path):
    """People leave out the brace, and write a sentence in its place."""
    entry = '    {{\n      "epoch": {n}.0,\n      "loss": {n}.5,\n      "step": {n}00\n    }},\n'
    text = 'Here it is:\n  "global_step": 300,\n  "log_history": [\n'
    run = logs.read_log(tmp_path, text + "".join(entry.format(n=n) for n in (1, 2, 3)))
    assert logs.points(run, "loss") == [(100, 1.5), (200, 2.5), (300, 3.5)]
    assert not run.notes


def test_two_lines_with_a_count_and_a_loss_of_many_digits_are_a_log(tmp_path: Path):
    """A short trial of two epochs, below what the program says of itself."""
    said = "Device: cpu\nModel params: 104535\n"
    text = f"{said}Epoch 1: train_loss=40.898, val=2mm\nEpoch 2: train_loss=40.822 (saved)\nEnd\n"
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(1, 40.898), (2, 40.822)]


@pytest.mark.parametrize("width", [8, 12, 16])
def test_numbers_may_be_padded_to_a_column(tmp_path: Path, width: int):
    """The same loss is in the same place of each line, with more or fewer blanks before it."""
    line = "step {n} - loss{loss:{width}.3f} - moving ave loss{loss:{width}.3f}\n"
    text = "".join(line.format(n=n, loss=10.5 / n, width=width) for n in range(1, 9))
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 8


def test_a_lost_loss_may_be_padded_too(tmp_path: Path):
    """A paste of what was left of a training."""
    text = "".join(f"step {n} - loss        nan - moving ave loss        nan\n" for n in (5, 6, 7))
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 3


def test_a_score_is_no_reward_without_an_episode(tmp_path: Path):
    """In most trainings it is a metric."""
    text = "".join(f"Epoch {n} loss: 0.{9 - n}1 Average Score: 0.{n}\n" for n in range(1, 6))
    assert "reward" not in logs.read_log(tmp_path, text).columns


def test_the_rates_of_all_groups_are_read_as_the_first(tmp_path: Path):
    """BasicSR prints them in brackets, with a comma behind each."""
    text = "".join(
        f"INFO: [Retin..][epoch: {n}, iter: {500 * n}, lr:(2.000e-04,1.000e-04,)] "
        f"[eta: 6:29:14] l_pix: {1 / n:.4e} \n"
        for n in range(1, 6)
    )
    found = logs.points(logs.read_log(tmp_path, text), "learning_rate")
    assert found == [(500 * n, 2e-4) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("trains", "evaluates"),
    [
        ("Training epoch {n}\n", "Validation epoch {n}\n"),
        ("Epoch {n}/9\nTraining...\n", "Validating...\n"),
        ("Epoch {n}/9\n[TRAIN]\n", "2024-05-01 10:00:00,123 - INFO - [VALID]\n"),
        ("Epoch {n}/9\nTrain:\n  ", "Val:\n  "),
    ],
)
def test_what_is_below_a_headline_is_of_its_set(tmp_path: Path, trains: str, evaluates: str):
    """The same line is printed for both sets, and only the one above it says which."""
    line = "loss: {0:.4f}, acc: 0.5\n"
    text = "".join(
        trains.format(n=n) + line.format(2 / n) + evaluates.format(n=n) + line.format(3 / n)
        for n in range(1, 9)
    )
    table = logs.read_log(tmp_path, text)
    assert [value for _, value in logs.points(table, "loss")][:2] == [2.0, 1.0]
    assert [value for _, value in logs.points(table, "eval_loss")][:2] == [3.0, 1.5]
    assert len(logs.points(table, "loss")) == len(logs.points(table, "eval_loss")) == 8


@pytest.mark.parametrize("sign", [" ", ": "])
def test_a_measure_may_be_between_a_set_and_its_loss(tmp_path: Path, sign: str):
    """The loss of the validation is not the training's, with a sign before its number or none."""
    line = f"step {{n}}0, training mse loss{sign}{{n}}.5, val mse loss{sign}{{n}}.7\n"
    run = logs.read_log(tmp_path, "".join(line.format(n=n) for n in range(1, 5)))
    assert logs.points(run, "loss")[0] == (10, 1.5)
    assert logs.points(run, "eval_loss")[0] == (10, 1.7)


@pytest.mark.parametrize("word", ["set", "batch", "epoch"])
def test_words_between_a_set_and_its_loss_say_no_more(tmp_path: Path, word: str):
    """Both losses of a line are read."""
    line = f"epoch {{n}} train {word} loss {{n}}.5 val {word} loss {{n}}.7\n"
    run = logs.read_log(tmp_path, "".join(line.format(n=n) for n in range(1, 5)))
    assert logs.points(run, "loss")[0] == (1, 1.5)
    assert logs.points(run, "eval_loss")[0] == (1, 1.7)


@pytest.mark.parametrize("before", ["", "train acc: 0.5, "])
def test_the_only_loss_of_an_epoch_is_the_trainings(tmp_path: Path, before: str):
    """An accuracy of the validation may be printed before it."""
    line = "Epoch {n}, " + before + "val acc: 0.4, loss: {n}.5\n"
    run = logs.read_log(tmp_path, "".join(line.format(n=n) for n in range(1, 5)))
    assert logs.points(run, "loss")[0] == (1, 1.5)
    assert "eval_loss" not in run.columns


def test_one_line_with_exact_losses_of_two_sets_is_a_log(tmp_path: Path):
    """A run that has only begun is pasted too."""
    text = "Epoch: 1, Train Loss: 10.993632, Val Loss: 10.987699\n"
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(1, 10.993632)]


def test_a_sentence_with_losses_of_two_sets_is_no_log(tmp_path: Path):
    """Who writes of a result rounds it."""
    with pytest.raises(NoLogFound):
        logs.read_log(
            tmp_path,
            "# Results\nWe changed the rate.\nEpoch 5 had train loss: 0.1234, val loss: 0.2345.\n"
            "That is all.\n",
        )


def test_what_is_behind_a_star_may_be_of_the_training(tmp_path: Path):
    """A list in Markdown begins so, too."""
    text = "".join(f"* acc 0.5 at epoch {n}, train loss: {n}.5\n" for n in range(1, 5))
    run = logs.read_log(tmp_path, text)
    assert logs.points(run, "loss")[0] == (1, 1.5)
    assert "eval_loss" not in run.columns


def test_the_error_of_a_test_may_be_in_one_line(tmp_path: Path):
    """A fork of PyTorch's quickstart."""
    text = "".join(
        f"Train Epoch: {n} [{at}/99 (50%)]\tLoss: {n}.5\n" for n in (1, 2, 3) for at in (0, 50)
    )
    run = logs.read_log(tmp_path, f"{text}Test Error: Avg loss: 0.75\n")
    assert [value for _, value in logs.points(run, "eval_loss")] == [0.75]
    assert logs.points(run, "loss")[-1][1] == 3.5


def test_a_loss_may_be_said_to_be_of_an_epoch(tmp_path: Path):
    """And of a batch in it, glued to its number."""
    text = "".join(
        f"12:00:0{n},435 - INFO - The train loss of epoch20-batch-{n}0:0.{n}25\n" for n in (1, 2, 3)
    )
    run = logs.read_log(tmp_path, f"{text}12:00:09,105 - INFO - The average of val loss:0.5\n")
    assert logs.points(run, "loss") == [(10, 0.125), (20, 0.225), (30, 0.325)]
    assert [value for _, value in logs.points(run, "eval_loss")] == [0.5]


def test_a_cross_entropy_is_a_term_where_a_total_is_logged(tmp_path: Path):
    """Alone it is the loss."""
    row = "step {n}0 {total}ce_loss: {n}.25 kl_loss: 0.5\n"
    text = "".join(row.format(n=n, total=f"total_loss: {n}.75 ") for n in (1, 2, 3))
    assert logs.points(logs.read_log(tmp_path, text), "loss")[0] == (10, 1.75)
    text = "".join(row.format(n=n, total="") for n in (1, 2, 3))
    assert logs.points(logs.read_log(tmp_path, text), "loss")[0] == (10, 1.25)


def test_no_nan_of_another_rank_is_lost(tmp_path: Path):
    """The lines of one rank are the points."""
    text = "".join(
        f"[RANK {rank}] Epoch {n} loss: {'nan' if rank and n > 2 else n + 0.5}\n"
        for n in (1, 2, 3)
        for rank in (0, 1)
    )
    found = logs.points(logs.read_log(tmp_path, text), "loss")
    assert found[:2] == [(1, 1.5), (2, 2.5)]
    assert str(found[-1][1]) == "nan"


def test_a_rank_in_a_sentence_hides_no_line(tmp_path: Path):
    """Only where several are before the lines, others than the first are left out."""
    text = "".join(f"Epoch {n} loss: {n}.5\nGPU 1: 71% busy\n" for n in (1, 2, 3))
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == len((1, 2, 3))


def test_the_time_of_an_epoch_is_no_counter_of_it(tmp_path: Path):
    """TensorFlow's tutorials print how long one took: here each point is called the first epoch."""
    point = "Epoch 1 Loss 4.{n}362 Accuracy 0.1\nTime taken for 1 epoch: 2{n}.127663 secs\n\n"
    run = logs.read_log(tmp_path, "".join(point.format(n=n) for n in range(1, 7)))
    assert len(logs.points(run, "loss")) == 6
    assert set(run.columns["epoch"].values) == {1.0}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("train_loss.txt", "{n}_{n}.845863\n"),
        ("loss.log", "Tensor loss of type float. Dims: (): {n}.845863\n"),
    ],
)
def test_a_loss_may_be_glued_to_its_count_or_stand_behind_its_type(
    tmp_path: Path, name: str, line: str
):
    """A loop that joins both by a line, and what Caffe2 prints of a tensor."""
    text = "".join(line.format(n=n) for n in range(1, 25))
    found = logs.points(logs.read_log(tmp_path, text, name=name), "loss")
    assert found == [(n, n + 0.845863) for n in range(1, 25)]
