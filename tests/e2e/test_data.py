"""What was read can be looked at, and what can be read is listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lossscan import api
from lossscan.commands import main
from tests.wild import WILD, write_run


def _log(folder: Path) -> Path:
    path = folder / "log.jsonl"
    path.write_text(
        '{"step": 5, "loss": 2.5, "epoch": 0.5}\n'
        '{"step": 10, "loss": NaN, "epoch": 1.0}\n'
        '{"step": 10, "eval_loss": 2.25, "epoch": 1.0}\n'
    )
    return path


def test_show_data_prints_each_point_and_where_it_came_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A line on each series, then one on each step; no verdict, so the status is 0."""
    assert main(["analyze", str(_log(tmp_path)), "--show-data", "--lang", "en"]) == 0
    described, _, table = capsys.readouterr().out.partition("\n\n")
    assert "loss: 2 points, steps 5 to 10, from log.jsonl (json_lines)" in described.splitlines()
    assert [line.split() for line in table.splitlines()] == [
        ["step", "epoch", "loss", "eval_loss"],
        ["5", "0.5", "2.5", "-"],
        ["10", "1", "nan", "2.25"],
    ]


def test_show_data_goes_to_a_file_where_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Then standard output stays empty."""
    out = tmp_path / "data.txt"
    path = str(_log(tmp_path))
    assert main(["analyze", path, "--show-data", "--output", str(out), "--lang", "zh"]) == 0
    assert capsys.readouterr().out == ""
    assert "来自 log.jsonl" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_formats_lists_all_with_a_sample(capsys: pytest.CaptureFixture[str], lang: str):
    """A line each, and how keys of one's own are read."""
    assert main(["formats", "--lang", lang]) == 0
    printed = capsys.readouterr().out
    for name, sample in api.format_samples().items():
        assert any(line.split() == [name, *sample.split()] for line in printed.splitlines())
    assert "series: {step: it, loss: nll}" in printed


def test_what_is_not_recognized_is_described_by_its_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """One line says what was found and where to go."""
    path = tmp_path / "log.jsonl"
    path.write_text('{"tick": 1, "badness": 2.5}\n{"tick": 2, "badness": 2.4}\n')
    assert main(["analyze", str(path), "--lang", "en"]) == 2
    said = capsys.readouterr().err
    assert "tick" in said
    assert "badness" in said
    assert "lossscan formats" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("wild", ["terminal", "runner"])
def test_names_of_a_log_steer_neither_a_terminal_nor_a_ci_runner(tmp_path, capsys, wild):
    """Its series are printed as they are called, without what is no text."""
    assert main(["analyze", str(write_run(tmp_path, WILD[wild], 0.0)), "--show-data"]) == 0
    said = capsys.readouterr().out
    assert not [line for line in said.split("\n") if not line.isprintable()]
    assert not re.search(r"(?m)^\s*::|##\w*\[", said)
