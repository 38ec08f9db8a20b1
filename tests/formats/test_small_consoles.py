"""Consoles of trainers that print in a way of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossscan.runs import read_run
from lossscan.runs.discover import discover
from lossscan.settings import Settings
from tests import logs

FIRST = {
    "marian_console": (logs.MARIAN, "loss", (100, 8.875)),
    "darknet_console": (logs.DARKNET, "loss", (1, 8.875)),
    "spacy_console": (logs.SPACY, "loss_ner", (100, 79.5)),
    "stable_baselines": (logs.STABLE_BASELINES, "reward", (2048, 21.5)),
    "sovits_console": (logs.SOVITS, "fm_loss", (100, 5.875)),
    "nnunet_console": (logs.NNUNET, "eval_loss", (0, -0.11)),
    "bare_numbers": (logs.BARE, "loss", (375, 2.875)),
    "yolo_console": (logs.YOLO, "loss", (1, 5.125)),
}


@pytest.mark.parametrize("name", FIRST)
def test_read_takes_all_points(tmp_path: Path, name: str):
    """Five points each, at the steps that the trainer states."""
    text, series, first = FIRST[name]
    points = logs.points(logs.read_log(tmp_path, text), series)
    assert points[0] == first
    assert len(points) == 5


@pytest.mark.parametrize(
    "line",
    [
        "[{epoch}/5][{batch}/100] Loss_D: 0.5 Loss_G: 3.25\n",
        "{batch} [D loss: 0.5, acc.: 50.0%] [G loss: 3.25]\n",
        "[Epoch {epoch}/9] [Batch {batch}/100] [D loss: 0.5] [G loss: 3.25]\n",
    ],
)
def test_read_takes_the_losses_of_both_networks(tmp_path: Path, line: str):
    """Adversarial trainings print one loss for each network and no total."""
    text = "".join(line.format(epoch=0, batch=batch) for batch in range(1, 6))
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert points == [(batch, 3.75) for batch in range(1, 6)]


def test_read_takes_the_bars_of_rich(tmp_path: Path):
    """Lightning's own bar states the batch behind the bar."""
    text = "".join(
        f"Epoch 0/2  ━━━━━━━━ {n}/40 0:00:01 • 0:00:00 22.1it/s v_num: 0 train_loss: 2.5\n"
        for n in range(1, 6)
    )
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 5


def test_read_takes_a_drawn_box(tmp_path: Path):
    """A table of rich is drawn with other lines than Markdown's."""
    rows = "".join(f"│ {n} │ 2.5 │\n" for n in range(1, 6))
    text = f"┏━━━━━━━┳━━━━━━┓\n┃ Epoch ┃ Loss ┃\n┡━━━━━━━╇━━━━━━┩\n{rows}└───┴──┘\n"
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 5


def test_read_passes_over_the_header_of_an_unnamed_table(tmp_path: Path):
    """Pandas writes `,0` above a list of losses; only the name of the file says what they are."""
    text = ",0\n0,2.9169\n1,2.9052\n2,2.8502\n"
    (tmp_path / "loss.csv").write_text(text)
    loss = read_run(next(iter(discover(tmp_path, Settings()))), Settings()).series["loss"]
    assert (loss.steps.tolist(), loss.values.tolist()) == ([0, 1, 2], [2.9169, 2.9052, 2.8502])
