"""Mutated fixtures for each reader: `python -m tests.fuzz SECONDS [SEED]`; what fails is kept.

What may come is a table or one of lossscan's own errors; anything else is a fault.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from lossscan import formats
from lossscan.errors import LossscanError, ReaderFailed
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


def fault(path: Path) -> str | None:
    """What is wrong with how a file is read; None where nothing is."""
    begun = time.monotonic()
    try:
        formats.read_file(path, Settings())
    except ReaderFailed as error:
        return "".join(traceback.format_exception(error))
    except (LossscanError, OSError):
        pass
    except Exception as error:
        return "".join(traceback.format_exception(error))
    took = time.monotonic() - begun
    return f"took {took:.0f} s" if took > SLOW else None


def main(seconds: float, seed: int) -> int:
    """Mutate and read until the time is over; returns how many inputs failed."""
    print(f"seed {seed}")  # noqa: T201
    dice = random.Random(seed)  # noqa: S311 - no secret
    files = [p for p in sorted(FIXTURES.rglob("*")) if p.is_file() and p.stat().st_size <= LARGEST]
    end, tried, failed = time.monotonic() + seconds, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            source = dice.choice(files)
            path = Path(folder) / source.name
            path.write_bytes(mutated(source.read_bytes(), dice))
            tried += 1
            if said := fault(path):
                failed += 1
                KEPT.mkdir(parents=True, exist_ok=True)
                kept = KEPT / f"{seed}-{tried}-{source.name}"
                kept.write_bytes(path.read_bytes())
                print(f"{kept}: {said}")  # noqa: T201
    print(f"{tried} inputs, {failed} failed")  # noqa: T201
    return failed


if __name__ == "__main__":
    given = sys.argv[1:]
    seed = int(given[1]) if len(given) > 1 else random.SystemRandom().randrange(2**32)
    sys.exit(bool(main(float(given[0]) if given else 60.0, seed)))
