"""Mutated fixtures for all that reads a file: `python -m tests.fuzz SECONDS [SEED]`.

What may come is a result or one of lossscan's own errors; anything else is a fault, and kept.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

from lossscan import formats, reporters, settings
from lossscan.errors import ExaminationFailed, LossscanError, ReaderFailed
from lossscan.gate import baseline
from lossscan.model import Report
from lossscan.pipeline import examine
from lossscan.reporters import Page, finished
from lossscan.runs.training.files import read_settings
from lossscan.settings import Settings

FIXTURES = Path(__file__).parent / "fixtures"
KEPT = Path("build/fuzz")
LARGEST = 200_000  # bytes of a fixture; larger ones are mutated too seldom to be worth it
SLOW = 15.0  # seconds within which each input must end
PIECES = (
    b"1e400",
    b"-1",
    b"9" * 400,
    b"NaN",
    b"\xff",
    b"\0",
    b'"',
    b"\\",
    b"{",
    b"[",
    b"1:1",
    b"\n",
)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The bytes with a few places overwritten, cut out, doubled or filled with what is odd."""
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data) + 1)
        stop = min(len(data), at + dice.choice((1, 4, 40, 400)))
        new = dice.choice((dice.choice(PIECES), b"", data[at:stop] * 2, dice.randbytes(4)))
        data = data[:at] + new + data[stop:]
    return data


def _seeds() -> dict[str, bytes]:
    """Files of kinds that no fixture is of."""
    rows = "".join(json.dumps({"step": n, "loss": 2 + 1 / n}) + "\n" for n in range(1, 60))
    table = "<table><tr><th>Step</th><th>Loss</th></tr><tr><td>1</td><td>2.5</td></tr></table>"
    outputs = [{"text": ["step 1 loss: 2.5\n"]}, {"data": {"text/html": table}}]
    stated = {"learning_rate": 1e-4, "num_train_epochs": 3, "per_device_train_batch_size": 4}
    known = {"fingerprint": "0" * 16, "run": "a", "rule": "loss-jump", "series": "loss"}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", pickle.dumps(stated, 2))
    return {
        "trainer_log.jsonl": rows.encode(),
        "trainer_log.jsonl.gz": gzip.compress(rows.encode()),
        "train.ipynb": json.dumps({"cells": [{"outputs": outputs}]}).encode(),
        "training_args.bin": archive.getvalue(),
        "train_config.json": json.dumps(stated).encode(),
        "train.yaml": b"a: &a {lr: 1e-4}\nlearning_rate: 1e-4\nb: *a\nnum_train_epochs: 3\n",
        "lossscan.yaml": b"lang: zh\nfail_on: warning\nseries: {loss: l}\nignore: [plateau]\n",
        "baseline.json": json.dumps({"schema": baseline.SCHEMA, "findings": [known]}).encode(),
    }


def _report(path: Path) -> None:
    """The report of a run that is this file, in every format."""
    report = Report("0", (examine(path, Settings()),))
    for name in reporters.formats():
        for page in (Page(), Page(lang="zh", color=True, single=False)):
            for _ in reporters.stream(name, finished(report, page), page):
                pass


def _readers(name: str) -> tuple[Callable[[Path], object], ...]:
    """What a file of this name is given to."""
    by_name: dict[str, Callable[[Path], object]] = {
        "lossscan.yaml": settings.load,
        "baseline.json": baseline.load,
    }
    if name in by_name:
        return (by_name[name],)
    return (lambda path: formats.read_file(path, Settings()), read_settings, _report)


def fault(path: Path) -> str | None:
    """What is wrong with how a file is read; None where nothing is."""
    begun = time.monotonic()
    for read in _readers(path.name):
        try:
            read(path)
        except (ReaderFailed, ExaminationFailed) as error:
            return "".join(traceback.format_exception(error))
        except (LossscanError, OSError, ValueError):  # what each of them states that it raises
            pass
        except Exception as error:
            return "".join(traceback.format_exception(error))
    took = time.monotonic() - begun
    return f"took {took:.0f} s" if took > SLOW else None


def main(seconds: float, seed: int) -> int:
    """Mutate and read until the time is over; returns how many inputs failed."""
    print(f"seed {seed}")  # noqa: T201
    dice = random.Random(seed)  # noqa: S311 - no secret
    found = [p for p in sorted(FIXTURES.rglob("*")) if p.is_file() and p.stat().st_size <= LARGEST]
    files = [(p.name, p.read_bytes()) for p in found] + list(_seeds().items())
    end, tried, failed = time.monotonic() + seconds, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            name, data = dice.choice(files)
            path = Path(folder) / name
            path.write_bytes(mutated(data, dice))
            tried += 1
            if said := fault(path):
                failed += 1
                KEPT.mkdir(parents=True, exist_ok=True)
                kept = KEPT / f"{seed}-{tried}-{name}"
                kept.write_bytes(path.read_bytes())
                print(f"{kept}: {said}")  # noqa: T201
    print(f"{tried} inputs, {failed} failed")  # noqa: T201
    return failed


if __name__ == "__main__":
    given = sys.argv[1:]
    seed = int(given[1]) if len(given) > 1 else random.SystemRandom().randrange(2**32)
    sys.exit(bool(main(float(given[0]) if given else 60.0, seed)))
