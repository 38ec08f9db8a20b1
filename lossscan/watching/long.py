"""Whether a poll of a long run may end after a look at the last lines of its logs.

A whole look costs as much as the run is long. It is needed where the log has grown by a twentieth,
where its last lines raise an alarm, and where a finding waits to be confirmed; only what a whole
look finds is said. The first and the last lines are looked at as a log of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from lossscan.errors import LossscanError
from lossscan.model import Finding, Run
from lossscan.pipeline import examine
from lossscan.runs.discover import RunFiles
from lossscan.settings import Settings
from lossscan.sources.files import HEAD_BYTES
from lossscan.sources.own_file import opened
from lossscan.sources.packed import is_packed
from lossscan.sources.safe_json import load_json
from lossscan.watching.announced import Announced, Key, key_of

GROWTH: Final = 1.05  # of the bytes until the next whole look: all together cost some 20 of them
FIRST_WAIT: Final = 1 << 14  # bytes, some 150 points: until what was not found is looked for again
COMPLETE: Final[Key] = ("", "", "complete")  # among the alarms, means the end of the training
LINES: Final = 10_000  # from the end: a jump shows in so many, and they are read in 0.2 s
TAIL: Final = 1 << 20  # bytes that hold so many lines, or fewer
LONG: Final = HEAD_BYTES + TAIL  # bytes; a file that is no longer is taken as it is
_LONGEST_LINE: Final = 64 * 1024  # bytes until a line must end


class LongRun(Struct):
    """What the last whole look saw of the files, and what their last lines raised then."""

    settings: Settings
    _sizes: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    _raised: frozenset[Key] | None = None  # None: the run is short, or cannot be cut
    _total: int = 0  # bytes at the last whole look that was due by growth
    _again: int = 0  # bytes from which on `_raised` is an alarm again
    _wait: int = FIRST_WAIT
    tail: Run | None = None  # the last lines when they were last read
    _confirms: float = inf  # bytes at which a finding may have held

    def is_quiet(self, files: RunFiles, announced: Announced) -> bool:
        """Whether nothing calls for a whole look."""
        sizes = sizes_of(files)
        total = _bytes(sizes)
        if self._raised is None or total >= min(self._total * GROWTH, self._confirms):
            return False
        if sizes.keys() != self._sizes.keys() or any(map(self._began_anew, sizes.items())):
            return False
        raised = self._alarms(files, frozenset(p for p in sizes if sizes[p] != self._sizes[p]))
        if raised is None:
            return False
        known = self._raised if total < self._again else frozenset()
        return raised <= known | announced.said

    def looked(
        self, files: RunFiles, sizes: Mapping[Path, tuple[int, int]], announced: Announced
    ) -> None:
        """Remember the files as a whole look found them, and what their last lines raise now."""
        total = _bytes(sizes)
        waits = announced.waits
        self._confirms = inf if waits is None else total * (1 + waits / max(announced.points, 1))
        due = total >= self._total * GROWTH or total < self._total
        self._total = total if due else self._total
        self._wait = FIRST_WAIT if due else self._wait * 2
        self._again = total + self._wait
        long = any(size > LONG for _, size in sizes.values())
        self._sizes = sizes
        self._raised = self._alarms(files, None) if long else None

    def _began_anew(self, file: tuple[Path, tuple[int, int]]) -> bool:
        path, (inode, size) = file
        return inode != self._sizes[path][0] or size < self._sizes[path][1]

    def _alarms(self, files: RunFiles, grown: frozenset[Path] | None) -> frozenset[Key] | None:
        """What the last lines of the files that have grown tell; None where they tell nothing."""
        try:
            with excerpts(files, grown) as short:
                report = None if short is None else examine(short, self.settings)
        except (LossscanError, OSError):  # the whole look says what is wrong
            return None
        if report is None or report.run is None or report.damages:
            return None
        self.tail = run = report.run
        ended = frozenset([COMPLETE] if run.complete else [])
        return ended | frozenset(key_of(f) for f in report.findings if not _is_of_cut(f, run))


def _is_of_cut(finding: Finding, run: Run) -> bool:
    """Whether it begins where lines are left out, which the loss seems to pass in one step."""
    points = run.series.get(finding.series or "")
    if points is None or len(points) < 2 or not finding.episodes:  # noqa: PLR2004 - a gap has two ends
        return False
    behind = int(np.argmax(np.diff(points.steps))) + 1
    return finding.episodes[0].start_step == int(points.steps[behind])


def _bytes(sizes: Mapping[Path, tuple[int, int]]) -> int:
    return sum(size for _, size in sizes.values())


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
    with opened(path) as stream:
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
    from lossscan.formats.kit.binary.tfrecord import FOOTER, HEADER, length_of

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
