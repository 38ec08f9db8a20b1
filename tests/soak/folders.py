"""Whatever lies in a folder, the good run beside it is reported."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from lossscan import commands, reporters
from tests.soak.kit import batch_of, check, need, run, run_of
from tests.writers import write_events

LEVELS = 3_000
FILES = 100_000
EVENT_FILES = 5_000
NAME = 250  # characters
NOBODY = 65534


def _good_is_there(folder: Path, *, status: int = 0, rows: int = 1) -> None:
    done = batch_of([folder], "-j", "1")
    found = done.rows()
    need(found.get("good", {}).get("status") not in (None, "error"), f"good is lost: {done.err}")
    need(len(found) == rows, f"{len(found)} rows: {sorted(found)[:5]}")
    need(done.status == status, f"status {done.status}: {done.err[-300:]}")


@check("FIFOs, sockets and devices")
def special(folder: Path) -> None:
    """None of them is opened."""
    odd = run_of(folder, "good")
    for each in ("train.log", "trainer_state.json", "training_args.bin", "meta.yaml"):
        os.mkfifo(odd / each)
    (odd / "loss.csv").symlink_to("/dev/zero")
    (odd / "metrics.jsonl").symlink_to("/dev/random")
    held = socket.socket(socket.AF_UNIX)
    held.bind(str(odd / "console.log"))
    _good_is_there(folder)
    held.close()
    need(run("analyze", odd, "--fail-on", "never").status == 0, "analyze failed")
    need(run("analyze", odd / "train.log").status == 2, "a FIFO is a log")


@check("loops of links, and links to nowhere")
def loops(folder: Path) -> None:
    """Each folder is seen once."""
    good = run_of(folder, "good")
    (good / "again").symlink_to(good)
    (folder / "up").symlink_to(folder)
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    (good / "train.log").symlink_to(folder / "nowhere")
    _good_is_there(folder)


@check(f"{LEVELS:,} levels of folders")
def deep(folder: Path) -> None:
    """Those beyond the limit are left alone."""
    run_of(folder, "good")
    here = os.open(folder, os.O_RDONLY)
    held = [here]
    for _ in range(LEVELS):
        os.mkdir("d", dir_fd=here)
        here = os.open("d", os.O_RDONLY, dir_fd=here)
        held.append(here)
        if len(held) > 100:
            os.close(held.pop(0))
    for each in held:
        os.close(each)
    _good_is_there(folder)


@check(f"{FILES:,} files in a folder")
def many(folder: Path) -> None:
    """They are listed and left alone."""
    good = run_of(folder, "good")
    for n in range(FILES):
        os.close(os.open(good / f"sample_{n}.txt", os.O_CREAT | os.O_WRONLY))
    _good_is_there(folder)


@check(f"{EVENT_FILES:,} event files in a folder")
def events(folder: Path) -> None:
    """They are launches of one run."""
    good = folder / "good"
    good.mkdir()
    for n in range(EVENT_FILES):
        points = [(step, 2 + 1 / (step + 1)) for step in range(10 * n, 10 * n + 12)]
        write_events(good / f"events.out.tfevents.{1_700_000_000 + n}.host.1.0", {"loss": points})
    _good_is_there(folder)


@check(f"names of {NAME} characters, and paths that are no text, in every format")
def names(folder: Path) -> None:
    """Every report holds the run."""
    run_of(folder, "n" * NAME)
    run_of(folder, os.fsdecode(b"run-\xff\xfe\n"))
    for name in reporters.formats():
        output = folder.parent / f"report.{name}"
        done = run("batch", folder, "-f", name, "-o", output, "--fail-on", "never", "-j", "1")
        need(done.status == 0 and output.stat().st_size, f"{name}: {done.err}")


@check("modes that forbid, as an ordinary user")
def modes(folder: Path) -> None:
    """What may not be read is a row, and the status 2."""
    run_of(folder, "good")
    for mode in (0o000, 0o444, 0o111):
        run_of(folder, f"bad{mode:o}").chmod(mode)
    (run_of(folder, "file") / "trainer_log.jsonl").chmod(0)
    for place in (folder, *folder.parents[:-2]):
        place.chmod(0o755)
    output = folder / "rows.jsonl"
    output.touch()
    output.chmod(0o666)
    asked = ["batch", str(folder), "-f", "jsonl", "-j", "1", "--fail-on", "never"]
    commands.main([*asked, "-q", "-o", os.devnull])  # loads all: Python itself may be root's
    child = os.fork()
    if not child:
        os.dup2(os.open(output, os.O_WRONLY), 1)
        if os.geteuid() == 0:
            os.setgroups([])
            os.setuid(NOBODY)
        os._exit(commands.main([*asked, "-q"]))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = output.read_text()
    for path in folder.iterdir():
        path.chmod(0o755)
    need(said.count('"status":"error"') + said.count('"status": "error"') == 4, said[:300])
    need(said.count("\n") == 5 and status == 2, f"status {status}: {said[:300]}")
