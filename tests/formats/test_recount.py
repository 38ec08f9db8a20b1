"""Counters that begin anew, that stand in headlines, or that count nothing but epochs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lossscan.canonical.names import trains
from lossscan.model import Table
from tests import logs


def _steps(table: Table, name: str = "loss") -> list[int]:
    return [int(step) for step in table.columns[name].steps]


def _epoch_of(epoch: int, head: str = "", foot: str = "") -> str:
    lines = (f"step {step} loss {3 / (epoch + step / 30):.4f}\n" for step in (10, 20, 30))
    return head + "".join(lines) + foot


def test_a_row_trains_where_it_holds_a_loss_that_was_not_evaluated():
    """Neither a rate nor an evaluation says that a step was trained."""
    held: tuple[list[str], ...] = (
        ["loss"],
        ["eval_loss", "loss"],
        ["eval_loss"],
        ["learning_rate"],
        ["eval_acc"],
        [],
    )
    assert [trains(each) for each in held] == [True, True, False, False, False, False]


def test_a_headline_tells_the_epoch_of_the_lines_below(tmp_path: Path):
    """A counter that begins anew under each headline goes on, and no launch is torn off."""
    text = "".join(_epoch_of(epoch, head=f"=== Epoch {epoch}/3 ===\n") for epoch in (1, 2, 3))
    table = logs.read_log(tmp_path, text)
    assert _steps(table) == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert table.columns["epoch"].values.tolist() == [1] * 3 + [2] * 3 + [3] * 3
    assert table.notes == ()  # nothing was assumed


def test_a_line_behind_an_epoch_tells_it_as_well(tmp_path: Path):
    """Lines before the first summary of an epoch belong to it; the last epoch has none yet."""
    text = "".join(_epoch_of(epoch, foot=f"Epoch {epoch} val_loss: 1.5\n") for epoch in (1, 2))
    table = logs.read_log(tmp_path, text + _epoch_of(3))
    assert _steps(table) == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert table.columns["epoch"].values[-1] == 3
    assert _steps(table, "eval_loss") == [30, 60]


def test_an_epoch_under_any_name_tells_how_its_steps_go_on(tmp_path: Path):
    """`current_epoch` is no counter of a line, and still says that its steps begin again."""
    text = "".join(
        _epoch_of(epoch).replace(" loss", f" current_epoch: {epoch} loss") for epoch in (1, 2)
    )
    assert _steps(logs.read_log(tmp_path, text)) == [10, 20, 30, 40, 50, 60]


def test_a_counter_that_goes_on_is_left_as_it_is(tmp_path: Path):
    """Headlines change no step of a counter of the whole run, nor one that a resume sets back."""
    on = "".join(f"Epoch {step // 3}\nstep {step} loss 0.5\n" for step in range(1, 10))
    assert _steps(logs.read_log(tmp_path, on)) == list(range(1, 10))
    resumed = "Epoch 1\n" + "".join(f"step {step} loss 0.5\n" for step in (1, 2, 3, 2, 3, 4))
    assert _steps(logs.read_log(tmp_path, resumed)) == [1, 2, 3, 2, 3, 4]


def test_batches_that_begin_anew_without_a_word_are_taken_for_epochs(tmp_path: Path):
    """What was assumed is said, with its doubt."""
    text = "".join(f"batch {at}/4 loss: 0.5\n" for _ in range(3) for at in (1, 2, 3, 4))
    table = logs.read_log(tmp_path, text)
    assert _steps(table) == list(range(1, 13))
    assert [(note.kind, note.numbers["epochs"]) for note in table.notes] == [("epochs_assumed", 3)]


def test_lines_that_state_only_their_epoch_are_counted(tmp_path: Path):
    """No line is thrown away, NaN included; the mean of the epoch is no further step."""
    losses = ["0.5", "nan", "nan", "0.4"]
    text = "".join(
        "".join(f"Epoch {epoch} - Batch loss: {loss}\n" for loss in losses)
        + f"Epoch {epoch} - Average Train Loss: 0.45\n"
        for epoch in (1, 2, 3)
    )
    table = logs.read_log(tmp_path, text)
    assert _steps(table) == list(range(1, 13))
    assert int(np.isnan(table.columns["loss"].values).sum()) == 6
    assert _steps(table, "train_loss") == [4, 8, 12]
    assert [note.kind for note in table.notes] == ["steps_counted"]


def test_two_loggers_make_no_second_point(tmp_path: Path):
    """A line that two loggers print is one point of its epoch."""
    text = "".join(f"{who}Epoch {at} loss: {1 / at}\n" for at in (1, 2, 3) for who in ("", "I "))
    assert set(_steps(logs.read_log(tmp_path, text))) == {1, 2, 3}


def test_an_evaluation_counts_for_itself(tmp_path: Path):
    """Its counter places nothing: it stands where training stood, and is no training loss."""
    text = "".join(
        f"Epoch {epoch} | Training | Steps: 40 | Loss: 1.5\n"
        f"Epoch {epoch} | Validation | Steps: 7 | Loss: 2.5\n"
        for epoch in range(4)
    )
    table = logs.read_log(tmp_path, text)
    assert _steps(table) == _steps(table, "eval_loss") == [40, 80, 120, 160]
    assert set(table.columns["loss"].values) == {1.5}


def test_one_line_may_hold_both(tmp_path: Path):
    """What stands behind `val:` was evaluated, what stands behind `train:` was not."""
    text = "".join(f"Epoch {at} - train: loss=1.5 - val: loss=2.{at}\n" for at in (1, 2, 3))
    table = logs.read_log(tmp_path, text)
    assert table.columns["loss"].values.tolist() == [1.5] * 3
    assert table.columns["eval_loss"].values.tolist() == [2.1, 2.2, 2.3]


def test_a_line_marked_as_an_evaluation_is_none_of_training(tmp_path: Path):
    """However it is marked: in brackets, as a phase, as the first word."""
    for mark in ("[val] epoch {} loss: 2.5", "phase: valid epoch {} loss: 2.5",
                 "Validation: epoch {} loss: 2.5", "Epoch {} - Val - loss: 2.5"):  # fmt: skip
        text = "".join(f"epoch {at} loss: 1.5\n{mark.format(at)}{at}\n" for at in (1, 2, 3))
        table = logs.read_log(tmp_path, text)
        assert table.columns["loss"].values.tolist() == [1.5] * 3, mark
        assert table.columns["eval_loss"].values.tolist() == [2.51, 2.52, 2.53], mark


def test_epochs_of_fairseq_are_points_where_there_are_no_others(tmp_path: Path):
    """Older versions, at a distance between lines that was never reached, print only these."""
    text = "".join(
        f"| epoch {at:03d} | loss {9 - at}.5 | nll_loss 8.1 | num_updates {at * 40} | lr 0.0003\n"
        f"| epoch {at:03d} | valid on 'valid' subset | loss 9.9 | num_updates {at * 40}\n"
        for at in (1, 2, 3)
    )
    table = logs.read_log(tmp_path, text)
    assert (table.format, _steps(table), _steps(table, "eval_loss")) == (
        "fairseq_console", [40, 80, 120], [40, 80, 120],
    )  # fmt: skip
    assert table.columns["loss"].values.tolist() == [8.5, 7.5, 6.5]


def test_steps_that_were_rounded_go_on_at_the_distance_of_the_exact_ones(tmp_path: Path):
    """LeRobot prints 400, 600, 800, 1K, 1K, 1K, 2K."""
    shown = [400, 600, 800, *(f"{at / 1000:.0f}K" for at in range(1000, 5001, 200))]
    text = "".join(f"INFO train.py:357 step:{at} smpl:13K loss:2.2 grdn:4.8\n" for at in shown)
    table = logs.read_log(tmp_path, text)
    assert _steps(table) == list(range(400, 5001, 200))
    assert table.columns["grad_norm"].values.tolist() == [4.8] * 24


def test_steps_that_were_all_rounded_are_evenly_between(tmp_path: Path):
    """The distance of the first is not known: a resumed run."""
    text = "".join(f"step:{at}K loss:2.2\n" for at in (10, 10, 11, 11, 12))
    assert _steps(logs.read_log(tmp_path, text)) == [10000, 10500, 11000, 11500, 12000]


def test_steps_of_a_bar_that_are_rounded_to_a_thousandth(tmp_path: Path):
    """Levanter prints 980it, 1.00kit, 1.02kit: the steps go on as the exact ones do."""
    shown = [960, 980, *(f"{at / 1000:.2f}k" for at in range(1000, 1201, 20))]
    bar = "INFO :: Progress on:train {at}it/10.0kit rate:2.1it/s postfix:loss=2.5\n"
    table = logs.read_log(tmp_path, "".join(bar.format(at=at) for at in shown))
    assert _steps(table) == list(range(960, 1201, 20))


def test_steps_in_three_digits_are_evenly_between(tmp_path: Path):
    """Of fairchem, whose step is printed as its losses are."""
    line = "(INFO): loss: 2.50e+00, lr: 1.00e-04, epoch: {e:.2e}, step: {n:.2e}\n"
    text = "".join(line.format(e=n / 1000, n=n) for n in range(9980, 10041, 10))
    assert _steps(logs.read_log(tmp_path, text)) == [9980, 9983, 9987, 9990, 9993, 9997, 10000]


def test_a_message_behind_a_bar_without_numbers_counts_for_itself(tmp_path: Path):
    """What was printed while a bar stood still begins with the first epoch, not with the second."""
    bar = "Epochs: {at:3d}%|#     | {at}/100 [00:0{at}<00:24,  1.49s/it]"
    text = "".join(
        bar.format(at=at) + f"Epoch: {at + 1}, Train Loss: {3 - at / 4}, Val Loss: {4 - at}\n\n"
        for at in range(6)
    )
    table = logs.read_log(tmp_path, text)
    assert _steps(table) == _steps(table, "eval_loss") == [1, 2, 3, 4, 5, 6]
    assert table.columns["loss"].values[0] == 3.0


def test_a_bar_with_a_loss_keeps_its_count_before_another_message(tmp_path: Path):
    """The loss is the bar's, and the headline of the next epoch is glued to it."""
    text = "".join(
        f" {25 * at}%|##   | {at}/4 [00:01<00:02, 1.2it/s, loss={4 - at}]Epoch {1 + at // 4}\n"
        for at in range(1, 5)
    )
    assert _steps(logs.read_log(tmp_path, text)) == [1, 2, 3, 4]


def test_a_line_that_sums_up_the_bars_before_it_has_their_evaluation(tmp_path: Path):
    """It counts epochs without the word: `[2/9] Train Loss: ..., Valid Loss: ...`."""
    text = "".join(
        "".join(
            f"\rTrain Loss: {4 - epoch - at / 4}: {25 * at}%|##  | {at}/4 [00:01<00:02, 2.8step/s]"
            for at in range(1, 5)
        )
        + f"\n[{epoch}/9] Train Loss: {3.5 - epoch}, Valid Loss: {4.5 - epoch}\n"
        for epoch in (1, 2)
    )
    table = logs.read_log(tmp_path, text)
    assert _steps(table) == list(range(1, 9))
    assert logs.points(table, "eval_loss") == [(4, 3.5), (8, 2.5)]


def test_epochs_with_one_line_each_at_the_same_batch_are_points(tmp_path: Path):
    """PyTorch's tutorial with one message an epoch: five points, not one."""
    text = "".join(f"[{epoch},  1000] loss: {3 / epoch:.3f}\n" for epoch in range(1, 6))
    assert _steps(logs.read_log(tmp_path, text)) == [1, 2, 3, 4, 5]


def test_a_pass_is_an_epoch(tmp_path: Path):
    """Paddle's first trainer called it so, and the loss a cost."""
    text = "".join(
        f"Pass {epoch}, Batch {at}, Cost {3 - epoch - at / 300:.4f}, {{'acc': 0.5}}\n"
        for epoch in (0, 1)
        for at in (0, 100, 200)
    )
    table = logs.read_log(tmp_path, text)
    assert len(table.columns["loss"].steps) == 6
    assert table.columns["epoch"].values.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_printed_setting_is_no_point(tmp_path: Path):
    """A dict of arguments states the epochs that are planned, not one that was trained."""
    settings = "{'batch_size': 32,\n 'epoch': 300.0,\n 'learning_rate': 0.001,\n 'seed': 42}\n"
    text = settings + "".join(
        f"INFO: Epoch [{epoch:03d}/300] - Train Loss: {9 / epoch:.4f}, LR: [0.001]\n"
        for epoch in range(1, 6)
    )
    table = logs.read_log(tmp_path, text)
    assert _steps(table) == _steps(table, "learning_rate") == [1, 2, 3, 4, 5]


def test_steps_behind_an_epoch_in_words_are_counted(tmp_path: Path):
    """Where both are in brackets above the losses, the steps of the run are finer."""
    text = "".join(
        f"Display training progress at (epoch {at}, total_steps {at * 320})\nloss: {3 / at:.4f}\n"
        for at in range(1, 6)
    )
    assert _steps(logs.read_log(tmp_path, text)) == [320, 640, 960, 1280, 1600]


def test_a_rate_in_a_line_of_its_own_belongs_to_the_step_before(tmp_path: Path):
    """Below the losses of a detector: the rate and parts that count nothing."""
    text = "".join(
        f"epoch:0 || iter:{at} || Loss:{9 - at / 10}\n->> lr:0.000{9 - at // 10}\n"
        for at in range(0, 50, 10)
    )
    table = logs.read_log(tmp_path, text)
    assert _steps(table, "learning_rate") == _steps(table) == [0, 10, 20, 30, 40]


def test_of_a_sum_and_a_mean_of_the_same_the_mean_counts(tmp_path: Path):
    """The sum over an evaluation tells its size."""
    text = "".join(
        f"Epoch {at}\nAverage eval loss: {3 / at}\nTotal eval loss: {3000 / at}\nloss: {2 / at}\n"
        for at in range(1, 6)
    )
    assert logs.points(logs.read_log(tmp_path, text), "eval_loss")[0] == (1, 3.0)


def test_a_loss_behind_the_accuracy_of_a_set_is_of_that_set(tmp_path: Path):
    """The mean of the training is above it, and called a mean."""
    text = "".join(
        f"step {at}:\n  learning_rate = 1e-3, loss_average = {3 / at:.2e}\n"
        f"  validation accuracy: 0.93 (20 / 21), loss: {2 / at:.2e}\n"
        for at in range(1, 6)
    )
    table = logs.read_log(tmp_path, text)
    assert (logs.points(table, "loss")[0], logs.points(table, "eval_loss")[0]) == ((1, 3), (1, 2))


def test_the_length_of_an_epoch_is_no_epoch(tmp_path: Path):
    """As one's own GPT-2 prints it before it trains."""
    text = "loaded 338025 tokens\n1 epoch = 2640 batches\n" + _epoch_of(1)
    assert _steps(logs.read_log(tmp_path, text)) == [10, 20, 30]


def test_epochs_that_show_their_first_batch_alone_go_on(tmp_path: Path) -> None:
    """Each is told at batch 0 of as many as it has."""
    text = "".join(f"Epoch: [{n}][  0/391]\tLoss 2.{n} (2.{n})\tAcc@1  7.8\n" for n in range(4))
    assert _steps(logs.read_log(tmp_path, text)) == [0, 391, 782, 1173]
