"""A folder of MLflow's file store becomes one table."""

import math
import shutil
from pathlib import Path

import pytest

from lossscan.formats import mlflow_store
from lossscan.model import Table
from lossscan.runs import read_run
from lossscan.runs.discover import discover
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests.logs import points

FIXTURE = Path(__file__).parents[1] / "fixtures" / "mlflow"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A copy of the real store."""
    return Path(shutil.copytree(FIXTURE, tmp_path / "mlruns" / "1" / "abc"))


def read(store: Path) -> Table:
    """Read one run of a store."""
    return mlflow_store.read(head_of(store / "meta.yaml"), Settings())


def test_read_gives_what_the_real_writer_logged(store: Path):
    """Every metric is a column, also below folders; what is not finite is kept."""
    table = read(store)
    assert points(table, "loss") == [(10 * (s + 1), 2 / (s + 1)) for s in range(40)]
    assert points(table, "eval_loss") == [(400, 1.5)]
    assert [str(value) for _, value in points(table, "grad_norm")] == ["nan", "inf"]
    assert table.notes == ()


def test_read_finds_the_params(store: Path):
    """Params are settings, and tell the framework."""
    table = read(store)
    assert table.framework == "transformers"
    assert table.config["learning_rate"] == "0.0001"
    assert table.config["wall_time_start"] == pytest.approx(1795246640.259)


@pytest.mark.parametrize(
    ("status", "complete"), [(1, None), (2, None), (3, True), (4, False), (5, False), ("[]", None)]
)
def test_read_knows_how_the_run_ended(store: Path, status: object, complete: object):
    """A run is running, scheduled, finished, failed or killed."""
    meta = store / "meta.yaml"
    meta.write_text(meta.read_text().replace("status: 3", f"status: {status}"))
    assert read(store).complete is complete


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("1 2.5\n2 2.25\n", [(1, 2.5), (2, 2.25)]),
        ("1 2.5 10 data 0abc\n", [(10, 2.5)]),
        ("1 2.5 20\n1 2.25 10\n", [(20, 2.5), (10, 2.25)]),
    ],
)
def test_read_takes_lines_of_every_age(store: Path, lines: str, expected: object):
    """Older stores have no steps, newer ones name the data set; steps stay in file order."""
    (store / "metrics" / "train" / "loss").write_text(lines)
    assert points(read(store), "loss") == expected


@pytest.mark.parametrize("broken", ["1 x 2", "1 2.0 y"])
def test_read_leaves_out_three_words_that_are_no_numbers(store: Path, broken: str):
    """A line as long as a point, of a damaged file, costs itself alone."""
    (store / "metrics" / "train" / "loss").write_text(f"1 2.5 1\n{broken}\n1 2.25 3\n")
    table = read(store)
    assert points(table, "loss") == [(1, 2.5), (3, 2.25)]
    assert [note.kind for note in table.notes] == ["broken_lines"]


def test_read_notes_lines_that_are_cut_or_none(store: Path):
    """A line that is still being written is no point, nor is one without meaning."""
    (store / "metrics" / "train" / "loss").write_text("1 2.5 1\n1 2.4 2\nx\n1 2.25 -3\n1 2.0 3")
    table = read(store)
    assert points(table, "loss") == [(1, 2.5), (2, 2.4)]
    assert {note.kind for note in table.notes} == {"truncated_tail", "broken_lines"}


def test_read_follows_no_link_out_of_the_store(store: Path, tmp_path: Path):
    """A metric that is a link to another file is not opened."""
    outside = tmp_path / "outside"
    outside.write_text("1 9.0 1\n")
    (store / "metrics" / "stolen").symlink_to(outside)
    shutil.rmtree(store / "params")
    (store / "params").symlink_to(tmp_path)
    table = read(store)
    assert "stolen" not in table.columns
    assert "outside" not in table.config


def test_discover_takes_each_run_of_a_store(store: Path):
    """The experiment's own meta.yaml is no run."""
    (store.parent / "meta.yaml").write_text("artifact_uri: x\nexperiment_id: '1'\nname: e\n")
    shutil.copytree(store, store.parent / "def")
    found = discover(store.parents[1], Settings())
    assert [files.root.name for files in found] == ["abc", "def"]
    run = read_run(found[0], Settings())
    assert run.source_of("loss") == "metrics"
    assert run.setting("per_device_train_batch_size") == 8
    assert not math.isnan(run.series["loss"].values[0])


def test_a_run_that_only_holds_nested_runs_is_none(store: Path):
    """It finished without a metric; one that failed before its first is a run that left no log."""
    for name, status in (("parent", 3), ("died", 4)):
        shutil.copytree(store, store.parent / name)
        shutil.rmtree(store.parent / name / "metrics")
        (store.parent / name / "metrics").mkdir()
        meta = store.parent / name / "meta.yaml"
        meta.write_text(meta.read_text().replace("status: 3", f"status: {status}"))
    assert [files.root.name for files in discover(store.parents[1], Settings())] == ["abc", "died"]


def test_a_long_meta_is_read_whole(store: Path):
    """A name of 80 kB comes before the time at which the run began."""
    meta = store / "meta.yaml"
    meta.write_text(meta.read_text().replace("run_name: run", f"run_name: '{'x' * 80_000}'"))
    table = read(store)
    assert table.config["wall_time_start"] == 1795246640.259
    assert table.complete


def test_points_without_steps_are_counted(store: Path):
    """MLflow gives 0 to who gives none."""
    (store / "metrics" / "train_loss").write_text("1 2.5 0\n2 2.25 0\n3 2.0 0\n")
    (store / "metrics" / "alone").write_text("1 2.5 0\n")
    table = read(store)
    assert points(table, "train_loss") == [(1, 2.5), (2, 2.25), (3, 2.0)]
    assert points(table, "alone") == [(0, 2.5)]
