"""What ReduceLROnPlateau prints explains the fall behind it, where no line states the rate."""

from pathlib import Path

import pytest

from tests import logs

PYTORCH = "Epoch {n:5d}: reducing learning rate of group 0 to 5.0000e-04.\n"
KERAS = "\nEpoch {n:05d}: ReduceLROnPlateau reducing learning rate to 0.0005000000237487257.\n"
LOOPS = {
    "Epoch [{epoch}/30], Train Loss: 0.{n}, Val Loss: 0.6\n": (PYTORCH, 20),
    "Epoch: {epoch} | Batch {batch}/3 | loss: 0.{n}\n": (PYTORCH, 60),  # counted from 0 by itself
    "Epoch {epoch}/30\n9/9 [====] - 1s - loss: 0.{n} - val_loss: 0.6\n": (KERAS, 20),
}


@pytest.mark.parametrize("line", LOOPS)
def test_a_rate_that_is_told_only_where_it_is_cut_is_a_landmark(tmp_path: Path, line: str) -> None:
    """It is where the log says so, whatever the scheduler counts."""
    told, step = LOOPS[line]
    batches = range(1, 4) if "batch" in line else range(1)
    rows = [
        "".join(line.format(epoch=n, batch=at, n=990 - 9 * n - at) for at in batches)
        for n in range(1, 31)
    ]
    rows.insert(20, told.format(n=20 if told == KERAS else 21))
    path = tmp_path / "train.log"
    path.write_text("".join(rows))
    run = logs.run_at(path)
    marks = [mark.step for mark in run.schedule.of("lr_change")]
    assert marks == [step]
    assert "learning_rate" not in run.series  # what it was before, nobody knows
