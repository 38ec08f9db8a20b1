"""The wire format of protocol buffers: bytes in, the places of the fields out; knows no schema."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIDTHS = {FIXED64: 8, FIXED32: 4}
_REALS = {FIXED64: struct.Struct("<d"), FIXED32: struct.Struct("<f")}
_LONGEST_VARINT = 10  # bytes that 64 bits need, 7 to a byte
MOST_FIELDS = 100_000  # of a message: of a row of a tracker each quantity is one


class Malformed(ValueError):  # noqa: N818 - reads as the fact it states
    """Bytes that are not a protocol buffer message."""


class WireField(NamedTuple):
    """One field: its number, its wire type, and the half-open place of its value."""

    number: int
    wire: int
    start: int
    stop: int


def fields(data: bytes, start: int, stop: int) -> Iterator[WireField]:
    """The first fields of the message in `data[start:stop]`, in order; raises Malformed."""
    for _ in range(MOST_FIELDS):
        if start >= stop:
            return
        after = varint_end(data, start, stop)
        key = varint(data, start, after)
        field = _field(data, key, after, stop)
        yield field
        start = field.stop


def message(data: bytes, field: WireField | None) -> dict[int, WireField]:
    """The last field of each number, which is the one that counts; empty for no message."""
    if field is None or field.wire != BYTES:
        return {}
    return {f.number: f for f in fields(data, field.start, field.stop)}


def text_at(data: bytes, field: WireField) -> str:
    """The text of a field of bytes; what is no UTF-8 is replaced."""
    return data[field.start : field.stop].decode(errors="replace")


def plain(data: bytes, field: WireField | None) -> Any:
    """The value that a field has by its wire type: a whole number, a float or text; else None."""
    if field is None:
        return None
    if field.wire == VARINT:
        return signed(varint(data, field.start, field.stop))
    if field.wire in _REALS:
        return _REALS[field.wire].unpack_from(data, field.start)[0]
    return text_at(data, field)


def _field(data: bytes, key: int, start: int, stop: int) -> WireField:
    wire = key & 7
    if wire == VARINT:
        end = varint_end(data, start, stop)
    elif wire == BYTES:
        after = varint_end(data, start, stop)
        end = after + varint(data, start, after)
        start = after
    elif wire in _WIDTHS:
        end = start + _WIDTHS[wire]
    else:
        raise Malformed(f"wire type {wire}")
    if end > stop:
        raise Malformed("a field runs past the end of its message")
    return WireField(key >> 3, wire, start, end)


def varint_end(data: bytes, start: int, stop: int) -> int:
    """Where the varint that begins at `start` ends; raises Malformed."""
    if start < stop and data[start] < 0x80:  # noqa: PLR2004 - most of them are one byte long
        return start + 1
    for at in range(start, min(stop, start + _LONGEST_VARINT)):
        if data[at] < 0x80:  # noqa: PLR2004 - the top bit says that more follows
            return at + 1
    raise Malformed("a number has no end")


def varint(data: bytes, start: int, stop: int) -> int:
    """The unsigned 64-bit number in `data[start:stop]`."""
    if stop - start == 1:  # most of them
        return data[start]
    number = 0
    for at in range(stop - 1, start - 1, -1):
        number = number << 7 | data[at] & 0x7F
    return number & 0xFFFF_FFFF_FFFF_FFFF


def signed(number: int) -> int:
    """A 64-bit number read as two's complement, as int32 and int64 fields are written."""
    return number - (number >> 63 << 64)
