"""What a notebook and a script get of a report and of a run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

import lossscan
from lossscan.errors import MissingExtra
from lossscan.integrations import notebook
from lossscan.model import Report, Run, RunReport, Series
from lossscan.reporters import Page, render
from lossscan.reporters.kit.records import COLUMNS
from tests.reports import HOSTILE, jumped


def _many() -> Report:
    clean = RunReport("runs/clean", "clean", "ok", run=_run(loss=[3.0, 2.0, 1.0]))
    return Report("0.1.0", (jumped(), clean))


def _run(**series: list[float]) -> Run:
    steps = np.arange(1, 4, dtype=np.int64)
    held = {k: Series(k, steps[: len(v)], np.array(v)) for k, v in series.items()}
    return Run("runs/a", "a", held, ())


def test_a_report_is_one_line():
    """Arrays of a million points are not printed."""
    report = jumped()
    assert repr(report).startswith("<RunReport runs/jumped: critical: ")
    assert all(finding.rule in repr(report) for finding in report.findings)
    shown = [repr(report), repr(report.run), repr(_many())]
    assert not any("\n" in text or "array" in text for text in shown)
    assert shown[2] == "<Report of 2 runs: 1 critical, 1 ok>"


@pytest.mark.parametrize(("report", "single"), [(jumped(), True), (_many(), False)])
def test_the_json_report_as_values_and_as_text(report: Any, single: bool):  # noqa: FBT001
    """The same as `--format json` writes."""
    whole = Report("0.1.0", (report,)) if single else report
    assert report.to_json() == render("json", whole, Page(single=single))
    assert report.to_dict() == json.loads(report.to_json())


def test_findings_as_a_table():
    """A row for each; a healthy run has none by itself, and one among others."""
    table = jumped().frame()
    assert list(table.columns) == list(COLUMNS)
    assert list(table["rule"]) == [finding.rule for finding in jumped().findings]
    healthy = _many().runs[1]
    assert healthy.frame().empty
    assert list(_many().frame()["path"].unique()) == ["runs/jumped", "runs/clean"]


def test_series_as_a_table():
    """A row for each step; a series without a value there has none."""
    table = _run(loss=[3.0, 2.0, 1.0], eval_loss=[2.5]).frame()
    assert list(table.index) == [1, 2, 3]
    assert list(table["loss"]) == [3.0, 2.0, 1.0]
    assert table["eval_loss"].isna().tolist() == [False, True, True]


def test_tables_need_an_extra(monkeypatch: pytest.MonkeyPatch):
    """The error names what to install."""
    monkeypatch.setattr(notebook, "find_spec", lambda _: None)
    for value in (jumped(), _many(), _run(loss=[1.0])):
        with pytest.raises(MissingExtra) as caught:
            value.frame()
        assert "lossscan[frame]" in caught.value.hint


def test_a_notebook_shows_verdicts_and_the_curve():
    """Each finding in words and in the chart; gaps break the line."""
    text = jumped()._repr_html_()
    assert all(finding.rule in text for finding in jumped().findings)
    assert "What to do" in text
    assert text.count("<polyline") >= 2
    assert "nan" not in "".join(line for line in text.splitlines() if "polyline" in line)
    assert "<script" not in text
    assert "runs/clean" in _many()._repr_html_()


def test_findings_of_one_place_share_a_label():
    """Numbers over each other cannot be read."""
    one = jumped()
    first = one.findings[0]
    text = replace(one, findings=(first, first))._repr_html_()
    assert ">1, 2</text>" in text
    assert ">1</text>" not in text


@pytest.mark.parametrize(
    "run",
    [None, _run(), _run(loss=[float("nan")] * 3), _run(loss=[1.0]), _run(loss=[1e308, -1e308])],
)
def test_a_notebook_shows_any_run(run: Run | None):
    """Without a curve, without a value, with one, with the largest."""
    text = RunReport("a", "a", "ok", run=run)._repr_html_()
    assert "lossscan" in text
    assert "nan" not in text


def test_text_of_a_log_is_text():
    """Names from a log are escaped, for one run and for many."""
    hostile = replace(jumped(), path=HOSTILE, name=HOSTILE)
    for shown in (hostile, Report("0.1.0", (hostile, hostile))):
        text = shown._repr_html_()
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


def test_the_language_of_the_report_is_that_of_its_verdicts():
    """Labels around Chinese verdicts are Chinese."""
    report = lossscan.analyze("sample_logs/nan", settings=lossscan.Settings(lang="zh"))
    assert "严重" in report._repr_html_()


def test_read_judges_nothing():
    """The run of `analyze`, by itself."""
    run = lossscan.read("sample_logs/nan")
    judged = lossscan.analyze("sample_logs/nan").run
    assert judged is not None
    assert run.frame().equals(judged.frame())


def test_names_are_listed_and_nothing_is_loaded():
    """Tab completion knows every function before the first is used."""
    code = "import sys, lossscan; print(*dir(lossscan)); print('numpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, loaded = out.stdout.splitlines()
    assert names.split() == sorted(lossscan.__all__)
    assert loaded == "False"
