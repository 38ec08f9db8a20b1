"""Compressed logs: known by their first bytes, unpacked piece by piece and in bounds."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, TypeAlias

from lossscan.errors import LogDamaged, ReaderGaveUp, reason_of
from lossscan.sources import zstd
from lossscan.sources.own_file import opened

if TYPE_CHECKING:
    from lzma import LZMADecompressor

    from _typeshed import WriteableBuffer

LARGEST: Final = 1 << 30  # bytes; five times the log of a million steps: more is a bomb
SMALL: Final = 64 << 20  # bytes of a run; so much is read in a few seconds, whatever it holds
LITTLE: Final = 4 << 20  # bytes of a file; what the last lines of a progress bar take
TIGHTEST: Final = 100  # times smaller: console logs shrink 5 to 40 times, a million zeros 1000
_PIECE: Final = 1 << 18  # bytes unpacked at once: a bomb gets no more of the memory
REST: Final = "rest_damaged"  # key of what is said where the whole log is before the damage
_IDLE: Final = 2 * _PIECE  # bytes of a file that may hold nothing more: as many are read ahead
_COPIED: Final = 8 << 10  # bytes of a .xz read at once: as many are copied for each of its streams

_unpacked: ContextVar[list[int]] = ContextVar("unpacked")  # bytes of each piece of this run

Lost: TypeAlias = EOFError | LogDamaged  # why a file ends early: it is cut, its rest is damaged
_Opened: TypeAlias = tuple[Any, tuple[type[Exception], ...]]  # a stream, what it raises if damaged


def _gzip(stream: BinaryIO) -> _Opened:
    import gzip
    import zlib

    return gzip.GzipFile(fileobj=stream), (OSError, zlib.error)


def _xz(stream: BinaryIO) -> _Opened:
    import lzma

    new = partial(lzma.LZMADecompressor, lzma.FORMAT_XZ)
    return _Streams(stream, new), (lzma.LZMAError,)


class _Streams:
    """What a .xz file holds: Python's own reader passes over other data behind it in silence."""

    def __init__(self, stream: BinaryIO, new: Callable[[], LZMADecompressor]) -> None:
        self._stream, self._new, self._decoder = stream, new, new()

    def read1(self, size: int) -> bytes:
        """Up to `size` bytes, none at the end; raises EOFError where that is missing."""
        piece = b""
        while not piece:
            rest = b""
            if self._decoder.eof:
                rest = self._decoder.unused_data.lstrip(b"\0")
                while not rest:
                    if not (read := self._stream.read(_COPIED)):
                        return b""
                    rest = read.lstrip(b"\0")  # padding
                self._decoder = self._new()
            elif self._decoder.needs_input and not (rest := self._stream.read(_COPIED)):
                raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            piece = self._decoder.decompress(rest, size)
        return piece


class _Packing(NamedTuple):
    suffix: str
    magic: bytes  # the first bytes of every such file
    opened: Callable[[BinaryIO], _Opened]
    behind: str  # is in the error over other data behind what is whole


_KINDS: Final = (
    _Packing(".gz", b"\x1f\x8b", _gzip, "Not a gzipped file"),
    _Packing(".xz", b"\xfd7zXZ\0", _xz, "not supported by decoder"),
    _Packing(".zst", b"\x28\xb5\x2f\xfd", zstd.opened, "Unknown frame descriptor"),
)
MAGIC_BYTES: Final = max(len(kind.magic) for kind in _KINDS)


class _Busy(io.RawIOBase):
    """A compressed file that ends where it goes on without holding more: padding has no bounds."""

    def __init__(self, stream: BinaryIO) -> None:
        self.name = stream.name
        self.unpacked = 0
        self.held = 0  # its place when the last piece had been unpacked
        self._stream = stream

    def readable(self) -> bool:
        """It is read."""
        return True

    def seekable(self) -> bool:
        """It is a file."""
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._stream.seek(place, whence)

    def readinto(self, into: WriteableBuffer) -> int:
        """As much as there is room for."""
        left = self.held + _IDLE - self._stream.tell()
        room = memoryview(into)
        piece = self._stream.read(max(0, min(len(room), left)))
        room[: len(piece)] = piece
        return len(piece)


def plain_name(name: str) -> str:
    """A file's name without the suffix of its compression."""
    return next((name.removesuffix(k.suffix) for k in _KINDS if name.endswith(k.suffix)), name)


def is_packed(start: bytes) -> bool:
    """Whether a file that begins so is compressed."""
    return any(start.startswith(kind.magic) for kind in _KINDS)


def is_compressed(path: Path) -> bool:
    """Whether a file is compressed; raises OSError where it cannot be read."""
    with opened(path) as stream:
        return is_packed(stream.read(MAGIC_BYTES))


def unpacked_head(path: Path, size: int) -> bytes:
    """The first `size` bytes that a compressed file holds, fewer where it is cut.

    Raises UnreadableLog where it is damaged or too much, and MissingExtra.
    """
    held = b""
    with closing(_pieces(path)) as pieces, suppress(EOFError):  # the end of a cut file
        while len(held) < size and (piece := next(pieces, b"")):
            held += piece
    return held[:size]


@contextmanager
def one_run() -> Iterator[None]:
    """Within it the compressed files are those of one run, which share what may be unpacked."""
    token = _unpacked.set([0])
    try:
        yield
    finally:
        _unpacked.reset(token)


def unpack(path: Path, into: BinaryIO) -> Lost | None:
    """Write what a compressed file holds; returns why its end is not there, if so.

    Raises LogDamaged where nothing can be had, ReaderGaveUp where it holds more than LARGEST or
    shrank as no log does, and MissingExtra.
    """
    try:
        pour(_pieces(path), into, path)
    except EOFError as error:
        return error
    except LogDamaged as error:
        if error.message.key != REST:
            raise
        return error
    return None


def pour(pieces: Iterator[bytes], into: BinaryIO, path: Path) -> None:
    """Write what comes from a source without an end in sight; raises ReaderGaveUp at LARGEST."""
    for piece in pieces:
        if into.tell() + len(piece) > LARGEST:
            raise ReaderGaveUp("too_large_unpacked", at=path, gib=LARGEST >> 30)
        into.write(piece)


def _pieces(path: Path) -> Generator[bytes, None, None]:
    """Raises EOFError behind the last piece of a file that is cut, LogDamaged where it has none.

    Raises LogDamaged too behind what is whole where other data follow.
    """
    with opened(path) as stream:
        start = stream.read(MAGIC_BYTES)
        stream.seek(0)
        busy, of_run = _Busy(stream), _unpacked.get([0])
        kind = next(k for k in _KINDS if start.startswith(k.magic))
        unpacking, errors = kind.opened(io.BufferedReader(busy))
        try:
            while piece := unpacking.read1(_PIECE):
                busy.unpacked += len(piece)
                busy.held = stream.tell()
                of_run[0] += len(piece)
                much = busy.unpacked > LITTLE and of_run[0] > SMALL
                if much and busy.unpacked > TIGHTEST * stream.tell():
                    raise ReaderGaveUp("packed_too_tightly", at=path, times=TIGHTEST)
                yield piece
        except EOFError as error:
            if busy.unpacked:
                raise
            raise LogDamaged("damaged", at=path, reason=reason_of(error)) from error
        except errors as error:
            whole = busy.unpacked and kind.behind in str(error)
            key = REST if whole else "damaged"
            raise LogDamaged(key, at=path, reason=reason_of(error)) from error
