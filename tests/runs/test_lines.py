"""Where a finding can be seen: lines of logs and of settings files."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from lossscan.model import Advice, Cause, Location, Message, Source
from lossscan.runs import lines
from lossscan.runs.lines import MOST_BYTES, line_of_field, line_of_point, located, text_in
from tests.reports import jumped

NAN = float("nan")
STATE = json.dumps(
    {"eval_steps": 20, "log_history": [{"loss": 4 - s / 10, "step": s} for s in (10, 20, 30)]},
    indent=2,
)
LOGS = {
    "trainer_state": (STATE, 20, 2.0, 10),
    "one line": (json.dumps(json.loads(STATE)), 20, 2.0, 1),
    "json lines": ('{"step": 10, "loss": 3}\n{"step": 20, "loss": 2.5}\n', 20, 2.5, 2),
    "text in JSON": ('{"n": "10/30", "loss": 3}\n{"n": "20/30", "loss": 2.5}\n', 20, 2.5, 2),
    "csv": ("step,loss\n10,3.0\n20,2.5\n", 20, 2.5, 3),
    "megatron": (
        " iteration 10/ 30 | lm loss: 3.0E+00 |\n iteration 20/ 30 | lm loss: 2.5E+00 |",
        20,
        2.5,
        2,
    ),
    "resumed": ("step 20 loss 9.9\nstep 30 loss 2.4\nstep 20 loss 2.5\n", 20, 2.5, 3),
    "no steps": ("{'loss': 3.0, 'epoch': 1}\n{'loss': 2.5, 'epoch': 2}\n", 20, 2.5, 2),
    "NaN": ("step 10 loss 3\nstep 20 loss nan\n", 20, NAN, 2),
    "digits within": ("step 120 loss 2.5\nstep 20 loss 2.5\n", 20, 2.5, 2),
}


@pytest.mark.parametrize("name", LOGS)
def test_line_of_point_is_found_in_every_layout(tmp_path, name):
    """The line is the one that a reader would look for."""
    text, step, value, line = LOGS[name]
    log = tmp_path / "train.log"
    log.write_text(text, encoding="utf-8")
    assert line_of_point(text_in(log), step, value, "loss") == line


@pytest.mark.parametrize("content", [b"", b"\0step 20 loss 2.5", b"\xff\xfe", b"step 21 loss 2.6"])
def test_line_of_point_is_none_where_nothing_states_it(tmp_path, content):
    """Binary logs and other points have no line."""
    log = tmp_path / "train.log"
    log.write_bytes(content)
    assert line_of_point(text_in(log), 20, 2.5, "loss") is None


def test_line_of_point_leaves_a_vast_log_alone(tmp_path):
    """A finding does not wait for gigabytes to be searched."""
    log = tmp_path / "train.log"
    with log.open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)
    assert line_of_point(text_in(log), 20, 2.5, "loss") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# lr\nmodel: x\nlearning_rate: 1e-4\n", 3),
        ('{\n  "learning_rate": 0.0001\n}', 2),
        ('{"seed": 1, "learning_rate": 0.0001}', 1),
        ("train:\n  lr: 1e-4\n", 2),
        ("--learning_rate=1e-4", 1),
        ("my_learning_rate: 1\n", None),
    ],
)
def test_line_of_field_knows_the_names_of_a_setting(tmp_path, text, line):
    """The setting is found under its own name and those that other trainers give it."""
    file = tmp_path / "train.yaml"
    file.write_text(text, encoding="utf-8")
    assert line_of_field(text_in(file), "learning_rate") == line


def _run(tmp_path):
    (tmp_path / "trainer_log.jsonl").write_text('{"step": 1}\n{"step": 3010}\n')
    (tmp_path / "train.yaml").write_text("seed: 1\nlearning_rate: 5.0e-4\n")
    source = Source("trainer_log.jsonl", "json_lines", 400, ("loss",))
    run = jumped().run
    assert run is not None
    return replace(run, path=str(tmp_path), sources=(source,))


def _places(run, finding):
    return located(run, [finding])[0].locations


def test_each_file_is_searched_as_it_was_read_once(tmp_path, monkeypatch):
    """Ten findings read a log as often as one does."""
    read: list[str] = []

    def noted(file: Path) -> bytes:
        read.append(file.name)
        return text_in(file)

    monkeypatch.setattr(lines, "text_in", noted)
    found = located(_run(tmp_path), jumped().findings * 10)
    assert all(finding.locations for finding in found)
    assert sorted(read) == ["train.yaml", "trainer_log.jsonl"]


def test_a_finding_names_the_log_first_and_then_the_settings(tmp_path):
    """A reader sees the point, and then what caused it."""
    finding = jumped().findings[0]
    assert _places(_run(tmp_path), finding) == (
        Location("trainer_log.jsonl", None),
        Location("train.yaml", 2, "learning_rate"),
    )


def test_a_finding_without_a_step_is_about_the_settings(tmp_path):
    """Where evaluation never ran, the setting is the place to look."""
    advice = Advice("learning_rate", 5e-4, "train.yaml")
    finding = replace(
        jumped().findings[0], start_step=None, causes=(Cause(Message("x"), 1.0, (advice,)),)
    )
    assert _places(_run(tmp_path), finding)[0] == Location("train.yaml", 2, "learning_rate")
