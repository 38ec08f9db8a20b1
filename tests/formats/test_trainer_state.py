"""trainer_state.json, as all versions of transformers and its kin write it."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from lossscan.errors import UnreadableLog
from lossscan.formats import trainer_state
from lossscan.model import Table
from tests import logs


def state(*entries: Any, **fields: Any) -> str:
    """A trainer state with these entries."""
    return json.dumps({"global_step": 20, "log_history": entries} | fields)


def kinds(table: Table) -> list[str]:
    """What a reader noted."""
    return [note.kind for note in table.notes]


def test_read_tells_training_evaluation_and_summary_apart(tmp_path: Path):
    """The last row sums the run up and is no point of the loss."""
    table = logs.read_log(tmp_path, logs.TRAINER_STATE)
    assert logs.points(table, "loss") == [(10, 2.5), (20, 2.25)]
    assert logs.points(table, "eval_loss") == [(20, 2.375)]
    assert "train_loss" not in table.columns
    assert table.complete is True
    assert table.config["train_loss"] == 2.375
    assert table.config["max_steps"] == 20


def test_read_keeps_several_evaluation_sets(tmp_path: Path):
    """Each set has a loss of its own."""
    entry = {"eval_a_loss": 1.0, "eval_b_loss": 2.0, "eval_runtime": 1.0, "step": 10}
    assert {"eval_a_loss", "eval_b_loss"} <= logs.read_log(tmp_path, state(entry)).columns.keys()


def test_read_keeps_the_evaluation_that_found_no_labels(tmp_path: Path):
    """An evaluation without a loss still took time."""
    columns = logs.read_log(tmp_path, state({"eval_runtime": 1.0, "step": 10})).columns
    assert "eval_runtime" in columns
    assert "eval_loss" not in columns


def test_read_notes_an_empty_history(tmp_path: Path):
    """PaddleNLP 3 empties the history; the console holds it."""
    table = logs.read_log(tmp_path, state(consumed_samples=160))
    assert table.framework == "paddlenlp"
    assert not table.columns
    assert kinds(table) == ["empty_log_history"]


def test_read_takes_bare_nan(tmp_path: Path):
    """Python writes NaN and Infinity into JSON."""
    text = state({"loss": 0.0, "grad_norm": math.nan, "step": 1}, {"loss": math.inf, "step": 2})
    table = logs.read_log(tmp_path, text)
    assert math.isnan(table.columns["grad_norm"].values[0])
    assert logs.points(table, "loss")[1] == (2, math.inf)


def test_read_takes_numbers_in_strings_and_drops_null(tmp_path: Path):
    """A front-end may write text; null is no point."""
    table = logs.read_log(tmp_path, state({"loss": "2.5", "step": 1}, {"loss": None, "step": 2}))
    assert logs.points(table, "loss") == [(1, 2.5)]


@pytest.mark.parametrize("step", [None, "soon", -1, 10**30, 1e30, [1]])
def test_read_drops_an_entry_whose_step_is_none(tmp_path: Path, step: object):
    """An entry that cannot be placed is left out."""
    text = state({"loss": 2.5, "step": 1}, {"loss": 9.0, "step": step})
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(1, 2.5)]


@pytest.mark.parametrize("cut", [15, 60, 300])
def test_read_salvages_a_cut_file(tmp_path: Path, cut: int):
    """A full disk cuts the file; the whole entries count."""
    table = logs.read_log(tmp_path, logs.TRAINER_STATE[:-cut])
    assert logs.points(table, "loss")[0] == (10, 2.5)
    assert table.config["global_step"] == 20
    assert kinds(table) == ["cut_json"]


def test_read_refuses_bottomless_nesting(tmp_path: Path):
    """A file made to exhaust the stack is refused like any other broken one."""
    with pytest.raises(UnreadableLog, match="nested too deeply"):
        logs.read_log(tmp_path, '{"log_history": ' + "[" * 100_000)


def test_read_takes_huge_integers(tmp_path: Path):
    """A number beyond any float does not end the reading."""
    table = logs.read_log(
        tmp_path, '{"log_history": [{"loss": 2.5, "x": 1%s, "step": 1}]}' % ("0" * 400)
    )
    assert logs.points(table, "loss") == [(1, 2.5)]


def test_read_knows_ms_swift_by_its_memory(tmp_path: Path):
    """It logs the memory under a name of its own, also where TRL trains for it."""
    entry = {"loss": 0.69, "rewards/chosen": 0.1, "memory(GiB)": 9.5, "step": 1}
    assert logs.read_log(tmp_path, state(entry)).framework == "ms-swift"


def test_read_counts_train_entries_that_hold_the_run_time(tmp_path: Path):
    """With token counting on, every entry states the run time."""
    entry = {"loss": 2.5, "train_runtime": 3.0, "num_input_tokens_seen": 100, "step": 1}
    table = logs.read_log(tmp_path, state(entry))
    assert logs.points(table, "num_input_tokens_seen") == [(1, 100.0)]
    assert table.complete is None


def test_read_finds_odd_entries_among_many_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Entries that are decoded many at once keep evaluations, texts and what is no entry apart."""
    monkeypatch.setattr(trainer_state, "AT_ONCE", 2)
    train = [{"step": at, "loss": 1 / at} for at in range(1, 9)]
    odd = [{"step": 6, "eval_loss": "2.5"}, None, {"step": 7, "loss": {"main": 1}}, {"loss": 1.0}]
    end = {"step": 8, "train_runtime": 9.0, "train_loss": 0.5}
    table = logs.read_log(tmp_path, state(*train[:6], *odd, *train[6:], end))
    assert logs.points(table, "loss") == [(at, 1 / at) for at in range(1, 9)]
    assert logs.points(table, "eval_loss") == [(6, 2.5)]
    assert table.config["train_loss"] == 0.5
    assert table.complete is True


ODD = (
    {"step": 1, "loss": 5.0, "note": "}, {"},
    {"step": 2, "loss": math.nan},
    {"step": 3, "loss": 3.0, "parts": [{"a": 1}, {"a": 2}]},
    {"step": 3, "eval_loss": 3.5, "of": {"set": "a"}},
    {"step": 4, "loss": 2.5, "much": "x" * 200},
    {"step": 5, "loss": 2.0, "lr": 1e-4},
    {"step": 5, "train_runtime": 9.0, "train_loss": 0.5},
)


def told(table: Table) -> tuple[Any, ...]:
    """What a table says, as something that can be compared; a NaN as text."""
    columns = {name: str(logs.points(table, name)) for name in table.columns}
    notes = [(note.kind, note.numbers) for note in table.notes]
    return columns, table.config, table.complete, table.framework, notes


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("lost", [0, 2, 30, 300, 520])
def test_read_cuts_a_state_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indent: int | None, lost: int
):
    """Read in pieces of any size, it says what it says as a whole; also where its end is lost."""
    whole = {"global_step": 5, "log_history": ODD, "callbacks": [{"a": [{}]}, {}], "max_steps": 9}
    text = json.dumps(whole, indent=indent)
    text = text[: len(text) - lost]
    once = told(logs.read_log(tmp_path, text))
    for size in (30, 41, 64, 99, 150, 300):
        monkeypatch.setattr(trainer_state, "PIECE", size)
        assert told(logs.read_log(tmp_path, text)) == once


def test_read_takes_entries_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """So a state may be larger than what is ever held of it; another list of objects is not."""
    monkeypatch.setattr(trainer_state, "PIECE", 100)
    monkeypatch.setattr(trainer_state, "LARGEST", 300)
    entries = [{"step": at, "loss": 1 / at} for at in range(1, 100)]
    table = logs.read_log(tmp_path, state(*entries, more=list(range(10))))
    assert logs.points(table, "loss") == [(at, 1 / at) for at in range(1, 100)]
    with pytest.raises(UnreadableLog, match="larger than"):
        logs.read_log(tmp_path, json.dumps({"x": entries, "log_history": entries}))


def test_entries_of_another_kind_are_told(tmp_path: Path):
    """A state that another program has written to keeps what is its own."""
    entries = [{"loss": 2.5, "step": 10}, ["x", 1], {"foo": "bar"}, {"loss": 2.25, "step": 20}]
    table = logs.read_log(tmp_path, state(*entries), name="trainer_state.json")
    assert logs.points(table, "loss") == [(10, 2.5), (20, 2.25)]
    assert [(n.kind, n.numbers) for n in table.notes] == [("bad_records", {"records": 2})]
