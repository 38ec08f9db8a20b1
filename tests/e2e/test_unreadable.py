"""In a batch, what may not be read is a row with its error: no run is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import lossscan


def _run(folder: Path, name: str) -> Path:
    run = folder / name
    run.mkdir()
    rows = (f'{{"step": {n}, "loss": {2 + 1 / n}}}\n' for n in range(1, 40))
    (run / "trainer_log.jsonl").write_text("".join(rows))
    return run


_AS_NOBODY = """
import io, os, sys
from lossscan import commands
first, *arguments = sys.argv[1:]
kept, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO())
loads_all = ["batch", first, "nowhere", "--jobs", "1", "--format", "jsonl"]
commands.main(loads_all)
sys.stdout = kept
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.exit(commands.main(["batch", *arguments]))
"""


def _batch(loaded: Path, *roots: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """What an ordinary user gets; `loaded` is read before, since Python itself may be root's."""
    options = ["--format", "jsonl", "--jobs", "1", "--fail-on", "never"]
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(loaded), *map(str, roots), *options],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(lossscan.__file__).parents[1])},
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode, {Path(row["run"]["path"]).name: row for row in rows}


@pytest.fixture
def open_folder():
    """A folder that anybody may enter, whose content can be deleted afterwards.

    Not one of pytest: each session that begins closes the folder above those of all sessions.
    """
    with TemporaryDirectory(prefix="lossscan-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)


def test_a_folder_that_may_not_be_read_is_a_row(open_folder):
    """Not listed, listed and not entered, entered and not listed."""
    good, modes = _run(open_folder, "good"), {"none": 0o000, "listed": 0o444, "entered": 0o111}
    for name, mode in modes.items():
        _run(open_folder, name).chmod(mode)
    status, rows = _batch(good, open_folder)
    assert rows.pop("good")["status"] != "error"
    assert {name: row["status"] for name, row in rows.items()} == dict.fromkeys(modes, "error")
    assert all("Permission denied" in row["error"]["message"] for row in rows.values())
    assert status == 2


def test_a_log_that_may_not_be_read_is_a_row(open_folder):
    """Also where only its content could tell that it is a log."""
    good, names = _run(open_folder, "good"), ("trainer_log.jsonl", "notes.txt")
    for name in names:
        bad = _run(open_folder, f"bad {name}")
        (bad / "trainer_log.jsonl").rename(bad / name).chmod(0o000)
    status, rows = _batch(good, open_folder)
    assert rows.pop("good")["status"] != "error"
    assert {n: r["status"] for n, r in rows.items()} == {f"bad {name}": "error" for name in names}
    assert status == 2


def test_a_root_that_may_not_be_read_is_a_row(open_folder):
    """Given by its own name, and below a folder that may not be entered."""
    good, bad = _run(open_folder, "good"), _run(open_folder, "bad")
    bad.chmod(0o444)
    status, rows = _batch(good, good, bad, bad / "trainer_log.jsonl")
    assert rows["good"]["status"] != "error"
    assert {rows[name]["status"] for name in ("bad", "trainer_log.jsonl")} == {"error"}
    assert status == 2


def test_a_folder_of_a_run_that_may_not_be_read_may_hold_its_later_losses(open_folder):
    """What was read is reported, and neither called ok nor green."""
    good, run = _run(open_folder, "good"), _run(open_folder, "run")
    _run(run, "checkpoint-900").chmod(0o000)
    status, rows = _batch(good, open_folder)
    assert (rows["good"]["status"], rows["run"]["status"], status) == ("ok", "error", 2)
    assert rows["run"]["run"]["last_step"] == 39
    assert "checkpoint-900: Permission denied" in rows["run"]["error"]["message"]
    assert rows["run"]["error"]["hint"] == "check its permissions"


def test_a_metric_that_may_not_be_read_costs_itself_alone(open_folder):
    """The reason names the metric and not the file that describes the run; a param is a remark."""
    store = Path(__file__).parents[1] / "fixtures/mlflow"
    good = Path(shutil.copytree(store, open_folder / "good"))
    (good / "metrics/grad_norm").unlink()  # has a NaN, which is a finding
    closed = {
        "one": "metrics/train/loss",
        "folder": "metrics/train",
        "param": "params/learning_rate",
    }
    for name, path in closed.items():
        shutil.copytree(good, open_folder / name)
        (open_folder / name / path).chmod(0o000)
    _, rows = _batch(good, open_folder)
    assert rows["param"]["error"] is None
    assert rows["param"]["run"]["series"] == rows["good"]["run"]["series"]
    for name in ("one", "folder"):
        assert rows[name]["status"] == "error"
        assert f"{closed[name]}: Permission denied" in rows[name]["error"]["message"]
