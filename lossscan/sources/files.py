"""How a format sees a file: its name, its size and its first bytes, read once for all formats."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import translate
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from lossscan.expressions import expression
from lossscan.sources.archive import archived, is_archive
from lossscan.sources.notebook import is_notebook, printed
from lossscan.sources.own_file import opened
from lossscan.sources.packed import Lost, is_packed, pour, unpack, unpacked_head

HEAD_BYTES = 64 * 1024  # every format shows its mark well within this
PIPE = Path("-")  # how a user names standard input
_PIECE = 1 << 20  # bytes of a pipe read at once


class Head(Struct, frozen=True):
    """The beginning of a file, enough for a format to claim it."""

    path: Path
    size: int  # bytes
    start: bytes  # the first HEAD_BYTES
    content: Path | None = None  # where the unpacked bytes of a compressed file are
    lost: Lost | None = None  # why the end of the compressed file is missing
    part: str | None = None  # the run that is asked for, of a file that holds several

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    def open(self) -> BinaryIO:
        """The bytes of the log, those of a compressed one only within `plain`."""
        if self.size == len(self.start):  # a small file has been read
            return BytesIO(self.start)
        return opened(self.content or self.path)


def head_of(path: Path) -> Head:
    """Read the beginning of a file; raises OSError where it cannot be read.

    Of a compressed file no more than the beginning is unpacked, and that is all the head knows;
    raises UnreadableLog where it is damaged, and MissingExtra.
    """
    if is_notebook(path) or is_archive(path):
        start = archived(path, HEAD_BYTES) if is_archive(path) else printed(path)[:HEAD_BYTES]
    else:
        head = _as_it_is(path)
        if not is_packed(head.start):
            return head
        start = unpacked_head(path, HEAD_BYTES)
    return Head(path=path, size=len(start), start=start)


def _as_it_is(path: Path) -> Head:
    with opened(path) as stream:
        start = stream.read(HEAD_BYTES)
        return Head(path=path, size=os.fstat(stream.fileno()).st_size, start=start)


def beginning(path: Path, size: int) -> bytes:
    """The first `size` bytes of a file, of those it holds where it is compressed.

    No more is unpacked; raises OSError, UnreadableLog and MissingExtra as `head_of` does.
    """
    with opened(path) as stream:
        start = stream.read(min(size, os.fstat(stream.fileno()).st_size))  # memory for no more
    return unpacked_head(path, size) if is_packed(start) else start


@lru_cache(maxsize=2)  # many formats ask
def is_object(head: Head) -> bool:
    """Whether all that a small file holds is one JSON object."""
    text = head.start.strip()
    if head.size > len(head.start) or not (text.startswith(b"{") and text.endswith(b"}")):
        return False
    try:
        json.decode(text, type=Raw)
    except (ValueError, RecursionError):
        return False
    return True


@contextmanager
def plain(path: Path, *, keep: bool = False) -> Iterator[Head]:
    """The head of a log to be read, compressed or not; what was unpacked is deleted at the end.

    `keep` it until the next such file, as a batch asks for each run of a file by itself. Raises
    OSError, UnreadableLog and MissingExtra as `head_of` does.
    """
    head = _as_it_is(path)
    if not (is_notebook(path) or is_archive(path) or is_packed(head.start)):
        yield head
        return
    held = kept_unpacked(path, path.stat().st_mtime_ns) if keep else _Unpacked(path)
    try:
        yield held.head
    finally:
        if not keep:
            held.forget()


class _Unpacked:
    """A file with what a packed one, a notebook or an archive holds, until `forget` or its end."""

    def __init__(self, path: Path) -> None:
        import shutil
        from tempfile import mkdtemp
        from weakref import finalize

        folder = mkdtemp(prefix="lossscan-")
        self.forget = finalize(self, shutil.rmtree, folder, ignore_errors=True)
        content = Path(folder) / "content"
        try:
            with content.open("wb") as out:
                lost = _unpacked(path, out)
        except BaseException:  # which holds this for as long as it is shown
            self.forget()
            raise
        self.head = replace(_as_it_is(content), path=path, content=content, lost=lost)


@lru_cache(maxsize=1)
def kept_unpacked(path: Path, _written: int) -> _Unpacked:
    """What `plain` keeps of a file as it was written at that time."""
    return _Unpacked(path)


def _unpacked(path: Path, into: BinaryIO) -> Lost | None:
    """Write what a file holds as a log; returns why the end of a compressed one is missing."""
    if not (is_notebook(path) or is_archive(path)):
        return unpack(path, into)
    into.write(archived(path) if is_archive(path) else printed(path))
    return None


@contextmanager
def spooled(stream: BinaryIO, name: str) -> Iterator[Path]:
    """A file with all that a pipe gives, deleted at the end; raises UnreadableLog if endless."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="lossscan-") as folder:
        path = Path(folder) / name
        with path.open("wb") as out:
            pour(iter(partial(stream.read, _PIECE), b""), out, PIPE)
        yield path


def any_of(patterns: str) -> re.Pattern[str]:
    """What matches a name that one of the patterns does: they are separated by blanks."""
    return expression(rf"\A(?:{'|'.join(map(translate, patterns.split()))})")


def leads_out(path: Path, root: Path) -> bool:
    """Whether it is a link to what is not below the root."""
    return path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root.resolve())


def relative(path: Path, root: Path) -> str:
    """The path as a reader of the report knows it: from the run on, or as it was given."""
    shown, above = str(path), f"{root}{os.sep}"
    if shown.startswith(above):  # nearly always, and ten times faster than by parts
        return shown[len(above) :]
    folder = root if root.is_dir() else root.parent
    near = path.is_relative_to(folder) or folder.parent in path.parent.parents  # a folder nearby
    return os.path.relpath(path, folder) if near else shown
