"""Several trainings in one log: each stands for itself."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from lossscan import formats
from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.formats.key_value.steady_lines import read_lines
from lossscan.runs import read_run
from lossscan.runs.apart import apart
from lossscan.runs.discover import discover
from lossscan.runs.launches import trainings_in
from lossscan.settings import Settings
from tests import logs

BANNER = "***** Running training *****\n  Num examples = 40\n  Num Epochs = {epochs}\n"
SUMMARY = "{{'train_runtime': 9.0, 'train_loss': 1.8, 'epoch': {epoch}}}\n"


def _training(points: int, loss: float, epochs: int = 2, lost: int = 0) -> str:
    lines = BANNER.format(epochs=epochs)
    for at in range(1, points + 1):
        shown = "nan" if at > points - lost else f"{loss:.4f}"
        lines += (
            f"{{'loss': {shown}, 'learning_rate': 1e-05, 'epoch': {at / points * epochs:.2f}}}\n"
        )
    return lines + SUMMARY.format(epoch=float(epochs))


def test_a_summary_ends_a_training(tmp_path: Path):
    """Two finished trainings are no resume: the longer is judged, and the other is named."""
    text = "Pretraining\n" + _training(12, 2.5, 3) + "Saved.\n" + _training(9, 0.5, 5)
    table = logs.read_log(tmp_path, text)
    assert set(table.columns["loss"].values) == {2.5}
    assert table.config["num_train_epochs"] == 3
    note = next(note for note in table.notes if note.kind == "training_apart")
    assert [note.numbers[key] for key in ("points", "first", "last", "shown", "to")] == [
        *(9, 19, 31),
        *(1, 18),
    ]


def test_a_number_asks_for_one_of_the_trainings(tmp_path: Path):
    """Behind the path, as the name of a run in a database is; others are refused."""
    path = tmp_path / "train.log"
    path.write_text(_training(12, 2.5, 3) + _training(9, 0.5, 5))
    found = {n: discover(Path(f"{path}#{n}"), Settings())[0] for n in (1, 2, 3)}
    assert [len(read_run(found[n], Settings()).series["loss"]) for n in (1, 2)] == [12, 9]
    with pytest.raises(NoLogFound, match="no run 3"):
        read_run(found[3], Settings())


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (_training(12, 2.5, 3) + _training(9, 0.5, 5), ["train.log#1", "train.log#2"]),
        (
            _training(2, 2.5) + _training(9, 0.5) + _training(9, 0.5, lost=1),
            ["train.log#2", "train.log#3"],
        ),
        (_training(2, 2.5) + _training(9, 0.5, 5), ["train.log"]),
        (_training(12, 2.5, 3), ["train.log"]),
        (_training(12, 2.5, 3).replace("1e-05", "1e-05, 'train_runtime': 9.5"), ["train.log"]),
    ],
    ids=["two", "one-lost-its-loss", "one-was-a-try", "one", "summaries-in-each-row"],
)
def test_each_finished_training_of_a_console_is_a_row(tmp_path: Path, text: str, runs: list[str]):
    """In a batch; a try of a few points is none, and neither is one training."""
    (tmp_path / "train.log").write_text(text)
    found = apart(discover(tmp_path / "train.log", Settings())[0])
    assert [each.root.name for each in found] == runs


def test_one_training_has_no_number(tmp_path: Path):
    """There is nothing to tell it from."""
    text = "".join(f"step {10 * n} loss {2 + 1 / n:.4f}\n" for n in range(1, 61))
    one, two = (logs.read_log(tmp_path, text * count) for count in (1, 2))
    assert (trainings_in(one), trainings_in(two)) == ((), (1, 2))


def _notebook(path: Path, *printed: str) -> None:
    cells = [
        {"cell_type": "code", "outputs": [{"output_type": "stream", "text": text}]}
        for text in printed
    ]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))


def test_each_training_of_a_notebook_is_a_run(tmp_path: Path):
    """In a batch each by its number; one alone shows the last and says how many there are."""
    epochs = "".join(
        f"Epoch {n}/9 train_loss: {{:.3f}} val_loss: {2 / n:.3f}\n" for n in range(1, 10)
    )
    first, second = (epochs.format(*(level / n for n in range(1, 10))) for level in (2.0, 3.0))
    path = tmp_path / "two.ipynb"
    _notebook(path, first, "hello\n", second)
    whole = discover(tmp_path, Settings())[0]
    runs = apart(whole)
    assert [each.root.name for each in runs] == ["two.ipynb#1", "two.ipynb#2"]
    assert [read_run(each, Settings()).series["loss"].values[0] for each in runs] == [2.0, 3.0]
    read = read_run(whole, Settings())
    assert read.series["loss"].values[0] == 3.0
    assert [dict(n.numbers) for n in read.notes if n.kind == "trainings_apart"] == [
        {"trainings": 2, "number": 2}
    ]
    with pytest.raises(UnreadableLog, match="no run 3"):
        logs.run_at(Path(f"{path}#3"))


def test_a_training_that_lost_its_loss_is_judged(tmp_path: Path):
    """Another finished training does not make up for NaN."""
    text = _training(9, 2.5, lost=2) + _training(20, 0.5)
    assert len(logs.read_log(tmp_path, text).columns["loss"].steps) == 9


@pytest.mark.parametrize(
    ("first", "again", "judged"), [(10, 10, 10), (2, 20, 20)], ids=["long", "a-try"]
)
def test_a_log_whose_first_training_died_is_not_good(
    tmp_path: Path, first: int, again: int, judged: int
):
    """The last one does not make up for it, unless the first was no more than a try."""
    lost = "".join(f"step {n}0 loss {'nan' if n > 1 else 2.5}\n" for n in range(1, first + 1))
    good = "".join(f"step {n}0 loss 0.5\n" for n in range(1, again + 1))
    (tmp_path / "train.log").write_text(lost + good)
    run = logs.run_at(tmp_path)
    assert len(run.series["loss"]) == judged
    assert np.isnan(run.series["loss"].values).any() == (first > again / 2)


def test_nan_that_a_resume_took_back_is_no_training_that_died(tmp_path: Path):
    """The last training is judged, as the first recovered."""
    one = "".join(f"step {n}0 loss {'nan' if n > 25 else 2.5}\n" for n in range(1, 31))
    resumed = "".join(f"step {n}0 loss 2.25\n" for n in range(20, 40))
    two = "".join(f"step {n}0 loss 0.5\n" for n in range(1, 11))
    (tmp_path / "train.log").write_text(one + resumed + two)
    run = logs.run_at(tmp_path)
    assert set(run.series["loss"].values) == {0.5}


def test_a_training_may_be_taken_up_behind_its_summary(tmp_path: Path):
    """Who says to continue from a checkpoint goes on with the same training."""
    going = "  Continuing training from global step 40\n{'loss': 1.0, 'epoch': 2.2}\n"
    text = _training(10, 2.5) + BANNER.format(epochs=4) + going
    table = logs.read_log(tmp_path, text)
    assert len(table.columns["loss"].steps) == 11
    assert table.config["num_train_epochs"] == 4


def test_counting_from_the_first_step_is_no_resume(tmp_path: Path):
    """A second training that logs at a greater distance than the first begins anew as well."""
    one = "".join(f"step {step} loss 2.5\n" for step in range(10, 201, 10))
    two = "".join(f"step {step} loss 0.5\n" for step in range(20, 401, 20))
    (tmp_path / "train.log").write_text(one + "Training finished.\n" + two)
    run = logs.run_at(tmp_path)
    assert set(run.series["loss"].values) == {0.5}
    assert [resume.fresh for resume in run.schedule.resumes] == [True]


def test_many_trainings_are_one_remark(tmp_path: Path):
    """A search has hundreds, and each is asked for by its number."""
    table = logs.read_log(tmp_path, "".join(_training(points, 2.5) for points in (9, 12, 8)))
    apart = [(note.kind, dict(note.numbers)) for note in table.notes if "apart" in note.kind]
    assert apart == [("trainings_apart", {"trainings": 3, "number": 2})]


def test_a_rerun_from_the_start_is_a_training_of_its_own(tmp_path: Path):
    """It begins where the first began, in epochs and in loss: nothing was resumed."""
    losses = [2.5, 2.2, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5]
    lines = [f"{{'loss': {loss}, 'epoch': {at / 8:.3f}}}\n" for at, loss in enumerate(losses, 1)]
    table = logs.read_log(tmp_path, "".join(lines[:5]) + "python train.py\n" + "".join(lines))
    assert table.columns["loss"].values.tolist() == losses
    assert [note.numbers["points"] for note in table.notes if note.kind == "training_apart"] == [5]


def test_a_counter_that_begins_again_while_the_loss_goes_on_is_the_same_training(tmp_path: Path):
    """What was learned is kept."""
    losses = [2.5, 2.2, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5]
    lines = [f"{{'loss': {x}, 'epoch': {(at % 4 + 1) / 8}}}\n" for at, x in enumerate(losses)]
    assert logs.read_log(tmp_path, "".join(lines)).columns["loss"].values.tolist() == losses


def test_a_console_of_many_trainings_is_read_once_for_all_of_them(tmp_path: Path):
    """A batch asks for each by itself, and the time of it would grow with their square."""
    log = tmp_path / "train.log"
    log.write_text("".join(f"step {step} loss: {2 + 1 / step:.4f}\n" for step in range(1, 60)) * 9)
    with patch("lossscan.formats.key_value.read_lines", wraps=read_lines) as read:
        for part in "159":
            assert len(formats.read_file(log, Settings(), part).columns["loss"].steps) == 9 * 59
    assert read.call_count == 1
