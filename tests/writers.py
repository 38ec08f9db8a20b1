"""Writers of log files for tests, byte by byte as the real writers do it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from zlib import crc32

from crc32c import crc32c

Points = Iterable[tuple[int, float]]  # step, value


def masked(data: bytes) -> int:
    """The masked CRC-32C of the event file format."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFF_FFFF


def record(payload: bytes) -> bytes:
    """A payload in its frame."""
    length = struct.pack("<Q", len(payload))
    return b"".join(
        (length, struct.pack("<I", masked(length)), payload, struct.pack("<I", masked(payload)))
    )


def varint(number: int) -> bytes:
    """A number as protocol buffers write it; negative ones in two's complement."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def part(number: int, content: bytes) -> bytes:
    """A field of bytes, text or a message."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def event(step: int, body: bytes = b"", wall_time: float = 1.7e9) -> bytes:
    """An event; step 0 is left out, as proto3 does."""
    stepped = b"\x10" + varint(step) if step else b""
    return b"\x09" + struct.pack("<d", wall_time) + stepped + body


def summary(tag: str, value: bytes) -> bytes:
    """A summary of one value; `value` holds its fields but the tag."""
    return part(5, part(1, part(1, tag.encode()) + value))


def simple(tag: str, value: float) -> bytes:
    """A scalar as torch, tensorboardX and Megatron write it."""
    return summary(tag, b"\x15" + struct.pack("<f", value))


def tensor(tag: str, dtype: int, content: bytes) -> bytes:
    """A scalar as Keras and TensorFlow 2 write it; `content` holds the tensor's value fields."""
    return summary(tag, part(8, b"\x08" + varint(dtype) + b"\x12\x00" + content))


def text(tag: str, content: str) -> bytes:
    """A text summary."""
    held = part(8, b"\x08\x07\x12\x02\x12\x00" + part(8, content.encode()))
    return summary(f"{tag}/text_summary", held)


def start() -> bytes:
    """What a launch with purge_step says first."""
    return part(7, b"\x08\x01")


def version() -> bytes:
    """The first record of every event file."""
    return record(event(0, part(3, b"brain.Event:2")))


def event_bytes(scalars: Mapping[str, Points], texts: Mapping[str, str] | None = None) -> bytes:
    """An event file: the texts, then the points in order of step."""
    told = [record(event(0, text(tag, held))) for tag, held in (texts or {}).items()]
    points = sorted(
        ((step, tag, value) for tag, points in scalars.items() for step, value in points),
        key=lambda point: point[0],
    )
    logged = [record(event(step, simple(tag, value), 1.7e9 + step)) for step, tag, value in points]
    return b"".join((version(), *told, *logged))


def write_events(
    path: Path, scalars: Mapping[str, Points], texts: Mapping[str, str] | None = None
) -> Path:
    """Write an event file; `texts` maps tags without `/text_summary` to their text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(event_bytes(scalars, texts))
    return path


def vdl_record(step: int, tag: str, value: float, milliseconds: int = 1_700_000_000_000) -> bytes:
    """A scalar of VisualDL in its frame."""
    stepped = b"\x08" + varint(step) if step else b""
    clock = b"\x18" + varint(milliseconds)
    held = part(1, stepped + part(2, tag.encode()) + clock + b"\x25" + struct.pack("<f", value))
    return vdl_frame(held)


def vdl_frame(payload: bytes) -> bytes:
    """A payload in the frame of VisualDL."""
    return struct.pack("<Q", len(payload)) + payload


def wandb_history(row: Mapping[str, str]) -> bytes:
    """A history record of W&B; `row` maps keys to JSON."""
    items = (part(1, part(2, key.encode()) + part(16, held.encode())) for key, held in row.items())
    return part(2, b"".join(items))


def wandb_bytes(records: Iterable[bytes]) -> bytes:
    """A `.wandb` file of these records, cut into chunks where blocks of 32 KiB end."""
    out = bytearray(b":W&B" + struct.pack("<HB", 0xBEE1, 0))
    for record in records:
        rest, first = record, True
        while first or rest:
            left = 32768 - len(out) % 32768
            if left < 7:
                out += bytes(left)
                left = 32768
            data, rest = rest[: left - 7], rest[left - 7 :]
            kind = (1 if first else 4) if not rest else (2 if first else 3)
            checked = bytes([kind]) + data
            out += struct.pack("<IH", crc32(checked), len(data)) + checked
            first = False
    return bytes(out)
