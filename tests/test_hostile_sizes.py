"""What is very large or very many costs time and memory in proportion, or is refused."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from lossscan import formats
from lossscan.errors import UnreadableLog
from lossscan.formats import csv_table, sqlite_store
from lossscan.formats.kit import json_document
from lossscan.formats.transformers_console import trainer_lines
from lossscan.gate import exit_status
from lossscan.model import FAILED, GAVE_UP_NOTE, Report
from lossscan.pipeline import examine
from lossscan.runs import assemble
from lossscan.runs.training import files as training_files
from lossscan.settings import Settings
from lossscan.sources import archive, packed
from lossscan.sources.files import head_of
from tests.fuzz.faults import fault
from tests.fuzz.targets import read_store
from tests.writers import event_bytes, record, wandb_bytes, wandb_history


def _read(path: Path, text: str):
    path.write_text(text)
    return formats.read_file(path, Settings())


def _seconds(path: Path, text: str) -> float:
    begun = time.process_time()
    _read(path, text)
    return time.process_time() - begun


def test_a_key_of_its_own_in_each_line_takes_no_quadratic_time(tmp_path):
    """Four times the lines take about four times as long, not sixteen."""
    path = tmp_path / "trainer_log.jsonl"

    def lines(count: int) -> str:
        return "".join(f'{{"step": {n}, "loss": 2.5, "k{n}": 1}}\n' for n in range(count))

    few = min(_seconds(path, lines(1_500)) for _ in range(2))
    assert _seconds(path, lines(6_000)) < 10 * few


def test_a_line_of_very_many_parts_of_a_loss_takes_no_quadratic_time(tmp_path):
    """The header of spaCy's table, again and again in one line: its gaps are looked for once."""
    path = tmp_path / "train.log"

    def claimed_in(count: int) -> float:
        path.write_text("E    #       LOSS TOK2VEC  LOSS NER  SCORE  " * count + "\n")
        begun = time.process_time()
        csv_table.claims(head_of(path))
        return time.process_time() - begun

    few = min(claimed_in(500) for _ in range(2))
    assert claimed_in(2_000) < 10 * few


def test_a_table_is_read_in_blocks_with_all_its_oddities(tmp_path, monkeypatch):
    """Blocks of any size give the same: quotes, empty cells, short and long rows, a cut line."""
    rows = ["1,2.5,", '2,"2.4",x', "", "3,,1", "4", "5,2.1,3,9", "6,2.0,4"] * 3
    text = "step,loss,grad_norm\n" + "\n".join(rows)
    found = []
    for size in (1, 2, 1 << 14):
        monkeypatch.setattr(csv_table, "FEWEST_ROWS", 1)
        monkeypatch.setattr(csv_table, "MOST_ROWS", size)
        table = _read(tmp_path / "metrics.csv", text)
        found.append(
            {name: (c.steps.tolist(), c.values.tolist()) for name, c in table.columns.items()}
        )
    assert found[0] == found[1] == found[2]
    assert found[0]["loss"][0] == [1, 2, 5, 6, 1, 2, 5, 6, 1, 2, 5, 6]
    assert found[0]["grad_norm"][1] == [1, 3, 4, 1, 3, 4, 1, 3]  # the last cell may be cut


def test_of_two_columns_of_one_name_the_filled_cell_counts(tmp_path):
    """An empty one does not hide it."""
    table = _read(tmp_path / "metrics.csv", "step,loss,loss\n1,2.5,\n2,,2.4\n3,2.2,2.3\n")
    assert table.columns["loss"].values.tolist() == [2.5, 2.4, 2.3]


def test_a_log_that_is_packed_too_well_is_no_log(tmp_path, monkeypatch):
    """It is refused at a ratio that no log has, long before a gigabyte is written."""
    monkeypatch.setattr(packed, "SMALL", 1 << 16)
    path = tmp_path / "train.log.gz"
    path.write_bytes(gzip.compress(b"step 1 loss: 2.5\n" * 1_000_000))
    with pytest.raises(UnreadableLog, match="more than 100 times its size"):
        formats.read_file(path, Settings())
    lines = "".join(f"step {n} loss: {2 + 1 / n}\n" for n in range(1, 10_000))
    path.write_bytes(gzip.compress(lines.encode()))
    assert len(formats.read_file(path, Settings()).columns["loss"].steps) == 9_999


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_is_not_unpacked_by_what_knows_no_bounds(tmp_path, packing):
    """Of bz2 and lzma members zipfile unpacks all at once."""
    path = tmp_path / "log.zip"
    with zipfile.ZipFile(path, "w", packing) as held:
        held.writestr("train.log", b"step 1 loss: 2.5\n" * 100)
    with pytest.raises(UnreadableLog, match="other than deflate"):
        formats.read_file(path, Settings())


def test_an_archive_that_states_a_large_log_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    """Its index tells the size."""
    path = tmp_path / "log.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as held:
        held.writestr("train.log", b"step 1 loss: 2.5\n" * 100)
    monkeypatch.setattr(archive, "LARGEST", 1000)
    with pytest.raises(UnreadableLog, match="holds more than"):
        formats.read_file(path, Settings())


LONG = "9" * 5000
COUNTS = (
    "E    #       LOSS TOK2VEC  SCORE\n---  ---\n  0    9    50.5  0.10\n",
    "---------------\n| total_timesteps | 9 |\n| loss | 2.5 |\n---------------\n",
    "> number of samples per epoch (9)\n iteration 9/ 9 | lm loss: 2.5 |\n",
)


@pytest.mark.parametrize("text", COUNTS)
@pytest.mark.parametrize("count", [LONG, LONG[:20]])
def test_a_count_of_many_digits_breaks_no_reader(tmp_path, text, count):
    """What holds it is left out, or the log refused."""
    log = text + text.replace("9 ", count + " ").replace("(9)", f"({count})") + text
    path = tmp_path / "train.log"
    path.write_text(log)
    assert fault(read_store, path, log.encode())[0] is None


def test_among_very_many_keys_the_loss_is_found(tmp_path, monkeypatch):
    """Of the others the first are read, and the log says that they are too many."""
    for module in ("kit.columns", "kit.many_keys", "csv_table.separated"):
        monkeypatch.setattr(f"lossscan.formats.{module}.MOST_KEYS", 500)
    monkeypatch.setattr(formats, "MOST_COLUMNS", 300)
    many = ", ".join(f'"k{n}": 1' for n in range(2_000))
    rows = [f'{{{many}, "step": {n}, "loss": 2.{n}}}' for n in range(5)]
    header = [",".join([*(f"k{n}" for n in range(2_000)), "step", "loss"])]
    table = header + ["1," * 2_000 + f"{n},2.{n}" for n in range(5)]
    texts = {
        "metrics.json": f"[{', '.join(rows)}]",
        "trainer_log.jsonl": "\n".join(rows) + "\n",
        "metrics.csv": "\n".join(table) + "\n",
    }
    for name, text in texts.items():
        table = _read(tmp_path / name, text)
        assert table.columns["loss"].steps.tolist() == [0, 1, 2, 3, 4]
        assert len(table.columns) == 300
        assert "too_many_columns" in {note.kind for note in table.notes}


def test_among_very_many_tags_the_loss_is_found(tmp_path, monkeypatch):
    """Each comes a few times only, so that they are read one by one."""
    monkeypatch.setattr("lossscan.formats.kit.binary.gather.MOST_KEYS", 500)
    monkeypatch.setattr(formats, "MOST_COLUMNS", 300)
    tags = {f"layer{n:0{5 + n % 7}}/norm": [(1, 1.0)] for n in range(3_000)}
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(event_bytes(tags | {"loss": [(step, 2.5) for step in range(9)]}))
    table = formats.read_file(path, Settings())
    assert table.columns["loss"].steps.tolist() == list(range(9))
    assert "too_many_columns" in {note.kind for note in table.notes}


def test_a_json_table_of_too_many_values_is_refused(tmp_path, monkeypatch):
    """Each takes 200 bytes of memory; lines of JSON are read one by one."""
    monkeypatch.setattr(json_document, "MOST_VALUES", 50)
    path = tmp_path / "metrics.json"
    assert len(_read(path, json.dumps({"loss": [2.5] * 50})).columns["loss"].steps) == 50
    with pytest.raises(UnreadableLog, match="more than 50 values"):
        _read(path, json.dumps({"loss": [2.5] * 51}))


def test_a_message_of_very_many_fields_costs_little(tmp_path):
    """Millions of numbers that no event has, in one record."""
    path = tmp_path / "events.out.tfevents.1.host"
    points = event_bytes({"loss": [(step, 2.5) for step in range(9)]})
    path.write_bytes(points + record(b"\x08\x01" * 5_000_000))
    begun = time.process_time()
    assert len(formats.read_file(path, Settings()).columns["loss"].steps) == 9
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("least", [1, 3_000])
def test_settings_files_of_a_run_share_what_is_read(tmp_path, monkeypatch, least):
    """The first beyond it is named; a name that only settings have is read all the same."""
    monkeypatch.setattr(training_files, "MOST_OF_RUN", 4_000)
    monkeypatch.setattr(training_files, "LEAST_OF_FILE", least)
    (tmp_path / "trainer_log.jsonl").write_text('{"step": 1, "loss": 2.5}\n' * 9)
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        (tmp_path / name).write_text("learning_rate: 1e-4\nseed: 1\nfp16: true\n" + "# \n" * 100)
    (tmp_path / "training_args.yaml").write_text("learning_rate: 2e-4\n")
    report = examine(tmp_path, Settings())
    beyond = [each.say("en") for each in report.remarks if "MiB of them" in each.say("en")]
    assert [each.split(":")[0] for each in beyond] == ["b.yaml"]


def test_rows_of_very_many_shapes_are_those_of_few(tmp_path):
    """Taken key by key they keep their places, and one that sums the run up is no point."""
    shapes = [{"step": n, "loss": 2.5 + n, f"k{n % 7}": n, f"m{n % 5}": 1} for n in range(30)]
    held = [*shapes, {"step": 30, "train_runtime": 9.5, "train_loss": 2.0}]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": held}))
    table = formats.read_file(tmp_path / "trainer_state.json", Settings())
    assert table.columns["loss"].values.tolist() == [2.5 + n for n in range(30)]
    assert table.columns["k3"].steps.tolist() == [3, 10, 17, 24]
    assert "train_loss" not in table.columns
    assert table.complete is True


def test_blank_lines_cost_no_time_and_count(tmp_path):
    """Millions of them are read at once; the number of a broken line is that of an editor."""
    row = '{"step": 1, "loss": 2.5}\n'
    table = _read(tmp_path / "trainer_log.jsonl", f"{row}\n\n{{x\n{row}" + "\n" * 3_000_000 + row)
    assert len(table.columns["loss"].steps) == 3
    assert [note.numbers for note in table.notes] == [{"lines": 1, "first": 4}]
    assert _seconds(tmp_path / "trainer_log.jsonl", row + "\n" * 9_000_000) < 2


def test_packed_files_of_a_run_share_what_may_be_unpacked(tmp_path, monkeypatch):
    """Each alone would be small enough; the log next to them is judged."""
    monkeypatch.setattr(packed, "SMALL", 12 << 17)
    monkeypatch.setattr(packed, "LITTLE", packed.LITTLE // 8)
    (tmp_path / "trainer_log.jsonl").write_text(
        "".join(f'{{"step": {n}, "loss": {2 + 1 / n}}}\n' for n in range(1, 60))
    )
    bomb = gzip.compress(b"step 1 loss: 2.5\n" * 50_000)
    for n in range(4):
        (tmp_path / f"train{n}.log.gz").write_bytes(bomb)
    run = examine(tmp_path, Settings()).run
    assert run is not None
    assert run.series["loss"].steps[-1] == 59
    assert len([each for each in run.skipped if "train" in each.path]) == 3


def test_a_member_that_is_packed_too_well_is_not_unpacked(tmp_path, monkeypatch):
    """Its sizes are stated before its bytes."""
    monkeypatch.setattr(packed, "SMALL", 1 << 16)
    path = tmp_path / "log.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as held:
        held.writestr("train.log", b"step 1 loss: 2.5\n" * 100_000)
    with pytest.raises(UnreadableLog, match="more than 100 times its size"):
        formats.read_file(path, Settings())


def test_of_a_very_long_line_the_beginning_is_read(tmp_path):
    """Three hundred thousand letters cost no second; what a usual line says is read."""
    usual = "".join(f"step {n} loss: 2.5\n" for n in range(5))
    long = "".join(f"step {n} loss: 2.5 {'k' * 300_000}\n" for n in range(5, 25))
    assert _seconds(tmp_path / "train.log", usual + long) < 3
    table = formats.read_file(tmp_path / "train.log", Settings())
    assert table.columns["loss"].steps.tolist() == list(range(25))


def test_dicts_whose_epoch_always_falls_take_no_quadratic_time(tmp_path):
    """Each is a launch of its own, and what follows it is not looked at for each of them."""
    text = "".join(f"{{'loss': 2.5, 'epoch': {900 - n / 100:.2f}}}\n" for n in range(20_000))
    assert _seconds(tmp_path / "train.log", text) < 5


def test_a_log_of_very_many_trainings_is_given_up(tmp_path, monkeypatch):
    """Each of them is told apart, which takes its time; another reader may not see all."""
    monkeypatch.setattr(trainer_lines, "MOST", 20)
    point = "{'loss': 2.5, 'epoch': 0.5}\n{'loss': 2.25, 'epoch': 1.0}\n"
    one = point + "{'train_runtime': 5.0, 'train_loss': 2.5, 'epoch': 1.0}\n"
    kinds = [
        GAVE_UP_NOTE in {note.kind for note in _read(tmp_path / "train.log", one * count).notes}
        for count in (20, 21)
    ]
    assert kinds == [False, True]


def test_a_log_that_was_passed_and_is_given_up_is_named_once(tmp_path, monkeypatch):
    """In the error, which begins with its path."""
    monkeypatch.setattr(trainer_lines, "MOST", 20)
    point = "{'loss': 2.5, 'epoch': 0.5}\n{'loss': 2.25, 'epoch': 1.0}\n"
    one = point + "{'train_runtime': 5.0, 'train_loss': 2.5, 'epoch': 1.0}\n"
    (tmp_path / "train.log").write_text(one * 21)
    failure = examine(tmp_path / "train.log", Settings()).error
    assert failure is not None
    assert str(failure.message).count("train.log") == 1


def test_of_a_folder_of_very_many_logs_the_largest_are_read(tmp_path, monkeypatch):
    """Event files, one of each launch, are not counted; the others are one remark, no row each."""
    monkeypatch.setattr(assemble, "MOST_LOGS", 2)
    for n in range(1, 6):
        lines = (f"step {step} loss: {2 + 1 / step}\n" for step in range(1, 10 * n))
        (tmp_path / f"train{n}.log").write_text("".join(lines))
    for n in range(4):
        points = [(step, 2 + 1 / (step + 1)) for step in range(9 * n, 9 * n + 9)]
        (tmp_path / f"events.out.tfevents.{n}.h").write_bytes(event_bytes({"loss": points}))
    report = examine(tmp_path, Settings())
    assert report.run is not None
    used = {Path(source.path).name for source in report.run.sources}
    assert {name for name in used if name.endswith(".log")} == {"train4.log", "train5.log"}
    assert sum(".tfevents." in name for name in used) == 4
    assert sum("more than 2 logs" in str(each) for each in report.remarks) == 1
    assert exit_status(Report("0", (report,)), None) == FAILED


def test_among_very_many_files_of_metrics_the_loss_is_found(tmp_path, monkeypatch):
    """Whatever order the system lists them in."""
    monkeypatch.setattr("lossscan.formats.kit.many_keys.MOST_KEYS", 20)
    (tmp_path / "meta.yaml").write_text("artifact_uri: x\nrun_id: a\n")
    (tmp_path / "metrics").mkdir()
    for name in [*(f"k{n}" for n in range(100)), "loss"]:
        (tmp_path / "metrics" / name).write_text("1 2.5 1\n2 2.25 2\n")
    table = formats.read_file(tmp_path / "meta.yaml", Settings())
    assert table.columns["loss"].values.tolist() == [2.5, 2.25]
    assert len(table.columns) == 21


def test_among_very_many_keys_of_wandb_the_loss_is_found(tmp_path, monkeypatch):
    """Items of other keys are left out before they are parsed."""
    monkeypatch.setattr("lossscan.formats.wandb_file.MOST_KEYS", 100)
    rows = [{"_step": str(n), **{f"k{n}_{i}": "1" for i in range(9)}} for n in range(30)]
    rows += [{"_step": str(n), "loss": "2.5", "more": "1"} for n in range(30, 40)]
    path = tmp_path / "run-a.wandb"
    path.write_bytes(wandb_bytes(map(wandb_history, rows)))
    table = formats.read_file(path, Settings())
    assert table.columns["loss"].steps.tolist() == list(range(30, 40))
    assert "more" not in table.columns


_TRACKIO = "CREATE TABLE metrics(id, run_name, step, metrics)"
_MLFLOW = (
    "CREATE TABLE runs(run_uuid, name, status); CREATE TABLE params(key, value, run_uuid);"
    "CREATE TABLE metrics(run_uuid, key, value, timestamp, step, is_nan)"
)


@pytest.mark.parametrize(
    ("tables", "row"),
    [(_TRACKIO, "?1, 'r', ?1, '{\"loss\": 2.5}'"), (_MLFLOW, "'r', 'loss', 2.5, ?1, ?1, 0")],
)
def test_a_run_of_too_many_points_in_a_database_is_refused(tmp_path, monkeypatch, tables, row):
    """What is beyond is not left out without a word."""
    path = tmp_path / "runs.db"
    with closing(sqlite3.connect(path)) as store:
        store.executescript(tables)
        store.executemany(f"INSERT INTO metrics VALUES({row})", ((n,) for n in range(9)))
        store.commit()
    assert len(formats.read_file(path, Settings()).columns["loss"].steps) == 9
    monkeypatch.setattr(sqlite_store, "MOST_POINTS", 8)
    with pytest.raises(UnreadableLog, match="more than 8 points"):
        formats.read_file(path, Settings())


def test_what_of_a_coarser_log_was_not_read_is_no_ok(tmp_path, monkeypatch):
    """The finer log next to it holds another part of the training, for all that is known."""
    monkeypatch.setattr(trainer_lines, "MOST", 20)
    point = "{'loss': 2.5, 'epoch': 0.5}\n{'loss': 2.25, 'epoch': 1.0}\n"
    one = point + "{'train_runtime': 5.0, 'train_loss': 2.5, 'epoch': 1.0}\n"
    rows = (f'{{"step": {n}, "loss": {2 + 1 / n}}}\n' for n in range(1, 60))
    (tmp_path / "trainer_log.jsonl").write_text("".join(rows))
    for count, status in ((20, 0), (21, FAILED)):
        (tmp_path / "train.log").write_text(one * count)
        report = examine(tmp_path, Settings(select=("plateau",)))
        assert report.run is not None
        assert len(report.run.series["loss"]) == 59
        assert exit_status(Report("0", (report,)), None) == status


def test_of_a_database_row_of_very_many_keys_the_loss_is_read(tmp_path, monkeypatch):
    """What is left out of it does not count."""
    monkeypatch.setattr("lossscan.formats.kit.many_keys.MOST_KEYS", 20)
    monkeypatch.setattr(sqlite_store, "MOST_POINTS", 9 * 22)
    row = json.dumps({**{f"k{n}": 1 for n in range(100)}, "loss": 2.5})
    with closing(sqlite3.connect(tmp_path / "runs.db")) as store:
        store.execute(_TRACKIO)
        rows = ((n, "r", n, row) for n in range(9))
        store.executemany("INSERT INTO metrics VALUES(?, ?, ?, ?)", rows)
        store.commit()
    table = formats.read_file(tmp_path / "runs.db", Settings())
    assert table.columns["loss"].steps.tolist() == list(range(9))
