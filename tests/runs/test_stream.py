"""A log that comes through a pipe is read like a file."""

import gzip
import io
import subprocess
import sys

import pytest

from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.runs import read_stream
from lossscan.settings import Settings
from lossscan.sources import packed
from tests import logs


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_read_stream_reads_what_a_pipe_gives(pack):
    """The run is named after the pipe, compressed or not."""
    run = read_stream(io.BytesIO(pack(logs.TRANSFORMERS.encode())), Settings())
    assert (run.path, run.name) == ("-", "stdin")
    assert [source.path for source in run.sources] == ["stdin"]
    assert len(run.series["loss"]) == 20


def test_read_stream_shows_no_temporary_path():
    """Where the log lay meanwhile is no concern of the user."""
    run = read_stream(io.BytesIO(b'{"step": 1, "loss": 2.5}\n{\n'), Settings())
    assert [str(note.path) for note in run.notes] == ["stdin"]
    with pytest.raises(NoLogFound, match=r"^-: unrecognized log format"):
        read_stream(io.BytesIO(b"Dear diary\n"), Settings())


def test_read_stream_says_when_nothing_came():
    """A pipe whose writer failed is empty."""
    with pytest.raises(NoLogFound, match=r"^-: the file is empty"):
        read_stream(io.BytesIO(), Settings())


def test_read_stream_stops_where_a_pipe_does_not(monkeypatch):
    """A pipe without an end is refused before it fills the disk."""
    monkeypatch.setattr(packed, "LARGEST", 5 << 20)
    with pytest.raises(UnreadableLog, match=r"^-: larger than"):
        read_stream(io.BytesIO(bytes(9 << 20)), Settings())


def test_analyze_reads_standard_input():
    """`lossscan analyze -` is what stands behind a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "lossscan", "analyze", "-", "--format", "json"],
        input=logs.TRANSFORMERS.encode(),
        capture_output=True,
        check=True,
    )
    assert b'"path": "-"' in done.stdout
