"""What trackers keep on disk or give for download."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from lossscan import api
from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.formats import read_file, sqlite_store
from lossscan.model import Table
from lossscan.pipeline import one_run
from lossscan.runs import read_run
from lossscan.runs.apart import apart
from lossscan.runs.discover import discover
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import logs

FIXTURES = Path(__file__).parents[1] / "fixtures" / "stores"
WITH_SETTINGS = ("swanlab", "trackio", "mlflow", "comet", "clearml", "sacred", "dvclive", "ray")
LOSSES = [round(3 / (1 + at / 10), 4) for at in range(12)]
DVCLIVE = "step\tloss\n" + "".join(f"{at}\t{loss}\n" for at, loss in enumerate(LOSSES))
TENSORBOARD = "Wall time,Step,Value\n" + "".join(
    f"{1700000000 + at}.5,{at * 10},{loss}\n" for at, loss in enumerate(LOSSES)
)


def _put(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _read_file(path: Path) -> Table:
    return read_file(path, Settings())


def _mlflow(path: Path, runs: int = 1) -> None:
    with sqlite3.connect(path) as store:
        store.executescript(
            "CREATE TABLE runs (run_uuid, name, status);"
            "CREATE TABLE params (key, value, run_uuid);"
            "CREATE TABLE metrics (key, value, timestamp, run_uuid, step, is_nan)"
        )
        for run in range(runs):
            store.execute("INSERT INTO runs VALUES (?, ?, 'FINISHED')", (f"id{run}", f"run {run}"))
            store.execute("INSERT INTO params VALUES ('lr', '0.01', ?)", (f"id{run}",))
            points = [
                ("train_loss", loss, at, f"id{run}", at * 10, at == 5)
                for at, loss in enumerate(LOSSES[: len(LOSSES) - run])
            ]
            store.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", points)
    store.close()


def _change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as store, store:
        for each in statements:
            store.execute(each)


def _rows(run: object = "a") -> list[tuple[object, ...]]:
    return [(run, at, json.dumps({"loss": loss})) for at, loss in enumerate(LOSSES)]


def _trackio(folder: Path, rows: Sequence[tuple[object, ...]], table: str = "({})") -> None:
    with closing(sqlite3.connect(folder / "project.db")) as store, store:
        store.execute("CREATE TABLE metrics " + table.format("run_name, step, metrics"))
        store.executemany("INSERT INTO metrics(run_name, step, metrics) VALUES (?, ?, ?)", rows)


def test_a_run_that_begins_while_others_are_read_is_found(tmp_path: Path):
    """A database in use grows in the log next to it, and keeps its size."""
    path = tmp_path / "mlflow.db"
    _mlflow(path, runs=2)
    with closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA journal_mode = WAL")
        read_file(path, Settings(), "run 1")
        store.execute("INSERT INTO runs SELECT 'new', 'new', status FROM runs LIMIT 1")
        store.execute(
            "INSERT INTO metrics SELECT key, value, timestamp, 'new', step, is_nan FROM metrics"
        )
        store.commit()
        begun = read_file(path, Settings(), "new")
    assert begun.part == "new"


def test_dvclive_names_a_quantity_by_its_folders(tmp_path: Path):
    """The tables below `metrics` are one run, whether training or evaluation is in the folder."""
    metrics = "dvclive/plots/metrics"
    files = {f"{metrics}/train/loss.tsv": DVCLIVE, f"{metrics}/val/loss.tsv": DVCLIVE}
    run = logs.run_at(
        _put(tmp_path, **files, **{"dvclive/metrics.json": '{"train": {"loss": 1.5}}'})
    )
    assert run.series["loss"].values.tolist() == LOSSES
    assert len(run.series["eval_loss"]) == 12


def test_a_download_of_tensorboard_is_named_by_its_file(tmp_path: Path):
    """The tag stands in the name of the file, and so does the run that evaluates."""
    names = ("run-train-tag-epoch_loss.csv", "run-validation-tag-epoch_loss.csv")
    run = logs.run_at(_put(tmp_path, **dict.fromkeys(names, TENSORBOARD)))
    assert run.series["loss"].steps.tolist() == list(range(0, 120, 10))
    assert len(run.series["eval_loss"]) == 12


def test_an_export_of_wandb_is_that_of_its_fullest_run(tmp_path: Path):
    """The bounds of a point are no points, and other runs are named and left out."""
    text = '"Step","sun-1 - train/loss","sun-1 - train/loss__MIN","moon-2 - train/loss"\n'
    text += "".join(
        f'"{at}","{loss}","0","{loss if at < 3 else ""}"\n' for at, loss in enumerate(LOSSES)
    )
    run = logs.run_at(_put(tmp_path, **{"wandb_export.csv": text}))
    assert run.series["loss"].values.tolist() == LOSSES
    assert [(note.kind, note.numbers["run"]) for note in run.notes] == [("runs_apart", "sun-1")]


@pytest.mark.parametrize("key", ["_step", "training_iteration"])
def test_other_counters_are_steps_too(tmp_path: Path, key: str):
    """The history of W&B and the results of Ray Tune count by names of their own."""
    rows = (json.dumps({key: at * 5, "loss": loss}) for at, loss in enumerate(LOSSES))
    run = logs.run_at(_put(tmp_path, **{"result.json": "\n".join(rows) + "\n"}))
    assert run.series["loss"].steps.tolist() == list(range(0, 60, 5))


def test_what_swanlab_logs_of_itself_is_no_run(tmp_path: Path):
    """The console it keeps is a log of the training, its own messages are none."""
    folder = "swanlog/run-20260101_100000-abc"
    console = "".join(f"step {at} loss {loss}\n" for at, loss in enumerate(LOSSES))
    files = {f"{folder}/debug/debug.log": "swanlab: hi\n", f"{folder}/console/a.log": console}
    assert len(logs.run_at(_put(tmp_path, **files)).series["loss"]) == 12


def test_mlflows_database_is_read_and_left_alone(tmp_path: Path):
    """Its fullest run is judged, NaN included, and nothing is written beside it."""
    _mlflow(tmp_path / "mlflow.db", runs=2)
    before = (tmp_path / "mlflow.db").read_bytes()
    run = logs.run_at(tmp_path)
    assert run.series["loss"].steps.tolist() == list(range(0, 120, 10))
    assert int(np.isnan(run.series["loss"].values).sum()) == 1
    assert (run.setting("learning_rate"), run.complete) == (0.01, True)
    assert [note.numbers["others"] for note in run.notes if note.kind == "runs_apart"] == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
    assert (tmp_path / "mlflow.db").read_bytes() == before


def test_metrics_of_mlflow_without_steps_are_counted(tmp_path: Path):
    """It gives 0 to who gives none; the database may bear any of the usual names."""
    _mlflow(tmp_path / "tracking.sqlite")
    _change(tmp_path / "tracking.sqlite", "UPDATE metrics SET step = 0")
    assert logs.run_at(tmp_path).series["loss"].steps.tolist() == list(range(1, 13))


def test_infinity_of_mlflows_database_is_infinity(tmp_path: Path):
    """It is stored as the largest number that there is."""
    _mlflow(tmp_path / "mlflow.db")
    _change(
        tmp_path / "mlflow.db",
        "UPDATE metrics SET value = 1.7976931348623157e308 WHERE step = 20",
        "UPDATE metrics SET value = -1.7976931348623157e308 WHERE step = 30",
    )
    assert logs.run_at(tmp_path).series["loss"].values[2:4].tolist() == [np.inf, -np.inf]


def test_each_run_of_a_database_is_asked_for_by_name(tmp_path: Path):
    """A batch lists them all, and what it calls them is a path to each."""
    path = tmp_path / "mlflow.db"
    _mlflow(path, runs=2)
    (files,) = discover(path, Settings())
    for found in (apart(files), apart(discover(tmp_path, Settings())[0])):
        assert len(found) == 2
        for each in found:
            (asked,) = discover(each.root, Settings())
            run = read_run(asked, Settings())
            assert (run.path, run.name) == (str(each.root), each.root.name)
            assert [note.kind for note in run.notes if note.kind == "runs_apart"] == []
    with pytest.raises(UnreadableLog, match="holds no run nobody"):
        logs.run_at(Path(f"{path}#nobody"))


def test_each_run_of_an_exported_chart_is_asked_for_by_name(tmp_path: Path):
    """The page of W&B exports all runs of a chart as columns."""
    path = tmp_path / "export.csv"
    path.write_text('"Step","a - train/loss","b - train/loss"\n1,3,5\n2,2,4\n3,1,3\n')
    (files,) = discover(path, Settings())
    found = [read_run(each, Settings()).series["loss"].values.tolist() for each in apart(files)]
    assert found == [[3, 2, 1], [5, 4, 3]]


def test_the_name_of_a_run_may_hold_a_slash(tmp_path: Path):
    """As the names of models do; its files are named as those of its neighbors are."""
    _mlflow(tmp_path / "mlflow.db", runs=2)
    _change(tmp_path / "mlflow.db", "UPDATE runs SET name = 'org/model' WHERE run_uuid = 'id1'")
    runs = [read_run(each, Settings()) for each in apart(discover(tmp_path, Settings())[0])]
    assert {run.name for run in runs} == {"mlflow.db#run 0", "mlflow.db#org/model"}
    assert {source.path for run in runs for source in run.sources} == {"mlflow.db"}


def test_the_name_of_a_run_may_be_none_that_a_path_can_have(tmp_path: Path):
    """The other runs of the database are read too."""
    rows = [(name, step, '{"loss": 2.5}') for name in ("a\0b", "c") for step in range(60)]
    _trackio(tmp_path, rows, "(id INTEGER PRIMARY KEY, {})")
    report = api.batch(tmp_path, jobs=1)
    found = {str(one.path).rpartition("#")[2]: one for one in report.runs}
    assert set(found) == {"a\u2400b", "c"}
    assert all(one.run and len(one.run.series["loss"]) == 60 for one in found.values())


@pytest.mark.parametrize("name", [None, b"\xffa", 7])
def test_the_name_of_a_run_may_be_no_text(tmp_path: Path, name: object):
    """A store that another program filled or that is damaged is read all the same."""
    _trackio(tmp_path, _rows(name))
    assert logs.run_at(tmp_path).series["loss"].values.tolist() == LOSSES


@pytest.mark.parametrize("damaged", ['{"loss": 2.', b"\xff\xfe", None])
def test_a_row_that_cannot_be_read_is_counted_and_the_first_is_named(tmp_path: Path, damaged):
    """All other rows are read, and an empty object is none that could not be."""
    odd = [("a", 90, "{}"), ("a", 91, damaged), ("a", "x", '{"loss": 2}')]
    _trackio(tmp_path, [*_rows(), *odd])
    run = logs.run_at(tmp_path)
    assert run.series["loss"].values.tolist() == LOSSES
    (note,) = run.notes
    assert note.kind == "broken_rows"
    assert note.numbers == {"rows": 2, "first": len(LOSSES) + 2}


def test_trackios_database_is_read(tmp_path: Path):
    """Each row is a step with its numbers as JSON."""
    _trackio(tmp_path, _rows(), "(id INTEGER PRIMARY KEY, {})")
    stated = """INSERT INTO configs VALUES ('a', '{"lr": 0.5}')"""
    _change(tmp_path / "project.db", "CREATE TABLE configs (run_name, config)", stated)
    run = logs.run_at(tmp_path)
    assert run.series["loss"].values.tolist() == LOSSES
    assert run.setting("learning_rate") == 0.5


def test_a_table_that_numbers_no_rows_is_read(tmp_path: Path):
    """One WITHOUT ROWID, as a copy by hand may be; what cannot be read is counted all the same."""
    table = "({}, PRIMARY KEY (run_name, step)) WITHOUT ROWID"
    _trackio(tmp_path, [*_rows(), ("a", 90, "{")], table)
    run = logs.run_at(tmp_path)
    assert run.series["loss"].values.tolist() == LOSSES
    assert [note.numbers for note in run.notes] == [{"rows": 1, "first": len(LOSSES) + 1}]


def test_json_of_any_name_is_read_where_there_is_no_log(tmp_path: Path):
    """Loops of one's own call their history as the model."""
    rows = [{"epoch": at, "loss": loss} for at, loss in enumerate(LOSSES)]
    run = logs.run_at(_put(tmp_path, **{"model_train.json": json.dumps(rows), "config.json": "{}"}))
    assert run.series["loss"].values.tolist() == LOSSES


def test_a_model_card_is_read_where_there_is_no_log(tmp_path: Path):
    """Its table of results is the curve, and its list the settings."""
    rows = "".join(
        f"| {loss} | {at}.0 | {at * 100} | {loss} |\n" for at, loss in enumerate(LOSSES, 2)
    )
    card = (
        "# A model\n\nThe following hyperparameters were used during training:\n"
        "- learning_rate: 2e-05\n\n### Training results\n\n"
        "| Training Loss | Epoch | Step | Validation Loss |\n|:---:|:---:|:---:|:---:|\n"
        f"| No log | 1.0 | 100 | 4.5 |\n{rows}\n"
    )
    run = logs.run_at(_put(tmp_path, **{"README.md": card}))
    assert run.series["loss"].values.tolist() == LOSSES
    assert run.series["eval_loss"].values[0] == 4.5
    assert run.setting("learning_rate") == 2e-5


def test_a_model_card_of_keras_counts_epochs(tmp_path: Path):
    """Its table has no steps, and may hold NaN alone."""
    rows = "| nan | nan | 0 |\n| nan | nan | 1 |\n"
    card = f"| Train Loss | Validation Loss | Epoch |\n|:---:|:---:|:---:|\n{rows}\nThe end.\n"
    run = logs.run_at(_put(tmp_path, **{"README.md": card}))
    assert run.framework == "keras"
    assert np.isnan(run.series["loss"].values).tolist() == [True, True]


def test_what_a_notebook_printed_is_a_log(tmp_path: Path):
    """Lines of a loop and the table that transformers draws alike."""
    stream = {"output_type": "stream", "text": ["hello\n"]}
    rows = "".join(f"<tr><td>{at * 10}</td><td>{loss}</td></tr>" for at, loss in enumerate(LOSSES))
    page = f"<table><tr><th>Step</th>\n<th>Training Loss</th></tr>{rows}</table>"
    drawn = {"output_type": "display_data", "data": {"text/html": [page]}}
    cells = [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": [stream, drawn]}]
    run = logs.run_at(_put(tmp_path, **{"train.ipynb": json.dumps({"cells": cells})}))
    assert run.series["loss"].values.tolist() == LOSSES
    assert run.series["loss"].steps[-1] == 110


@pytest.mark.parametrize(
    "null",
    [None, {"outputs": None}, {"outputs": [None]}, {"outputs": [{"text": None, "data": None}]}],
)
def test_what_is_null_in_a_notebook_costs_no_point(tmp_path: Path, null: object):
    """Tools that strip or merge notebooks leave such cells."""
    text = [f"step {at} loss {loss}\n" for at, loss in enumerate(LOSSES)]
    cells = [null, {"outputs": [{"text": text}]}, null]
    run = logs.run_at(_put(tmp_path, **{"train.ipynb": json.dumps({"cells": cells})}))
    assert run.series["loss"].values.tolist() == LOSSES


def test_what_a_cell_raised_is_why_a_notebook_logged_nothing(tmp_path: Path):
    """Jupyter keeps it apart from what the cell printed, with the colors of its traceback."""
    error = {"ename": "RuntimeError", "evalue": "no data", "traceback": ["\x1b[31mRuntimeError"]}
    cells = [{"outputs": [{"text": "loading\n"}, {"output_type": "error", **error}]}]
    _put(tmp_path, **{"train.ipynb": json.dumps({"cells": cells})})
    with pytest.raises(NoLogFound, match="RuntimeError: no data"):
        logs.run_at(tmp_path)


def test_an_evaluation_after_training_does_not_hide_the_table(tmp_path: Path):
    """Nor does the mean that `train` returns count as a point."""
    rows = "".join(f"<tr><td>{at * 10}</td><td>{loss}</td></tr>" for at, loss in enumerate(LOSSES))
    page = f"<table><tr><th>Step</th>\n<th>Training Loss</th></tr>{rows}</table>"
    returned = "TrainOutput(global_step=110, training_loss=9.5, metrics={'epoch': 3.0})"
    after = "{'eval_loss': 0.5, 'eval_runtime': 1.2, 'epoch': 3.0}"
    told = [{"data": {"text/html": page}}, {"data": {"text/plain": returned}}]
    cells = [{"outputs": told}, {"outputs": [{"data": {"text/plain": after}}]}]
    run = logs.run_at(_put(tmp_path, **{"train.ipynb": json.dumps({"cells": cells})}))
    assert run.series["loss"].values.tolist() == LOSSES
    assert run.series["eval_loss"].values.tolist() == [0.5]


def test_a_broken_notebook_is_no_run(tmp_path: Path):
    """It says so by itself, and silences no log beside it."""
    (tmp_path / "train.ipynb").write_text('{"cells": [3]}')
    with pytest.raises(UnreadableLog, match="not a notebook"):
        logs.run_at(tmp_path / "train.ipynb")


def test_a_damaged_database_of_mlflow_is_named(tmp_path: Path):
    """Its name tells what it is, though not one table of it can be listed."""
    (tmp_path / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"x" * 200)
    (tmp_path / "train.log").write_text("step 1 loss 3\nstep 2 loss 2\nstep 3 loss 1\n")
    assert [each.path for each in logs.run_at(tmp_path).skipped] == ["mlflow.db"]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("step,tag,value", "{0},{2}/{1},{3}"),  # of tbparse, in the order of the tags
        (
            ",step,value,run.hash,metric.name,metric.context.subset",
            "0,{0},{3},ab1,{1},{2}",
        ),  # Aim's
    ],
)
def test_a_table_with_a_row_for_each_value_may_begin_with_any_quantity(
    tmp_path: Path, header: str, row: str
):
    """Hundreds of learning rates may stand above the first loss."""
    told = [(name, kind) for name in ("acc", "loss") for kind in ("train", "val")]
    rows = [
        row.format(at, name, kind, loss)
        for name, kind in told
        for at, loss in enumerate(LOSSES * 3)
    ]
    run = logs.run_at(_put(tmp_path, **{"scalars.csv": "\n".join([header, *rows]) + "\n"}))
    assert run.series["loss"].values.tolist() == LOSSES * 3
    assert run.series["eval_loss"].steps.tolist() == list(range(36))


def test_a_copied_database_is_read_with_its_log_and_nothing_is_written(tmp_path: Path):
    """Points that are only in the write-ahead log of a copy count; no index is left next to it."""
    with closing(sqlite3.connect(tmp_path / "used.db")) as store:
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("CREATE TABLE metrics (run_name, step, metrics)")
        store.executemany("INSERT INTO metrics VALUES (?, ?, ?)", _rows())
        store.commit()
        copies = tmp_path / "copies"
        copies.mkdir()
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"used.db{end}", copies / f"project.db{end}")
    before = {each.name: each.read_bytes() for each in copies.iterdir()}
    assert logs.run_at(copies / "project.db").series["loss"].values.tolist() == LOSSES
    assert {each.name: each.read_bytes() for each in copies.iterdir()} == before


def test_a_database_whose_metrics_are_a_view_is_said_to_be_one(tmp_path: Path):
    """A view may never end; to call the file damaged would lead nobody out."""
    tables = "runs(run_uuid)", "params(key, value, run_uuid)", "kept(key, value, step, is_nan)"
    made = (f"CREATE TABLE {table}" for table in tables)
    _change(tmp_path / "mlflow.db", *made, "CREATE VIEW metrics AS SELECT * FROM kept")
    with pytest.raises(NoLogFound, match="views are not read"):
        api.analyze(tmp_path / "mlflow.db")


def test_another_database_is_no_run(tmp_path: Path):
    """A database of something else, or one that is damaged, is not taken for a log."""
    _change(tmp_path / "cache.db", "CREATE TABLE metrics (id, colour)")
    (tmp_path / "bad.db").write_bytes(b"SQLite format 3\0" + b"x" * 200)
    (tmp_path / "train.log").write_text("step 1 loss 3\nstep 2 loss 2\nstep 3 loss 1\n")
    assert [source.path for source in logs.run_at(tmp_path).sources] == ["train.log"]


@pytest.mark.parametrize(
    "name",
    ["swanlab", "swanlab_06", "trackio", "mlflow", "comet", "clearml", "sacred", "dvclive", "ray"],
)
def test_a_store_that_its_library_wrote_is_one_run(name: str):
    """Every loss stands at its step, the evaluation apart, and no other file is a run."""
    run = logs.run_at(FIXTURES / name)
    assert run.series["loss"].values == pytest.approx([2 / step for step in range(1, 13)], rel=1e-5)
    assert run.series["loss"].steps.tolist() == list(range(1, 13))
    assert set(run.series["eval_loss"].values) == {0.5}
    assert run.skipped == ()


@pytest.mark.parametrize("name", WITH_SETTINGS)
def test_a_store_gives_its_settings(name: str):
    """What was stated at the start is known by its own name."""
    run = logs.run_at(FIXTURES / name)
    assert run.setting("per_device_train_batch_size") == 8
    assert run.setting("learning_rate") == 1e-3


@pytest.mark.parametrize("name", ["swanlab", "swanlab_06", "mlflow", "sacred"])
def test_a_store_that_knows_its_end_is_complete(name: str):
    """The word of the tracker counts."""
    assert logs.run_at(FIXTURES / name).complete is True


def test_a_run_that_sacred_saw_fail_is_not_complete(tmp_path: Path):
    """Its state is in a file beside the metrics."""
    for name in ("metrics.json", "run.json"):
        text = (FIXTURES / "sacred" / name).read_text().replace("COMPLETED", "FAILED")
        (tmp_path / name).write_text(text)
    assert logs.run_at(tmp_path).complete is False


def test_metrics_of_sacred_that_are_cut_give_what_is_whole(tmp_path: Path):
    """A full disk costs the end of the file, and a note says so."""
    text = (FIXTURES / "sacred" / "metrics.json").read_text()
    (tmp_path / "metrics.json").write_text(text[: text.rindex("]") - 1])
    run = logs.run_at(tmp_path)
    assert run.series["loss"].steps.tolist() == list(range(1, 13))
    assert "cut_json" in {note.kind for note in run.notes}


def test_the_trainers_count_is_better_than_that_of_calls():
    """Trackio counts what is logged, evaluations among it; transformers logs its own step."""
    run = logs.run_at(FIXTURES / "trackio_hf")
    assert run.series["loss"].steps.tolist() == list(range(10, 130, 10))
    assert run.series["eval_loss"].steps.tolist() == [40, 80, 120]
    assert run.framework == "transformers"


def test_what_ray_says_of_itself_is_no_series(tmp_path: Path):
    """Its settings are in each line, and its event file names all by a prefix."""
    known = {"loss", "eval_loss", "learning_rate"}
    for name in ("result.json", "progress.csv", "events.out.tfevents.1795815239.vm"):
        path = tmp_path / name
        path.write_bytes((FIXTURES / "ray" / name).read_bytes())
        run = logs.run_at(path)
        left = {series for series in run.series if not series.startswith("time")}
        assert left == known


def test_the_parts_of_ultralytics_are_judged_with_their_sum():
    """Its arguments and its learning rate are known by their own names."""
    run = logs.run_at(FIXTURES / "ultralytics")
    assert int(np.isnan(run.series["loss"].values).sum()) == 9
    assert {"box_loss", "eval_loss", "learning_rate"} <= run.series.keys()
    assert (run.setting("num_train_epochs"), run.complete) == (30, True)


def test_archives_side_by_side_are_runs_of_their_own(tmp_path: Path):
    """Comet writes each experiment to one; that of a run whose folder is beside it is a copy."""
    archive = (FIXTURES / "comet" / "offline.zip").read_bytes()
    for name in ("a", "b"):
        (tmp_path / f"{name}.zip").write_bytes(archive)
    assert [found.root.name for found in discover(tmp_path, Settings())] == ["a.zip", "b.zip"]
    (tmp_path / "b").mkdir()
    metrics = (FIXTURES / "clearml" / "metrics.jsonl").read_bytes()
    (tmp_path / "b" / "metrics.jsonl").write_bytes(metrics)
    assert [found.root.name for found in discover(tmp_path, Settings())] == [tmp_path.name, "b"]


def test_an_archive_of_clearml_holds_its_settings(tmp_path: Path):
    """The task is beside the metrics, in the archive as in the folder; a damaged one is left."""
    metrics = (FIXTURES / "clearml" / "metrics.jsonl").read_text()
    task = (FIXTURES / "clearml" / "task.json").read_text()
    for stated, expected in ((task, 8), ('{"hyperparams": [3]}', None), ("{", None)):
        with zipfile.ZipFile(tmp_path / "offline-1.zip", "w") as archive:
            archive.writestr("metrics.jsonl", metrics)
            archive.writestr("task.json", stated)
        assert logs.run_at(tmp_path).setting("per_device_train_batch_size") == expected


@pytest.mark.parametrize(("loss", "noted"), [(0.0, ["nan_as_zero"]), (0.25, [])])
def test_a_zero_of_clearml_may_be_nan(tmp_path: Path, loss: float, noted: list[str]):
    """It stores 0 for what is not finite, and says so nowhere in the files."""
    event = {"type": "training_stats_scalar", "metric": "loss", "variant": "train"}
    events = [[event | {"iter": at, "value": loss if at == 5 else 1.5}] for at in range(9)]
    text = "".join(f"{json.dumps(each)}\n" for each in events)
    run = logs.run_at(_put(tmp_path, **{"metrics.jsonl": text}))
    assert [note.kind for note in run.notes] == noted


def test_swanlab_keeps_nan_and_its_end():
    """The fifth norm was logged as NaN, and the run was finished."""
    for name in ("swanlab", "swanlab_06"):
        run = logs.run_at(FIXTURES / name)
        assert np.isnan(run.series["grad_norm"].values).tolist() == [
            step == 5 for step in range(1, 13)
        ]
        assert run.complete is True


def test_what_swanlab_copies_is_no_run(tmp_path: Path):
    """Its folders hold copies of the console and of each series, in files of any name."""
    run = next((FIXTURES / "swanlab" / "swanlog").iterdir())
    place = tmp_path / "swanlog" / run.name
    files = {
        f"{place}/debug/debug.log": "step 1 loss 2.0\nstep 2 loss 1.0\n",
        f"{place}/console/2026-11-27.log": "step 1 loss 2.0\nstep 2 loss 1.0\n",
        f"{place}/logs/1/1000.log": '{"index": 1, "data": 2.0}\n{"index": 2, "data": 1.0}\n',
    }
    _put(tmp_path, **files)
    (place / "run-1.swanlab").write_bytes(next(run.glob("*.swanlab")).read_bytes())
    assert [each.name for each in discover(tmp_path, Settings())[0].files] == ["run-1.swanlab"]


def test_a_damaged_swanlab_file_gives_what_is_whole(tmp_path: Path):
    """A wrong byte costs its block, and one that holds nothing says so."""
    data = next(FIXTURES.glob("swanlab/*/*/*.swanlab")).read_bytes()
    path = tmp_path / "run-1.swanlab"
    path.write_bytes(data[:2000] + b"\xff" + data[2001:])
    assert [note.kind for note in logs.run_at(tmp_path).notes] == ["bad_checksum"]
    path.write_bytes(data[:9])
    with pytest.raises(UnreadableLog, match="no complete SwanLab record"):
        logs.run_at(tmp_path)


@pytest.mark.parametrize(("folder", "tracker"), [(".aim", "Aim"), (".neptune", "Neptune")])
def test_a_store_that_is_not_read_is_named(tmp_path: Path, folder: str, tracker: str):
    """The user learns what was found and what to do."""
    _put(tmp_path, **{f"{folder}/data-1.log": "{}"})
    with pytest.raises(NoLogFound, match=tracker) as caught:
        one_run(tmp_path, Settings())
    assert "CSV" in caught.value.hint.upper()


@pytest.mark.parametrize("names", [["a.txt", "b.txt"], []])
def test_an_archive_without_a_log_is_refused(tmp_path: Path, names: list[str]):
    """Only what a tracker keeps, or a lone file, is read in an archive."""
    path = tmp_path / "run.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "step 1 loss 2.0\n")
    with pytest.raises(UnreadableLog, match=f"holds {len(names)} files"):
        head_of(path)


def test_a_lone_log_in_an_archive_is_read(tmp_path: Path):
    """It is what people attach to a report."""
    with zipfile.ZipFile(tmp_path / "train.log.zip", "w") as archive:
        archive.writestr("train.log", "".join(f"step {k} loss {2 / k}\n" for k in range(1, 9)))
    assert len(logs.run_at(tmp_path).series["loss"]) == 8


def test_catboosts_folder_is_one_run_of_its_first_loss():
    """AUC comes first and is no loss; what its tables and event files hold is not read again."""
    run = logs.run_at(FIXTURES / "catboost")
    loss, held_out = run.series["loss"], run.series["eval_loss"]
    assert (loss.steps.tolist(), held_out.steps.tolist()) == ([*range(40)], [*range(40)])
    assert loss.values[0] == pytest.approx(0.6822107247)
    assert held_out.values[0] == pytest.approx(0.6837208301)
    assert run.complete is True


def test_a_table_of_catboosts_is_read_by_its_name(tmp_path: Path):
    """The same table under another name may be anything."""
    folder = FIXTURES / "catboost" / "catboost_info"
    for name, series in (("learn_error.tsv", "loss"), ("test_error.tsv", "eval_loss")):
        assert len(_read_file(folder / name).columns[series].steps) == 40
    copy = tmp_path / "scores.tsv"
    copy.write_bytes((folder / "learn_error.tsv").read_bytes())
    with pytest.raises(NoLogFound):
        _read_file(copy)


def test_a_cut_line_of_catboosts_is_no_round(tmp_path: Path):
    """A training that was killed leaves its JSON open, and is not known to be complete."""
    text = (FIXTURES / "catboost" / "catboost_info" / "catboost_training.json").read_text()
    (tmp_path / "catboost_training.json").write_text(text[: text.index('"iteration":20') + 14])
    run = logs.run_at(tmp_path)
    assert (len(run.series["loss"]), run.complete) == (20, None)


def test_what_keras_writes_for_tensorboard_is_one_run():
    """Its losses stand at their epochs, those of the evaluation in a folder of their own."""
    run = logs.run_at(FIXTURES / "keras")
    assert run.series["loss"].values == pytest.approx(
        [0.6139, 0.5655, 0.5274, 0.4942, 0.4644, 0.4373], abs=1e-4
    )
    assert run.series["eval_loss"].steps.tolist() == [0, 1, 2, 3, 4, 5]
    assert run.framework == "keras"


def test_what_transformers_reports_to_swanlab_is_read():
    """The callback logs at the trainer's steps, and the settings of the trainer are beside it."""
    run = logs.run_at(FIXTURES / "swanlab_transformers")
    assert run.series["loss"].steps.tolist() == list(range(2, 25, 2))
    assert run.series["eval_loss"].steps.tolist() == [8, 16, 24]
    assert (run.setting("learning_rate"), run.setting("num_train_epochs")) == (1e-3, 3)


def _of_run(folder: Path, run: int) -> Table:
    return read_file(folder / "mlflow.db", Settings(), part=f"run {run}")


def test_runs_of_a_store_are_counted_once_for_all_of_them(tmp_path: Path):
    """A batch asks for each of a thousand runs by itself: their points are not counted each time.

    A run that another training adds is counted as well.
    """
    _mlflow(tmp_path / "mlflow.db", runs=4)
    with patch.object(sqlite_store, "_Runs", wraps=sqlite_store._Runs) as counted:
        one, *more = (_of_run(tmp_path, run) for run in range(4))
        (tmp_path / "mlflow.db").unlink()
        _mlflow(tmp_path / "mlflow.db", runs=5)
        last = _of_run(tmp_path, 4)
    assert [len(each.columns["loss"].steps) for each in (one, *more, last)] == [12, 11, 10, 9, 8]
    assert counted.call_count == 2
