"""The table of many runs: whole words, names that fit, errors below."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from lossscan.model import Message
from lossscan.reporters import Page, render
from lossscan.reporters.kit.terminal import shortened
from tests.reports import clean, jumped, report, unreadable

LONG = (
    "experiments/2026/a-very-long-name-of-an-experiment-that-somebody-typed/训练任务-seed-1234567"
)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_word_of_a_row_is_broken(width, lang):
    """The name of a rule with its step stands on one line at any width."""
    page = Page(width=width, lang=lang, single=False)
    runs = (jumped(), replace(jumped(), path=LONG), clean(), unreadable())
    lines = render("rich", report(*runs), page).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    named = [f"{f.rule}@{f.start_step}" if f.start_step else f.rule for f in jumped().findings]
    for name in named:
        assert sum(name in line for line in lines) == 2


def test_whole_paths_stand_beside_relative_ones():
    """Roots may be given in both ways, and no folder is common to them."""
    text = render("rich", report(replace(clean(), path="/runs/a"), clean()), Page(single=False))
    assert "/runs/a" in text


def test_chinese_counts_the_runs_of_a_status_behind_its_name():
    """As a person writes it, in the summaries and in the last line alike."""
    runs = (jumped(), clean(), replace(clean(), path="other"))
    text = render("rich", report(*runs), Page(width=80, lang="zh", single=False))
    assert "正常 2" in text.splitlines()[-1]
    assert "2 正常" not in text


def test_errors_are_told_below_the_table():
    """The row has the name alone; the reason follows in full."""
    text = render("rich", report(clean(), unreadable()), Page(width=80, single=False))
    table, below = text.split("Could not be read")
    error = unreadable().error
    assert error is not None
    reason = str(error.message).split(": ")[-1]
    assert reason not in table
    assert reason.split()[0] in below


@pytest.mark.parametrize("room", [8, 12, 20, 40])
@pytest.mark.parametrize("text", [LONG, "训练" * 30, "a" * 100])
def test_a_long_name_loses_its_middle(text, room):
    """Both ends are kept, the room is never exceeded."""
    short = shortened(text, room)
    assert cell_len(short) <= room
    head, tail = short.split("...")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert shortened("short", room) == "short"


def test_the_reason_of_an_unread_run_steers_no_terminal():
    """Paths and keys of a log are in it, and escape sequences are in those."""
    one = unreadable()
    assert one.error is not None
    error = replace(one.error, message=Message("as_said", text="red \x1b[31m, \x9b1m and \x7f"))
    text = render("rich", report(clean(), replace(one, error=error)), Page(width=80, single=False))
    assert "red" in text
    assert not {"\x1b", "\x9b", "\x7f"} & set(text)
