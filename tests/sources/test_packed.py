"""Compressed copies of a log read like the log, in bounds."""

import gzip
import importlib.util
import json
import lzma
import sys
import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from lossscan import formats
from lossscan.batching import Options, plan
from lossscan.errors import LogDamaged, MissingExtra, UnreadableLog
from lossscan.formats import csv_table
from lossscan.model import UNREAD_NOTE
from lossscan.settings import Settings
from lossscan.sources import files, packed
from lossscan.sources.files import HEAD_BYTES, head_of
from tests import logs, writers
from tests.logs import points


def zstd(data: bytes) -> bytes:
    """Compress as the command `zstd` does, with a checksum."""
    if importlib.util.find_spec("zstandard"):
        import zstandard

        return zstandard.ZstdCompressor(write_checksum=True).compress(data)
    compressed: bytes = importlib.import_module("compression.zstd").compress(data)
    return compressed


HAS_ZSTD = any(importlib.util.find_spec(name) for name in ("zstandard", "compression"))
needs_zstd = pytest.mark.skipif(not HAS_ZSTD, reason="no library for .zst is installed")
PACKERS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".xz": lzma.compress}
PACKERS |= {".zst": zstd} if HAS_ZSTD else {}
EVENTS = writers.event_bytes({"loss": [(step, 1.0 + step) for step in range(50)]})
BINARY = {
    "events.out.tfevents.1": EVENTS,
    "vdlrecords.1.log": writers.vdl_record(1, "loss", 2.0),
    "run-x.wandb": writers.wandb_bytes([writers.wandb_history({"loss": "1"})]),
}
ZSTD = b"\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00abc"


def packed_log(tmp_path: Path, suffix: str, data: bytes, name: str = "train.log") -> Path:
    """Write a compressed log."""
    path = tmp_path / (name + suffix)
    path.write_bytes(PACKERS[suffix](data))
    return path


@pytest.mark.parametrize(("name", "suffix"), [*zip(logs.ALL, cycle(PACKERS))])
def test_read_file_reads_a_compressed_copy_alike(tmp_path: Path, name: str, suffix: str):
    """Every text format reads the same from a compressed file."""
    text, called = logs.ALL[name], logs.name_of(name)
    path = packed_log(tmp_path, suffix, text.encode(), called)
    table = formats.read_file(path, Settings())
    plain = logs.read_log(tmp_path, text, name=called)
    assert table.path == path
    assert table.format == name
    read, expected = ({n: points(each, n) for n in each.columns} for each in (table, plain))
    assert repr(read) == repr(expected)  # NaN is not equal to itself


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("name", BINARY)
def test_read_file_reads_compressed_records(tmp_path: Path, name: str, suffix: str):
    """Binary formats read the same from a compressed file, under any name."""
    path = packed_log(tmp_path, suffix, BINARY[name], "renamed")
    assert len(formats.read_file(path, Settings()).columns["loss"].steps) > 0


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", ["log.csv.gz", "log.ipynb"])
def test_a_batch_unpacks_a_file_of_many_runs_once(tmp_path, monkeypatch, name, jobs):
    """And reads it once for all of them; what was unpacked is gone when the batch is over."""
    rows = "".join(f"run{at // 9},{at % 9},2.5\n" for at in range(9 * 12))
    path, text = tmp_path / name, f"run,step,loss\n{rows}"
    cell = {"outputs": [{"output_type": "stream", "name": "stdout", "text": text}]}
    data = json.dumps({"cells": [cell]}) if name.endswith(".ipynb") else text
    path.write_bytes(gzip.compress(data.encode()) if name.endswith(".gz") else data.encode())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with (
        patch.object(files, "_unpacked", wraps=files._unpacked) as unpacked,
        patch.object(csv_table, "_rows_of_runs", wraps=csv_table._rows_of_runs) as parsed,
    ):
        found = plan([str(path)], Settings(), Options(jobs=jobs)).reports()
        statuses = {report.path: report.status for report in found}
    assert len(statuses) == 12
    assert "error" not in statuses.values()
    assert not [*(tmp_path / "temporary").iterdir()]
    if jobs == 1:
        assert (unpacked.call_count, parsed.call_count) == (2, 2)  # once for the names of the runs


def test_discover_finds_compressed_logs_by_name(tmp_path: Path):
    """`train.log.gz` is a log as `train.log` is, and settings may be compressed too."""
    packed_log(tmp_path, ".gz", logs.MINIMIND.encode())
    packed_log(tmp_path, ".xz", b"seed: 1\nlearning_rate: 1e-4\nbf16: true\n", "train.yaml")
    run = logs.run_at(tmp_path)
    assert run.source_of("loss") == "train.log.gz"
    assert run.config["seed"].source == "train.yaml.xz"


@pytest.mark.parametrize("suffix", PACKERS)
def test_read_file_reads_a_cut_copy_to_its_end(tmp_path: Path, suffix: str):
    """A copy that is not finished gives what is there, and says so."""
    text = "".join(logs.megatron_line(step) for step in range(1, 3_000))
    path = packed_log(tmp_path, suffix, text.encode())
    path.write_bytes(path.read_bytes()[:-200])
    table = formats.read_file(path, Settings())
    assert 0 < len(table.columns["loss"].steps) < 3_000
    assert "packed_cut" in [note.kind for note in table.notes]


@pytest.mark.parametrize("suffix", PACKERS)
def test_read_file_refuses_a_copy_cut_before_anything_is_there(tmp_path: Path, suffix: str):
    """Such a log is lost, which is not what an empty one is."""
    path = packed_log(tmp_path, suffix, logs.TRANSFORMERS.encode() * 50)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(LogDamaged):
        formats.read_file(path, Settings())


@pytest.mark.parametrize("suffix", PACKERS)
def test_read_file_refuses_a_damaged_copy(tmp_path: Path, suffix: str):
    """Damage within is said with the path, not read over."""
    path = packed_log(tmp_path, suffix, logs.TRANSFORMERS.encode() * 50)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(UnreadableLog, match=r"train\.log\.\w+: damaged"):
        formats.read_file(path, Settings())


@pytest.mark.parametrize("suffix", PACKERS)
def test_read_file_reads_what_is_before_garbage(tmp_path: Path, suffix: str):
    """Text that was appended to a packed log costs the text alone, and is said."""
    path = packed_log(tmp_path, suffix, logs.MINIMIND.encode())
    path.write_bytes(path.read_bytes() + b"Traceback: killed\n" * 9)
    table = formats.read_file(path, Settings())
    assert len(table.columns["loss"].steps) == 3
    assert [note.kind for note in table.notes] == [UNREAD_NOTE]


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
def test_zeros_around_packed_parts_are_padding(tmp_path: Path, suffix: str):
    """As tapes and block devices leave them, behind the log and between what was appended."""
    begins, ends = logs.MINIMIND.encode()[:150], logs.MINIMIND.encode()[150:]
    path = packed_log(tmp_path, suffix, begins)
    path.write_bytes(path.read_bytes() + bytes(5_000) + PACKERS[suffix](ends) + bytes(5_000))
    table = formats.read_file(path, Settings())
    assert len(table.columns["loss"].steps) == 3
    assert not table.notes


def test_read_file_stops_at_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A small file that unpacks without end is refused before it fills the disk."""
    monkeypatch.setattr(packed, "LARGEST", 5 << 20)
    path = packed_log(tmp_path, ".gz", bytes(40 << 20))
    with pytest.raises(UnreadableLog, match="larger than"):
        formats.read_file(path, Settings())


def test_head_of_unpacks_no_more_than_it_shows(tmp_path: Path):
    """To see what a file is takes its beginning alone."""
    head = head_of(packed_log(tmp_path, ".xz", b"step 1\n" * 5_000_000))
    assert len(head.start) == head.size == HEAD_BYTES


def test_read_file_names_the_library_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Without a library for it, a .zst file is refused with the way to get one."""
    for library in ("compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, library, None)
    path = tmp_path / "train.log.zst"
    path.write_bytes(ZSTD)
    with pytest.raises(MissingExtra, match=r"train\.log\.zst: .*zstandard") as refused:
        formats.read_file(path, Settings())
    assert "pip install 'lossscan[zstd]'" in refused.value.hint


@needs_zstd
def test_read_file_reads_zstd_of_several_frames(tmp_path: Path):
    """What was appended to a .zst file is read too, and frames without data are passed over."""
    half = len(logs.MINIMIND) // 2
    parts = (logs.MINIMIND[:half].encode(), logs.MINIMIND[half:].encode())
    note = b"\x50\x2a\x4d\x18\x04\0\0\0note"
    path = tmp_path / "train.log.zst"
    path.write_bytes(note.join(map(zstd, parts)))
    table = formats.read_file(path, Settings())
    assert len(table.columns["loss"].steps) == 3
    assert not table.notes


@needs_zstd
def test_read_file_notes_where_zstd_ends_early(tmp_path: Path):
    """The package itself takes a cut file for a whole one, wherever it ends."""
    frame = zstd(logs.MINIMIND.encode())
    path = tmp_path / "train.log.zst"
    for end in range(len(frame) + 1, 2 * len(frame)):
        path.write_bytes((frame + frame)[:end])
        notes = formats.read_file(path, Settings()).notes
        assert [note.kind for note in notes] == ["packed_cut"], end


@needs_zstd
def test_read_file_notes_where_zstd_ends_between_blocks(tmp_path: Path):
    """A file that is written block by block is no whole one after any but the last."""
    text = logs.MINIMIND.encode()
    blocks = [(len(text) << 3 | last).to_bytes(3, "little") + text for last in (0, 1)]
    frame = b"\x28\xb5\x2f\xfd\xa0" + (2 * len(text)).to_bytes(4, "little")
    path = tmp_path / "train.log.zst"
    for count, kinds in ((2, []), (1, ["packed_cut"])):
        path.write_bytes(frame + b"".join(blocks[:count]))
        notes = formats.read_file(path, Settings()).notes
        assert [note.kind for note in notes if note.kind == "packed_cut"] == kinds


def test_read_run_goes_on_without_what_it_cannot_unpack(tmp_path: Path):
    """One damaged copy is named with its reason, and the others are read."""
    (tmp_path / "train.log").write_text(logs.MINIMIND)
    (tmp_path / "old.log.gz").write_bytes(gzip.compress(b"x" * 99)[:-4] + b"abcd")
    run = logs.run_at(tmp_path)
    assert len(run.series["loss"]) == 3
    assert [skipped.path for skipped in run.skipped] == ["old.log.gz"]


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
def test_what_is_behind_the_log_in_a_packed_file_is_not_searched_for_more(tmp_path, suffix):
    """A hole of 20 GiB, as a file has that was made in advance; it is read as far as it goes."""
    text = logs.ALL["minimind"].encode()
    path = packed_log(tmp_path, suffix, text)
    with path.open("r+b") as stream:
        stream.truncate(20 << 30)
    assert packed.unpacked_head(path, HEAD_BYTES) == text
    with (tmp_path / "log").open("wb") as into:
        packed.unpack(path, into)
    assert (tmp_path / "log").read_bytes() == text


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_log_that_was_packed_line_by_line_is_read_whole(tmp_path, suffix):
    """Each line takes more room packed than bare, a file of them 600 KiB more."""
    line = b"step 1 loss: 2.0\n"
    part = PACKERS[suffix](line)
    count = (600 << 10) // (len(part) - len(line))
    path = packed_log(tmp_path, suffix, b"")
    path.write_bytes(part * count)
    with (tmp_path / "log").open("wb") as into:
        assert packed.unpack(path, into) is None
    assert (tmp_path / "log").read_bytes() == line * count


@pytest.mark.parametrize("suffix", PACKERS)
def test_what_cannot_be_packed_is_read_whole(tmp_path, suffix):
    """Noise takes a little more room packed than bare."""
    noise = np.random.default_rng(1).bytes(1 << 20)
    with (tmp_path / "log").open("wb") as into:
        packed.unpack(packed_log(tmp_path, suffix, noise), into)
    assert (tmp_path / "log").read_bytes() == noise
