"""How fast JSON logs are read: `python tests/bench/bench_json.py [entries]`.

Prints seconds per million entries, those that the standard library takes to decode the same file
and do nothing with it, and the ratio; for JSONL also those of the fastest decoder there is: msgspec
with the types known beforehand, whose records are thrown away.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from lossscan.formats import read_file
from lossscan.settings import Settings

ENTRIES = 200_000


def train(at: int) -> dict[str, Any]:
    """An entry of transformers' log_history."""
    return {
        "epoch": round(at / 1000, 4),
        "grad_norm": 1 / (at + 3),
        "learning_rate": 5e-5 / at,
        "loss": round(2 + 1 / at, 4),
        "step": at * 10,
    }


def line(at: int) -> dict[str, Any]:
    """A line of LLaMA-Factory's trainer_log.jsonl."""
    return {
        "current_steps": at * 10,
        "total_steps": 10_000_000,
        "loss": round(2 + 1 / at, 4),
        "lr": 5e-5 / at,
        "epoch": round(at / 1000, 4),
        "percentage": round(at / 100_000, 2),
        "elapsed_time": str(timedelta(seconds=2 * at)),
        "remaining_time": "1 day, 2:03:04",
    }


def state(path: Path) -> None:
    """Decode a trainer_state.json with the standard library."""
    json.loads(path.read_text())


def each_line(path: Path) -> None:
    """Decode a JSONL file with the standard library."""
    with path.open() as text:
        for each in text:
            json.loads(each)


def typed(path: Path) -> None:
    """Decode a JSONL file into records of known types, a megabyte at once."""
    kinds = {key: type(value) for key, value in line(1).items()}
    decode = msgspec.json.Decoder(
        msgspec.defstruct("Line", [*kinds.items()], gc=False)
    ).decode_lines
    with path.open("rb") as stream:
        while lines := stream.readlines(1 << 20):
            decode(b"".join(lines))


def seconds(read: Callable[[Path], object], path: Path) -> float:
    """The best of three readings."""
    best = float("inf")
    for _ in range(3):
        before = time.perf_counter()
        read(path)
        best = min(best, time.perf_counter() - before)
    return best


def main(entries: int) -> None:
    """Time both formats both ways."""
    places = range(1, entries + 1)
    history = {"log_history": [train(at) for at in places], "max_steps": 10_000_000}
    lines = [json.dumps(line(at)) + "\n" for at in places]
    with TemporaryDirectory() as folder:
        for name, text, standard in (
            ("trainer_state.json", json.dumps(history, indent=2), state),
            ("trainer_log.jsonl", "".join(lines), each_line),
        ):
            path = Path(folder) / name
            path.write_text(text)
            own = seconds(lambda path: read_file(path, Settings()), path) * 1e6 / entries
            plain = seconds(standard, path) * 1e6 / entries
            print(f"{name:18} {own:5.2f} s  {plain:5.2f} s  x{plain / own:.1f}")  # noqa: T201
        best = seconds(typed, Path(folder) / "trainer_log.jsonl") * 1e6 / entries
        print(f"{'msgspec alone':18} {best:5.2f} s")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES)
