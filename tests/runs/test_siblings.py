"""Logs of several runs side by side in one folder."""

from pathlib import Path

import pytest

from lossscan.errors import InputError
from lossscan.pipeline import examine, one_run
from lossscan.runs.apart import apart, by_name
from lossscan.runs.discover import discover
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


def _curve(scale: float) -> str:
    return "epoch,loss\n" + "".join(f"{n},{scale * (2 - n / 50):.3f}\n" for n in range(1, 30))


def _found(folder: Path, **logs: str) -> list[str]:
    for name, text in logs.items():
        (folder / f"{name}.csv").write_text(text)
    (files,) = discover(folder, Settings())
    return [each.root.name for each in apart(files)]


@pytest.mark.parametrize(
    "names", [("resnet18", "vgg16"), ("lr_1e-3", "lr_1e-4"), ("train_bert", "train_roberta")]
)
def test_logs_with_other_values_at_the_same_steps_are_runs(tmp_path: Path, names: tuple[str, str]):
    """Who compares models, or tries rates, puts their logs into one folder."""
    one, other = names
    found = _found(tmp_path, **{one: _curve(1.0), other: _curve(1.5)})
    assert found == [f"{one}.csv", f"{other}.csv"]


def test_two_logs_of_one_training_are_one_run(tmp_path: Path):
    """They agree, whatever their names are."""
    assert _found(tmp_path, app=_curve(1.0), model=_curve(1.0)) == [tmp_path.name]


@pytest.mark.parametrize("names", [("rank0", "rank1"), ("train", "val"), ("log_1", "log_2")])
def test_sets_processes_and_launches_are_parts_of_a_run(tmp_path: Path, names: tuple[str, str]):
    """Their values differ too."""
    one, other = names
    found = _found(tmp_path, **{one: _curve(1.0), other: _curve(1.5)})
    assert found == [tmp_path.name]


@pytest.mark.parametrize("number", ["2", "7", "x"])
def test_a_log_of_one_training_has_no_other(tmp_path: Path, number: str):
    """Who asks for it is told, rather than shown the only one."""
    (tmp_path / "a.csv").write_text(_curve(1.0))
    with pytest.raises(InputError, match=f"holds one training; there is no #{number}"):
        examine(Path(f"{tmp_path / 'a.csv'}#{number}"), Settings())
    assert examine(Path(f"{tmp_path / 'a.csv'}#1"), Settings()).error is None
