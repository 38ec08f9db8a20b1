"""VisualDL's record files become tables, whole, damaged or cut."""

import math
import struct
from pathlib import Path

import pytest

from lossscan.errors import UnreadableLog
from lossscan.formats import visualdl
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import writers
from tests.logs import points

FIXTURES = Path(__file__).parents[1] / "fixtures" / "visualdl"
LOGGED = [(step, 2.0 / (step + 1)) for step in range(200)]
DATA = b"".join(writers.vdl_record(step, "train/loss", value) for step, value in LOGGED)


def table_of(tmp_path: Path, data: bytes) -> Table:
    """Read bytes as a record file."""
    path = tmp_path / "vdlrecords.1700000000.log"
    path.write_bytes(data)
    return visualdl.read(head_of(path), Settings())


def test_read_gives_what_the_real_writer_logged():
    """Scalars come out at full length, and a histogram is not in the way."""
    read = visualdl.read(head_of(FIXTURES / "vdlrecords.1795246638.log"), Settings())
    loss = points(read, "loss")
    assert [step for step, _ in loss] == list(range(40))
    assert [value for _, value in loss] == pytest.approx([2 / (step + 1) for step in range(40)])
    assert points(read, "eval_loss") == [(39, 1.5)]
    assert math.isnan(read.columns["grad_norm"].values[0])
    assert read.notes == ()


def test_read_finds_the_training_arguments():
    """The texts `args` and `model_config` that PaddleNLP writes are settings."""
    read = visualdl.read(head_of(FIXTURES / "vdlrecords.1795246638.log"), Settings())
    assert read.framework == "paddlenlp"
    assert read.config == {
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-4,
        "logging_steps": 1,
        "vocab_size": 512,
        "model_type": "gpt2",
        "wall_time_start": pytest.approx(1795246638.456),
    }


def test_read_finds_the_hparams():
    """Settings given to add_hparams are settings; numbers stay numbers."""
    config = visualdl.read(head_of(FIXTURES / "vdlrecords.1795246639.log"), Settings()).config
    assert (config["lr"], config["bsize"], config["opt"]) == (0.1, 8, "sgd")


def test_read_takes_a_time_in_seconds(tmp_path: Path):
    """Older writers count seconds where newer ones count milliseconds."""
    data = writers.vdl_record(1, "loss", 1.0, milliseconds=1_700_000_000)
    assert table_of(tmp_path, data).config["wall_time_start"] == 1.7e9


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_read_notes_a_truncated_tail(tmp_path: Path, cut: int):
    """A file that is still being written ends anywhere; its whole records count."""
    read = table_of(tmp_path, DATA[:-cut])
    assert len(read.columns["loss"].steps) == 199
    one = len(writers.vdl_record(199, "train/loss", 0.0))
    assert [(n.kind, dict(n.numbers)) for n in read.notes] == [
        ("truncated_tail", {"bytes": one - cut})
    ]


def test_read_notes_a_tail_of_zeros(tmp_path: Path):
    """Network file systems leave zeros behind what was written."""
    read = table_of(tmp_path, DATA + bytes(5000))
    assert len(read.columns["loss"].steps) == 200
    assert [note.kind for note in read.notes] == ["truncated_tail"]


@pytest.mark.parametrize("repeats", [1, 30])
def test_read_leaves_out_records_without_meaning(tmp_path: Path, repeats: int):
    """Without checksums, a record that does not parse is what shows damage."""
    read = table_of(tmp_path, DATA + writers.vdl_frame(b"\xff\xff") * repeats + DATA)
    assert len(read.columns["loss"].steps) == 400
    assert [dict(note.numbers) for note in read.notes] == [
        {"records": repeats, "offset": len(DATA)}
    ]


@pytest.mark.parametrize(
    "data", [b"", b"no record of VisualDL at all", struct.pack("<Q", 1) + b"x"]
)
def test_read_refuses_a_file_without_a_record(tmp_path: Path, data: bytes):
    """A file that only bears the name is refused with a way out."""
    with pytest.raises(UnreadableLog, match="byte 0") as refused:
        table_of(tmp_path, data)
    assert refused.value.hint


@pytest.mark.parametrize(("name", "data"), [("vdlrecords.1.log", b""), ("renamed.bin", DATA)])
def test_claims_goes_by_name_or_content(tmp_path: Path, name: str, data: bytes):
    """Record files are known by name, or by their first record under any name."""
    path = tmp_path / name
    path.write_bytes(data)
    assert visualdl.claims(head_of(path))


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<Q", 4) + b"\x0a\x02\x08\x01",
        struct.pack("<Q", 2) + b"\xff\xff",
        b"vdlrecords. is what I saw in the name",
    ],
)
def test_claims_leaves_other_files_alone(tmp_path: Path, data: bytes):
    """A file that begins with a small number is not yet a record file."""
    path = tmp_path / "data.bin"
    path.write_bytes(data)
    assert not visualdl.claims(head_of(path))
