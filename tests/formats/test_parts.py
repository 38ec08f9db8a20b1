"""Losses in parts, small tables, and rows of Keras before an epoch is over."""

from __future__ import annotations

from math import isnan
from pathlib import Path

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
