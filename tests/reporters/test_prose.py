"""Prose in a terminal: lines break where the script allows."""

import pytest
from rich.cells import cell_len
from rich.text import Text

from lossscan.reporters import Page
from lossscan.reporters.kit.terminal import Prose, printed


def _lines(text, width):
    return printed([Prose(Text(text))], Page(width=width)).splitlines()


def test_prose_breaks_english_between_words():
    """No word is cut that fits on a line."""
    assert _lines("the loss jumps up and stays", 12) == ["the loss", "jumps up and", "stays"]


def test_prose_fills_lines_of_chinese():
    """Chinese after a Latin word goes on in the same line."""
    assert _lines("整个训练 loss 都停在最初的水平", 20)[0] == "整个训练 loss 都停在"


@pytest.mark.parametrize("mark", "，。：；！？、）")
def test_prose_begins_no_line_with_a_closing_mark(mark):
    """Punctuation stays with the character before it."""
    lines = _lines(f"一二三四五{mark}六七八九十{mark}", 10)
    assert all(line[0] != mark for line in lines)


@pytest.mark.parametrize("behind", ["3.307", "loss", "训练"])
@pytest.mark.parametrize("width", range(12, 20))
def test_prose_ends_no_line_with_an_opening_mark(behind, width):
    """A bracket stays with what it opens, a number or a name as well."""
    lines = list(Prose(Text(f"损失是原来的一半（{behind}）")).lines(width))
    assert not [line for line in lines if line.plain.endswith("（")]


def test_prose_folds_what_is_longer_than_a_line():
    """A path without spaces is cut and nothing of it is lost."""
    path = "runs/events.out.tfevents.1795244724.host.12221.0"
    lines = _lines(f"see {path} there", 16)
    assert max(map(cell_len, lines)) <= 16
    assert "".join(lines).replace(" ", "") == f"see{path}there"


@pytest.mark.parametrize("text", ["", " ", "a", "（", "损"])
def test_prose_of_next_to_nothing_is_one_line(text):
    """The shortest texts are no special case."""
    assert len(_lines(text, 10)) <= 1


def test_a_name_that_no_line_holds_breaks_after_a_sign():
    """As a path does, not within a word."""
    lines = ["runs/some_long_", "directory/trainer_", "state.json"]
    assert _lines("".join(lines), 20) == lines
