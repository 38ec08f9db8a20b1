"""What must survive and takes too long for the test suite: `python -m tests.soak SECONDS [WORD]`.

Each check is a line: what, and ok or what went wrong. After so many seconds none is begun.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.soak import breaking, folders, processes, same, sizes
from tests.soak.kit import CHECKS, Check

AREAS = (folders, processes, same, sizes, breaking)


def main(seconds: float, word: str) -> int:
    """Run the checks whose line holds the word; returns how many failed or were left out."""
    begun, bad = time.monotonic(), 0
    chosen = {what: each for what, each in CHECKS.items() if word in what}
    for what, each in chosen.items():
        over = time.monotonic() - begun > seconds
        said = "left out: the time is over" if over else _tried(each)
        bad += said != "ok"
        print(f"{what}: {said}", flush=True)  # noqa: T201
    print(f"{len(chosen)} checks of {len(AREAS)} areas, {bad} not ok, ", end="")  # noqa: T201
    print(f"{time.monotonic() - begun:.0f} s")  # noqa: T201
    return bad


def _tried(check: Check) -> str:
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        check(folder)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=False)  # noqa: S607 - at any depth
    return "ok"


if __name__ == "__main__":
    given = sys.argv[1:]
    limit = float(given[0]) if given else 3600.0
    sys.exit(bool(main(limit, given[1] if len(given) > 1 else "")))
