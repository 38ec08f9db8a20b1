"""What the checks share: how they are listed, how they start lossscan, and how they complain."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Check = Callable[[Path], None]
CHECKS: dict[str, Check] = {}
PATIENCE = 300.0  # seconds; no command of a check takes a tenth of it on an idle machine
GOOD = "".join(json.dumps({"step": n, "loss": 2 + 1 / n}) + "\n" for n in range(1, 60))


class WrongError(Exception):
    """What a check found."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    out: bytes
    err: str
    seconds: float  # of CPU
    mebibytes: int

    def rows(self) -> dict[str, dict[str, Any]]:
        """The runs of a report in JSON lines, by the last part of their paths."""
        found = map(json.loads, self.out.splitlines())
        return {Path(row["run"]["path"]).name: row for row in found}


def check(what: str) -> Callable[[Check], Check]:
    """List a function as the check of something."""

    def listed(function: Check) -> Check:
        CHECKS[what] = function
        return function

    return listed


def need(holds: object, said: object) -> None:
    """Complain where something does not hold."""
    if not holds:
        raise WrongError(said)


def run_of(folder: Path, name: str, text: str = GOOD, log: str = "trainer_log.jsonl") -> Path:
    """A run with one log."""
    run = folder / name
    run.mkdir(parents=True, exist_ok=True)
    (run / log).write_text(text)
    return run


def start(
    *arguments: object,
    surroundings: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    before: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Start the command."""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "COLUMNS": "100", **(surroundings or {})}
    return subprocess.Popen(
        [sys.executable, "-m", "lossscan", *map(os.fsencode, map(str, arguments))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=cwd,
        preexec_fn=before,  # noqa: PLW1509 - no threads here
    )


def end(process: subprocess.Popen[bytes]) -> Done:
    """Wait for the command; a traceback or a bug is a complaint of its own."""
    held = resource.getrusage(resource.RUSAGE_CHILDREN)
    out, err = process.communicate(timeout=PATIENCE)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = now.ru_utime + now.ru_stime - held.ru_utime - held.ru_stime
    said = err.decode(errors="replace")
    need("Traceback" not in said and " bug" not in said, said[-500:])
    return Done(process.returncode, out, said, took, now.ru_maxrss >> 10)


def run(*arguments: object, **how: Any) -> Done:
    """Start the command and wait for it."""
    return end(start(*arguments, **how))


def wait_until(holds: Callable[[], object], said: str) -> None:
    """Wait for something; complain where it does not come."""
    last = time.monotonic() + PATIENCE
    while not holds():
        need(time.monotonic() < last, said)
        time.sleep(0.02)


def batch_of(folders: Sequence[object], *more: object, **how: Any) -> Done:
    """A batch as JSON lines whose findings do not matter."""
    return run("batch", *folders, "-f", "jsonl", "--fail-on", "never", "-q", *more, **how)
