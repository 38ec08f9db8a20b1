"""The same run gives the same report, wherever, whenever and in whatever order it is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lossscan
from lossscan.commands import main

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


def test_the_order_of_folders_changes_no_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Rows come in the order of their paths."""
    said = []
    for names in (SAMPLES, SAMPLES[::-1]):
        monkeypatch.chdir(_copied(tmp_path, names))
        main(["batch", "runs", "--format=jsonl", "--jobs=1", "--lang=en"])
        said.append(capsys.readouterr().out)
        monkeypatch.chdir(ROOT)
        shutil.rmtree(tmp_path / "runs")  # the path is part of a fingerprint
    assert said[0] == said[1]
    assert said[0].count("\n") == len(SAMPLES)
