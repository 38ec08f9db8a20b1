"""`python -m tests.accuracy.turing FOLDER`: F1 and cover of `change_points` on annotated series.

The measures of van den Burg and Williams, "An Evaluation of Change Point Detection Algorithms"
(2020), by which the Turing change point data are scored. FOLDER holds a copy of those data:
annotations.json and datasets/NAME/NAME.json; sets that are not there or have several dimensions
are passed over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

import lossscan

MARGIN = 5  # points by which a detection may miss, as in the paper

Marks = Collection[int]


def f1(annotations: Sequence[Marks], found: Marks) -> float:
    """Precision against all annotators together, recall averaged over them.

    The start of a series counts as a change point that everybody finds.
    """
    found = {0, *found}
    each = [{0, *marks} for marks in annotations]
    precision = _matched(set().union(*each), found) / len(found)
    recall = float(np.mean([_matched(marks, found) / len(marks) for marks in each]))
    return 2 * precision * recall / (precision + recall)


def _matched(marks: Marks, found: Marks) -> int:
    """How many marks have a detection within the margin, each detection used once."""
    left = set(found)
    for mark in sorted(marks):
        nearest = min(left, key=lambda at: (abs(at - mark), at), default=None)
        if nearest is not None and abs(nearest - mark) <= MARGIN:
            left.remove(nearest)
    return len(found) - len(left)


def cover(annotations: Sequence[Marks], found: Marks, n: int) -> float:
    """How far the best segments found overlap the annotated ones, by their lengths."""
    pieces = _segments(found, n)
    return float(
        np.mean(
            [
                sum(len(a) * max(_overlap(a, b) for b in pieces) for a in _segments(marks, n)) / n
                for marks in annotations
            ]
        )
    )


def _segments(marks: Marks, n: int) -> list[range]:
    return [range(a, b) for a, b in pairwise(sorted({0, *marks, n}))]


def _overlap(a: range, b: range) -> float:
    """Points in both over points in either."""
    shared = max(min(a.stop, b.stop) - max(a.start, b.start), 0)
    return shared / (len(a) + len(b) - shared)


def series_of(folder: Path) -> Iterator[tuple[str, list[float], list[list[int]]]]:
    """Name, values and annotations of each set of one dimension that is there."""
    by_set = json.loads((folder / "annotations.json").read_bytes())
    for name, by_person in sorted(by_set.items()):
        path = folder / "datasets" / name / f"{name}.json"
        if not path.exists():
            continue
        series = json.loads(path.read_bytes())["series"]
        if len(series) == 1:
            values = [float("nan") if v is None else float(v) for v in series[0]["raw"]]
            yield name, values, list(by_person.values())


def main(arguments: list[str]) -> int:
    """One line a set, and the means."""
    scores = []
    for name, values, marks in series_of(Path(arguments[0])):
        found = lossscan.change_points(values)
        scores.append((f1(marks, found), cover(marks, found, len(values))))
        print(f"{name:20} {len(values):5} {scores[-1][0]:.3f} {scores[-1][1]:.3f} {found}")  # noqa: T201
    print(f"{len(scores)} sets: F1 and cover", np.mean(scores, axis=0).round(3))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
