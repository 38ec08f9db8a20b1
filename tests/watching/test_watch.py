"""lossscan watch: a run that grows while it is watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan import Settings, api
from lossscan.model import Finding, RunReport, Severity
from lossscan.watching import Watch, stamp_of
from lossscan.watching.announced import Announced

NOISE = np.random.default_rng(3).normal(0, 0.02, 400)


def _rows(start: int, stop: int, jump: int | None = None) -> str:
    """JSONL of a loss near 2 that doubles at `jump` and stays there."""
    levels = (2.0 if jump is None or step < jump else 4.0 for step in range(start, stop))
    rows = (
        {"step": step, "loss": round(level * (1 + NOISE[step % 400]), 4)}
        for step, level in zip(range(start, stop), levels, strict=True)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def _finding(rule: str, severity: Severity = Severity.CRITICAL) -> Finding:
    return Finding(0.9, stated_severity=severity, start_step=1, rule=rule)


def _report(points: int, *findings: Finding) -> RunReport:
    from lossscan.model import Run, Series

    steps = np.arange(points)
    run = Run("run", "run", {"loss": Series("loss", steps, steps.astype(np.float64))}, ())
    return RunReport("run", "run", "ok", run=run, findings=findings)


def test_a_finding_is_said_once_it_has_held():
    """When every look has had it over twenty more points, and at no look after that."""
    announced = Announced()
    said, waits = [], []
    for points in (100, 110, 120, 140):
        said.append(len(announced.new(_report(points, _finding("loss-jump")))))
        waits.append(announced.waits)
    assert said == [0, 0, 1, 0]
    assert waits == [20, 10, None, None]


def test_a_long_run_is_no_reason_to_wait_long():
    """A twentieth of the points, fifty at most."""
    for points, waits in ((600, 30), (100_000, 50)):
        announced = Announced()
        announced.new(_report(points, _finding("loss-jump")))
        assert announced.waits == waits


def test_nothing_takes_a_nan_back():
    """It is said at the next look with more points."""
    announced = Announced()
    assert announced.new(_report(100, _finding("non-finite-loss"))) == ()
    assert len(announced.new(_report(101, _finding("non-finite-loss")))) == 1


def test_a_finding_that_more_points_take_back_is_never_said():
    """A spike that looked like a jump is not announced as one, nor when it looks so again."""
    announced = Announced()
    jump, spike = _finding("loss-jump"), _finding("loss-spike", Severity.WARNING)
    looks = [(10, jump), (20, spike), (30, jump), (45, spike), (60, jump)]
    assert [announced.new(_report(*look)) for look in looks] == [()] * 5


def test_the_same_points_settle_nothing():
    """A look at a file that was only touched says nothing new."""
    announced = Announced()
    for _ in range(3):
        assert announced.new(_report(10, _finding("loss-jump"))) == ()


def test_a_look_at_a_log_that_has_not_grown_does_not_begin_the_wait_anew():
    """Who looks each second sees most points twice."""
    announced = Announced()
    said = [len(announced.new(_report(n, _finding("loss-jump")))) for n in (100, 110, 110, 121)]
    assert said == [0, 0, 0, 1]


def test_a_log_begun_anew_waits_anew():
    """After a rotation fewer points are there: what was seen before counts no more."""
    announced = Announced()
    announced.new(_report(100, _finding("loss-jump")))
    assert announced.new(_report(50, _finding("loss-jump"))) == ()
    assert announced.waits == 20


def test_a_finding_that_is_not_sure_waits():
    """Until it is; what asks for no action waits for the end."""
    announced = Announced()
    unsure = replace(_finding("loss-spike", Severity.WARNING), confidence=0.7)
    harmless = _finding("epoch-step-drop", Severity.INFO)
    for points in (100, 130, 160):
        assert announced.new(_report(points, unsure, harmless)) == ()
    assert announced.waits is None
    assert len(announced.new(_report(160, unsure, harmless), last=True)) == 2


def test_thirty_points_are_needed_to_judge():
    """What holds from point 10 to 40 may be the noise of the first ten."""
    announced = Announced()
    looks = [_report(points, _finding("plateau")) for points in (10, 40, 49, 50)]
    assert [len(announced.new(look)) for look in looks] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"shuffle": False, "num_train_epochs": 2}, [0, 0, 0, 1]),
        ({"shuffle": False, "num_train_epochs": 1}, [0, 1, 0, 0]),
        ({"shuffle": True, "num_train_epochs": 2}, [0, 1, 0, 0]),
    ],
)
def test_data_in_file_order_may_end_a_jump(config: dict[str, object], said: list[int]):
    """Samples that come again tell whether it was theirs."""
    from lossscan.model import Field, Schedule

    announced, heard = Announced(), []
    for points in (100, 130, 160, 190):
        report = _report(points, replace(_finding("loss-jump"), start_step=50))
        assert report.run is not None
        fields = {name: Field(value, "args.json") for name, value in config.items()}
        run = replace(report.run, config=fields, schedule=Schedule(steps_per_epoch=100))
        heard.append(len(announced.new(replace(report, run=run))))
    assert heard == said


def test_a_finding_that_grows_milder_is_not_said_again():
    """One that gets worse is."""
    announced = Announced()
    mild = _finding("loss-jump", Severity.WARNING)
    looks = [(100, mild), (120, mild), (140, _finding("loss-jump")), (160, _finding("loss-jump"))]
    assert [len(announced.new(_report(*look))) for look in looks] == [0, 1, 0, 1]
    assert announced.new(_report(200, mild), last=True) == ()


def test_the_last_look_says_what_is_left():
    """When training ends there is nothing to wait for."""
    last = Announced().new(_report(10, _finding("loss-jump")), last=True)
    assert [finding.rule for finding in last] == ["loss-jump"]


def test_a_run_that_is_not_there_yet_is_waited_for(tmp_path: Path):
    """The watch may begin before the first log."""
    log = tmp_path / "run" / "metrics.jsonl"
    log.parent.mkdir()
    ends = iter([False, True])

    def grow() -> bool:
        log.write_text(_rows(0, 60), encoding="utf-8")
        return next(ends)

    looks = list(Watch(log.parent, Settings()).looks(grow))
    assert looks[0].report is None
    assert looks[0].waiting is not None
    assert looks[-1].report is not None
    assert looks[-1].last


def test_the_last_report_is_that_of_analyze(tmp_path: Path):
    """Who watched to the end knows what analyze would say."""
    log = tmp_path / "metrics.jsonl"
    log.write_text(_rows(0, 300, jump=200), encoding="utf-8")
    *_, last = Watch(log, Settings()).looks(lambda: True)
    assert last.report is not None
    assert last.report.findings == api.analyze(log).findings
    assert "loss-jump" in {finding.rule for finding in last.new}


def test_growth_rotation_and_removal_are_seen(tmp_path: Path):
    """Any change of a file is a reason to look, none is not."""
    log = tmp_path / "a.jsonl"
    log.write_text("1", encoding="utf-8")
    first = stamp_of(tmp_path)
    assert stamp_of(tmp_path) == first
    log.write_text("12", encoding="utf-8")
    grown = stamp_of(tmp_path)
    log.unlink()
    assert len({first, grown, stamp_of(tmp_path)}) == 3


@pytest.fixture
def environment() -> dict[str, str]:
    """English, whatever the machine speaks."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}


def test_a_job_script_can_stop_the_job(tmp_path: Path, environment: dict[str, str]):
    """The watch of a log that grows ends with status 1 at the jump, before the log ends."""
    log = tmp_path / "metrics.jsonl"
    log.write_text(_rows(0, 100), encoding="utf-8")
    command = [sys.executable, "-m", "lossscan", "watch", str(log), "--interval", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for start in range(100, 4000, 40):
            if process.poll() is not None:
                break
            with log.open("a", encoding="utf-8") as stream:
                stream.write(_rows(start, start + 40, jump=160))
            time.sleep(0.3)
        assert process.wait(timeout=60) == 1
        assert process.stdout is not None
        assert "loss-jump" in process.stdout.read()
