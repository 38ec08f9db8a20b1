"""Losses in parts, small tables, and rows of Keras before an epoch is over."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from lossscan.model import Table
from tests import logs


def _read(folder: Path, text: str) -> Table:
    return logs.read_log(folder, text)


def test_parts_without_a_total_are_added_up(tmp_path: Path):
    """A detector's table: each part is a series, their sum is the loss."""
    rows = "".join(f"{n},{3 - n / 10},0.5,{2 - n / 10}\n" for n in range(1, 6))
    table = _read(tmp_path, f"epoch,train/box_loss,train/cls_loss,val/box_loss\n{rows}")
    assert logs.points(table, "loss")[0] == (1, 3.4)
    assert {"box_loss", "cls_loss", "eval_box_loss"} <= set(table.columns)


def test_a_total_is_the_loss_beside_its_parts(tmp_path: Path):
    """What the trainer adds up itself counts."""
    rows = "".join(
        f"iter: {n} total_loss: 2.0 loss_cls: 1.5 loss_box_reg: 0.25\n" for n in range(1, 6)
    )
    assert logs.points(_read(tmp_path, rows), "loss")[0] == (1, 2.0)


def test_a_lost_part_shows_in_the_sum(tmp_path: Path):
    """One part that is NaN is enough."""
    rows = "".join(
        f"(epoch: 1, iters: {n}00, time: 0.2) D_A: 0.3 cycle_A: {'nan' if n > 4 else 2.5}\n"
        for n in range(1, 6)
    )
    values = [value for _, value in logs.points(_read(tmp_path, rows), "loss")]
    assert values[0] == 2.8
    assert isnan(values[-1])


def test_a_table_needs_no_counter(tmp_path: Path):
    """Its rows are counted, pandas' index or none."""
    for index in (("", ""), (",", "7,"), ("Unnamed: 0,", "7,")):
        text = f"{index[0]}loss,val_loss\n{index[1]}2.5,2.75\n{index[1]}2.25,2.5\n"
        assert logs.points(_read(tmp_path, text), "loss") == [(1, 2.5), (2, 2.25)]


def test_two_pasted_lines_are_a_log(tmp_path: Path):
    """Where a file holds nothing else, two are enough."""
    text = "Epoch: [7]  [460/500]  loss: 3.5 (3.25)\nEpoch: [7]  [480/500]  loss: 3.0 (3.25)\n"
    assert [value for _, value in logs.points(_read(tmp_path, text), "loss")] == [3.5, 3.0]


def test_bars_of_an_unfinished_first_epoch_count(tmp_path: Path):
    """Keras was stopped before its first full bar."""
    bars = "".join(f"{n}/400 [>....] - ETA: 6:59 - loss: {3 - n / 8}\n" for n in range(1, 5))
    table = _read(tmp_path, f"Epoch 1/25\n{bars}")
    assert logs.points(table, "loss") == [(1, 2.875), (2, 2.75), (3, 2.625), (4, 2.5)]


def test_the_test_loss_of_fair_is_the_evaluation(tmp_path: Path):
    """Their log.txt names train_loss, train_lr and test_loss."""
    rows = "".join(
        f'{{"train_lr": 0.1, "train_loss": 2.5, "test_loss": 3.5, "epoch": {n}}}\n'
        for n in range(4)
    )
    table = _read(tmp_path, rows)
    assert logs.points(table, "eval_loss")[0] == (0, 3.5)
    assert logs.points(table, "learning_rate")[0] == (0, 0.1)


def test_a_row_with_a_run_time_and_a_loss_is_a_point(tmp_path: Path):
    """Some versions of transformers state the time so far in each row."""
    rows = "".join(
        f"{{'loss': 2.5, 'train_runtime': {n}.0, 'epoch': {n / 8}}}\n" for n in range(1, 9)
    )
    table = _read(tmp_path, rows)
    assert len(logs.points(table, "loss")) == 8
    assert table.complete is None


def test_each_of_several_losses_of_a_line_is_a_part(tmp_path: Path):
    """The word before `Loss` names it; the loss is the sum, or the total where there is one."""
    parts = "Cls Loss: 1.5 Box Loss: 0.25"
    lines = "".join(f"Epoch 1/9 Step {n}0/90 {parts}\n" for n in range(1, 6))
    table = _read(tmp_path, lines)
    assert logs.points(table, "cls_loss")[0] == (10, 1.5)
    assert logs.points(table, "loss")[0] == (10, 1.75)
    table = _read(tmp_path, lines.replace(parts, f"Loss: 2.0 {parts}"))
    assert logs.points(table, "box_loss")[0] == (10, 0.25)
    assert logs.points(table, "loss")[0] == (10, 2.0)


def test_a_list_of_losses_names_its_parts_by_one_word(tmp_path: Path):
    """And its total is the loss."""
    lines = "".join(
        f"[Epoch 0/9, Batch {n}/90] [Losses: x 0.25, conf 0.5, total {'nan' if n > 4 else 0.75}]\n"
        for n in range(1, 6)
    )
    table = _read(tmp_path, lines)
    assert logs.points(table, "conf_loss")[0] == (1, 0.5)
    assert isnan(logs.points(table, "loss")[-1][1])


def test_single_letters_are_losses_where_both_nets_have_theirs(tmp_path: Path):
    """In the bar of an adversarial training; a lone `G` may be anything."""
    bar = "Epoch 4/9: 100%|##| 90/90 [07:11<00:00, 21.7it/s, DF=nan, G=0.5, LR=0.1]\n"
    table = _read(tmp_path, bar)
    assert logs.points(table, "G_loss")[0][1] == 0.5
    assert isnan(logs.points(table, "loss")[0][1])
    with pytest.raises(NoLogFound):
        _read(tmp_path, bar.replace("DF=nan, ", ""))


@pytest.mark.parametrize(
    "line",
    [
        "Iteration:      0, Loss function:   nan, Average Loss: nan\n",
        "GLOBAL STEP : 29003 / LEARNING RATE : 0.001 / **LOSS : nan** ( 1.9 secs)\n",
        "Iter 1000 loss=nan\n",
        "progress  epoch 5  step 602  remaining 0m\nd_loss nan\ngen_loss_L1 3.5\n",
    ],
)
def test_one_line_with_nan_is_a_log_even_in_prose(tmp_path: Path, line: str):
    """Where more than the loss is beside the counter; a sentence says no more than that."""
    prose = "This is what I get.\nHow can it be?\n"
    table = _read(tmp_path, f"{prose}{line}{prose}")
    assert isnan(logs.points(table, "loss")[0][1])
    with pytest.raises(NoLogFound):
        _read(tmp_path, f"{prose}At step 500 loss: nan appears.\n{prose}")


def test_the_blocks_of_coqui_are_at_their_global_step(tmp_path: Path):
    """The other step begins anew in each epoch."""
    blocks = "".join(
        f"   --> STEP: {n}/1200 -- GLOBAL_STEP: {1000 + n}\n     | > loss: {n / 8} (0.5)\n"
        f"     | > loss_mel: 0.25 (0.5)\n     | > loss_kl: 0.5 (0.5)\n \n"
        for n in range(1, 4)
    )
    evaluated = "  --> EVAL PERFORMANCE\n     | > avg_loss: 0.75 (+0.0)\n\n > EPOCH: 1/9\n"
    table = _read(tmp_path, blocks + evaluated)
    assert logs.points(table, "eval_loss") == [(1003, 0.75)]
    assert logs.points(table, "loss") == [(1001, 0.125), (1002, 0.25), (1003, 0.375)]
    assert logs.points(table, "loss_mel")[-1] == (1003, 0.25)


def test_a_third_loss_beside_those_of_two_nets_is_a_part(tmp_path: Path):
    """It is no total of them."""
    lines = "".join(
        f"Epoch {n}, Generator Loss: 1.5, Discriminator Loss: 0.5, Cycle Loss: 0.25\n"
        for n in range(1, 6)
    )
    table = _read(tmp_path, lines)
    assert logs.points(table, "cycle_loss")[0] == (1, 0.25)
    assert logs.points(table, "loss")[0] == (1, 2.25)


@pytest.mark.parametrize("before", ["", "epoch {n} "])
@pytest.mark.parametrize("sign", [": ", " "])
def test_a_word_before_each_loss_tells_parts_that_are_a_line_each(
    tmp_path: Path, before: str, sign: str
):
    """The total is the loss, whichever is printed first."""
    head = before or "batch {n}\n"
    lines = ("cls loss", "1.5"), ("box loss", "0.5"), ("total loss", "{n}.25")
    row = head + before.join(f"{name}{sign}{value}\n" for name, value in lines)
    table = _read(tmp_path, "".join(row.format(n=n) for n in range(2, 6)))
    assert logs.points(table, "loss") == [(n, n + 0.25) for n in range(2, 6)]


def test_parts_a_line_each_are_added_up_where_no_total_is(tmp_path: Path):
    """None of them alone is the loss."""
    row = "Epoch {n}\nclassification loss: 1.5\nregression loss: {n}.5\n"
    table = _read(tmp_path, "".join(row.format(n=n) for n in range(1, 5)))
    assert logs.points(table, "loss") == [(n, n + 2.0) for n in range(1, 5)]


def test_one_word_before_the_loss_makes_it_no_part(tmp_path: Path):
    """It may say of which batch or net it is."""
    text = "".join(f"step {n}: current loss: {n}.5, lr: 0.1\n" for n in range(1, 5))
    table = _read(tmp_path, f"{text}our loss: 9.5 is no point\n")
    assert logs.points(table, "loss") == [(n, n + 0.5) for n in range(1, 5)]
    assert set(table.columns) == {"loss", "learning_rate"}


def test_words_of_a_sentence_before_losses_name_no_parts(tmp_path: Path):
    """What a checkpoint is saved with is no second loss to add."""
    row = "Epoch {n} done with loss: {n}.5\nNew best at loss: {n}.5\n"
    table = _read(tmp_path, "".join(row.format(n=n) for n in range(1, 5)))
    assert logs.points(table, "loss") == [(n, n + 0.5) for n in range(1, 5)]
    assert set(table.columns) == {"loss", "epoch"}


def test_a_part_whose_name_has_a_digit_is_one_of_several_on_a_line(tmp_path: Path):
    """It is not the loss because the others have names of their own."""
    row = "step {n}, Mel Loss: 1.5, Gen Loss: {n}.25, S2S Loss: 0.25\n"
    table = _read(tmp_path, "".join(row.format(n=n) for n in range(1, 5)))
    assert logs.points(table, "loss") == [(n, n + 2.0) for n in range(1, 5)]


def test_a_cross_entropy_next_to_a_part_is_a_term(tmp_path: Path):
    """GluonCV logs two terms and no total: NaN in the second is lost in none of them."""
    line = "[Epoch 0][Batch {n}9], Speed: 31.8 samples/sec, CrossEntropy=12.{n}, SmoothL1=1.5\n"
    table = logs.read_log(tmp_path, "".join(line.format(n=n) for n in range(1, 5)))
    assert logs.points(table, "loss") == [(10 * n + 9, 13.5 + n / 10) for n in range(1, 5)]
    assert {"cross_entropy", "SmoothL1"} <= table.columns.keys()


def test_a_cross_entropy_alone_is_the_loss(tmp_path: Path):
    """An error next to it is no term."""
    line = "epoch {n}: CrossEntropy=2.{n}, SmoothedError=0.5\n"
    table = logs.read_log(tmp_path, "".join(line.format(n=n) for n in range(1, 6)))
    assert logs.points(table, "loss") == [(n, 2 + n / 10) for n in range(1, 6)]
