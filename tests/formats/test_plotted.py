"""What a SummaryWriter makes below its folder, and the names that torch's examples give."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossscan.runs.discover import discover
from lossscan.settings import Settings
from tests import logs
from tests.writers import write_events

STORES = Path(__file__).parents[1] / "fixtures" / "stores"
LOSSES = [2 / step for step in range(1, 13)]


@pytest.mark.parametrize("writer", ["torch", "tensorboardx"])
@pytest.mark.parametrize("run", ["lines", "slash"])
def test_training_and_evaluation_are_told_apart(writer: str, run: str):
    """`add_scalars` makes a folder a line, and `Loss/test` is a name like any other."""
    read = logs.run_at(STORES / writer / run)
    assert read.path == str(STORES / writer / run)
    assert read.series["loss"].values == pytest.approx(LOSSES, rel=1e-5)
    assert read.series["eval_loss"].values.tolist() == [0.5] * 3
    assert min(series.steps[0] for series in read.series.values()) == 1


@pytest.mark.parametrize("writer", ["torch", "tensorboardx"])
def test_what_add_hparams_writes_are_settings_of_the_run(writer: str):
    """Its folder, which the clock names, is no run."""
    read = logs.run_at(STORES / writer / "lines")
    assert (read.setting("learning_rate"), read.setting("per_device_train_batch_size")) == (1e-3, 8)


def test_runs_below_one_another_stay_apart(tmp_path: Path):
    """A folder is a line of a plot only where its name says so."""
    points = list(enumerate(LOSSES))
    for folder in (tmp_path, tmp_path / "second", tmp_path / "loss_of_mine"):
        write_events(folder / "events.out.tfevents.1", {"train/loss": points})
    assert len(discover(tmp_path, Settings())) == 3
