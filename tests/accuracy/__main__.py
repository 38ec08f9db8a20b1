"""`python -m tests.accuracy`: measure, print, and write docs/accuracy.md."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")  # the two processes are the parallel part

CORPORA = "LOSSSCAN_CORPORA"  # folders of labelled runs, separated as in PATH
DOCUMENT = Path(__file__).parents[2] / "docs" / "accuracy.md"


def main(arguments: list[str]) -> int:
    """Print the report; the document is written by a full run of the test half alone."""
    from tests.accuracy import calibrate, measure, ratchet, report

    chosen = _parser().parse_args(arguments)
    warnings.simplefilter("error")  # the forked processes inherit it: a warning is a crash
    if chosen.calibrate:
        print(calibrate.page(measure.QUICK if chosen.quick else measure.FULL))  # noqa: T201
        return 0
    if chosen.ratchet:
        print(ratchet.raise_floor())  # noqa: T201
        return 0
    corpora = _corpora(chosen.corpus)
    extent = measure.QUICK if chosen.quick else measure.FULL
    found = measure.measure(chosen.set, extent, corpora)
    text = report.page(chosen.set, extent, found)
    print(text)  # noqa: T201 - a command for a person
    if chosen.failures:
        every = (*found.simulated, *found.samples, *found.corpus, *found.implanted)
        print(*measure.failures(every), sep="\n")  # noqa: T201
    if chosen.set == "test" and not chosen.quick:
        DOCUMENT.write_text(text, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the cases, no document")
    parser.add_argument("--set", choices=("train", "test"), default="test", help="simulated half")
    parser.add_argument(
        "--corpus",
        type=Path,
        action="append",
        help=f"folder of labelled real runs, several times if need be; default: ${CORPORA}",
    )
    parser.add_argument("--failures", action="store_true", help="name every miss and false finding")
    parser.add_argument("--calibrate", action="store_true", help="fit confidence, print the table")
    parser.add_argument("--ratchet", action="store_true", help="write the scores that rose")
    return parser


def _corpora(given: Sequence[Path] | None) -> list[Path]:
    """The folders named on the command line, else in the environment; those without labels said."""
    named = [Path(part) for part in os.environ.get(CORPORA, "").split(os.pathsep) if part]
    folders = list(named if given is None else given)
    for folder in folders:
        if not (folder / "truth.jsonl").is_file():
            print(f"{folder}: no truth.jsonl there; left out", file=sys.stderr)  # noqa: T201
    return [folder for folder in folders if (folder / "truth.jsonl").is_file()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
