"""lossscan plot, as a user runs it: pictures of runs in three formats."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

SAMPLES = Path(__file__).parents[2] / "sample_logs"


def _plot(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lossscan", "plot", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _texts(svg: Path) -> list[str]:
    root = ET.fromstring(svg.read_text("utf-8"))  # noqa: S314 - written by us a moment ago
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_picture_names_and_numbers_the_findings(tmp_path: Path):
    """What the report says stands below the curve, with the number that marks its place."""
    done = _plot(SAMPLES / "loss-jump", "-o", tmp_path / "curve.svg")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    texts = _texts(tmp_path / "curve.svg")
    assert any("The loss jumps up and stays up (loss-jump)" in text for text in texts)
    assert {"loss", "grad_norm", "learning_rate", "step", "1"} <= set(texts)


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF-")])
def test_the_suffix_decides_the_format(tmp_path: Path, suffix: str, magic: bytes):
    """The name of the file is enough."""
    path = tmp_path / f"curve.{suffix}"
    assert _plot(SAMPLES / "nan", "-o", path).returncode == 0
    assert path.read_bytes().startswith(magic)


def test_several_runs_are_drawn_over_each_other(tmp_path: Path):
    """Each curve bears the name of its run."""
    runs = [SAMPLES / "ga-scaling", SAMPLES / "ga-scaling-ga1"]
    assert _plot(*runs, "-o", tmp_path / "two.svg", "--series", "loss", "--log").returncode == 0
    assert {"ga-scaling", "ga-scaling-ga1"} <= set(_texts(tmp_path / "two.svg"))


def test_a_part_of_the_steps_is_drawn(tmp_path: Path):
    """Axis labels stay within what was asked for."""
    path = tmp_path / "part.svg"
    assert _plot(SAMPLES / "staircase", "-o", path, "--from", 100, "--to", 200).returncode == 0
    numbers = [int(text) for text in _texts(path) if re.fullmatch(r"\d{3,}", text)]
    assert numbers
    assert all(100 <= number <= 200 for number in numbers)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "x.gif"], 'unknown picture format "gif"; choose from svg, png, pdf'),
        (["-o", "x.svg", "--series", "nll"], "no series named nll; choose from"),
        (["-o", "x.svg", "--from", "9", "--to", "2"], "no step is from 9 to 2"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, arguments: list[str], said: str):
    """With status 2, in one line, and without a file."""
    arguments = [str(tmp_path / each) if each.startswith("x.") else each for each in arguments]
    done = _plot(SAMPLES / "nan", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not list(tmp_path.iterdir())
