"""Logs of several runs side by side in one folder."""

from pathlib import Path

import pytest

from lossscan.errors import InputError
from lossscan.pipeline import examine, one_run
from lossscan.runs.apart import apart
from lossscan.runs.discover import discover
from lossscan.runs.siblings import by_name
from lossscan.settings import Settings

ROWS = "".join(f"{n},{2 - n / 50:.3f}\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        (["log_seed0.csv", "log_seed1.csv"], ["seed0", "seed1"]),
        (["fold1_history.json", "fold2_history.json"], ["fold1", "fold2"]),
        (["run-a-tag-loss.csv", "run-b-tag-loss.csv", "run-b-tag-lr.csv"], ["a", "b"]),
        (["run-train-tag-loss.csv", "run-validation-tag-loss.csv"], []),
        (["run-.-tag-loss_train.csv", "run-.-tag-loss_val.csv"], []),
        (["train_log.csv", "val_log.csv"], []),
        (["log_seed0.csv", "summary.csv"], []),
        (["log_seed0.csv"], []),
        (["log_seed0.csv", "log_seed0.txt"], []),
    ],
)
def test_names_tell_runs_apart(names: list[str], runs: list[str]):
    """Seeds, folds and what TensorBoard exports; parts of one run stay together."""
    assert list(by_name(Path(name) for name in names)) == runs


def test_each_log_is_a_run(tmp_path: Path):
    """A batch has a row for each, and a folder of several is no single run."""
    for seed in (0, 1):
        (tmp_path / f"log_seed{seed}.csv").write_text(f"epoch,loss\n{ROWS}")
    (files,) = discover(tmp_path, Settings())
    assert [each.root.name for each in apart(files)] == ["log_seed0.csv", "log_seed1.csv"]
    with pytest.raises(InputError, match="found 2 runs"):
        one_run(tmp_path, Settings())


def test_a_run_of_several_logs_has_the_name_of_its_folder(tmp_path: Path):
    """It can be asked for by that name."""
    for run in ("a", "b"):
        for tag in ("loss", "learning_rate"):
            text = "".join(f"1700000000,{row}" for row in ROWS.splitlines(keepends=True))
            (tmp_path / f"run-{run}-tag-{tag}.csv").write_text(f"Wall time,Step,Value\n{text}")
    report = examine(Path(f"{tmp_path}#b"), Settings())
    assert report.run is not None
    assert {"loss", "learning_rate"} <= report.run.series.keys()
    assert all("run-b-" in source.path for source in report.run.sources)
