"""Tables that a script kept as one JSON document."""

import json
from pathlib import Path
from typing import Any

import pytest

from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.formats import read_file
from lossscan.settings import Settings
from tests import logs

HISTORY: list[dict[str, Any]] = [
    {"loss": 2.5, "learning_rate": 1e-5, "epoch": 0.5, "step": 10},
    {"loss": 2.25, "learning_rate": 0.0, "epoch": 1.0, "step": 20},
    {"eval_loss": 2.375, "epoch": 1.0, "step": 20},
    {"train_runtime": 9.0, "train_loss": 2.375, "epoch": 1.0, "step": 20},
]


@pytest.mark.parametrize("indent", [None, 2])
def test_read_takes_a_log_history_saved_by_hand(tmp_path: Path, indent: int | None):
    """`json.dump(trainer.state.log_history, file)`, on one line or on many."""
    table = logs.read_log(tmp_path, json.dumps(HISTORY, indent=indent))
    assert table.format == "json_table"
    assert logs.points(table, "loss") == [(10, 2.5), (20, 2.25)]
    assert logs.points(table, "eval_loss") == [(20, 2.375)]
    assert table.complete is True
    assert not table.notes


def test_read_takes_the_history_of_keras(tmp_path: Path):
    """`json.dump(model.fit(...).history, file)`: a list for each quantity."""
    text = json.dumps({"accuracy": [0.5, 0.6], "loss": [2.5, 2.25], "val_loss": [2.5, 2.4]})
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(1, 2.5), (2, 2.25)]
    assert logs.points(table, "eval_loss") == [(1, 2.5), (2, 2.4)]
    assert [note.kind for note in table.notes] == ["steps_counted"]


def test_read_takes_lists_of_different_length(tmp_path: Path):
    """A loop may evaluate only now and then; what stands at one place belongs together."""
    table = logs.read_log(tmp_path, '{"train_loss": [3.0, 2.5, NaN], "lr": [0.5]}')
    assert logs.points(table, "loss")[:2] == [(1, 3.0), (2, 2.5)]
    assert logs.points(table, "learning_rate") == [(1, 0.5)]


@pytest.mark.parametrize("name", ["history.json", "losses.json"])
def test_read_takes_lists_that_only_their_sets_name(tmp_path: Path, name: str):
    """`{"train": [...], "val": [...]}`, or two lists in a file of losses, are losses that fall."""
    train, evals = [3.0, 2.5, 2.25, 2.0], [3.5, 2.75, 2.5, 2.5]
    document: Any = {"train": train, "val": evals, "epochs": 4}
    document = [train, evals] if name == "losses.json" else document
    path = tmp_path / name
    path.write_text(json.dumps(document))
    table = read_file(path, Settings())
    assert logs.points(table, "loss") == list(enumerate(train, 1))
    assert logs.points(table, "eval_loss") == list(enumerate(evals, 1))


def test_lists_that_rise_are_no_losses(tmp_path: Path):
    """They may be accuracies: nobody says."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, '{"train": [0.5, 0.6, 0.7, 0.8], "val": [0.4, 0.5, 0.5, 0.6]}')


def test_read_counts_by_whole_epochs(tmp_path: Path):
    """One row an epoch."""
    rows = [{"epoch": epoch, "train_loss": 3.0 - epoch / 10} for epoch in range(3)]
    assert logs.points(logs.read_log(tmp_path, json.dumps(rows)), "loss")[2] == (2, 2.8)


def test_read_takes_the_whole_rows_of_a_cut_list(tmp_path: Path):
    """A killed program leaves half of it; what is there counts."""
    table = logs.read_log(tmp_path, json.dumps(HISTORY)[:120])
    assert logs.points(table, "loss") == [(10, 2.5)]
    assert [note.kind for note in table.notes] == ["cut_json"]


def test_read_takes_the_whole_numbers_of_cut_lists(tmp_path: Path):
    """Of a cut list of numbers the last may be cut itself."""
    table = logs.read_log(tmp_path, '{"loss": [2.5, 2.25, 2.2')
    assert logs.points(table, "loss") == [(1, 2.5), (2, 2.25)]
    assert [note.kind for note in table.notes] == ["cut_json", "steps_counted"]


def test_read_says_where_a_document_is_broken(tmp_path: Path):
    """What begins as a table may go on as something else."""
    with pytest.raises(UnreadableLog, match=r"not JSON: .* line 1, column"):
        logs.read_log(tmp_path, '{"loss": [' + "2.5, " * 20_000 + "}")


@pytest.mark.parametrize(
    "text",
    [
        '[{"instruction": "Say the loss.", "output": "2.5"}, {"instruction": "", "output": ""}]',
        '[{"text": "a", "loss": 2.5}, {"text": "b", "loss": 2.25}]',  # of samples, not of steps
        '{"labels": [1, 2], "ids": [3, 4]}',
        '{"loss": 2.5, "epoch": 3.0}',
    ],
)
def test_read_leaves_other_documents_alone(tmp_path: Path, text: str):
    """Data sets and results lie beside logs."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text)
