"""`lossscan batch` as a user runs it: in parallel, interrupted, killed, on a full disk."""

import csv
import io
import itertools
import json
import math
import multiprocessing
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sysconfig
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lossscan.commands import main

JSONL = ("--format", "jsonl")
COMMAND = str(Path(sysconfig.get_path("scripts")) / "lossscan")
PLAIN = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
LOADED = [
    "__main__",
    "ruptures",
    *(f"lossscan.{name}" for name in ("signals", "ledger", "api", "runs.assemble")),
]
NOISE = [0.02 * math.sin(7.3 * i * i) for i in range(80)]
JUMP = [(2.0 if i < 40 else 5.0) - 0.003 * i + NOISE[i] for i in range(80)]


@dataclass
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def cli(*arguments, **options):
    """Run lossscan batch; gives the finished process with its output as text."""
    done = subprocess.run(
        [COMMAND, "batch", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=PLAIN,
        timeout=60,
        check=False,
        **options,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def here(capsys, monkeypatch):
    """The command in this process, where neither the start nor another process matters."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments):
        status = main(["batch", *map(str, arguments), "--jobs", "1"])
        return Done(status, *capsys.readouterr())

    return run


def started(*arguments):
    """A batch that goes on while the test does something to it."""
    return subprocess.Popen(
        [COMMAND, "batch", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=PLAIN,
    )


def workers(process):
    """The processes that a batch has started to do its work, without the bookkeeper."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = f"\nPPid:\t{process.pid}\n" in status.read_text()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:  # gone meanwhile
            continue
        if parent and b"spawn_main" in command:
            found.append(int(status.parent.name))
    return found


def until(condition, seconds=20.0):
    """Wait for something to become true; gives it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


@pytest.fixture
def fleet():
    """Start batches as processes of their own, without the second that each takes to load."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(LOADED)

    def start(*arguments):
        batch = made.Process(target=main, args=(["batch", *map(str, arguments), "--jobs", "1"],))
        batch.start()
        return batch

    return start


@pytest.fixture
def sweep(make_run, tmp_path):
    """Twelve runs; those with the high learning rate jump."""
    for number in range(12):
        high = number % 3 == 0
        make_run(
            f"sweep/run{number:02}",
            losses=JUMP if high else None,
            files={"training_args.json": {"learning_rate": 5e-4 if high else 1e-4}},
        )
    return tmp_path / "sweep"


@contextmanager
def growing(log):
    """A trainer that has logged 60 points and logs on within; it stops in the middle of a line."""
    stop = threading.Event()

    def train():
        with log.open("wb", buffering=0) as stream:
            for step in itertools.count(1):
                row = {"current_steps": step, "loss": 2 + NOISE[step % 80]}
                line = json.dumps(row).encode() + b"\n"
                stream.write(line[:25])
                if step > 60 and stop.wait(0.001):
                    return
                stream.write(line[25:])

    trainer = threading.Thread(target=train)
    trainer.start()
    until(lambda: log.exists() and log.read_bytes().count(b"\n") >= 60)
    try:
        yield
    finally:
        stop.set()
        trainer.join()


def _break(run):
    """Leave of its log what no part can be read of."""
    (run / "trainer_state.json").write_text('{"log_history": [')


def _names(report):
    """The runs that a report of JSON lines holds."""
    return {json.loads(line)["run"]["name"] for line in report.read_text().splitlines()}


# --- order and formats -------------------------------------------------------------------------


def test_jobs_do_not_change_a_byte(here, sweep):
    """One process and two say the same in the same order, of a run that cannot be read too."""
    _break(sweep / "run05")
    assert cli(sweep, "--jobs", 2, "--format", "json") == here(sweep, "--format", "json")


def test_the_table_has_the_worst_first_and_a_line_for_each(here, sweep):
    """Troubled runs come first with rule and step; the others follow by name."""
    lines = here(sweep).stdout.splitlines()
    rows = [line for line in lines if line.startswith(("critical", "warning", "info", "ok"))]
    assert len(rows) == 12
    assert all("loss-jump@4" in row for row in rows[:4])
    assert all(row.startswith("ok") for row in rows[4:])


def test_what_troubled_runs_have_in_common_is_said(here, sweep):
    """The setting behind the jumps is named with its counts, and is a finding of the report."""
    sentence = "learning_rate >= 0.0005: loss-jump in 4 of 4 runs, 0 of 8 otherwise"
    assert sentence in here(sweep).stdout
    (finding,) = json.loads(here(sweep, "--format", "json").stdout)["findings"]
    assert (finding["rule"], finding["message"]) == ("loss-jump", sentence)


def test_csv_has_a_row_for_each_finding_and_each_clean_run(here, sweep):
    """No run is missing from a table made of the file."""
    rows = list(csv.DictReader(io.StringIO(here(sweep, "--format", "csv").stdout)))
    assert len({row["path"] for row in rows}) == 12
    assert sum(row["rule"] == "loss-jump" for row in rows) == 4
    assert {row["rule"] for row in rows if row["status"] == "ok"} == {""}


def test_parquet_needs_a_file(here, sweep):
    """Bytes that are no text are not poured onto a terminal."""
    done = here(sweep, "--format", "parquet")
    assert done.returncode == 2
    assert "--output" in done.stderr


@pytest.mark.parametrize("verb", ["analyze", "compare"])
def test_parquet_of_other_verbs_is_a_table_too(sweep, tmp_path, verb, capsys):
    """A file that holds nothing is no report; a terminal is refused as by batch."""
    import pandas as pd

    runs = ["run00", "run01"][: 1 if verb == "analyze" else 2]
    command = [verb, *(str(sweep / run) for run in runs), "--format", "parquet"]
    assert main(command) == 2
    assert "--output" in capsys.readouterr().err
    assert main([*command, "--output", str(tmp_path / "t.parquet"), "--fail-on", "never"]) == 0
    assert len(set(pd.read_parquet(tmp_path / "t.parquet")["path"])) == len(runs)


def test_parquet_holds_the_rows_of_the_csv(here, sweep, tmp_path):
    """A table reads the file, with numbers as numbers."""
    import pandas as pd

    assert here(sweep, "--format", "parquet", "--output", tmp_path / "t.parquet").returncode == 1
    table = pd.read_parquet(tmp_path / "t.parquet")
    assert table["path"].nunique() == 12
    assert (table["rule"] == "loss-jump").sum() == 4
    assert str(table["start_step"].dtype) == "Int64"


# --- what goes wrong meanwhile -----------------------------------------------------------------


def test_an_unreadable_run_is_a_row_and_the_status_2(here, sweep):
    """The other runs are reported all the same."""
    _break(sweep / "run05")
    done = here(sweep, "--format", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert [row["run"]["name"] for row in rows if row["status"] == "error"] == ["run05"]
    assert len(rows) == 12


def test_a_run_read_in_part_is_named_and_tried_again(here, sweep, tmp_path):
    """Half of a document fails the gate, with the reason, until the file is whole."""
    file = sweep / "run05" / "trainer_state.json"
    whole = file.read_text()
    file.write_text(whole[: len(whole) // 2])
    arguments = sweep, "--changed-only", tmp_path / "state", *JSONL, "--fail-on", "never"
    for runs in (12, 1):
        done = here(*arguments)
        assert done.returncode == 2
        assert f"1 of {runs} runs could not be read completely; first: {file}: " in done.stderr
    file.write_text(whole)
    assert here(*arguments).returncode == 0


def test_a_killed_worker_loses_nothing(here, sweep):
    """A process ended by kill -9 costs its runs a second look and changes no byte."""
    batch = started(sweep, "--jobs", 2, "--format", "jsonl")
    os.kill(until(lambda: workers(batch))[0], signal.SIGKILL)
    out, err = batch.communicate(timeout=60)
    assert (batch.returncode, err) == (1, "")
    assert out == here(sweep, "--format", "jsonl").stdout


def test_an_interrupt_reports_what_is_done(sweep, tmp_path):
    """Ctrl-C leaves a whole file, says how far it came, ends the processes and returns 130."""
    target = tmp_path / "report.md"
    batch = started(sweep, "--jobs", 2, "--format", "markdown", "--output", target)
    until(lambda: len(workers(batch)) == 2)
    batch.send_signal(signal.SIGINT)
    _, err = batch.communicate(timeout=60)
    text = target.read_text() if target.exists() else ""  # nothing is written before the first run
    rows = re.findall("^\\| (?:ok|critical) ", text, re.MULTILINE)
    assert batch.returncode == 130
    assert text.endswith("exit status: 130**\n") or not text
    assert err == f"lossscan: interrupted: report has {len(rows)} of 12 runs\n"


def test_workers_end_with_a_killed_parent(sweep):
    """Nothing is left running when the batch itself is killed."""
    batch = started(sweep, "--jobs", 2, "--format", "jsonl")
    left = until(lambda: workers(batch))
    batch.kill()
    batch.communicate()
    until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in left))


def test_a_full_disk_leaves_the_old_report(sweep, tmp_path):
    """Where the report does not fit, the file that was there stays as it was."""
    target = tmp_path / "out" / "report.jsonl"
    target.parent.mkdir()
    target.write_text("old")
    done = cli(
        sweep,
        *("--format", "jsonl", "--output", target),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"lossscan: {target}: File too large")
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


def test_a_full_standard_output_is_said(sweep):
    """`> /dev/full` is no success."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "batch", sweep], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith("lossscan: stdout: No space left on device")


# --- only what changed -------------------------------------------------------------------------


def test_unchanged_runs_are_counted_and_said(here, sweep, tmp_path):
    """A second batch has nothing to report, says so with the last statuses, and passes."""
    state = tmp_path / "state"
    assert here(sweep, "--changed-only", state, "--format", "jsonl").returncode == 1
    again = here(sweep, "--changed-only", state, "--format", "jsonl")
    assert (again.returncode, again.stdout) == (0, "")
    said = "12 runs unchanged since the last report: 4 critical, 8 ok"
    assert again.stderr == f"lossscan: {said}\n"


def test_ten_batches_at_once_share_a_state(here, sweep, fleet, tmp_path):
    """Over runs that overlap, one killed midway: no run is lost, no report and no state torn."""
    state, runs = tmp_path / "state", [sweep / f"run{number:02}" for number in range(12)]
    shared = "--changed-only", state, *JSONL
    reports = [tmp_path / f"{k}.jsonl" for k in range(10)]
    batches = [fleet(*runs[k : k + 3], *shared, "--output", reports[k]) for k in range(10)]
    until(lambda: list(tmp_path.glob("*9.jsonl*")), 60)  # it is writing, or has written
    batches[9].kill()  # the only one to look at the last run
    for batch in batches:
        batch.join()
    assert all(report.exists() for report in reports[:9])
    reported = {name for report in reports if report.exists() for name in _names(report)}
    assert reported >= {run.name for run in runs[:11]}
    with closing(sqlite3.connect(state)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    rest = tmp_path / "rest.jsonl"
    here(sweep, *shared, "--output", rest)
    assert reported | _names(rest) == {run.name for run in runs}
    assert here(sweep, *shared).stdout == ""


def test_a_log_that_grows_is_read_as_far_as_it_goes_and_again_later(here, tmp_path):
    """The trainer writes on meanwhile: nothing fails, and the rest is read the next time."""
    log, state = tmp_path / "trainer_log.jsonl", tmp_path / "state"
    arguments = log, "--changed-only", state, *JSONL
    with growing(log):
        first = cli(*arguments)
    then = here(*arguments)
    assert (first.returncode, first.stderr, then.returncode, then.stderr) == (0, "", 0, "")
    lines = log.read_text().count("\n")
    assert 60 <= json.loads(first.stdout)["run"]["last_step"] < lines
    assert json.loads(then.stdout)["run"]["last_step"] == lines
    assert here(*arguments).stdout == ""


def test_a_bad_since_is_answered_with_examples(here, sweep):
    """A date nobody can read is a usage error."""
    done = here(sweep, "--since", "yesterday")
    assert done.returncode == 2
    assert "12h" in done.stderr


def test_runs_that_only_the_settings_make_readable_are_found(tmp_path, monkeypatch, capsys):
    """Three folders whose loss the user names are three runs, and none is lost."""
    for run in "abc":
        (tmp_path / run).mkdir()
        lines = (json.dumps({"it": i, "nll": value}) for i, value in enumerate(JUMP))
        (tmp_path / run / "log.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "lossscan.yaml").write_text("series: {step: it, loss: nll}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main(["batch", ".", *JSONL])
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["run"]["path"] for each in reports] == ["a", "b", "c"]
    assert {each["run"]["series"]["loss"] for each in reports} == {len(JUMP)}
