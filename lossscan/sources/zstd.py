"""Streams of .zst files: by Python's own module, which came with 3.14, else by the package."""

from __future__ import annotations

from importlib import import_module
from typing import Any, BinaryIO, Final

from lossscan.errors import MissingExtra

_AT_ONCE: Final = 256  # bytes, all unpacked: a block of four may hold 128 KiB


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
    """The frames of a file, one behind the other."""

    def __init__(self, stream: BinaryIO, zstd: Any) -> None:
        self._stream, self._new = stream, zstd.ZstdDecompressor().decompressobj
        self._frame: Any = None
        self._rest = b""  # behind a frame

    def read1(self, _size: int) -> bytes:
        """Some bytes, none at the end; raises EOFError where the last frame lacks its own."""
        piece = b""
        while not piece and (data := self._rest or self._stream.read(_AT_ONCE)):
            if self._frame is None or self._frame.eof:
                self._frame = self._new()
            piece = self._frame.decompress(data)
            self._rest = self._frame.unused_data
        if not (piece or self._frame.eof):
            raise EOFError("the last frame has no end")
        return piece
