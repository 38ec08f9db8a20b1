"""Rows in columns, or below each other."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from rich.text import Text

from lossscan.reporters import Page
from lossscan.reporters.kit.columns import in_columns
from lossscan.reporters.kit.terminal import printed

ROWS = [
    ("gradient_accumulation_steps", "a: 8, b: 1", "accumulation steps change no scale"),
    ("model", "", "不同的模型从不同的 loss 开始"),
]
HEAD = ("setting", "values", "why")


def _shown(width: int, head: tuple[str, ...] = HEAD) -> list[str]:
    rows = [[Text(cell) for cell in row] for row in ROWS]
    return printed(in_columns(rows, width, head), Page(width=width)).splitlines()


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_no_word_is_broken_and_no_line_too_long(width: int):
    """At any width that holds the longest word."""
    lines = _shown(width)
    assert all(cell_len(line) <= width for line in lines)
    written = set(re.findall(r"\w+", " ".join(" ".join(row) for row in ROWS), re.ASCII))
    assert written <= set(re.findall(r"\w+", "\n".join(lines), re.ASCII))


def test_columns_align_where_they_fit():
    """Below their names, wide characters counted as two cells."""
    head, first, second, *_ = _shown(80)
    assert head.index("why") == first.index("accumulation steps")
    assert cell_len(second[: second.index("不")]) == head.index("why")


def test_the_longest_prose_gets_the_room():
    """A reason of a line and a half is not broken six times so that a short value stays whole."""
    rows = [[Text("a: 0.0005, b: 0.002, c: 0.02"), Text("the learning rate sets the size " * 3)]]
    printed_lines = printed(in_columns(rows, 75), Page(width=75)).splitlines()
    assert len(printed_lines) == 2


def test_rows_are_stacked_where_they_do_not():
    """Each value under its name; what is empty is left out."""
    assert _shown(40)[:2] == ["gradient_accumulation_steps", "  values: a: 8, b: 1"]
    assert not [line for line in _shown(40) if line.strip() == "values:"]
    assert "  a: 8, b: 1  accumulation steps change no" in _shown(42, ())


def test_a_name_that_no_line_holds_loses_its_middle():
    """With a mark where it was."""
    rows = [[Text("runs/2026/" + "x" * 50 + "/events.1"), Text("100 points")]]
    first = printed(in_columns(rows, 30), Page(width=30)).splitlines()[0]
    assert len(first) <= 30
    assert first.startswith("runs/")
    assert "..." in first
    assert first.endswith(".1")
