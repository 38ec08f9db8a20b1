"""What is very large costs time and memory in proportion."""

from __future__ import annotations

import gzip
import json
import lzma
import os
from collections.abc import Iterator
from pathlib import Path

from tests.soak.kit import GOOD, check, need, run, run_of
from tests.writers import wandb_bytes, wandb_history

MOST_SECONDS = 30.0  # of CPU, on a busy machine
MOST_MEMORY = 1024  # MiB


def _ends(path: Path, lines: Iterator[str], statuses: tuple[int, ...] = (0,)) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as stream:
        stream.writelines(lines)
    done = run("analyze", path.parent, "--fail-on", "never", "-q")
    need(done.status in statuses, f"status {done.status}: {done.err[-300:]}")
    need(done.seconds < MOST_SECONDS, f"{done.seconds:.0f} s")
    need(done.mebibytes < MOST_MEMORY, f"{done.mebibytes} MiB")


def _rows(count: int) -> Iterator[str]:
    return (f'{{"step": {n}, "loss": {2 + n % 7 / 9}}}' for n in range(1, count))


@check("a million lines of JSON")
def json_lines(folder: Path) -> None:
    """As a trainer writes them."""
    _ends(folder / "a" / "trainer_log.jsonl", (f"{row}\n" for row in _rows(1_000_000)))


@check("a million rows of a table")
def table(folder: Path) -> None:
    """As a logger writes them."""
    rows = (f"{n},{2 + n % 7 / 9},\n" for n in range(1_000_000))
    _ends(folder / "a" / "metrics.csv", iter(["step,train_loss,val_loss\n", *rows]))


@check("a table of 79 MB and 1,990 columns")
def wide(folder: Path) -> None:
    """Most of them are filled."""
    names = ",".join(["step", "loss", *(f"weight_{n}/norm" for n in range(1988))])
    cells = ",".join(["1.25"] * 1989)
    rows = (f"{n},{cells}\n" for n in range(7_900))
    _ends(folder / "a" / "metrics.csv", iter([names + "\n", *rows]))


@check("a million lines of a console")
def console(folder: Path) -> None:
    """Half of them are blank."""
    _ends(folder / "a" / "train.log", (f"step {n} loss: 2.{n % 9}\n\n" for n in range(500_000)))


@check("a list of a million entries")
def entries(folder: Path) -> None:
    """One JSON value."""
    _ends(folder / "a" / "metrics.json", iter(["[", ",".join(_rows(1_000_000)), "]"]))


@check("100,000 keys that come once each")
def keys(folder: Path) -> None:
    """Most are left out."""
    rows = (f'{{"step": {n}, "loss": 2.5, "k{n}": 1}}\n' for n in range(100_000))
    _ends(folder / "a" / "trainer_log.jsonl", rows)


@check("10,000 resumes")
def resumes(folder: Path) -> None:
    """Each repeats two steps."""
    steps = [step for n in range(10_000) for step in range(10 * n, 10 * n + 12)]
    rows = (json.dumps({"step": step, "loss": 2 + 1 / (step + 1)}) + "\n" for step in steps)
    _ends(folder / "a" / "trainer_log.jsonl", rows)


@check("a sparse metric of 20 GiB")
def sparse(folder: Path) -> None:
    """Its hole is not read."""
    metric = folder / "a" / "metrics" / "loss"
    metric.parent.mkdir(parents=True)
    metric.write_text("".join(f"1 2.{n} {n}\n" for n in range(50)))
    os.truncate(metric, 20 << 30)
    _ends(folder / "a" / "meta.yaml", iter(["artifact_uri: x\nrun_id: a\n"]))


@check("20 GiB of nothing behind what a file holds")
def holes(folder: Path) -> None:
    """As a file has whose room was taken in advance."""
    log = GOOD.encode()
    row = wandb_history({"_step": "1", "loss": "2.5"})
    files = {
        "train.log.gz": gzip.compress(log),
        "train.log.xz": lzma.compress(log),
        "train.log.zst": b"\x28\xb5\x2f\xfd",
        "run-a.wandb": wandb_bytes([row] * 9),
        "train.log": log,
    }
    for name, data in files.items():
        path = run_of(folder, name) / name
        path.write_bytes(data)
        os.truncate(path, 20 << 30)
        lost = name.endswith(".zst")  # its mark alone: nothing of it could be had
        _ends(path.with_name("more.jsonl"), iter([GOOD]), (2,) if lost else (0,))


@check("lines of one character, a megabyte each")
def long_lines(folder: Path) -> None:
    """Of a console log whose reader looks for names everywhere."""
    long = (f"step {n} loss: 2.5 {each * 1_000_000}\n" for n, each in enumerate("( a1.:=-[|'\\"))
    head = [f"step {n} loss: 2.{n}\n" for n in range(50)]
    _ends(folder / "a" / "train.log", iter([*head, *long]))
