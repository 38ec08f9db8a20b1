"""A run that takes too long is a row of its own, and the others are judged."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from lossscan import api, commands, pipeline
from lossscan.batching.work import within
from lossscan.errors import TimedOut
from lossscan.settings import load

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarm clock")


def _spin() -> None:
    while True:
        with suppress(Exception):  # a guard such as readers have
            time.sleep(0.01)


def test_the_alarm_passes_guards_and_is_put_away():
    """Nothing rings later, and the handler is that of before."""
    with pytest.raises(TimedOut, match=r"a/b: took longer than 0\.05 s"), within(0.05, "a/b"):
        _spin()
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    with within(0.05, "a/b"):
        pass
    time.sleep(0.1)


def test_one_run_that_hangs_is_a_row_and_the_others_report(make_run, tmp_path, monkeypatch, capsys):
    """Status 2; the row says what to do."""
    for name in ("a", "b", "c"):
        make_run(name)
    api.batch(tmp_path)  # what is loaded only once takes longest
    real = pipeline.examine

    def examine(what, settings):
        if what.root.name == "b":
            _spin()
        return real(what, settings)

    monkeypatch.setattr(pipeline, "examine", examine)
    asked = ["batch", str(tmp_path), "--timeout", "1.5", "--fail-on", "never", "-f", "json"]
    assert commands.main([*asked, "--jobs", "1"]) == 2
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [one["status"] == "error" for one in runs] == [False, True, False]
    why = runs[1]["error"]
    assert why["type"] == "TimedOut"
    assert "took longer than 1.5 s" in why["message"]
    assert "--timeout" in why["hint"]


def test_the_limit_holds_in_each_process(make_run, tmp_path):
    """Rows of errors, status 2, and nothing is left behind."""
    for name in ("a", "b"):
        make_run(name)
    command = [sys.executable, "-m", "lossscan", "batch", str(tmp_path), "-j", "2"]
    ended = subprocess.run(
        [*command, "--timeout", "0.001", "-f", "csv"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout.count("took longer than 0.001 s") == 2


@pytest.mark.parametrize("said", ["0", "-1", "nan", "inf"])
def test_a_limit_that_is_none_is_refused(make_run, tmp_path, said, capsys):
    """In one line."""
    make_run("a")
    assert commands.main(["batch", str(tmp_path), "--timeout", said]) == 2
    assert "--timeout" in capsys.readouterr().err


def test_the_settings_file_has_a_say(tmp_path: Path):
    """Seconds, or null for no limit."""
    file = tmp_path / "lossscan.yaml"
    file.write_text("timeout: 5\n")
    assert load(file).timeout == 5
    file.write_text("timeout: null\n")
    assert load(file).timeout is None
    file.write_text("timeout: yes\n")
    with pytest.raises(Exception, match="timeout"):
        load(file)
