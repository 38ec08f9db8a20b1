"""A comparison on the page: what is seen of it in each format and width."""

import dataclasses
import json

import pytest
from msgspec.structs import replace

from lossscan.comparing import compared
from lossscan.model import Field
from lossscan.reporters import Page, render
from lossscan.settings import Settings
from tests.reports import HOSTILE, diverged

PAGE = Page(single=False)


def test_rich_shows_the_runs_the_chart_and_what_differs():
    """The parts stand in the order a reader asks."""
    text = render("rich", diverged(), PAGE)
    parts = [
        "runs/a",
        "loss\n",
        "┬",
        "Where they diverge",
        "Settings that differ",
        "At equal steps, samples or tokens",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.splitlines()[-1] == "runs: 2 (2 ok) · exit status: 0"


def test_many_runs_have_a_row_each_and_a_letter_each():
    """Numbers of 30 runs do not fit side by side, nor do their values of a setting."""
    text = render("rich", diverged(tuple(f"runs/{n:02}" for n in range(30))), Page(single=False))
    lines = text.splitlines()
    rows = lines[lines.index("At equal steps, samples or tokens") + 2 :][:30]
    assert [row.split()[0] for row in rows] == [*"abcdefghijklmnopqrstuvwxyzABCD"]
    assert all(len(row.split()) == 2 for row in rows)
    assert "30 different values" in text


def test_the_chart_tells_runs_apart_without_color():
    """Each curve is drawn in its letter, and where both are, in a star."""
    text = render("rich", diverged(), PAGE)
    chart = [line[9:] for line in text.splitlines() if line[8:9] in {"┤", "│"}]
    assert {"a", "b", "*"} <= set("".join(chart))
    assert "\x1b" not in text
    assert "^" in text


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_rich_keeps_to_the_width(width):
    """No line is wider than the page."""
    text = render("rich", diverged(), dataclasses.replace(PAGE, width=width))
    assert max(map(len, text.splitlines())) <= width


def test_json_holds_the_report_of_the_contract_and_the_comparison():
    """Runs and findings are where they are in a batch; the comparison is a key of its own."""
    whole = json.loads(render("json", diverged(), PAGE))
    assert list(whole) == ["schema", "runs", "findings", "comparison"]
    assert [one["run"]["path"] for one in whole["runs"]] == ["runs/a", "runs/b"]
    comparison = whole["comparison"]
    assert comparison["members"] == [
        {"label": "a", "path": "runs/a"},
        {"label": "b", "path": "runs/b"},
    ]
    assert comparison["partings"][0]["between"] == ["a", "b"]
    assert comparison["differences"][0]["values"]["a"] == {"value": 0, "source": "train.yaml"}


def test_markdown_has_a_table_row_for_each_run_and_setting():
    """What is pasted into a comment is whole."""
    text = render("markdown", diverged(), PAGE)
    assert "| a | runs/a |" in text
    assert "| weight\\_decay | a: 0, b: 1 |" in text


@pytest.mark.parametrize("name", ["rich", "markdown", "json", "jsonl", "junit", "sarif"])
def test_every_format_survives_hostile_names(name):
    """No name of a run or a setting steers a terminal or a page."""
    report = diverged((HOSTILE, "runs/b"))
    one = report.runs[0]
    assert one.run is not None
    assert "\x1b" not in render(name, report, PAGE)


def test_many_pairs_are_counted_and_not_all_told():
    """A page stays a page with eight runs."""
    text = render("rich", diverged([f"runs/{number}" for number in range(8)]), PAGE)
    assert "- and 16 more" in text


def test_a_setting_that_one_run_does_not_state_is_said_to_be_unset():
    """Nothing is made up for it."""
    report = diverged(("runs/a", "runs/b", "runs/c"))
    bare = report.runs[2].run
    assert bare is not None
    config = {"learning_rate": Field(1e-4, "x.yaml")}
    runs = (*report.runs[:2], replace(report.runs[2], run=replace(bare, config=config)))
    comparison, _ = compared(runs, Settings())
    text = render("rich", replace(report, runs=runs, comparison=comparison), PAGE)
    assert "c: not set" in text


def test_chinese_pages_have_chinese_headings():
    """The page speaks the language of its reader."""
    text = render("rich", diverged(lang="zh"), dataclasses.replace(PAGE, lang="zh"))
    assert "分叉位置" in text
    assert "Where" not in text
