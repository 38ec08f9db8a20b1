"""Kills, full disks and closed streams cost what they hit; nothing else is lost or left behind."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path

from tests.soak.kit import GOOD, batch_of, check, end, need, run, run_of, start, wait_until

RUNS = 8
STEPS = 300_000  # of a run that takes seconds


def _runs(folder: Path) -> Path:
    lines = "".join(json.dumps({"step": n, "loss": 2 + n % 7 / 9}) + "\n" for n in range(STEPS))
    packed = gzip.compress(lines.encode(), compresslevel=1)
    for n in range(RUNS):
        (folder / "runs" / f"r{n}").mkdir(parents=True)
        (folder / "runs" / f"r{n}" / "trainer_log.jsonl.gz").write_bytes(packed)
    (folder / "tmp").mkdir()
    return folder / "runs"


def _started(folder: Path, jobs: int = 2) -> subprocess.Popen[bytes]:
    """A batch that has begun to read; an earlier report is there."""
    (folder / "out.jsonl").write_text("before")
    asked = ("batch", _runs(folder), "-j", jobs, "-f", "jsonl", "-o", folder / "out.jsonl")
    process = start(*asked, "--fail-on", "never", surroundings={"TMPDIR": str(folder / "tmp")})
    wait_until(lambda: any((folder / "tmp").rglob("content")), "nothing is read")
    return process


def _nothing_left(folder: Path) -> None:
    wait_until(lambda: not any((folder / "tmp").rglob("content")), "TMPDIR is full")
    drafts = [path.name for path in folder.iterdir()]
    need(sorted(drafts) == ["out.jsonl", "runs", "tmp"], f"left: {drafts}")


def _reads(pid: int) -> bool:
    """Whether a process has unpacked a log of these runs."""
    try:
        held = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return any("soak-" in each and each.endswith("content") for each in held)


@check("SIGKILL of a worker")
def worker(folder: Path) -> None:
    """Each run has its row."""
    process = _started(folder)
    listed = (each.name for each in Path("/proc").iterdir() if each.name.isdecimal())
    workers = [pid for pid in map(int, listed) if _reads(pid)]
    need(workers, "no worker")
    os.kill(workers[-1], signal.SIGKILL)
    done = end(process)
    rows = (folder / "out.jsonl").read_text().splitlines()
    failed = sum(json.loads(row)["status"] == "error" for row in rows)
    need(len(rows) == RUNS, f"{len(rows)} rows, status {done.status}: {done.err[-300:]}")
    need(done.status == (2 if failed else 0), f"{failed} failed, status {done.status}")
    _nothing_left(folder)


@check("SIGKILL of the parent")
def parent(folder: Path) -> None:
    """Workers end and take their files along."""
    process = _started(folder)
    process.kill()
    process.communicate()
    need((folder / "out.jsonl").read_text() == "before", "the earlier report is gone")
    wait_until(lambda: not any((folder / "tmp").rglob("content")), "TMPDIR is full")


def _signalled(folder: Path, number: int, jobs: int) -> None:
    process = _started(folder, jobs)
    process.send_signal(number)
    done = end(process)
    need(done.status == 128 + number, f"status {done.status}: {done.err[-300:]}")
    if number != signal.SIGINT:  # which keeps what was done
        need((folder / "out.jsonl").read_text() == "before", "the earlier report is gone")
    _nothing_left(folder)


def _signal(number: signal.Signals, jobs: int) -> None:
    def signalled(folder: Path) -> None:
        _signalled(folder, number, jobs)

    check(f"{number.name} with {jobs} {'processes' if jobs > 1 else 'process'}")(signalled)


for _number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    for _jobs in (1, 2):
        _signal(_number, _jobs)


@check("a full disk")
def full(folder: Path) -> None:
    """The earlier report stays, and one line says why."""
    run_of(folder, "good")
    output = folder / "report.html"
    output.write_text("before")

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    done = run("analyze", folder / "good", "-f", "html", "-o", output, before=small)
    need(done.status == 2 and done.err.count("\n") == 1, f"{done.status}: {done.err}")
    need(output.read_text() == "before", "the earlier report is gone")
    need(len(list(folder.iterdir())) == 2, "a draft is left")
    for name in ("rich", "json", "parquet"):
        done = run("analyze", folder / "good", "-f", name, "-o", "/dev/full")
        need(done.status == 2, f"{name} on /dev/full: {done.status}: {done.err}")


def _close(streams: tuple[int, ...]) -> None:
    for each in streams:
        os.close(each)


@check("closed standard streams, of every verb")
def closed(folder: Path) -> None:
    """No status that means a finding."""
    good = run_of(folder, "good")
    verbs = (("analyze", good), ("batch", folder), ("compare", good, good), ("rules",))
    for verb in verbs:
        for streams in ((1,), (2,), (1, 2), (0, 1, 2)):
            done = run(*verb, before=partial(_close, streams))
            need(done.status in (0, 2), f"{verb[0]} without {streams}: {done.status} {done.err}")


@check("ten batches on one state file at once")
def state(folder: Path) -> None:
    """The file can be read afterwards, and knows the runs."""
    for n in range(5):
        run_of(folder / "runs", f"r{n}")
    kept = folder / "state.json"
    asked = ("batch", folder / "runs", "--changed-only", kept, "-f", "jsonl", "-j", "1")
    for done in list(map(end, [start(*asked, "--fail-on", "never") for _ in range(10)])):
        need(done.status == 0, f"{done.status}: {done.err[-300:]}")
    left = batch_of([folder / "runs"], "--changed-only", kept)
    need(left.status == 0 and not left.rows(), f"{len(left.rows())} runs seem changed: {left.err}")


@check("a log that grows and is rotated while it is read")
def growing(folder: Path) -> None:
    """Each report is one of a whole log."""
    path = run_of(folder, "good", GOOD * 200) / "trainer_log.jsonl"
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            with path.open("a") as stream:
                stream.write('{"step": 60, "loss": 2.')
                stream.flush()
                time.sleep(0.001)
                stream.write("5}\n")
            if path.stat().st_size > 1 << 20:
                path.rename(path.with_suffix(".jsonl.1"))
                path.write_text(GOOD)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(10):
            done = batch_of([folder], "-j", "1")
            need(done.status == 0 and len(done.rows()) == 1, f"{done.status}: {done.err[-300:]}")
    finally:
        ended.set()
        thread.join()
