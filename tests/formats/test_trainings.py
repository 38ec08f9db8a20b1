"""Several trainings in one log: each stands for itself."""

from __future__ import annotations

from pathlib import Path

from lossscan.runs import read_run
from lossscan.runs.discover import discover
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


def test_a_training_that_lost_its_loss_is_judged(tmp_path: Path):
    """Another finished training does not make up for NaN."""
    text = _training(9, 2.5, lost=2) + _training(20, 0.5)
    assert len(logs.read_log(tmp_path, text).columns["loss"].steps) == 9


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
    run = read_run(discover(tmp_path, Settings())[0], Settings())
    assert set(run.series["loss"].values) == {0.5}
    assert [resume.fresh for resume in run.schedule.resumes] == [True]


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
