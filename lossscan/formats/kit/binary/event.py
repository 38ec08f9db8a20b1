"""One event of TensorBoard: the bytes of a record in, the places of what we read of it out.

Places, not values: a thousand records of one shape are then read at once (`gather`).
Field numbers are those of tensorboard's compat/proto/{event,summary,tensor,types}.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from lossscan.formats.kit.binary.protobuf import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Malformed,
    WireField,
    fields,
    message,
    plain,
    text_at,
    varint,
    varint_end,
)


class Number(NamedTuple):
    """Where a number is in its record and how its bytes are to be taken."""

    start: int
    stop: int
    code: str = "<q"  # for struct and numpy alike
    varint: bool = False
    shift: int = 0  # bits that were cut off at the right: bfloat16 is half a float


class Event(NamedTuple):
    """What one record holds; places count from the beginning of its payload."""

    wall_time: Number | None
    step: Number  # an empty place means 0
    scalars: tuple[tuple[str, Number], ...]  # tag, value
    texts: tuple[tuple[str, bytes], ...]  # tag, UTF-8
    hparams: tuple[tuple[str, Any], ...]
    starts: bool  # a launch says that it begins at `step`
    length: int  # bytes

    @property
    def numbers(self) -> tuple[Number, ...]:
        """All places that differ between records of one shape."""
        wall = () if self.wall_time is None else (self.wall_time,)
        return (*wall, self.step, *(number for _, number in self.scalars))


class _Kind(NamedTuple):
    code: str  # of a value in tensor_content
    listed: int  # field of the tensor that lists values of this type instead
    wire: int  # and how each is there
    shift: int = 0


_KINDS = {  # types.proto
    1: _Kind("<f", 5, FIXED32),
    2: _Kind("<d", 6, FIXED64),
    3: _Kind("<i", 7, VARINT),
    4: _Kind("<B", 7, VARINT),
    5: _Kind("<h", 7, VARINT),
    6: _Kind("<b", 7, VARINT),
    9: _Kind("<q", 10, VARINT),
    10: _Kind("<B", 11, VARINT),
    14: _Kind("<f", 13, VARINT, shift=16),
    17: _Kind("<H", 7, VARINT),
    19: _Kind("<e", 13, VARINT),
    22: _Kind("<I", 16, VARINT),
    23: _Kind("<Q", 17, VARINT),
}
_STRING = 7  # types.proto
MANY = 2  # elements, or none: no scalar
_START = 1  # SessionLog.START
_HPARAMS_TAG = "_hparams_/session_start_info"
NO_STEP = Number(0, 0)


def event_of(data: bytes) -> Event:
    """Read one payload; raises Malformed."""
    found = {f.number: f for f in fields(data, 0, len(data))}
    wall, step, summary, log = (found.get(n) for n in (1, 2, 5, 7))
    values = [] if summary is None else list(_values(data, summary))
    return Event(
        wall_time=Number(wall.start, wall.stop, "<d") if wall and wall.wire == FIXED64 else None,
        step=Number(step.start, step.stop, varint=True)
        if step and step.wire == VARINT
        else NO_STEP,
        scalars=tuple((tag, n) for tag, value in values if (n := _scalar(data, value))),
        texts=tuple((tag, t) for tag, value in values if (t := _text(data, value)) is not None),
        hparams=tuple(
            pair for tag, value in values if tag == _HPARAMS_TAG for pair in _hparams(data, value)
        ),
        starts=plain(data, message(data, log).get(1)) == _START,
        length=len(data),
    )


def value_at(data: bytes, number: Number) -> float:
    """The value of one number of one record."""
    start, stop, code, is_varint, shift = number
    raw = varint(data, start, stop) if is_varint else int.from_bytes(data[start:stop], "little")
    size = struct.calcsize(code)
    cut = (raw << shift) & ((1 << 8 * size) - 1)
    return float(struct.unpack(code, cut.to_bytes(size, "little"))[0])


def _values(data: bytes, summary: WireField) -> Iterator[tuple[str, dict[int, WireField]]]:
    """Each value of a summary: its tag and its fields."""
    if summary.wire != BYTES:
        raise Malformed("a summary that is not a message")
    for field in fields(data, summary.start, summary.stop):
        value = message(data, field)
        if field.number == 1 and (tag := value.get(1)):
            yield text_at(data, tag), value


def _scalar(data: bytes, value: dict[int, WireField]) -> Number | None:
    simple = value.get(2)
    if simple is not None and simple.wire == FIXED32:
        return Number(simple.start, simple.stop, "<f")
    return _tensor_scalar(data, value[8]) if 8 in value else None  # noqa: PLR2004 - field number


def _tensor_scalar(data: bytes, field: WireField) -> Number | None:
    """The one number of a tensor of one element; None for strings and larger ones."""
    tensor = message(data, field)
    kind = _KINDS.get(plain(data, tensor.get(1)))
    if kind is None or _elements(data, tensor.get(2)) != 1:
        return None
    content, listed = tensor.get(4), tensor.get(kind.listed)
    if content is not None:
        size = struct.calcsize(kind.code) - kind.shift // 8
        fits = content.wire == BYTES and content.stop - content.start == size
        return Number(content.start, content.stop, kind.code, shift=kind.shift) if fits else None
    if listed is None:  # TensorFlow leaves zeros out
        return Number(0, 0, kind.code)
    return _listed(data, listed, kind)


def _listed(data: bytes, field: WireField, kind: _Kind) -> Number | None:
    """The first value of a packed or plain list."""
    start, stop = field.start, field.stop
    if field.wire not in {BYTES, kind.wire}:
        return None
    if kind.wire == VARINT:
        end = varint_end(data, start, stop) if start < stop else stop
        return Number(start, end, kind.code, varint=True, shift=kind.shift)
    end = start + struct.calcsize(kind.code)
    return Number(start, end, kind.code) if end <= stop else None


def _elements(data: bytes, shape: WireField | None) -> int:
    """1 for a tensor of one element, which may have no dimensions, else MANY.

    Their product is not asked for: of 300,000 dimensions it takes minutes.
    """
    if shape is None:
        return 1
    dims = [f for f in fields(data, shape.start, shape.stop) if f.number == 2]  # noqa: PLR2004
    return 1 if all(plain(data, message(data, dim).get(1)) == 1 for dim in dims) else MANY


def _text(data: bytes, value: dict[int, WireField]) -> bytes | None:
    """The string of a text summary."""
    tensor = message(data, value.get(8))
    string = tensor.get(8) if plain(data, tensor.get(1)) == _STRING else None
    return None if string is None else data[string.start : string.stop]


def _hparams(data: bytes, value: dict[int, WireField]) -> Iterator[tuple[str, Any]]:
    """The pairs in HParamsPluginData.session_start_info.hparams."""
    plugin = message(data, message(data, value.get(9)).get(1))
    session = message(data, plugin.get(2)).get(3)
    if session is None or session.wire != BYTES:
        return
    for field in fields(data, session.start, session.stop):
        entry = message(data, field)
        if field.number == 1 and 1 in entry and 2 in entry:  # noqa: PLR2004 - field numbers
            yield text_at(data, entry[1]), _json_value(data, entry[2])


def _json_value(data: bytes, field: WireField) -> Any:
    """A google.protobuf.Value; None for null, lists and structures."""
    held = message(data, field)
    value = next((held[number] for number in (2, 3, 4) if number in held), None)
    found = plain(data, value)
    return bool(found) if value and value.wire == VARINT else found
