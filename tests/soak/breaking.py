"""Each hostile folder ends in bounded time and memory with a report or the reason for none."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from lossscan import commands
from tests.soak import hostile
from tests.soak.kit import GOOD, batch_of, check, need, run_of

MOST_SECONDS = 15  # of CPU
MOST_MEMORY = 2 << 30  # bytes of addresses, beside those that a process begins with
LOGS = {"trainer_log.jsonl", "a.jsonl"}  # a good one of these is beside most of what is hostile
NO_LOG = (  # what is said where the only log is not one
    "unrecognized log format",  # it begins with a key of 300 kB
    "binary data, not text",  # NUL in each of its keys
    "not analyzed",  # of a log beside the good one, or its rest: that would have counted
    "truncated JSON",  # so would what this held
)
SAMPLE = 9  # folders, of which the batch takes one


@check("a batch over one in nine of all hostile folders")
def together(folder: Path) -> None:
    """Each is a row or has no log, and the good run among them is judged."""
    made = 0
    for count, (name, files) in enumerate(hostile.every()):
        if count % SAMPLE == 0 and sum(map(len, files.values())) < 10 << 20:
            hostile.write(folder / "runs" / name, files)
            made += "a/meta.yaml" not in files
    run_of(folder / "runs", "good", GOOD)
    done = batch_of([folder / "runs"], "-j", "2", "--timeout", "60")
    rows = done.rows()
    failed = [name for name, row in rows.items() if row["status"] == "error"]
    broken = [name for name in failed if "internal" in rows[name]["error"]["message"]]
    need(not broken, f"internal errors: {broken[:5]}")
    need(rows["good"]["status"] != "error", "the good run is lost")
    need(len(rows) > made * 0.9, f"{len(rows)} rows of {made} folders")
    need(done.status == (2 if failed else 0), f"status {done.status}, {len(failed)} failed")


def _wrong(folder: Path) -> Iterator[str]:
    """What is wrong with how a folder is analyzed, in a child of this process."""
    said = folder.parent / "said"
    child = os.fork()
    if not child:
        _analyze(folder, said)
    _, status, used = os.wait4(child, 0)
    code, text = os.waitstatus_to_exitcode(status), said.read_text(errors="replace")
    beside = LOGS & {path.name for path in folder.iterdir()}
    good = beside and not any(why in text for why in NO_LOG)
    if code not in ((0,) if good else (0, 2)):
        yield f"status {code}: {text[:200]}"
    if used.ru_utime + used.ru_stime > MOST_SECONDS:
        yield f"{used.ru_utime + used.ru_stime:.0f} s"
    if any(word in text for word in ("internal", "Traceback", "Warning", "unexpected", "memory")):
        yield text[:200]
    if code == 2 and text.count("\n") not in (1, 2):  # what is wrong, and a way out
        yield f"{text.count(chr(10))} lines"


def _analyze(folder: Path, said: Path) -> None:
    """Never returns: ends the child with the status of the command."""
    status = 99
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS + 5, MOST_SECONDS + 6))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY + (1 << 30),) * 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        status = commands.main(["analyze", str(folder), "--fail-on", "never"])
        sys.stderr.flush()
    finally:
        os._exit(status)


def _list(number: int) -> None:
    area = hostile.AREAS[number]
    what = (area.__doc__ or "").strip().rstrip(".")

    def broken(folder: Path) -> None:
        commands.main(["analyze", str(run_of(folder, "good")), "-q", "-o", os.devnull])
        wrong = []
        for name, files in area.folders():
            hostile.write(folder / name, files)
            wrong += [f"{name}: {each}" for each in _wrong(folder / name)]
        need(not wrong, f"{len(wrong)} wrong: {wrong[:5]}")

    check(what)(broken)


for _number in range(len(hostile.AREAS)):
    _list(_number)
