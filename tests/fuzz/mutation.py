"""Bytes with a few places changed, as a crash, a careless tool or an attacker leaves them."""

from __future__ import annotations

import random
import re

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(rb"[A-Za-z_]{2,}")
NEAR = 500  # bytes within which a number or a word is looked for
LARGEST = 3_000  # bytes of a mutated input: what is longer takes longer, and shows the same
NUMBERS = (
    *(b"1e400", b"-1e400", b"-1", b"0", b"-0.0", b"NaN", b"-inf", b"Infinity", b"1e-320", b"null"),
    *(b"1e17", b"1e200", b"9007199254740993", b"9223372036854775807", b"9223372036854775808"),
    *(b"1" * 20, b"9" * 400, b"-" + b"9" * 400, b"0x10", b"1_000", b"1,000", b"1:1:1", b"2.5.5"),
    *(b"4294967296", b"2147483648", b"-2147483649", b"1.#QNAN", b"true", b"[1]", b'"2"', b"{}"),
    *(b"1.7976931348623157e308", b"-1e308", b"1e-7", b"0.30000000000000004", b"100%", b"5/0"),
)
SIGNS = tuple(bytes([each]) for each in b"\xff\0\"'\\{}[],|:;=% \t\n\r\x0b\x0c#&*!<>()-+.@`~\x1a")
TEXTS = (
    *(b"\x1b[31m", b"\x1b]8;;http://x\x07", b"\xc2\x9b1m", b"\xe2\x80\xa8", b"\x7f", b"\r\n"),
    *(
        b"\xe2\x80\xae",
        b"\\ud800",
        b"\\u0000",
        b"]]>",
        b"<script>",
        b"::error::x",
        b"&#0;",
        b"=1+1",
    ),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xb8\x80", b"it/s"),
    *(b"http://x", b"../../x", b"C:\\x\\y", b"!!python/object:x", b"&a *a", b"<<: *a", b"null"),
    *(b"Traceback (most recent call last):\n", b"RuntimeError: x\n", b"nan", b"step", b"loss"),
    *(b"epoch", b"\n\n\n", b"{'loss': ", b"| loss |", b"100%|###| 1/1 [00:00<?, ?it/s]", b"---\n"),
)


def mutated(data: bytes, dice: random.Random, other: bytes) -> bytes:
    """The bytes with one to five places changed."""
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5))):
        data = dice.choice(_WAYS)(data, dice, other)
    return data[: max(LARGEST, len(data) // 2) if len(data) > 2 * LARGEST else 2 * LARGEST]


def _span(data: bytes, dice: random.Random) -> tuple[int, int]:
    at = dice.randrange(len(data) + 1)
    return at, min(len(data), at + dice.choice((0, 1, 1, 4, 40, 400)))


def _filled(data: bytes, dice: random.Random, _: bytes) -> bytes:
    at, stop = _span(data, dice)
    return data[:at] + dice.choice(dice.choice((NUMBERS, SIGNS, TEXTS))) + data[stop:]


def _cut_out(data: bytes, dice: random.Random, _: bytes) -> bytes:
    at, stop = _span(data, dice)
    return data[:at] + data[stop:]


def _repeated(data: bytes, dice: random.Random, _: bytes) -> bytes:
    at, stop = _span(data, dice)
    return data[:at] + data[at:stop] * dice.choice((2, 2, 3, 50)) + data[stop:]


def _flipped(data: bytes, dice: random.Random, _: bytes) -> bytes:
    if not data:
        return dice.randbytes(4)
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def _random(data: bytes, dice: random.Random, _: bytes) -> bytes:
    at = dice.randrange(len(data) + 1)
    new = dice.randbytes(dice.choice((1, 4)))
    return data[:at] + new + data[at + len(new) :]


def _number(data: bytes, dice: random.Random, other: bytes) -> bytes:
    return _exchanged(NUMBER, NUMBERS, data, dice, other)


def _word(data: bytes, dice: random.Random, other: bytes) -> bytes:
    return _exchanged(WORD, TEXTS, data, dice, other)


def _exchanged(
    kind: re.Pattern[bytes],
    pieces: tuple[bytes, ...],
    data: bytes,
    dice: random.Random,
    other: bytes,
) -> bytes:
    """A number or word for another: one that is odd, or one of another input."""
    at = dice.randrange(len(data) + 1)
    if (found := kind.search(data, at, at + NEAR)) is None:
        return _filled(data, dice, other)
    new = dice.choice(pieces)
    if dice.random() < 0.5 and (its := kind.search(other, dice.randrange(len(other) + 1))):
        new = its[0][:NEAR]
    return data[: found.start()] + new + data[found.end() :]


def _truncated(data: bytes, dice: random.Random, _: bytes) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _spliced(data: bytes, dice: random.Random, other: bytes) -> bytes:
    at, stop = _span(data, dice)
    begin = dice.randrange(len(other) + 1)
    return data[:at] + other[begin : begin + dice.choice((4, 40, 400))] + data[stop:]


def _crossed(data: bytes, dice: random.Random, other: bytes) -> bytes:
    return data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]


def _line_moved(data: bytes, dice: random.Random, _: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        lines.insert(dice.randrange(len(lines)), lines.pop(dice.randrange(len(lines))))
    return b"".join(lines)


_WAYS = (
    *(_filled, _filled, _cut_out, _repeated, _flipped, _random, _number, _number, _number),
    *(_word, _truncated, _spliced, _spliced, _crossed, _line_moved),
)
