"""TensorBoard event files become tables, whole, damaged or cut."""

import json
import math
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from lossscan.errors import LogDamaged, UnreadableLog
from lossscan.formats import event_file
from lossscan.model import UNREAD_NOTE, Message, Table
from lossscan.runs import read_run
from lossscan.runs.discover import discover
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import logs, writers

FIXTURES = Path(__file__).parents[1] / "fixtures" / "event_files"
POINTS = [(step, 2.0 / (step + 1)) for step in range(200)]


def table(path: Path, settings: Settings | None = None) -> Table:
    """Read one file."""
    return event_file.read(head_of(path), settings or Settings())


def table_of(tmp_path: Path, data: bytes) -> Table:
    """Read bytes as an event file."""
    path = tmp_path / "events.out.tfevents.1700000000.host"
    path.write_bytes(data)
    return table(path)


def notes_of(read: Table) -> dict[str, dict[str, object]]:
    """The numbers of each note by its kind."""
    return {note.kind: dict(note.numbers) for note in read.notes}


@pytest.mark.parametrize("name", ["torch_simple", "torch_tensor", "torch_double", "tensorboardx"])
def test_read_gives_what_real_writers_logged(name):
    """Scalars of every writer and style come out at full length under their canonical names."""
    columns = table(FIXTURES / f"{name}.tfevents").columns
    assert columns["loss"].steps.tolist() == list(range(40))
    assert columns["loss"].values == pytest.approx([2 / (step + 1) for step in range(40)])
    assert columns["learning_rate"].values[0] == pytest.approx(1e-4)
    assert math.isnan(columns["grad_norm"].values[0])
    assert columns["eval_loss"].values.tolist() == [1.5]


def test_read_keeps_double_precision():
    """A value written as a double is not rounded to a float."""
    values = table(FIXTURES / "torch_double.tfevents").columns["loss"].values
    assert values.tolist() == [2 / (step + 1) for step in range(40)]


@pytest.mark.parametrize("name", ["torch_simple", "tensorboardx"])
def test_read_finds_the_training_arguments(name):
    """The texts that transformers writes tell the settings and the framework."""
    read = table(FIXTURES / f"{name}.tfevents")
    wall_time = read.config["wall_time_start"]
    assert read.framework == "transformers"
    assert wall_time > 1.7e9
    assert read.config == {
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-4,
        "vocab_size": 512,
        "model_type": "gpt2",
        "wall_time_start": wall_time,
    }


def test_read_passes_over_histograms_and_texts():
    """What is no scalar does not stand in the way of those that are."""
    read = table(FIXTURES / "torch_mixed.tfevents")
    assert list(read.columns) == ["loss"]
    assert read.columns["loss"].values.tolist() == [0, 1, 2, 3, 4]


def test_read_finds_the_hparams():
    """Settings given to the hparams plugin are settings."""
    config = table(FIXTURES / "torch_hparams.tfevents").config
    assert (config["lr"], config["optimizer"], config["nesterov"]) == (0.1, "sgd", True)


def test_read_finds_where_a_launch_begins():
    """A writer with purge_step says from which step on it continues."""
    assert table(FIXTURES / "torch_resumed.tfevents").launches == (20,)


def test_read_takes_a_start_at_zero_for_the_first_launch(tmp_path):
    """A run that announces itself at step 0 continues nothing."""
    data = writers.version() + writers.record(writers.event(0, writers.start()))
    assert table_of(tmp_path, data).launches == ()


def test_read_keeps_steps_that_go_back(tmp_path):
    """After a resume within one file the points stay as they stand."""
    points = [1, 2, 3, 4, 2, 3, 5] * 10
    logged = (writers.record(writers.event(s, writers.simple("loss", s))) for s in points)
    read = table_of(tmp_path, writers.version() + b"".join(logged))
    assert read.columns["loss"].steps.tolist() == points
    assert read.columns["loss"].values.tolist() == points


def test_read_knows_megatron_by_its_loss(tmp_path):
    """Megatron logs the loss of one iteration and its arguments one by one."""
    texts = {"seq_length": "4096", "lr": "0.00015"}
    read = table_of(tmp_path, writers.event_bytes({"lm loss": POINTS}, texts))
    assert (read.framework, read.averaging) == ("megatron", "instant")
    assert (read.config["seq_length"], read.config["lr"]) == ("4096", "0.00015")
    assert len(read.columns["loss"].steps) == 200


def test_read_knows_torchtitan_by_its_loss(tmp_path):
    """Its event files hold the loss of that very step, and validations beside it."""
    tags = {"loss_metrics/global_avg_loss": POINTS, "validation_metrics/loss": POINTS[:5]}
    read = table_of(tmp_path, writers.event_bytes(tags, {}))
    assert (read.framework, read.averaging) == ("torchtitan", "instant")
    assert len(read.columns["loss"].steps) == 200
    assert len(read.columns["eval_loss"].steps) == 5


def test_read_knows_nemo_by_its_loss(tmp_path):
    """It logs the loss of the very step, reduced over the devices."""
    read = table_of(tmp_path, writers.event_bytes({"reduced_train_loss": POINTS, "lr": POINTS}))
    assert (read.framework, read.averaging) == ("nemo", "instant")
    assert set(read.columns) == {"loss", "learning_rate"}


def test_read_leaves_a_loss_of_nobody_in_particular_without_framework(tmp_path):
    """Neither arguments nor Megatron's tag: the framework stays open."""
    read = table_of(tmp_path, writers.event_bytes({"loss": POINTS}, {"args": "lr 0.1"}))
    assert (read.framework, read.averaging, read.complete) == (None, "window", None)
    assert set(read.config) == {"wall_time_start"}


def test_read_takes_what_keras_wrote_to_two_folders_for_one_run(tmp_path):
    """The same tags stand in `train` and in `validation`; the second is the evaluation."""
    name = "events.out.tfevents.1700000000.host.1.{}.v2"
    tags = {"epoch_loss": POINTS, "epoch_learning_rate": POINTS}
    writers.write_events(tmp_path / "train" / name.format(0), tags)
    tags = {"epoch_loss": [(0, 3.5)], "evaluation_loss_vs_iterations": [(100, 3.5)]}
    writers.write_events(tmp_path / "validation" / name.format(1), tags)
    run = logs.run_at(tmp_path)
    assert {name: len(series) for name, series in run.series.items()} == {
        "eval_loss": 1,
        "eval_loss_vs_iterations": 1,
        "learning_rate": 200,
        "loss": 200,
    }
    assert (run.framework, run.schedule.resumes) == ("keras", ())


@pytest.mark.parametrize("tag", ["loss", "val_loss", "eval/loss"])
def test_read_takes_a_folder_beside_train_for_the_evaluation(tmp_path, tag):
    """Who writes curves to be shown over each other gives each its own folder."""
    (tmp_path / "train").mkdir()
    read = table(
        writers.write_events(tmp_path / "val" / "events.out.tfevents.1.host", {tag: POINTS})
    )
    assert list(read.columns) == ["eval_loss"]


@pytest.mark.parametrize("above", ["gradient_tape/20260101-100000", "runs", "."])
def test_a_test_set_beside_train_is_the_evaluation_of_its_run(tmp_path, above):
    """So do TensorFlow's guides; the folder above may be one that holds runs."""
    name = "events.out.tfevents.1700000000.host"
    for folder in ("train", "test"):
        writers.write_events(tmp_path / above / folder / name, {"loss": POINTS})
    (files,) = discover(tmp_path, Settings())
    assert set(read_run(files, Settings()).series) == {"loss", "eval_loss"}


def test_folders_called_test_and_debug_are_runs(tmp_path):
    """Without `train` beside it a test is a run of its own."""
    for folder in ("test", "debug"):
        path = tmp_path / folder / "events.out.tfevents.1700000000.host"
        writers.write_events(path, {"loss": POINTS})
    assert len(discover(tmp_path, Settings())) == 2


def test_read_takes_a_run_that_is_called_eval_for_what_it_is(tmp_path):
    """Without `train` beside it, a folder of such a name may be anything."""
    read = table(
        writers.write_events(tmp_path / "eval" / "events.out.tfevents.1.host", {"loss": POINTS})
    )
    assert list(read.columns) == ["loss"]


def test_read_survives_texts_made_to_break_parsers(tmp_path):
    """Arguments nested without end are no arguments."""
    read = table_of(tmp_path, writers.event_bytes({"loss": POINTS}, {"args": "[" * 100_000}))
    assert read.framework is None


def test_read_sees_that_training_ended(tmp_path):
    """The summary that transformers logs last says that the run is complete."""
    logged = {"train/loss": POINTS, "train/total_flos": [(200, 12.5)]}
    assert table_of(tmp_path, writers.event_bytes(logged)).complete is True


def test_read_names_columns_as_the_user_says(tmp_path):
    """A tag the user chose for the loss is the loss, before one that looks like it."""
    path = writers.write_events(
        tmp_path / "tfevents.x", {"loss": POINTS, "my/ce": [(1, 7.0), (2, 6.0)]}
    )
    columns = table(path, Settings(series={"loss": "my/ce"})).columns
    assert columns["loss"].values.tolist() == [7.0, 6.0]


def test_read_takes_the_fuller_of_two_tags_with_one_name(tmp_path):
    """Two tags that mean the loss are not interleaved."""
    logged = {"loss": [(5, 1.0)], "train/loss": POINTS}
    assert len(table_of(tmp_path, writers.event_bytes(logged)).columns["loss"].steps) == 200


def test_read_takes_another_name_for_the_loss_where_there_is_none(tmp_path):
    """Lightning calls the loss train_loss; counters are not curves."""
    logged = {"train_loss": POINTS, "global_step": POINTS}
    assert list(table_of(tmp_path, writers.event_bytes(logged)).columns) == ["loss"]


@pytest.mark.parametrize("repeats", [1, 50])
@pytest.mark.parametrize(
    ("dtype", "content", "expected"),
    [
        (1, b"\x22\x04" + struct.pack("<f", 1.5), 1.5),
        (1, b"\x2a\x04" + struct.pack("<f", 1.5), 1.5),
        (1, b"\x2d" + struct.pack("<f", 1.5), 1.5),
        (1, b"", 0.0),
        (2, b"\x32\x08" + struct.pack("<d", 0.1), 0.1),
        (3, b"\x22\x04" + struct.pack("<i", -3), -3.0),
        (3, b"\x38" + writers.varint(-3), -3.0),
        (9, b"\x52\x02\x80\x01", 128.0),
        (10, b"\x5a\x01\x01", 1.0),
        (14, b"\x22\x02\x80\x3f", 1.0),
        (14, b"\x6a\x03" + writers.varint(0xBF80), -1.0),
        (19, b"\x22\x02" + struct.pack("<e", 0.5), 0.5),
        (19, b"\x68\x80\x70", 0.5),
        (23, b"\x8a\x01\x01\x07", 7.0),
    ],
)
def test_read_takes_tensors_of_every_type(tmp_path, dtype, content, expected, repeats):
    """A scalar tensor is read whatever its type and layout, alone or among its like."""
    one = writers.record(writers.event(3, writers.tensor("loss", dtype, content)))
    read = table_of(tmp_path, writers.version() + one * repeats)
    assert read.columns["loss"].values.tolist() == [expected] * repeats
    assert not read.notes


def test_read_takes_no_scalar_from_larger_tensors(tmp_path):
    """A vector is not a point of a curve."""
    shape = b"\x12\x04\x12\x02\x08\x02"
    held = writers.part(8, b"\x08\x01" + shape + b"\x22\x08" + bytes(8))
    one = writers.record(writers.event(3, writers.summary("weights", held)))
    assert not table_of(tmp_path, writers.version() + one).columns


def test_read_takes_all_values_of_one_summary(tmp_path):
    """TensorFlow 1 merges several scalars into one event."""
    values = [
        writers.part(1, writers.part(1, tag) + b"\x15" + struct.pack("<f", value))
        for tag, value in ((b"loss", 1.0), (b"eval_loss", 2.0))
    ]
    one = writers.record(writers.event(1, writers.part(5, b"".join(values))))
    columns = table_of(tmp_path, writers.version() + one * 30).columns
    assert columns["loss"].values.tolist() == [1.0] * 30
    assert columns["eval_loss"].values.tolist() == [2.0] * 30


def test_read_tells_apart_many_tags_of_one_length(tmp_path):
    """Hundreds of layers under names of equal length keep their own points."""
    layers = {f"layer{k:03d}": [(s, k + s / 1000) for s in range(20)] for k in range(300)}
    columns = table_of(tmp_path, writers.event_bytes(layers)).columns
    assert len(columns) == 300
    for k in (0, 7, 299):
        expected = [k + s / 1000 for s in range(20)]
        assert columns[f"layer{k:03d}"].values == pytest.approx(expected)


@pytest.mark.parametrize("cut", [1, 4, 20, 40])
def test_read_notes_a_truncated_tail(tmp_path, cut):
    """A file that is still being written ends anywhere; its whole records count."""
    data = writers.event_bytes({"loss": POINTS})
    read = table_of(tmp_path, data[:-cut])
    assert len(read.columns["loss"].steps) == 199
    one = len(writers.record(writers.event(199, writers.simple("loss", 0.0))))
    assert notes_of(read) == {"truncated_tail": {"bytes": one - cut}}


def test_read_notes_a_tail_of_zeros(tmp_path):
    """Network file systems leave zeros behind what was written."""
    read = table_of(tmp_path, writers.event_bytes({"loss": POINTS}) + bytes(5000))
    assert len(read.columns["loss"].steps) == 200
    assert notes_of(read) == {"truncated_tail": {"bytes": 5000}}


@pytest.mark.parametrize("points", [5, 200])
def test_read_leaves_out_a_record_with_a_wrong_checksum(tmp_path, points):
    """A flipped bit costs one point, which is counted and placed."""
    data = bytearray(writers.event_bytes({"loss": POINTS[:points]}))
    last = len(writers.record(writers.event(points - 1, writers.simple("loss", 0.0))))
    data[-6] ^= 1
    read = table_of(tmp_path, bytes(data))
    assert read.columns["loss"].steps.tolist() == list(range(points - 1))
    assert notes_of(read) == {"bad_checksum": {"records": 1, "offset": len(data) - last}}


def test_read_stops_at_a_length_with_a_wrong_checksum(tmp_path):
    """Behind a broken length nothing can be found: the log is damaged, and no longer growing."""
    data = writers.event_bytes({"loss": POINTS})
    read = table_of(tmp_path, data + b"\x07" * 100 + data)
    assert len(read.columns["loss"].steps) == 200
    (note,) = read.notes
    assert note.kind == UNREAD_NOTE
    assert note.reason == Message("event_file_rest", byte=len(data))


def test_read_refuses_a_file_all_of_whose_scalars_are_damaged(tmp_path):
    """Nothing shows that nothing was logged."""
    scalars = (writers.event(step, writers.simple("loss", 2.0)) for step in range(9))
    data = b"".join(writers.record(each)[:-4] + bytes(4) for each in scalars)
    with pytest.raises(LogDamaged, match="9 damaged records, and no other holds a value"):
        table_of(tmp_path, writers.version() + data)


def test_read_counts_records_without_meaning(tmp_path):
    """A record whose checksum is right and whose content is none is left out and counted."""
    good = writers.event_bytes({"loss": POINTS})
    read = table_of(tmp_path, good + writers.record(b"\xff\xff") * 20)
    assert notes_of(read) == {"bad_checksum": {"records": 20, "offset": len(good)}}


def test_read_reads_an_empty_file_as_an_empty_table(tmp_path):
    """A run that has just been started has logged nothing."""
    read = table_of(tmp_path, b"")
    assert not read.columns
    assert not read.notes


def test_read_refuses_a_sparse_file_at_once(tmp_path):
    """Two gigabytes of nothing are refused without being read."""
    path = tmp_path / "events.out.tfevents.1"
    path.touch()
    os.truncate(path, 2 << 30)
    with pytest.raises(UnreadableLog, match="byte 0: zeros"):
        table(path)


def test_read_steps_over_a_record_too_large_to_hold_scalars(tmp_path):
    """A graph of a hundred megabytes is neither loaded nor in the way."""
    path = tmp_path / "events.out.tfevents.1"
    size = 100 << 20
    length = struct.pack("<Q", size)
    with path.open("wb") as stream:
        stream.write(writers.version() + length + struct.pack("<I", writers.masked(length)))
        stream.seek(size + 4, os.SEEK_CUR)
        stream.write(writers.event_bytes({"loss": POINTS}))
    assert len(table(path).columns["loss"].steps) == 200


def test_read_follows_records_across_the_blocks_it_reads(tmp_path, monkeypatch):
    """Where the reading pauses makes no difference, nor do records larger than a block."""
    text = json.dumps({"per_device_train_batch_size": 1, "note": "x" * 2000})
    data = writers.event_bytes({"loss": POINTS, "eval/loss": POINTS}, {"args": text})
    whole = table_of(tmp_path, data)
    monkeypatch.setattr("lossscan.formats.kit.binary.tfrecord._CHUNK", 500)
    parts = table_of(tmp_path, data)
    assert parts.config == whole.config
    for name, column in whole.columns.items():
        np.testing.assert_array_equal(parts.columns[name].values, column.values)


def test_read_takes_no_record_that_lies_in_a_text(tmp_path):
    """A text that quotes whole records of an event file adds no point and hides none."""
    quoted = writers.record(writers.event(7, writers.simple("loss", 99.0)))
    text = writers.record(writers.event(0, writers.part(3, quoted * 5)))
    data = writers.event_bytes({"loss": POINTS})
    read = table_of(tmp_path, data + text + data[len(writers.version()) :])
    assert read.columns["loss"].steps.tolist() == [step for step, _ in POINTS] * 2
    assert not read.notes


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\x07" * 100, "wrong checksum"), (b"version https://git-lfs.github.com/", "git lfs pull")],
)
def test_read_says_why_it_cannot(tmp_path, data, reason):
    """A file that only bears the name is refused with the place and a way out."""
    with pytest.raises(UnreadableLog, match="byte 0") as refused:
        table_of(tmp_path, data)
    assert reason in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize(
    ("name", "data", "claimed"),
    [
        ("events.out.tfevents.1.host", b"", True),
        ("renamed.bin", writers.version(), True),
        ("train.tfrecord", writers.record(b"a sample of a data set"), False),
        ("notes.txt", b"brain.Event:2 is what I saw in the file", False),
    ],
)
def test_claims_goes_by_name_or_content(tmp_path, name, data, claimed):
    """Event files are known by name, or by their first record under any name."""
    path = tmp_path / name
    path.write_bytes(data)
    assert event_file.claims(head_of(path)) is claimed
