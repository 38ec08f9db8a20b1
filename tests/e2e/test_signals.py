"""Signals leave nothing on the disk, and an earlier report as it was."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lossscan import commands
from lossscan.commands.kit.progress import ended_in_order

pytestmark = pytest.mark.skipif(os.name == "nt", reason="other signals")
PATIENCE = 60.0  # seconds


@pytest.fixture(scope="module")
def packed() -> bytes:
    """A log that takes a second to unpack and to read."""
    lines = "".join(f'{{"step": {n}, "loss": {2 + n % 7 / 9}}}\n' for n in range(400_000))
    return gzip.compress(lines.encode(), compresslevel=1)


@pytest.fixture
def runs(tmp_path: Path, packed: bytes) -> Path:
    """Four runs of such a log."""
    for name in "abcd":
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "trainer_log.jsonl.gz").write_bytes(packed)
    (tmp_path / "tmp").mkdir()
    return tmp_path / "runs"


def _started(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """The command once it has unpacked something."""
    command = [sys.executable, "-m", "lossscan", *arguments]
    environment = os.environ | {"TMPDIR": str(folder / "tmp")}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + PATIENCE
    while not any((folder / "tmp").rglob("content")):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGTERM, "2"), (signal.SIGHUP, "1")])
def test_no_draft_and_no_folder_is_left(runs, tmp_path, number, jobs):
    """The status is the one that a shell shows; an earlier report stays."""
    (tmp_path / "out").mkdir()
    output = tmp_path / "out" / "report.json"
    output.write_text("before")
    asked = ["batch", str(runs), "-j", jobs, "-f", "json", "-o", str(output)]
    process = _started(*asked, folder=tmp_path)
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number, said
    assert "Traceback" not in said
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list(output.parent.iterdir()) == [output]
    assert output.read_text() == "before"


def test_workers_of_a_killed_batch_end_and_take_their_folder_along(runs, tmp_path):
    """Nobody else would."""
    output = str(tmp_path / "x.csv")
    process = _started("batch", str(runs), "-j", "2", "-f", "csv", "-o", output, folder=tmp_path)
    process.kill()
    process.communicate(timeout=PATIENCE)
    end = time.monotonic() + PATIENCE
    while any((tmp_path / "tmp").rglob("content")) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any((tmp_path / "tmp").rglob("content"))


def test_ctrl_c_before_the_first_run_keeps_an_earlier_report(runs, tmp_path):
    """An empty one would be taken for a batch without findings."""
    output = tmp_path / "report.json"
    output.write_text("before")
    asked = ["batch", str(runs), "-j", "2", "-f", "json", "-o", str(output)]
    process = _started(*asked, folder=tmp_path)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "bug" not in said
    assert output.read_text() == "before"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_signal_that_is_ignored_stays_so(monkeypatch):
    """As `nohup` has it; and what was handled before is again after."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_in_order():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("error", [MemoryError(), OSError(24, "Too many open files")])
def test_what_the_system_refuses_is_no_bug(monkeypatch, capsys, error):
    """One line with a way out, status 2."""

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("lossscan.commands._app", refuse)
    assert commands.main(["rules"]) == 2
    said = capsys.readouterr().err
    assert "bug" not in said
    assert said.count("\n") == 1


def test_names_as_long_as_a_name_can_be(make_run, tmp_path, capsys):
    """One of 250 characters is written; a longer one than the system takes is said to be."""
    make_run("a")
    good = tmp_path / ("o" * 250)
    assert commands.main(["analyze", str(tmp_path / "a"), "-f", "json", "-o", str(good)]) != 2
    assert json.loads(good.read_text())["schema"]
    bad = tmp_path / ("o" * 5000)
    assert commands.main(["analyze", str(tmp_path / "a"), "-f", "json", "-o", str(bad)]) == 2
    said = capsys.readouterr().err
    assert "too long" in said
    assert "bug" not in said
