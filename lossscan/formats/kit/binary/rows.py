"""Records of one length as rows of a matrix: shape, checksums and numbers of all rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view

from lossscan.formats.kit.binary.event import Number
from lossscan.formats.kit.binary.tfrecord import FOOTER, MASK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray

    Bytes = NDArray[np.uint8]
    Words = NDArray[np.uint64]

WORD = 8  # bytes; rows are compared word by word
_ODD = 0x9E37_79B9_7F4A_7C15  # the golden ratio's bits: spreads neighbors over all 64


def rows_of(data: Bytes, starts: IntArray, length: int) -> Bytes:
    """The payloads of `length` bytes at `starts`, each with its footer, up to a whole word.

    Shape (n, width); `data` must go on for two words behind the last payload.
    """
    width = -(-(length + FOOTER) // WORD) * WORD
    return sliding_window_view(data, width)[starts]


class RowBatch(Struct, frozen=True):
    """Records of one length; `numbers` below are places that differ within a shape."""

    rows: Bytes  # (n, width), see rows_of
    starts: IntArray  # (n,), where each payload begins in its block
    length: int  # of each payload
    shapes: IntArray  # (n,), rising: the number of each row's shape

    def __len__(self) -> int:
        return len(self.rows)

    def payload(self, row: int) -> bytes:
        """One record's payload."""
        return self.rows[row, : self.length].tobytes()

    def only(self, which: IntArray | BoolArray) -> RowBatch:
        """The chosen rows."""
        return RowBatch(self.rows[which], self.starts[which], self.length, self.shapes[which])

    def shaped(self, groups: Sequence[IntArray]) -> RowBatch:
        """The rows of some groups, group behind group, each as a shape of its own."""
        rows = np.concatenate(groups)
        shapes = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        return RowBatch(self.rows[rows], self.starts[rows], self.length, shapes)

    def groups(self, numbers: Sequence[Number], least: int) -> tuple[list[IntArray], IntArray]:
        """Indices of rows that look alike except in `numbers`, in groups of `least` rows or more.

        And those of all other rows. By a hash: `alike` has the last word.
        """
        words, mask = self._words(numbers)
        keys = np.zeros(len(self), dtype=np.uint64)
        for at in np.flatnonzero(mask):
            keys = (keys ^ (words[:, at] & mask[at])) * np.uint64(_ODD)
            keys ^= keys >> np.uint64(29)
        order = np.argsort(keys, kind="stable")
        bounds = np.flatnonzero(np.diff(keys[order])) + 1
        bounds = np.concatenate(([0], bounds, [len(self)]))
        sizes = np.diff(bounds)
        large = sizes >= least
        spans = zip(bounds[:-1][large].tolist(), bounds[1:][large].tolist(), strict=True)
        return [order[start:stop] for start, stop in spans], order[~np.repeat(large, sizes)]

    def alike(self, numbers: Sequence[Number]) -> BoolArray:
        """Which rows agree with the first of their shape in every byte but those of `numbers`.

        Such rows parse alike: the top bits of varints, which say where they end, must agree too.
        """
        words, mask = self._words(numbers)
        firsts, of = self._firsts()
        differs = np.zeros(len(self), dtype=np.uint64)
        for at in np.flatnonzero(mask):
            differs |= (words[:, at] ^ words[firsts, at][of]) & mask[at]
        same: BoolArray = differs == 0
        return same

    def sound(self, numbers: Sequence[Number]) -> BoolArray:
        """Which rows, alike except in `numbers`, have the checksum that follows them.

        A CRC is linear: that of a row is that of the first of its shape with zeros for the
        numbers, and the effect of each byte of the numbers on top of it.
        """
        from crc32c import crc32c

        places = [at for number in numbers for at in range(number.start, number.stop)]
        firsts, of = self._firsts()
        frames = self.rows[firsts, : self.length]
        frames[:, places] = 0
        crc = np.array([crc32c(frame.tobytes()) for frame in frames], dtype=np.uint32)[of]
        for at in places:
            crc ^= _effect(self.length - 1 - at)[self.rows[:, at]]
        stored = self._unsigned(self.length, self.length + FOOTER).astype(np.uint32)
        stored -= np.uint32(MASK)
        good: BoolArray = crc == (stored >> np.uint32(17) | stored << np.uint32(15))
        return good

    def values(self, number: Number) -> FloatArray:
        """One number of every row as float64; NaN and infinities are kept."""
        take = self._varints if number.varint else self._unsigned
        raw = take(number.start, number.stop) << np.uint64(number.shift)
        dtype = np.dtype(number.code)
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
            return raw.astype(f"<u{dtype.itemsize}").view(dtype).astype(np.float64)

    def steps(self, number: Number) -> IntArray:
        """One varint of every row as int64."""
        return self._varints(number.start, number.stop).view(np.int64)

    def _firsts(self) -> tuple[IntArray, IntArray]:
        """The first row of each shape, and which of them is each row's."""
        begins = np.append(True, np.diff(self.shapes) > 0)
        return np.flatnonzero(begins), np.cumsum(begins) - 1

    def _words(self, numbers: Sequence[Number]) -> tuple[Words, Words]:
        """The rows word by word, and the bits of each word that belong to the shape."""
        mask = np.zeros(self.rows.shape[1], dtype=np.uint8)
        mask[: self.length] = 0xFF
        for number in numbers:
            mask[number.start : number.stop] = 0x80 if number.varint else 0
        return self.rows.view(np.uint64), mask.view(np.uint64)

    def _unsigned(self, start: int, stop: int) -> Words:
        padded = np.zeros((len(self), WORD), dtype=np.uint8)
        padded[:, : stop - start] = self.rows[:, start:stop]
        return padded.view(np.uint64)[:, 0]

    def _varints(self, start: int, stop: int) -> Words:
        raw = np.zeros(len(self), dtype=np.uint64)
        for index, at in enumerate(range(start, stop)):
            raw |= (self.rows[:, at].astype(np.uint64) & np.uint64(0x7F)) << np.uint64(7 * index)
        return raw


@cache
def _effect(behind: int) -> NDArray[np.uint32]:
    """What each value of a byte does to the CRC of a message that goes on for `behind` bytes."""
    from crc32c import crc32c

    table = [crc32c(bytes([value]) + bytes(behind)) for value in range(256)]
    return np.array(table, dtype=np.uint32) ^ np.uint32(table[0])
