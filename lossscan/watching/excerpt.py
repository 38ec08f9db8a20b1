"""A long log in short: its first lines and its last, as a log of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from msgspec.structs import replace

from lossscan.runs.discover import RunFiles
from lossscan.sources.files import HEAD_BYTES
from lossscan.sources.packed import is_packed
from lossscan.sources.safe_json import load_json

LINES: Final = 10_000  # from the end: a jump shows in so many, and they are read in 0.2 s
TAIL: Final = 1 << 20  # bytes that hold so many lines, or fewer
LONG: Final = HEAD_BYTES + TAIL  # bytes; a file that is no longer is taken as it is
_LONGEST_LINE: Final = 64 * 1024  # bytes until a line must end


@contextmanager
def excerpts(files: RunFiles, grown: frozenset[Path] | None) -> Iterator[RunFiles | None]:
    """The files of a run, the long ones in short; those that have not grown are left out.

    None where a long file that has grown cannot be cut: a document, a database. Where it is not
    known what has grown, these are left out.
    """
    with TemporaryDirectory(prefix="lossscan-") as folder:
        made = dict(_made(files, grown, Path(folder)))
        if grown is not None and None in made.values():
            yield None
            return
        short = {path: place for path, place in made.items() if place is not None}
        yield replace(files, root=short.get(files.root, Path(folder)), files=tuple(short.values()))


def _made(
    files: RunFiles, grown: frozenset[Path] | None, folder: Path
) -> Iterator[tuple[Path, Path | None]]:
    """Each file that counts, and where what is taken of it is, below `folder` as in its run."""
    above = files.root if files.root not in files.files else files.root.parent
    for path in files.files:
        long = path.stat().st_size > LONG
        if long and grown is not None and path not in grown:
            continue
        place = folder / (path.relative_to(above) if path.is_relative_to(above) else path.name)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not long:
            place.symlink_to(path.resolve())
            yield path, place
            continue
        cut = _cut(path)
        if cut is not None:
            place.write_bytes(cut)
            times = path.stat()
            os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
        yield path, None if cut is None else place


def _cut(path: Path) -> bytes | None:
    """The first and the last whole lines or records; None of what has neither."""
    with path.open("rb") as stream:
        start = stream.read(HEAD_BYTES)
        if is_packed(start):
            return None
        return _lines(stream, start) if b"\0" not in start else _records(stream, start)


def _lines(stream: BinaryIO, start: bytes) -> bytes | None:
    head = start[: start.rfind(b"\n") + 1]
    stream.seek(-TAIL, os.SEEK_END)
    tail = stream.read(TAIL)
    begin = tail.find(b"\n", 0, _LONGEST_LINE) + 1
    lines = tail[begin:].split(b"\n")[-LINES:]
    return head + b"\n".join(lines) if head and begin and not _is_document(head) else None


def _is_document(head: bytes) -> bool:
    """Whether a text is one JSON value over many lines: a part of it says nothing."""
    first = head.lstrip().split(b"\n", 1)[0]
    if not first.startswith((b"{", b"[")):
        return False
    try:
        load_json(first)
    except ValueError:
        return first.rstrip() in (b"{", b"[") or first.lstrip(b"{[ ").startswith(b'"')
    return False


def _records(stream: BinaryIO, start: bytes) -> bytes | None:
    """Of an event file: its records are found by the checksums of their lengths."""
    from lossscan.formats.kit.tfrecord import FOOTER, HEADER, length_of

    def last_end(data: bytes, begin: int) -> int:
        """Where the chain of records from `begin` on ends within `data`."""
        at = begin
        while (length := length_of(data[at : at + HEADER])) is not None:
            beyond = at + HEADER + length + FOOTER
            if beyond > len(data):
                break
            at = beyond
        return at

    head = last_end(start, 0)
    stream.seek(-TAIL, os.SEEK_END)
    tail = stream.read(TAIL)
    found = (at for at in range(_LONGEST_LINE) if length_of(tail[at : at + HEADER]) is not None)
    begin = next(found, None)
    return start[:head] + tail[begin:] if head and begin is not None else None


def sizes_of(files: RunFiles) -> Mapping[Path, tuple[int, int]]:
    """The inode and the size of each file of a run."""
    statuses = ((path, path.stat()) for path in files.files)
    return {path: (status.st_ino, status.st_size) for path, status in statuses}
