"""Mutated files for all that reads one: `python -m tests.fuzz SECONDS [SEED]`.

What may come is a result or one of lossscan's own errors; anything else is a fault, and kept. All
runs in this process: one input takes milliseconds, and its own CPU time and memory are measured.
"""

from __future__ import annotations

import random
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lossscan import formats, reporters, settings
from lossscan.errors import ExaminationFailed, LossscanError, ReaderFailed
from lossscan.gate import baseline
from lossscan.model import Report
from lossscan.pipeline import examine
from lossscan.reporters import Page, finished
from lossscan.runs.training.files import read_settings
from lossscan.runs.training.pickled_args import scalars
from lossscan.settings import Settings
from lossscan.words import UNPRINTABLE
from tests.seeds import seeds

FIXTURES = Path(__file__).parent / "fixtures"
KEPT = Path("build/fuzz")
LARGEST = 100_000  # bytes of a fixture; larger ones are mutated too seldom to be worth it
SLOW = 5.0  # seconds of CPU within which each input must end
MEMORY = 1 << 20  # kB by which the memory in use may grow
REPORTED = 200  # inputs, of which one is reported: a report takes as long as these readings
SAID = 60.0  # seconds between two words on how far it is
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
PIECES = (
    *(b"1e400", b"-1", b"9" * 400, b"NaN", b"-inf", b"1e-320", b"0", b"1:1:1", b"1" * 20, b"2.5.5"),
    *(
        b"\xff",
        b"\0",
        b'"',
        b"'",
        b"\\",
        b"{",
        b"[",
        b"]",
        b"}",
        b",",
        b"|",
        b":",
        b"=",
        b" ",
        b"%",
    ),
    *(b"\n", b"\r", b"\x1b[31m", b"\x1b]8;;http://x\x07", b"\xc2\x9b1m", b"\xe2\x80\xa8", b"\x7f"),
    *(
        b"\xe2\x80\xae",
        b"\\ud800",
        b"]]>",
        b"<script>",
        b"::error::",
        b"&#0;",
        b"`",
        b"\xef\xbb\xbf",
    ),
)


def mutated(data: bytes, dice: random.Random, other: bytes) -> bytes:
    """The bytes with a few places overwritten, cut out, doubled or filled with what is odd."""
    for _ in range(dice.randint(1, 5)):
        at = dice.randrange(len(data) + 1)
        stop = min(len(data), at + dice.choice((0, 1, 4, 40, 400)))
        way = dice.randrange(6)
        if way == 0:
            new = dice.choice(PIECES)
        elif way == 1:
            new = b""
        elif way == 2:
            new = data[at:stop] * dice.choice((2, 2, 3, 50))
        elif way == 3:
            new = dice.randbytes(dice.choice((1, 4)))
        elif way == 4 and (number := NUMBER.search(data, at, at + 500)):
            (at, stop), new = number.span(), dice.choice(PIECES)
        else:
            begin = dice.randrange(len(other) + 1)
            new = other[begin : begin + dice.choice((4, 40, 400))]
        data = data[:at] + new + data[stop:]
    return data


def _log(path: Path) -> None:
    store = next(
        (p for p in (path.parents[0], path.parents[1]) if (p / "meta.yaml").exists()), None
    )
    formats.read_file(path if store is None else store / "meta.yaml", Settings())


def _pickle(path: Path) -> None:
    scalars(path.read_bytes())


class _SpokeError(Exception):
    """A report that holds what steers a terminal or a viewer."""


def _report(path: Path) -> None:
    """The report of a run that is this file, in one of the formats."""
    dice = random.Random(path.stat().st_size)  # noqa: S311 - no secret
    name = dice.choice(reporters.formats())
    page = Page(lang=dice.choice(("en", "zh")), single=dice.random() < 0.5)
    report = Report("0", (examine(path, Settings(lang=page.lang)),))
    pieces = list(reporters.stream(name, finished(report, page), page))
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    wild = {c for c in set(text) if unicodedata.category(c) in UNPRINTABLE} - {"\n", "\u200b", "\t"}
    if wild and name != "html":
        raise _SpokeError(f"{name}: {wild}")


BY_NAME: dict[str, Callable[[Path], object]] = {
    "lossscan.yaml": settings.load,
    "baseline.json": baseline.load,
    "training_args.bin": _pickle,
}


def _readers(name: str, count: int) -> tuple[Callable[[Path], object], ...]:
    """What a file of this name is given to."""
    if count % REPORTED == 0:
        return (_report,)
    return (BY_NAME[name], read_settings) if name in BY_NAME else (_log, read_settings)


def fault(path: Path, count: int = 1) -> str | None:
    """What is wrong with how a file is read; None where nothing is."""
    begun, held = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for read in _readers(path.name, count):
        try:
            read(path)
        except (ReaderFailed, ExaminationFailed) as error:
            return "".join(traceback.format_exception(error))
        except (LossscanError, OSError, ValueError):  # what each of them states that it raises
            pass
        except Exception as error:
            return "".join(traceback.format_exception(error))
    took = time.process_time() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held
    if took > SLOW or grown > MEMORY:
        return f"took {took:.1f} s and {grown >> 10} MiB"
    return None


def _files(folder: Path) -> dict[Path, bytes]:
    """All that is mutated, by where it lies: a store of several files is read as a whole."""
    shutil.copytree(FIXTURES, folder, dirs_exist_ok=True)
    for name, data in seeds().items():
        path = folder / "seeds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = (
        p
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.stem.split(".")[0] not in _NO_INPUT
    )
    return {path: data for path in found if len(data := path.read_bytes()) <= LARGEST}


_NO_INPUT = frozenset({"README", "junit", "compare-0", "report-0"})


def main(seconds: float, seed: int) -> int:
    """Mutate and read until the time is over; returns how many inputs failed."""
    print(f"seed {seed}", flush=True)  # noqa: T201
    dice = random.Random(seed)  # noqa: S311 - no secret
    tried, told = 0, time.monotonic()
    kinds: Counter[str] = Counter()
    end = told + seconds
    with tempfile.TemporaryDirectory() as folder:
        files = _files(Path(folder))
        paths, contents = list(files), list(files.values())
        for path in paths:  # what is imported where it is used costs no input its time
            fault(path, REPORTED)
        while time.monotonic() < end:
            path = dice.choice(paths)
            path.write_bytes(mutated(files[path], dice, dice.choice(contents)))
            tried += 1
            if said := fault(path, tried):
                kinds[said.splitlines()[-1]] += 1
                _keep(path, f"{seed}-{tried}-{path.name}", said)
            path.write_bytes(files[path])
            if time.monotonic() > told + SAID:
                told = time.monotonic()
                print(f"{tried} inputs, {kinds.total()} failed", flush=True)  # noqa: T201
    print(f"{tried} inputs, {kinds.total()} failed: {dict(kinds)}")  # noqa: T201
    return kinds.total()


def _keep(path: Path, name: str, said: str) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, KEPT / name)
    print(f"{KEPT / name}: {said}", flush=True)  # noqa: T201


if __name__ == "__main__":
    given = sys.argv[1:]
    seed = int(given[1]) if len(given) > 1 else random.SystemRandom().randrange(2**32)
    sys.exit(bool(main(float(given[0]) if given else 60.0, seed)))
