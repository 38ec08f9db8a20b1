"""Text that no format knows is read by the user's own regular expression."""

import time
from pathlib import Path

import pytest

from lossscan import formats
from lossscan.errors import NoLogFound, SettingsError, UnreadableLog
from lossscan.settings import Settings, load
from lossscan.sources.line_pattern import compiled
from tests import logs
from tests.logs import points

OWN = "hello\nit 10 [a] nll=3.5 lr=1e-3\nit 20 [a] nll=nan lr=1e-3\nit 30 [b] nll=3.0 lr=9"
STEP_AND_LOSS = r"it (?P<step>\d+) .*nll=(?P<loss>\S+) lr=(?P<lr>\S+)"


def settings(pattern: str) -> Settings:
    """Settings with a pattern."""
    return Settings(text={"pattern": pattern})


def test_read_gives_a_point_for_each_line_that_matches(tmp_path: Path):
    """Groups are quantities under their usual names; a last line without end may be cut."""
    table = formats.read(logs.head_with(tmp_path, OWN), settings(STEP_AND_LOSS))
    assert table.format == "pattern"
    assert points(table, "loss")[0] == (10, 3.5)
    assert points(table, "learning_rate") == [(10, 1e-3), (20, 1e-3)]


def test_read_counts_points_without_a_step(tmp_path: Path):
    """Where nothing in the line says the step, the points are counted."""
    table = formats.read(logs.head_with(tmp_path, OWN), settings(r"nll=(?P<loss>\S+)"))
    assert [step for step, _ in points(table, "loss")] == [1, 2]


def test_read_keeps_the_step_of_a_line_before(tmp_path: Path):
    """A step may stand in a line of its own, above what was logged."""
    text = "== step 5\nnll 2.5\nnll_val 2.75\n== step 6\nnll 2.25\n"
    pattern = r"step (?P<step>\d+)|nll (?P<loss>\S+)|nll_val (?P<eval_loss>\S+)"
    table = formats.read(logs.head_with(tmp_path, text), settings(pattern))
    assert points(table, "loss") == [(5, 2.5), (6, 2.25)]
    assert points(table, "eval_loss") == [(5, 2.75)]


def test_claimants_put_the_user_before_the_formats(tmp_path: Path):
    """A log that a format knows is read as the user says where the expression matches."""
    head = logs.head_with(tmp_path, logs.NANOGPT)
    mine = settings(r"iter (?P<step>\d+): loss (?P<loss>[\d.]+)")
    assert formats.read(head, mine).format == "pattern"
    assert formats.read(head, settings(r"nothing like (?P<loss>it)")).format == "nanogpt_console"


def test_claimants_leave_files_alone_that_do_not_match(tmp_path: Path):
    """Other files of the run are no logs because of the expression."""
    with pytest.raises(NoLogFound):
        formats.read(logs.head_with(tmp_path, "Dear diary\n"), settings(STEP_AND_LOSS))


def test_read_refuses_groups_without_numbers(tmp_path: Path):
    """An expression that matches words is answered with how to write it."""
    text = OWN.replace("nll", "q")  # a name that no other format takes for a loss
    with pytest.raises(UnreadableLog, match="match no number") as refused:
        formats.read(logs.head_with(tmp_path, text), settings(r"q(?P<loss>=\S+)"))
    assert refused.value.hint


def test_read_looks_at_no_more_of_a_line_than_is_cheap(tmp_path: Path):
    """An expression that takes the square of a line's length ends soon on any line."""
    text = "a" * 1_000_000 + "\n" + "step 1 loss 2.5\n"
    begin = time.process_time()
    pattern = r"a.*(?P<x>b)|step (?P<step>\d+) loss (?P<loss>\S+)"
    formats.read(logs.head_with(tmp_path, text), settings(pattern))
    assert time.process_time() - begin < 5


def test_load_takes_a_pattern(tmp_path: Path):
    """The expression is written in the settings file."""
    path = tmp_path / "lossscan.yaml"
    path.write_text(f"text:\n  pattern: '{STEP_AND_LOSS}'\n")
    assert load(path).text == {"pattern": STEP_AND_LOSS}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text: 3", "text: expected a mapping"),
        ("text: {patern: x}", "text.patern: unknown key"),
        ("text: {pattern: 3}", "text.pattern: expected a regular expression"),
        ("text: {pattern: '('}", "text.pattern: not a regular expression: missing )"),
        ("text: {pattern: 'loss'}", "text.pattern: names no quantity"),
        ("text: {pattern: '(?P<step>x)'}", "text.pattern: names no quantity"),
        ("text: {pattern: '(?P<loss>(a+)+)'}", "text.pattern: repeats a repeat"),
    ],
)
def test_load_says_what_is_wrong_with_a_pattern(tmp_path: Path, text: str, message: str):
    """Each mistake is answered with the key and what was expected."""
    path = tmp_path / "lossscan.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert message in str(caught.value)


@pytest.mark.parametrize("good", [r"(?P<loss>\d+)", r"(?P<loss>(?:\d,?)+)", r"\(a+\)+(?P<loss>x)"])
def test_compiled_takes_repeats_that_end(good: str):
    """One repeat, and brackets of the log itself, are no harm."""
    assert compiled(good).pattern == good


def test_compiled_refuses_a_page_of_expression():
    """An expression for one line is short."""
    with pytest.raises(ValueError, match="longer than"):
        compiled("(?P<loss>x)" + "a" * 500)
