"""Streams of .zst files: by Python's own module, which came with 3.14, else by the package."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, BinaryIO, Final

from lossscan.errors import MissingExtra

_LONGEST_HEADER: Final = 18  # bytes of a frame's header
_SKIPPABLE: Final = range(0x184D2A50, 0x184D2A60)  # magic numbers of frames that hold no data
_BLOCK_HEADER: Final = 3  # bytes
_RLE: Final = 1  # kind of a block that holds one byte, to be repeated
_CHECKSUM: Final = 4  # bytes
_CUT: Final = "the last frame has no end"


def opened(stream: BinaryIO) -> tuple[Any, tuple[type[Exception], ...]]:
    """What unpacks the file, by `read1`, and the errors it raises where that is damaged.

    It raises EOFError behind the last byte of a file that is cut. Raises MissingExtra.
    """
    try:
        zstd = import_module("compression.zstd")
        return zstd.ZstdFile(stream), (zstd.ZstdError,)
    except ModuleNotFoundError:
        pass
    try:
        zstd = import_module("zstandard")
    except ModuleNotFoundError as error:
        raise MissingExtra("zstd_extra", at=stream.name) from error
    return _Reader(stream, zstd), (zstd.ZstdError,)


class _Reader:
    """The package's reader, which takes a cut file for a whole one, with the end made sure of."""

    def __init__(self, stream: BinaryIO, zstd: Any) -> None:
        self._reader = zstd.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        self._stream, self._zstd = stream, zstd

    def read1(self, size: int) -> bytes:
        """Up to `size` bytes, none at the end; raises EOFError where that is missing."""
        piece: bytes = self._reader.read1(size)
        if not piece:
            self._check_end()
        return piece

    def _check_end(self) -> None:
        """Raises EOFError where the last frame lacks its end."""
        at, size = 0, self._stream.seek(0, os.SEEK_END)
        while at < size:
            start = self._at(at, _LONGEST_HEADER)
            if int.from_bytes(start[:4], "little") in _SKIPPABLE:
                at += 8 + int.from_bytes(start[4:8], "little")
            else:
                at = self._end(at, start)
        if at > size:
            raise EOFError(_CUT)

    def _end(self, at: int, start: bytes) -> int:
        """Where the frame ends that begins with `start`, block by block: RFC 8878, 3.1.1."""
        try:
            checked = bool(self._zstd.get_frame_parameters(start).has_checksum)
        except self._zstd.ZstdError as error:
            raise EOFError(_CUT) from error
        at += int(self._zstd.frame_header_size(start))
        last = False
        while not last:
            header = self._at(at, _BLOCK_HEADER)
            if len(header) < _BLOCK_HEADER:
                raise EOFError(_CUT)
            block = int.from_bytes(header, "little")
            last, kind = bool(block & 1), block >> 1 & 3
            at += _BLOCK_HEADER + (1 if kind == _RLE else block >> 3)
        return at + _CHECKSUM * checked

    def _at(self, place: int, size: int) -> bytes:
        self._stream.seek(place)
        return self._stream.read(size)
