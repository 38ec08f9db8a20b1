"""How fast event files are read: `python tests/bench/bench_event_file.py [points]`.

Prints seconds per million scalars read in bulk and one by one, and the ratio, for the shapes that
runs log: four tags of a trainer, one tag, hundreds of layers under names of one length and of many.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from lossscan.formats import event_file
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import writers

POINTS = 200_000
TRAINER = ("train/loss", "train/grad_norm", "train/learning_rate", "train/epoch")


def logged(tags: tuple[str, ...], points: int) -> Mapping[str, writers.Points]:
    """As many points in all, shared evenly among the tags."""
    return {tag: [(s, 1 / (s + 1)) for s in range(points // len(tags))] for tag in tags}


def seconds(path: Path) -> float:
    """The best of three readings."""

    def times() -> Iterator[float]:
        for _ in range(3):
            before = time.perf_counter()
            event_file.read(head_of(path), Settings())
            yield time.perf_counter() - before

    return min(times())


def main(points: int) -> None:
    """Time each shape both ways."""
    shapes = {
        "trainer": TRAINER,
        "one tag": ("loss",),
        "layers": tuple(f"layer.{k:03d}/norm" for k in range(500)),
        "modules": tuple(f"{k}.{'projection'[: k % 11]}/norm" for k in range(500)),
    }
    with TemporaryDirectory() as folder:
        for name, tags in shapes.items():
            path = writers.write_events(Path(folder) / "tfevents", logged(tags, points))
            bulk = seconds(path) * 1e6 / points
            with mock.patch("lossscan.formats.kit.binary.gather._FEW", 1 << 60):
                single = seconds(path) * 1e6 / points
            print(f"{name:8} {bulk:6.2f} s  {single:6.2f} s  x{single / bulk:.1f}")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else POINTS)
