"""Files of Weights & Biases become tables, finished or live."""

import math
from pathlib import Path

import pytest

from lossscan.errors import UnreadableLog
from lossscan.formats import wandb_file
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import logs, writers
from tests.logs import points

FIXTURE = Path(__file__).parents[1] / "fixtures" / "wandb" / "run-abcd1234.wandb"
BLOCK = 32768  # bytes, in which chunks lie


def table_of(tmp_path: Path, data: bytes, settings: Settings | None = None) -> Table:
    """Read bytes as a file of W&B."""
    path = tmp_path / "run-x.wandb"
    path.write_bytes(data)
    return wandb_file.read(head_of(path), settings or Settings())


def history(*rows: dict[str, str]) -> bytes:
    """A file of these rows."""
    return writers.wandb_bytes(map(writers.wandb_history, rows))


def kinds(read: Table) -> list[str]:
    """What the reader noted."""
    return [note.kind for note in read.notes]


def test_read_gives_what_the_real_writer_logged():
    """History comes out at full precision, at the trainer's steps and not at W&B's."""
    read = wandb_file.read(head_of(FIXTURE), Settings())
    assert points(read, "loss") == [(10 * (s + 1), 2 / (s + 1)) for s in range(100)]
    assert points(read, "eval_loss") == [(1000, 1.5)]
    assert math.isnan(read.columns["grad_norm"].values[0])
    assert points(read, "a.c.d") == [(1000, 1.0)]
    assert (read.framework, read.complete, read.notes) == ("transformers", True, ())


def test_read_finds_the_config():
    """What was given to init and to config.update are settings."""
    config = wandb_file.read(head_of(FIXTURE), Settings()).config
    assert (config["learning_rate"], config["vocab_size"]) == (1e-4, 512)
    assert config["wall_time_start"] > 1.7e9


def test_read_counts_the_calls_where_nothing_else_does(tmp_path: Path):
    """Without a step of the trainer's own, W&B's `_step` is the step."""
    data = history({"loss": "2.5", "_step": "3"}, {"loss": "2.25", "_step": "7"})
    assert points(table_of(tmp_path, data), "loss") == [(3, 2.5), (7, 2.25)]


def test_read_puts_a_row_without_a_step_at_the_row_before(tmp_path: Path):
    """A line that is logged by itself belongs to the step that was just done."""
    data = history(
        {"loss": "2.5", "train/global_step": "30", "_step": "0"}, {"speed": "9", "_step": "1"}
    )
    assert points(table_of(tmp_path, data), "speed") == [(30, 9.0)]


def test_read_takes_the_step_that_the_user_names(tmp_path: Path):
    """`series: {step: ...}` holds here too."""
    data = history({"loss": "2.5", "tick": "30"})
    read = table_of(tmp_path, data, Settings(series={"step": "tick"}))
    assert points(read, "loss") == [(30, 2.5)]


@pytest.mark.parametrize(
    ("text", "value"), [("2", 2.0), ("1e-3", 1e-3), ('"NaN"', "nan"), ("Infinity", math.inf)]
)
def test_read_takes_numbers_as_w_and_b_writes_them(tmp_path: Path, text: str, value: object):
    """Numbers that are not finite are quoted."""
    ((_, found),) = points(table_of(tmp_path, history({"loss": text})), "loss")
    assert str(found) == str(value)


@pytest.mark.parametrize("text", ['"text"', "[1, 2]", '{"_type": "image", "size": 3}', "[" * 9000])
def test_read_leaves_out_what_is_no_number(tmp_path: Path, text: str):
    """Pictures, tables and texts are not curves."""
    read = table_of(tmp_path, history({"loss": "1", "x": text}))
    assert list(read.columns) == ["loss"]


def test_read_takes_keys_of_any_length(tmp_path: Path):
    """Long names of layers are read like short ones."""
    long = {f"{'layer.' * 40}{k}": str(k) for k in range(3)}
    read = table_of(tmp_path, history(long, long))
    assert len(read.columns) == 3
    assert points(read, f"{'layer.' * 40}2") == [(0, 2.0), (1, 2.0)]


def test_read_follows_records_across_blocks(tmp_path: Path):
    """Wherever it is cut, and where no head of a chunk has room any more in a block."""

    def row(number: int, length: int) -> dict[str, str]:
        return {"loss": str(number), "text": f'"{"x" * length}"'}

    room = BLOCK - len(history(row(0, 32_000)))
    for left in range(10):
        first = row(0, 32_000 + room - left)
        read = table_of(tmp_path, history(first, row(1, 70_000), row(2, 1)))
        assert read.columns["loss"].values.tolist() == [0, 1, 2]
        assert kinds(read) == []


def test_read_takes_the_clock_of_w_and_b_for_no_metric(tmp_path: Path):
    """It writes when each row was logged beside what the trainer logs."""
    clock = {"_timestamp": "1700000000.5", "_runtime": "12.5"}
    read = table_of(tmp_path, history(*({"loss": str(k), **clock} for k in range(3))))
    assert [*read.columns] == ["loss"]


def test_read_notes_a_truncated_tail(tmp_path: Path):
    """A live run's last record may be half written."""
    data = history(*({"loss": str(k)} for k in range(50)))
    read = table_of(tmp_path, data[:-3])
    assert len(read.columns["loss"].steps) == 49
    assert kinds(read) == ["truncated_tail"]


def test_read_goes_on_behind_a_damaged_block(tmp_path: Path):
    """A flipped bit costs the rest of its block, which is counted and placed."""
    data = bytearray(history(*({"loss": str(k)} for k in range(5000))))
    data[40_000] ^= 1
    read = table_of(tmp_path, bytes(data))
    values = read.columns["loss"].values
    assert 2000 < len(values) < 4999
    assert values[-1] == 4999
    (note,) = read.notes
    assert note.numbers["records"] == 1
    assert 39_900 < float(note.numbers["offset"] or 0) <= 40_000


def test_read_counts_records_without_meaning(tmp_path: Path):
    """A record whose checksum is right and whose content is none is left out and counted."""
    data = writers.wandb_bytes([writers.wandb_history({"loss": "1"}), b"\xff\xff"])
    read = table_of(tmp_path, data)
    assert len(read.columns["loss"].steps) == 1
    assert kinds(read) == ["bad_records"]


@pytest.mark.parametrize("tail", [b"", b"\x07" * 40, bytes(70_000)])
def test_read_refuses_a_file_without_a_record(tmp_path: Path, tail: bytes):
    """A file that only begins like one is refused with a way out."""
    with pytest.raises(UnreadableLog, match="byte 7") as refused:
        table_of(tmp_path, history()[:7] + tail)
    assert refused.value.hint


def test_read_run_takes_a_folder_of_w_and_b(tmp_path: Path):
    """A run's folder is one run; what W&B logs of itself is none, last values are no settings."""
    folder = tmp_path / "wandb" / "offline-run-20261121_073719-abcd1234"
    for name, text in {
        "logs/debug.log": "step 1 loss: 2\n" * 9,
        "logs/debug-internal.log": "step 1 loss: 2\n" * 9,
        "files/config.yaml": "_wandb:\n  value: {}\nseed:\n  desc: null\n  value: 7\n",
        "files/wandb-summary.json": '{"lr": 0.0, "batch_size": 1, "epochs": 9, "_step": 99}',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / FIXTURE.name).write_bytes(FIXTURE.read_bytes())
    run = logs.run_at(tmp_path)
    assert [source.path for source in run.sources] == [FIXTURE.name]
    assert run.setting("seed") == 7
    assert run.setting("num_train_epochs") is None
    assert run.setting("learning_rate") == 1e-4


def test_read_run_shows_last_values_where_the_history_is_lost(tmp_path: Path):
    """A damaged history is named, and the last values are what is known of the run."""
    folder = tmp_path / "offline-run-20261121_073719-abcd1234"
    (folder / "files").mkdir(parents=True)
    (folder / FIXTURE.name).write_bytes(FIXTURE.read_bytes()[:7] + bytes(99))
    summary = '{"_step": 99, "train/loss": 0.5, "train/global_step": 990, "_wandb": {"runtime": 9}}'
    (folder / "files" / "wandb-summary.json").write_text(summary)
    run = logs.run_at(tmp_path)
    assert (run.series["loss"].steps.tolist(), run.series["loss"].values.tolist()) == ([990], [0.5])
    assert [note.kind for note in run.notes] == ["last_values_only"]
    assert [skipped.path for skipped in run.skipped] == [FIXTURE.name]


def test_read_run_joins_the_launches_of_one_run(tmp_path: Path):
    """The second launch of a run takes up the first at a checkpoint."""
    for day, steps in ((1, range(10, 101, 10)), (2, range(60, 151, 10))):
        folder = tmp_path / "wandb" / f"offline-run-2026112{day}_073719-abcd"
        folder.mkdir(parents=True)
        rows = [{"train/loss": str(2 + day), "train/global_step": str(step)} for step in steps]
        (folder / "run-abcd.wandb").write_bytes(history(*rows))
    run = logs.run_at(tmp_path)
    assert run.series["loss"].steps.tolist() == list(range(10, 151, 10))
    assert run.series["loss"].values.tolist() == [3.0] * 5 + [4.0] * 10
    assert [resume.step for resume in run.schedule.resumes] == [50]


def test_read_run_joins_the_last_values_of_one_run(tmp_path: Path):
    """Of two launches that left nothing else, the last values of both are points of one run."""
    for day, step in ((1, 100), (2, 150)):
        files = tmp_path / "wandb" / f"offline-run-2026112{day}_073719-abcd" / "files"
        files.mkdir(parents=True)
        summary = f'{{"_step": {step}, "train/loss": {3 - day}.5, "train/global_step": {step}}}'
        (files / "wandb-summary.json").write_text(summary)
    run = logs.run_at(tmp_path)
    assert run.series["loss"].steps.tolist() == [100, 150]
    assert run.series["loss"].values.tolist() == [2.5, 1.5]
