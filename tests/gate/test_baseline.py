"""Baselines: fingerprints that stay, and the file that keeps them."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from lossscan.errors import SettingsError
from lossscan.gate import accepted, baseline, baseline_of, exit_status, judged
from lossscan.gate.baseline import SCHEMA, fingerprint, likenesses, run_key
from lossscan.gate.suppressions import GatePolicy
from lossscan.model import Severity
from tests.reports import clean, jumped, report, unreadable

FINDING = jumped().findings[0]
HERE = Path(__file__).parents[2]  # a project: it holds pyproject.toml


def _terms(known) -> GatePolicy:
    return GatePolicy(known=known, folder=HERE)


def _written(tmp_path, whole):
    file = tmp_path / "known.json"
    file.write_text(baseline_of(whole, (), HERE), encoding="utf-8")
    return baseline.load(file)


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": 0.51},
        {"stated_severity": Severity.WARNING},
        {"end_step": 9000},
        {"message": "in other words", "title": "另一个标题"},
        {"epoch": None},
        {"start_step": 3020},
    ],
    ids=str,
)
def test_fingerprint_stays_while_the_run_goes_on(change):
    """More points, another confidence or another language do not make a finding a new one."""
    assert fingerprint(replace(FINDING, **change), "runs/a") == fingerprint(FINDING, "runs/a")


@pytest.mark.parametrize(
    "change", [{"rule": "loss-spike"}, {"series": "eval_loss"}, {"start_step": 300}], ids=str
)
def test_fingerprint_differs_for_another_finding(change):
    """Another rule, series or place is another finding."""
    assert fingerprint(replace(FINDING, **change), "runs/a") != fingerprint(FINDING, "runs/a")


def test_fingerprint_differs_for_another_run():
    """What is known of one run is not known of the next."""
    assert fingerprint(FINDING, "runs/a") != fingerprint(FINDING, "runs/b")


def test_fingerprint_never_changes_between_versions():
    """Baselines written years ago are still read."""
    assert fingerprint(FINDING, "runs/a") == "d5102cca262bd0d5"


@pytest.mark.parametrize("step", [1, 7, 64, 1000, 4096, 123_456])
def test_likenesses_bridge_the_edge_of_a_place(step):
    """A start that moves by a few percent is still known, wherever the edge of a place lies."""
    here = replace(FINDING, start_step=step)
    moved = replace(FINDING, start_step=round(step * 1.08))
    assert fingerprint(here, "runs/a") in likenesses(moved, "runs/a")


def test_fingerprint_of_a_finding_without_a_step_is_the_runs():
    """What concerns the whole run has one place."""
    nowhere = replace(FINDING, start_step=None)
    assert likenesses(nowhere, "a") == {fingerprint(nowhere, "a")}


@pytest.mark.parametrize("marker", [".git", "lossscan.yaml", "pyproject.toml"])
def test_run_key_is_the_path_below_the_project(tmp_path, marker):
    """However the path is written and from wherever, the run is the same."""
    (tmp_path / marker).touch()
    below = tmp_path / "runs"
    keys = {
        run_key("runs/a", tmp_path),
        run_key("./a/", below),
        run_key("../runs/a", below),
        run_key(str(below / "a"), Path("/")),
    }
    assert keys == {"runs/a"}


@pytest.mark.parametrize("path", ["/data/a", "s3://bucket/a"])
def test_run_key_outside_of_any_project_is_the_whole_path(path):
    """A run of no project is known by where it is."""
    assert run_key(path, HERE) == path


@pytest.mark.parametrize("project", [True, False])
def test_a_report_has_the_same_fingerprints_from_three_folders(tmp_path, project):
    """The same absolute path is the same run, wherever the command is started."""
    if project:
        (tmp_path / "lossscan.yaml").touch()
    run = replace(report(jumped()).runs[0], path=str(tmp_path / "runs" / "a"))
    whole = replace(report(jumped()), runs=(run,))
    folders = (tmp_path, tmp_path / "runs", Path("/"))
    seen = {judged(whole, GatePolicy(folder=at)).runs[0].findings[0].fingerprint for at in folders}
    assert len(seen) == 1
    assert None not in seen


def test_baseline_lets_known_findings_pass(tmp_path):
    """What was written yesterday does not fail today, and is still shown."""
    known = _written(tmp_path, report(jumped(), clean()))
    again = judged(report(jumped(), clean()), _terms(known))
    assert exit_status(again, Severity.INFO) == 0
    assert {f.waiver and f.waiver.by for f in again.runs[0].findings} == {"baseline"}


def test_baseline_fails_a_new_finding(tmp_path):
    """A jump at another place of a known run counts."""
    known = _written(tmp_path, report(jumped()))
    moved = replace(FINDING, start_step=100)
    again = judged(report(replace(jumped(), findings=(FINDING, moved))), _terms(known))
    assert [f.waiver is None for f in again.runs[0].findings] == [False, True]
    assert exit_status(again, Severity.CRITICAL) == 1


def test_baseline_text_does_not_depend_on_order():
    """The file changes only where the findings do."""
    one, two = jumped("runs/a"), jumped("runs/b")
    assert baseline_of(report(one, two), (), HERE) == baseline_of(report(two, one), (), HERE)


def test_baseline_keeps_what_was_not_looked_at(tmp_path):
    """Entries of other runs, and of runs that could not be read today, stay; gone ones go."""
    names = ("runs/a", "runs/b", "runs/c")
    old = _written(tmp_path, report(*map(jumped, names)))
    now = report(clean("runs/a"), unreadable("runs/b"))
    file = tmp_path / "new.json"
    file.write_text(baseline_of(now, old.values(), HERE), encoding="utf-8")
    assert {known.run for known in baseline.load(file).values()} == {"runs/b", "runs/c"}


def test_accepted_lets_all_pass():
    """Once written to the baseline, nothing counts."""
    assert exit_status(accepted(report(jumped())), Severity.INFO) == 0


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        '{"schema": "other/1", "findings": []}',
        f'{{"schema": "{SCHEMA}", "findings": [{{"rule": "loss-jump"}}]}}',
        f'{{"schema": "{SCHEMA}", "findings": 3}}',
        "[" * 100_000,
    ],
    ids=range(8),
)
def test_load_refuses_what_is_no_baseline(tmp_path, text):
    """A missing or foreign file is named, with the way to make one."""
    file = tmp_path / "known.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"known\.json: ") as caught:
        baseline.load(file)
    assert "--write-baseline" in caught.value.hint
