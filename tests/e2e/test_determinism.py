"""The same run gives the same report, wherever, whenever and in whatever order it is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import lossscan

ROOT = Path(lossscan.__file__).parents[1]
FORMATS = ("json", "markdown", "html", "csv")
SAMPLES = ("loss-jump", "overfitting", "nan")
SURROUNDINGS = (
    {"PYTHONHASHSEED": "4711", "TZ": "Asia/Shanghai", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "99", "TZ": "America/New_York", "LC_ALL": "de_DE.UTF-8"},
)


def _copied(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        shutil.copytree(Path("sample_logs") / name, folder / "runs" / name)
    return folder


def _said(folder: Path, *arguments: str, **surroundings: str) -> bytes:
    command = [sys.executable, "-m", "lossscan", *arguments, "--fail-on=never", "--lang=en"]
    environment = os.environ | {"COLUMNS": "100"} | surroundings
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    return done.stdout


_EACH_FORMAT = """
import sys
from pathlib import Path
from lossscan.commands import main
for name in sys.argv[1:]:
    given = ["analyze", "runs/loss-jump", "--format", name, "--fail-on=never", "--lang=en"]
    with Path(name).open("w", encoding="utf-8") as sys.stdout:
        assert main(given) == 0
"""


def test_neither_hash_seed_nor_clock_nor_locale_changes_a_report(tmp_path: Path):
    """What is listed comes in an order of its own; all formats are asked of each process."""
    folder = _copied(tmp_path, SAMPLES[:1])
    said: dict[str, set[str]] = {name: set() for name in FORMATS}
    for each in SURROUNDINGS:
        command = [sys.executable, "-c", _EACH_FORMAT, *FORMATS]
        around = {"COLUMNS": "100", "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=folder, env=os.environ | around | each, check=True)
        for name in FORMATS:
            said[name].add((folder / name).read_text("utf-8"))
    assert {name: len(texts) for name, texts in said.items()} == dict.fromkeys(FORMATS, 1)
    assert all("loss-jump" in text for texts in said.values() for text in texts)


def test_neither_the_order_of_folders_nor_the_number_of_processes_changes_a_batch(tmp_path: Path):
    """Rows come in the order of their paths."""
    arguments = ("batch", "runs", "--format=jsonl")
    once = _said(_copied(tmp_path, SAMPLES), *arguments, "--jobs=1")
    shutil.rmtree(tmp_path / "runs")  # the path is part of a fingerprint
    assert once == _said(_copied(tmp_path, SAMPLES[::-1]), *arguments, "--jobs=2")
    assert once.count(b"\n") == len(SAMPLES)
