"""Folders made to break lossscan: `every()` yields the name of each and its files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.soak.hostile import bombs, damage, keys, lines, numbers, orders

Files = dict[str, bytes]
AREAS = (bombs, damage, keys, lines, numbers, orders)


def every() -> Iterator[tuple[str, Files]]:
    """All folders, of each kind of attack a few."""
    return chain.from_iterable(area.folders() for area in AREAS)


def write(folder: Path, files: Files) -> None:
    """Write the files of one."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
