"""Tables somewhere in a JSON document, and documents with the tables of several runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from lossscan.errors import NoLogFound
from lossscan.formats.json_table import runs
from lossscan.formats.kit.documents import tables_in
from lossscan.formats.kit.json_document import closed
from lossscan.runs.discover import discover
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import logs

LOSSES = [2.5, 2.25, 2.125]
EVALS = [2.75, 2.5, 2.375]
BOTH = list(zip(LOSSES, EVALS, strict=True))


@pytest.mark.parametrize(
    "document",
    [
        {"config": {"lr": 0.001}, "history": {"train_loss": LOSSES, "val_loss": EVALS}},
        {
            "history": [
                {"epoch": n, "train_loss": a, "val_loss": b} for n, (a, b) in enumerate(BOTH, 1)
            ]
        },
        {str(n): {"train": {"loss": a}, "val": {"loss": b}} for n, (a, b) in enumerate(BOTH, 1)},
        {f"epoch_{n}": {"loss": a, "val_loss": b} for n, (a, b) in enumerate(BOTH, 1)},
        [
            {"epoch": n, "train": {"total": a}, "val": {"total": b}}
            for n, (a, b) in enumerate(BOTH, 1)
        ],
        {"loss": {"train": LOSSES, "val": EVALS}, "best": 2.0},
        {"train": {"loss": LOSSES}, "val": {"loss": EVALS}},
        {
            "train": [{"epoch": n, "loss": a} for n, a in enumerate(LOSSES, 1)],
            "val": [{"epoch": n, "loss": b} for n, b in enumerate(EVALS, 1)],
        },
        {"loss": {"0": 2.5, "1": 2.25, "2": 2.125}, "val_loss": {"0": 2.75, "1": 2.5, "2": 2.375}},
        [
            {"epoch": n, "phase": phase, "loss": value}
            for n, pair in enumerate(BOTH, 1)
            for phase, value in zip(("train", "val"), pair, strict=True)
        ],
    ],
)
def test_tables_are_found_wherever_they_are(tmp_path: Path, document: Any):
    """A script keeps what it likes beside its curve, and nests it as it likes."""
    table = logs.read_log(tmp_path, json.dumps(document))
    assert table.format == "json_table"
    assert logs.points(table, "loss") == list(enumerate(LOSSES, 1))
    assert logs.points(table, "eval_loss") == list(enumerate(EVALS, 1))


def test_settings_beside_the_table_are_taken(tmp_path: Path):
    """What is called config is what the training was set to."""
    document = {"config": {"lr": 0.5, "batch_size": 64}, "history": {"loss": LOSSES}}
    assert logs.read_log(tmp_path, json.dumps(document)).config["learning_rate"] == 0.5


def test_an_evaluation_made_now_and_then_is_put_where_it_was_made(tmp_path: Path):
    """Ten times as many steps as evaluations: each closes ten of them."""
    document = {"train_losses": [2.0 - n / 100 for n in range(40)], "val_losses": [2.0, 1.5]}
    table = logs.read_log(tmp_path, json.dumps(document))
    assert logs.points(table, "eval_loss") == [(20, 2.0), (40, 1.5)]


FOLDS = {
    "folds": {f"fold_{k}": {"train_loss": LOSSES, "val_loss": EVALS} for k in (1, 2)},
    "listed": [{"fold": k, "history": {"loss": LOSSES}} for k in (1, 2)],
    "rows": [{"fold": k, "epoch": n, "loss": a} for k in (1, 2) for n, a in enumerate(LOSSES)],
    "models": {"cnn": {"loss": LOSSES}, "lstm": {"loss": LOSSES}, "args": {"lr": 0.5}},
}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("folds", ["fold_1", "fold_2"]),
        ("listed", ["fold-1", "fold-2"]),
        ("rows", ["fold-1", "fold-2"]),
        ("models", ["cnn", "lstm"]),
    ],
)
def test_folds_and_models_are_runs_of_their_own(tmp_path: Path, kind: str, names: list[str]):
    """One after the other they would be a course that begins again and again."""
    path = tmp_path / "history.json"
    path.write_text(json.dumps(FOLDS[kind]))
    assert runs(head_of(path)) == names
    table = logs.read_log(tmp_path, json.dumps(FOLDS[kind]))
    assert [value for _, value in logs.points(table, "loss")] == LOSSES
    assert [note.kind for note in table.notes if note.kind == "runs_apart"] == ["runs_apart"]


def test_a_summary_beside_the_history_is_no_run():
    """Of tables that are not alike the fuller one speaks."""
    document = {"per_epoch": [{"epoch": 1, "val_loss": 2.0}], "history": [
        {"epoch": n, "loss": a} for n, a in enumerate(LOSSES)
    ]}  # fmt: skip
    assert list(tables_in(document)) == [""]


@pytest.mark.parametrize(
    "document",
    [
        [{"lr": lr, "batch_size": size, "loss": 0.5} for lr in (0.1, 0.01) for size in (16, 32)],
        [{"model": name, "loss": 0.5, "acc": 0.9} for name in "abcd"],
        [{"fold": k, "epoch": 10 + k, "val_loss": 0.5} for k in range(5)],
        {"results": {"train_loss": 0.5, "val_loss": 0.75}},
    ],
)
def test_results_of_many_runs_are_no_curve(tmp_path: Path, document: Any):
    """A search over settings and a cross-validation end in a table that looks alike."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, json.dumps(document))


@pytest.mark.parametrize(
    "name",
    [
        "training_log.json",
        "train_stats.json",
        "losses.json",
        "fold_results.json",
        "loss_curve.json",
        "train_metrics.json",
    ],
)
def test_files_are_found_by_what_they_hold(tmp_path: Path, name: str):
    """Nobody agrees on a name, and settings beside them bear similar ones."""
    (tmp_path / name).write_text(json.dumps({"loss": LOSSES}))
    (tmp_path / "training_args.json").write_text('{"learning_rate": 0.5, "num_train_epochs": 3}')
    assert [files.root for files in discover(tmp_path, Settings())] == [tmp_path]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ('{"a": [1, 2, 3', '{"a": [1, 2]}'),
        ('{"h": [{"s": 1, "l": 2}, {"s": 2, "l', '{"h": [{"s": 1, "l": 2}]}'),
        ('{"a": 1, "b": 2', None),
        ('{"a": "]}", "b": [[1], [2', '{"a": "]}", "b": [[1]]}'),
        ("[1}", None),
        ("[" * 60 + "1,", None),
    ],
)
def test_closed_keeps_what_is_whole(text: str, whole: str | None):
    """Half a row is worse than none."""
    assert closed(text) == whole
