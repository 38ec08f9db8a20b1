"""Parts of a loss in files of their own, and what DeepSpeed and Composer write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import logs

DOWNLOADED = "Wall time,Step,Value\n"
ROWS = 6


def _put(folder: Path, name: str, header: str, row: str) -> None:
    """A file of rows; `row` is filled in with the number of each."""
    folder.mkdir(exist_ok=True)
    text = "".join(row.format(n=n) + "\n" for n in range(1, ROWS + 1))
    (folder / name).write_text(header + text)


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("run-.-tag-loss_G.csv", "run-.-tag-loss_D.csv"), ("loss_G", "loss_D")),
        (("run-exp_loss_G-tag-loss.csv", "run-exp_loss_D-tag-loss.csv"), ("G_loss", "D_loss")),
    ],
)
def test_neither_net_is_the_loss(tmp_path: Path, names: tuple[str, str], parts: tuple[str, str]):
    """What `add_scalars` plots of two nets is in two files: the loss is their sum."""
    _put(tmp_path, names[0], DOWNLOADED, "17000000{n}0.5,{n}0,2.5")
    _put(tmp_path, names[1], DOWNLOADED, "17000000{n}0.5,{n}0,0.5")
    series = logs.run_at(tmp_path).series
    assert list(series["loss"].values) == [3.0] * ROWS
    assert [series[part].values[0] for part in parts] == [2.5, 0.5]


def test_a_logged_loss_is_the_loss_beside_such_files(tmp_path: Path):
    """Nothing is added up where the trainer did."""
    _put(tmp_path, "run-.-tag-loss_G.csv", DOWNLOADED, "17000000{n}0.5,{n}0,2.5")
    _put(tmp_path, "run-.-tag-loss_D.csv", DOWNLOADED, "17000000{n}0.5,{n}0,0.5")
    _put(tmp_path, "run-.-tag-loss.csv", DOWNLOADED, "17000000{n}0.5,{n}0,7.5")
    assert list(logs.run_at(tmp_path).series["loss"].values) == [7.5] * ROWS


def test_tags_of_two_nets_are_parts(tmp_path: Path):
    """`loss/G` beside `loss/D` in one table."""
    _put(tmp_path, "metrics.csv", "step,loss/G,loss/D\n", "{n}0,2.5,0.5")
    series = logs.run_at(tmp_path).series
    assert series["loss"].values[0] == 3.0
    assert {"loss/G", "loss/D"} <= set(series)


def test_the_files_of_deepspeed_belong_together(tmp_path: Path):
    """Its csv_monitor writes a file for each quantity, all counted in samples."""
    folder = tmp_path / "job"
    for name, value in (("train_loss", "2.{n}"), ("lr", "0.0001"), ("loss_scale", "65536")):
        header = f"step,Train_Samples_{name}\n"
        _put(folder, f"Train_Samples_{name}.csv", header, f"{{n}}32,{value}")
    run = logs.run_at(tmp_path)
    assert run.series.keys() == {"loss", "learning_rate", "loss_scale"}
    assert list(run.series["learning_rate"].steps) == list(run.series["loss"].steps)


def test_the_evaluations_of_composer_are_at_their_batch(tmp_path: Path):
    """The batches of an evaluation count no steps of the training."""
    text = "".join(
        f"[batch={n}/6]:\n\t Train time/batch: {n - 1}\n\t Train loss/train/total: 2.{n}\n"
        f"\t Train lr-DecoupledAdamW/group0: 0.0001\n"
        f"[Eval batch=1/4] Eval on eval data\n[Eval batch=4/4] Eval on eval data:\n"
        f"\t Eval metrics/eval/LanguageCrossEntropy: 3.{n}\n"
        for n in range(1, ROWS + 1)
    )
    (tmp_path / "console.log").write_text(text)
    series = logs.run_at(tmp_path).series
    for name in ("loss", "learning_rate", "eval_loss"):
        assert list(series[name].steps) == [1, 2, 3, 4, 5, 6]
    assert series["eval_loss"].values[0] == 3.1
