"""Finding the runs of a batch, giving them out, and remembering them; no process is started."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from lossscan import api
from lossscan.batching import Options, plan
from lossscan.batching.flow import in_order
from lossscan.batching.history import parse_since
from lossscan.batching.pool import Slot, WorkerPool
from lossscan.batching.roots import find
from lossscan.batching.work import Task
from lossscan.errors import InputError, OutputError, UsageError
from lossscan.settings import Settings

ALL = Options()


def rows(reports) -> list[Any]:
    """Reports of which a test knows what they hold."""
    return list(reports)


def _paths(tasks):
    return [Path(task.path).name for task in tasks]


# --- which runs --------------------------------------------------------------------------------


def test_a_pattern_is_expanded_as_a_shell_would(make_run, tmp_path):
    """Where no shell expands `*`, lossscan does, in sorted order."""
    for name in ("lr-b", "lr-a", "other"):
        make_run(name)
    assert _paths(find([str(tmp_path / "lr-*")], ALL, Settings())) == ["lr-a", "lr-b"]


def test_a_pattern_that_matches_nothing_is_an_error_of_its_own(tmp_path):
    """A slip in a pattern is a row, as a missing root is."""
    (task,) = find([str(tmp_path / "no*")], ALL, Settings())
    assert task.error is not None
    assert task.error.type == "NoLogFound"


def test_a_folder_named_like_a_pattern_is_itself(make_run, tmp_path):
    """Brackets in a name are no pattern where there is such a folder."""
    make_run("run[1]")
    assert _paths(find([str(tmp_path / "run[1]")], ALL, Settings())) == ["run[1]"]


@pytest.mark.parametrize(
    ("include", "exclude", "left"),
    [
        ((), (), ["a", "b", "a"]),
        (("a",), (), ["a", "a"]),
        (("old",), (), ["a"]),
        ((), ("old",), ["a", "b"]),
        (("new/*",), (), ["a", "b"]),
        (("*/a",), ("old/*",), ["a"]),
        (("[ab]",), ("b",), ["a", "a"]),
    ],
)
def test_patterns_choose_runs_by_name_or_path(make_run, tmp_path, include, exclude, left):
    """A bare pattern is held against each folder's name, one with a slash against the path."""
    for name in ("new/a", "new/b", "old/a"):
        make_run(name)
    assert _paths(find([str(tmp_path)], Options(include, exclude), Settings())) == left


def test_filters_that_leave_nothing_are_refused(make_run, tmp_path):
    """A gate that looks at no run at all must not pass."""
    make_run("a")
    with pytest.raises(InputError, match="leave none of 1 run"):
        find([str(tmp_path)], Options(include=("b",)), Settings())


def test_a_folder_without_a_log_can_be_left_out(make_run, tmp_path):
    """A pattern may meet a folder that holds no run; a name that does not exist stays an error."""
    make_run("runs/a")
    (tmp_path / "runs" / "docs").mkdir()
    roots = [str(tmp_path / "runs" / "*"), str(tmp_path / "typo")]
    assert _paths(find(roots, ALL, Settings())) == ["a", "docs", "typo"]
    assert _paths(find(roots, Options(exclude=("docs", "typo")), Settings())) == ["a", "typo"]


def test_since_leaves_out_what_was_written_before(make_run, tmp_path):
    """A run without a file of late is counted and not judged."""
    old, _ = make_run("old"), make_run("new")
    os.utime(old / "trainer_state.json", (1.6e9, 1.6e9))
    batch = plan([str(tmp_path)], Settings(), Options(since="1d"))
    assert (_paths(batch.tasks), batch.older) == (["new"], 1)


def test_since_leaves_out_no_run_whose_files_cannot_be_had(make_run, tmp_path):
    """When they were written is not known: the gate must see the row."""
    make_run("runs/new")
    make_run("elsewhere")
    (tmp_path / "runs/linked").mkdir()
    (tmp_path / "runs/linked/trainer_state.json").symlink_to(
        tmp_path / "elsewhere/trainer_state.json"
    )
    batch = plan([str(tmp_path / "runs")], Settings(), Options(since="1d"))
    assert _paths(batch.tasks) == ["linked", "new"]


def test_since_takes_dates_and_refuses_the_rest():
    """A date is local time unless it names a zone."""
    assert parse_since("2026-01-31T00:00+00:00") == 1769817600
    with pytest.raises(UsageError, match="yesterday"):
        parse_since("yesterday")


def test_batch_takes_a_single_path_for_one(make_run, tmp_path):
    """A text is a path, not its letters, of which the first would be the root of all files."""
    make_run("a"), make_run("b")
    report = api.batch(str(tmp_path), include="a")
    assert [run.name for run in report.runs] == ["a"]


def test_a_script_that_starts_itself_over_is_told_what_to_do(make_run, tmp_path):
    """Without `if __name__ == "__main__":` each process would run the script again."""
    make_run("a"), make_run("b")
    script = tmp_path / "script.py"
    script.write_text(f"import lossscan\nlossscan.batch({str(tmp_path)!r}, jobs=2)\n")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=False
    )
    assert "UsageError: batch() was called at import time" in done.stderr


# --- giving out --------------------------------------------------------------------------------


@dataclass
class Deadly(Executor):
    """A process that dies of some runs."""

    deadly: tuple[str, ...]
    last: tuple[int, ...] = ()

    def submit(self, fn, /, *args, **kwargs):
        """The result at once, or the end of the process."""
        future: Future[Any] = Future()
        tasks = args[0]
        if any(Path(task.path).name in self.deadly for task in tasks):
            future.set_exception(BrokenProcessPool("killed"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def _judged(folder, *deadly, slots=2):
    tasks = find([str(folder)], ALL, Settings())
    pool = WorkerPool(tuple(Slot(lambda: Deadly(deadly)) for _ in range(slots)), chunk=4)
    done = list(in_order(tasks, Settings(), pool, threading.Event()))
    assert [task for task, _ in done] == list(tasks)
    return {report.name: report for _, report in done}


def test_a_run_that_kills_its_process_twice_is_an_error_row(make_run, tmp_path):
    """The runs that travelled with it are judged all the same, and the order stays."""
    for number in range(20):
        make_run(f"run{number:02}")
    reports = _judged(tmp_path, "run07", "run13")
    failed = [name for name, report in reports.items() if report.status == "error"]
    assert failed == ["run07", "run13"]
    assert reports["run07"].error.type == "WorkerLost"
    assert "lossscan analyze" in reports["run07"].error.hint


@dataclass
class Gone(Executor):
    """A cluster whose scheduler is killed after some chunks: it refuses others, or keeps them."""

    left: int
    refuses: bool

    def submit(self, fn, /, *args, **kwargs):
        """The result at once, as long as there is a scheduler."""
        future: Future[Any] = Future()
        self.left -= 1
        if self.left >= 0:
            future.set_result(fn(*args, **kwargs))
        elif self.refuses:
            raise RuntimeError
        return future


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize("chunks", [2, 0])
def test_a_cluster_that_is_gone_leaves_a_row_for_each_run(make_run, tmp_path, refuses, chunks):
    """The batch ends, and what was judged before is kept, if anything was."""
    for number in range(20):
        make_run(f"run{number:02}")
    cluster = Gone(chunks, refuses)
    slot = Slot(lambda: cluster, shared=True)
    pool = WorkerPool((slot,), 4, is_gone=lambda: cluster.left < 0)
    tasks = find([str(tmp_path)], ALL, Settings())
    done = [report for _, report in in_order(tasks, Settings(), pool, threading.Event())]
    assert [one.error is None for one in done] == [True] * 4 * chunks + [False] * (20 - 4 * chunks)


def test_workers_that_never_do_anything_end_the_batch(make_run, tmp_path):
    """A script without `if __name__ == "__main__":` would start two processes for each run."""
    names = [f"run{number:02}" for number in range(20)]
    for name in names:
        make_run(name)
    with pytest.raises(UsageError, match="workers keep failing") as caught:
        _judged(tmp_path, *names)
    assert "--jobs 1" in caught.value.hint


def test_a_process_that_dies_between_two_chunks_is_replaced():
    """Nothing was lost with it, and nothing is tried twice."""
    started = []

    def start():
        started.append(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        return started[-1]

    slot = Slot(start)
    pid = slot.submit(os.getpid).result()
    os.kill(pid, signal.SIGKILL)
    while multiprocessing.active_children():
        time.sleep(0.01)
    assert slot.submit(os.getpid).result() != pid
    slot.close()
    assert len(started) == 2


def test_a_stop_keeps_what_is_done(make_run, tmp_path):
    """After an interrupt nothing more is begun."""
    for number in range(10):
        make_run(f"run{number}")
    stop = threading.Event()
    batch = plan([str(tmp_path)], Settings(), Options(jobs=1))
    done = []
    for report in batch.reports(stop):
        done.append(report)
        stop.set()
    assert [report.name for report in done] == ["run0"]


def test_a_run_deleted_before_it_is_read_is_a_row(make_run, tmp_path):
    """What vanished between finding and reading says which file is missing."""
    make_run("a"), make_run("b")
    batch = plan([str(tmp_path)], Settings(), Options(jobs=1))
    (tmp_path / "a" / "trainer_state.json").unlink()
    a, b = rows(batch.reports())
    assert (a.status, b.status) == ("error", "ok")
    assert "trainer_state.json" in a.error.message
    assert "No such file" in a.error.message


def test_a_folder_deleted_before_it_is_read_is_named_as_such(make_run, tmp_path):
    """Nothing is wrong with the log: the run is gone, and the row says no more than that."""
    folder = make_run("a")
    batch = plan([str(tmp_path)], Settings(), Options(jobs=1))
    shutil.rmtree(folder)
    (a,) = rows(batch.reports())
    assert str(a.error.message) == f"{folder}: was deleted or moved during the batch"


def test_reports_keep_no_more_of_a_series_than_its_ends_and_extremes(make_run, tmp_path):
    """Ten thousand runs fit in memory; the number of points is still told."""
    make_run("a")
    whole, (one,) = api.analyze(tmp_path / "a"), rows(api.batch([tmp_path]).runs)
    assert whole.run is not None
    values = whole.run.series["loss"].values
    kept = one.run.series["loss"]
    assert len(kept) == 60
    assert {kept.steps[0], kept.steps[-1]} == {10, 600}
    assert len(kept.steps) <= 4
    assert (kept.values.min(), kept.values.max()) == (values.min(), values.max())


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_processes_are_refused(make_run, tmp_path, jobs):
    """--jobs 0 is a mistake and not "as many as you like"."""
    make_run("a")
    with pytest.raises(UsageError, match="--jobs"):
        api.batch([tmp_path], jobs=jobs)


# --- remembering -------------------------------------------------------------------------------


def _batch(folder, state):
    return [run.name for run in api.batch([folder], changed_only=state).runs]


def test_a_run_that_has_not_changed_is_left_out(make_run, tmp_path):
    """The second batch judges what was written to meanwhile, and what is new."""
    state = tmp_path / "state"
    runs = tmp_path / "runs"
    make_run("runs/a"), make_run("runs/b")
    assert _batch(runs, state) == ["a", "b"]
    assert _batch(runs, state) == []
    (runs / "b" / "trainer_state.json").touch()
    make_run("runs/c")
    assert _batch(runs, state) == ["b", "c"]


def test_other_settings_judge_again(make_run, tmp_path):
    """What another rule set would say is not known from the last time."""
    state = tmp_path / "state"
    make_run("runs/a")
    assert _batch(tmp_path / "runs", state) == ["a"]
    other = api.batch([tmp_path / "runs"], changed_only=state, settings=Settings(lang="zh"))
    assert len(other.runs) == 1


def test_a_run_that_could_not_be_read_is_tried_again(make_run, tmp_path):
    """Only what was examined is remembered."""
    state = tmp_path / "state"
    (make_run("runs/a") / "trainer_state.json").write_text('{"log_history": [')
    assert _batch(tmp_path / "runs", state) == ["a"]
    assert _batch(tmp_path / "runs", state) == ["a"]


def test_nothing_is_remembered_before_the_report_is_safe(make_run, tmp_path):
    """A batch that is killed is a batch that was not."""
    make_run("runs/a")
    options = Options(jobs=1, changed_only=tmp_path / "state")
    list(plan([str(tmp_path / "runs")], Settings(), options).reports())
    assert len(plan([str(tmp_path / "runs")], Settings(), options).tasks) == 1


def test_a_file_that_is_no_state_is_refused_by_name(make_run, tmp_path):
    """A log given for the state by mistake is neither read nor overwritten."""
    state = make_run("a") / "trainer_state.json"
    before = state.read_bytes()
    with pytest.raises(OutputError, match=r"trainer_state.json: not a state file"):
        api.batch([tmp_path], changed_only=state)
    assert state.read_bytes() == before


def test_many_batches_may_share_a_state_file(make_run, tmp_path):
    """Ten writers at once lose nothing."""
    for number in range(10):
        make_run(f"{number}/run")
    state = tmp_path / "state"
    threads = [threading.Thread(target=_batch, args=(tmp_path / str(n), state)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = sqlite3.connect(state).execute("SELECT count(*) FROM lossscan_runs").fetchall()
    assert rows == [(10,)]


def test_a_task_without_files_has_no_marks():
    """A root where nothing was found is never taken for unchanged by its files."""
    assert Task("x").marks() == ()
