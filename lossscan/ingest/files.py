"""How a format sees a file: its name, its size and its first bytes, read once for all formats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HEAD_BYTES = 64 * 1024  # every format shows its mark well within this


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, enough for a format to claim it."""

    path: Path
    size: int  # bytes
    start: bytes  # the first HEAD_BYTES

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name


def head_of(path: Path) -> Head:
    """Read the beginning of a file; raises OSError where it cannot be read."""
    with path.open("rb") as stream:
        return Head(path=path, size=path.stat().st_size, start=stream.read(HEAD_BYTES))


def relative(path: Path, root: Path) -> str:
    """The path as a reader of the report knows it: below the run where it lies there."""
    folder = root if root.is_dir() else root.parent
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
