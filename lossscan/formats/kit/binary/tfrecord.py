"""The framing of event files: a stream in, blocks of whole records out, lengths checked.

A record is `length u64 | masked CRC-32C of the length u32 | payload | masked CRC-32C of the payload
u32`, all little-endian (tensorboard: data/server/tf_record.rs). Other files of records that each
state their length are followed alike; see `RecordFrame`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.lib.stride_tricks import sliding_window_view

from lossscan.numeric.arrays import IntArray

HEADER = 12  # bytes before the payload
FOOTER = 4  # bytes behind it
_CHUNK = 8 << 20  # bytes read at once: large enough to spread numpy's fixed costs, flat in memory
_LARGEST = 64 << 20  # bytes; a larger record is a graph or a picture: stepped over, never read
MASK = 0xA282EAD8  # of checksums: a record may hold records
_U32 = 0xFFFF_FFFF
_WORD = 8  # bytes of a length
_SHORT = 1 << 16  # bytes; nearly all records are shorter, and few other places hold six zeros


class RecordBlock(Struct, frozen=True):
    """Consecutive whole records, and what is behind the last one where the reading ends."""

    data: bytes
    offset: int  # of data[0] in the file
    starts: array[int]  # where each payload begins in `data`
    end: int  # where the last whole record ends in `data`
    broken: bool = False  # the length behind `end` has a wrong checksum: no way on
    left: int = 0  # bytes of the file that no whole record holds; known in the last block only


def checksum(data: bytes | memoryview) -> int:
    """The masked CRC-32C that the format stores."""
    from crc32c import crc32c  # which loads a quarter of the standard library with it

    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + MASK) & _U32


def length_of(header: bytes) -> int | None:
    """The payload's length that 12 bytes of header state; None where their checksum is wrong."""
    if checksum(header[:8]) != int.from_bytes(header[8:HEADER], "little"):
        return None
    return int.from_bytes(header[:8], "little")


class RecordFrame(NamedTuple):
    """How each payload of a file is framed: the bytes around it, and how its length is read."""

    header: int  # bytes before the payload
    footer: int  # bytes behind it: its checksum, where there are any
    length_of: Callable[[bytes], int | None]  # what a header states; None: no way on
    chains: Callable[[bytes], list[IntArray]] = lambda _: []  # found before they are followed


def _chains(data: bytes) -> list[IntArray]:
    """Places of records, in each list one right behind the other.

    To follow lengths one by one takes half of the time of a reading; these headers are known by
    their checksums, all at once. Bytes that look like one by chance only break a chain.
    """
    if len(data) < HEADER + _WORD:
        return []
    short = np.zeros(len(data) - HEADER + 1, dtype=np.bool_)
    for k in range(_WORD):
        words = np.frombuffer(data, "<u8", len(short[k::_WORD]), k)
        short[k::_WORD] = words - np.uint64(1) < _SHORT - 1  # 0 wraps around: a hole is no header
    at = np.flatnonzero(short)
    headers = sliding_window_view(np.frombuffer(data, np.uint8), HEADER)[at]
    lengths = headers[:, :2].copy().view("<u2")[:, 0].astype(np.int64)
    sums = np.zeros(_SHORT, dtype=np.uint32)
    for length in np.flatnonzero(np.bincount(lengths)).tolist():
        sums[length] = checksum(length.to_bytes(_WORD, "little"))
    sound = headers[:, _WORD:].copy().view("<u4")[:, 0] == sums[lengths]
    at, lengths = at[sound], lengths[sound]
    linked = at[:-1] + lengths[:-1] + HEADER + FOOTER == at[1:]
    return np.split(at, np.flatnonzero(~linked) + 1)


TFRECORD = RecordFrame(HEADER, FOOTER, length_of, _chains)


def blocks(stream: BinaryIO, size: int, frame: RecordFrame = TFRECORD) -> Iterator[RecordBlock]:
    """All whole records of the first `size` bytes; the last block says how the file ends."""
    offset, wanted = 0, _CHUNK
    while True:
        stream.seek(offset)
        data = stream.read(min(wanted, size - offset))
        if len(data) < min(wanted, size - offset):  # the file shrank while it was read
            size = offset + len(data)
        block = _block(data, offset, frame)
        offset += block.end
        ahead = _ahead(block, frame)
        if block.broken or offset + ahead > size:
            yield replace(block, left=size - offset)
            return
        yield block
        offset, wanted = (
            (offset + ahead, _CHUNK) if ahead > _LARGEST else (offset, max(ahead, _CHUNK))
        )


def _ahead(block: RecordBlock, frame: RecordFrame) -> int:
    """Bytes the next record takes, its header alone where nothing more is known of it."""
    header = block.data[block.end : block.end + frame.header]
    length = frame.length_of(header) if len(header) == frame.header else None
    return frame.header if length is None else frame.header + length + frame.footer


def _block(data: bytes, offset: int, frame: RecordFrame) -> RecordBlock:
    """Follow the lengths; the same bytes of header are checked once only."""
    before, around = frame.header, frame.header + frame.footer
    known: dict[bytes, int | None] = {}
    starts = array("q")
    chains = {int(chain[0]): chain for chain in frame.chains(data) if len(chain) > 1}
    at, size = 0, len(data)
    while True:
        if at in chains:
            starts.frombytes((chains[at][:-1] + before).tobytes())
            at = int(chains[at][-1])
        header = data[at : at + before]
        length = known.get(header)
        if length is None:
            if len(header) < before:
                break
            length = known[header] = frame.length_of(header)
            if length is None:
                return RecordBlock(data, offset, starts, at, broken=True)
        after = at + length + around
        if after > size:
            break
        starts.append(at + before)
        at = after
    return RecordBlock(data, offset, starts, at)
