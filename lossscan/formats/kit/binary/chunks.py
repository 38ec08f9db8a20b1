"""The framing of `.wandb` and `.swanlab` files: a stream in, whole records out, checksums checked.

After 7 bytes of its own the file is a LevelDB log: blocks of 32 KiB (the first with those 7 bytes)
of chunks `CRC-32 u32 | length u16 | kind u8 | data`, little-endian; a record is one or several of
them (wandb: core/pkg/leveldb/record.go). The CRC is zlib's, over the kind and the data.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final
from zlib import crc32

from msgspec import Struct

from lossscan.errors import UnreadableLog
from lossscan.formats.kit.damage import weighed
from lossscan.model import Note
from lossscan.sources.files import Head

FILE_HEADER: Final = 7  # bytes: `:W&B`, the magic number 0xBEE1, the version
BLOCK: Final = 32768  # bytes, LevelDB's
_CHUNK: Final = struct.Struct("<IHB")
_HEADER: Final = _CHUNK.size
_KIND: Final = 6  # where the kind is in a chunk, and the checked bytes begin
_DAMAGED, _FULL, _FIRST, _MIDDLE, _LAST = range(5)
_LARGEST: Final = 64 << 20  # bytes; a larger record holds no history and is left out
_HOLE: Final = 64 << 20  # bytes; a crash of the machine leaves holes of some MB


class _Tally(Struct):
    """What was met while reading."""

    records: int = 0
    malformed: int = 0  # of these, without meaning
    bad: int = 0  # chunks with a wrong checksum
    first_bad: int | None = None  # place in the file
    left: int = 0  # bytes at the end that no whole chunk holds


def read_records(head: Head, take: Callable[[bytes], None], writer: str) -> tuple[Note, ...]:
    """Give each whole record to `take`, which raises ValueError over one without meaning.

    Returns the notes on damage; raises UnreadableLog where not one record is whole.
    """
    tally = _Tally()
    with head.open() as stream:
        for record in _records(stream, tally):
            tally.records += 1
            try:
                take(record)
            except (ValueError, RecursionError):
                tally.malformed += 1
    if tally.records == tally.malformed:
        raise UnreadableLog("no_whole_record", byte=FILE_HEADER, writer=writer)
    return tuple(_notes(head, tally))


def _records(stream: BinaryIO, tally: _Tally) -> Iterator[bytes]:
    """All whole records; damage costs the rest of its block and the record it cuts."""
    parts = bytearray()
    open_ = False  # a record has begun and not ended
    for kind, data in _chunks(stream, tally):
        if kind == _FULL:
            yield data
        elif kind == _FIRST:
            parts[:] = data
        elif open_ and len(parts) <= _LARGEST:
            parts += data
        if kind == _LAST and open_ and len(parts) <= _LARGEST:
            yield bytes(parts)
        open_ = kind == _FIRST or (open_ and kind == _MIDDLE)


def _chunks(stream: BinaryIO, tally: _Tally) -> Iterator[tuple[int, bytes]]:
    """The kind and the data of each chunk; a damaged one has no data."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    offset, start, end = 0, FILE_HEADER, FILE_HEADER
    while offset - end < _HOLE and (block := stream.read(BLOCK)):
        for at, kind, data in _whole(block, start):
            end = offset + at + _HEADER + len(data)
            if kind == _DAMAGED:
                tally.bad += 1
                tally.first_bad = offset + at if tally.first_bad is None else tally.first_bad
                end = offset + len(block)
            yield kind, data
        offset, start = offset + BLOCK, 0
    tally.left = max(size - end, 0)


def _whole(block: bytes, at: int) -> Iterator[tuple[int, int, bytes]]:
    """Place, kind and data of the chunks of a block, up to a damaged one or a hole of zeros."""
    while at + _HEADER <= len(block):
        stored, length, kind = _CHUNK.unpack_from(block, at)
        end = at + _HEADER + length
        cut = end > len(block) and len(block) < BLOCK  # still being written
        if cut or not (stored or length or kind):
            return
        if crc32(block[at + _KIND : end]) != stored:
            yield at, _DAMAGED, b""
            return
        yield at, kind, block[at + _HEADER : end]
        at = end


def _notes(head: Head, tally: _Tally) -> Iterator[Note]:
    """The notes on damage, on records that are no protocol buffers, and on a cut end."""
    if tally.bad:
        yield Note("bad_checksum", head.path, {"records": tally.bad, "offset": tally.first_bad})
    if tally.malformed:
        note = Note("bad_records", head.path, {"records": tally.malformed, "offset": None})
        yield weighed(note, tally.malformed, tally.records - tally.malformed)
    if tally.left:
        yield Note("truncated_tail", head.path, {"bytes": tally.left})
