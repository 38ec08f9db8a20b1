"""Text of any origin as lines: whatever a terminal, a crash or another encoding left in it."""

from __future__ import annotations

import errno
import os
from codecs import BOM_UTF8, getincrementaldecoder
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from io import StringIO, TextIOWrapper
from itertools import chain, islice
from typing import BinaryIO, Final

from lossscan.expressions import expression
from lossscan.formats.kit.pasted import is_pasted, repaired
from lossscan.formats.kit.shapes import Part, Shapes
from lossscan.sources.files import HEAD_BYTES, Head

PIECE = 1 << 18  # bytes; JSON of 1 MiB leaves the cache: it takes half as long again
REPAIRED = 1 << 12  # lines at once: as many as a piece holds
LONGEST_LINE = 1 << 20  # bytes; a longer one is read in pieces
CONTEXT: Final = 1 << 14  # bytes before the last line that show how long it would be
ALIKE: Final = 3  # lines that show how many digits are printed: of two, by chance as many
_DIGITS: Final = expression(rb"\d{1,40}")
_ENDED: Final = expression(  # no count, no word, and no number that is short by its value
    rb"(?:\.\d{4,20}|e[-+]\d\d|nan|[^\w\s.+-])\Z"
)
BINARY_SHARE = 0.5  # NUL bytes of the start above which it is no text; a crash may leave some
UTF_8: Final = "utf-8-sig"
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")  # PowerShell's `>`
_HALVES: Final = {"utf-16-le": (1, 0), "utf-16-be": (0, 1)}  # offsets of high and of low bytes
_CHINESE: Final = "gb18030"  # holds GBK and GB 2312
_COMMON: Final = expression("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")  # with full-width signs
MOSTLY: Final = 0.9  # of its letters that are no ASCII; of other encodings taken for it, few are
PASTED, MOST = 2, 0.75  # lines that make a log, where they are the most of what is not blank
UNIT = 2  # bytes, of UTF-16: a part of a file must begin with a whole one
FEW = 0.1  # of the low bytes at most are zero in text: such characters are rare in any language
_ANSI: Final = expression(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-_])")

# Bounded, so that a hostile line costs no quadratic time; loops may print in any language.
_WORD = r"(?:[^\W\d]|\()[\w./()#-]{0,60}+"
NUMBER: Final = (
    r"[-+]?(?:1\.#(?:QNAN|SNAN|IND|INF)\d{0,4}|(?:nan|NaN|NAN)(?:xxx|\((?:ind|snan|qnan)\))|"
    r"\d{1,3}(?:,\d{3}){1,6}(?:\.\d{1,40})?|\d{1,40}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,4})?"
    r"|\.\d{1,40}(?:[eE][-+]?\d{1,4})?|(?:nan|inf)\.0{1,3}|nan|NaN|NAN|[iI]nf(?:inity)?|INF)"
)
WRAPPED: Final = (  # as Python prints it
    r"(?:tensor\(\[?|(?:np|numpy)\.float\d\d\(|array\(|\[{1,2}(?=[\w.+-]{1,40}\])|<(?=[\w.+-]{1,40}>)"
    r"|\((?=(?:[\w.+-]{1,40}, ?){1,8}[\w.+-]{0,40}\)))?"  # of a list for each group: `lr:(2e-4,)`
)
# What follows shows that the number is not cut: a log may end anywhere, a sentence after it.
ENDS: Final = r"(?=[^\w.+-]|\.{1,3}\s)"
PAIR: Final = expression(
    rf"(?<!\w)({_WORD}(?: (?:{_WORD}|\d{{1,6}}\))){{0,5}}+)['\"]?"
    rf"\s{{0,8}}[:：=](?: ?[=>])?\s{{0,24}}['\"]?{WRAPPED}({NUMBER}){ENDS}"
)


def encoding(head: Head) -> str:
    """The encoding of a text file, from its byte order mark, else from the places of its zeros.

    In UTF-16 nearly every other byte of a log is zero, and no byte between.
    """
    if head.start[:2] in _MARKS:
        return "utf-16"
    if b"\0" in head.start:  # a glance: the halves of 64 KiB take a hundred times as long
        for name, (high, low) in _HALVES.items():
            if _zeros(head.start[high::2]) > BINARY_SHARE and _zeros(head.start[low::2]) < FEW:
                return name
    return _CHINESE if not head.start.isascii() and _is_chinese(head.start) else UTF_8


@lru_cache(maxsize=2)
def _is_chinese(data: bytes) -> bool:
    """Whether text that is no UTF-8 is Chinese in the encoding of Windows; its end may be cut."""
    if _decoded(data, "utf-8") is not None:
        return False
    text = _decoded(data, _CHINESE)
    foreign = [letter for letter in text or "" if not letter.isascii()]
    common = sum(1 for letter in foreign if _COMMON.match(letter))
    return bool(foreign) and common >= MOSTLY * len(foreign)


def _decoded(data: bytes, name: str) -> str | None:
    try:
        return getincrementaldecoder(name)().decode(data)
    except UnicodeDecodeError:
        return None


def _zeros(data: bytes) -> float:
    return data.count(0) / max(len(data), 1)


def is_text(head: Head) -> bool:
    """Whether the start of the file is text and not binary data; a hole of zeros may be around."""
    return encoding(head) != UTF_8 or _zeros(head.start.strip(b"\0")) <= BINARY_SHARE


@lru_cache(maxsize=2)
def peek(head: Head) -> str:
    """The text at the start, the middle and the end of a file; empty where it is no text.

    Progress bars of data preparation alone can fill the start of a console log.
    """
    if not is_text(head):
        return ""
    parts = [head.start]
    if head.size > HEAD_BYTES:
        with head.open() as stream:
            for place in (head.size // 2, max(head.size - HEAD_BYTES, HEAD_BYTES)):
                stream.seek(place // UNIT * UNIT)
                parts.append(stream.read(HEAD_BYTES + UNIT))  # to the very end
    text = b"".join(parts).decode(encoding(head), errors="replace")
    text = (_ANSI.sub("", text) if "\x1b" in text else text).replace("\r\n", "\n")
    text = text.replace("\r", "\n")
    if is_pasted(head):
        return "".join(repaired(head, StringIO(text, newline="\n").readlines()))
    return text


def are_most(count: int, text: str) -> bool:
    """Whether so many lines make a short log that was pasted: prose would be around them."""
    held = sum(map(bool, map(str.strip, text.splitlines())))
    return count >= PASTED and count >= MOST * held


def lines(head: Head) -> Iterator[str]:
    r"""The lines of a file with their newline; `\r` ends a line too, terminal colors are gone.

    Only the last line may lack its newline: then it may be cut.
    """
    return chain.from_iterable(blocks(head))


def blocks(head: Head) -> Iterator[list[str]]:
    """The lines of `lines`, some thousands at once, which is many times faster."""
    read = map(lines_of, pieces(head))
    if is_pasted(head):
        text = iter(repaired(head, chain.from_iterable(read)))
        return iter(lambda: list(islice(text, REPAIRED)), [])
    return read


def pieces(head: Head) -> Iterator[bytes]:
    r"""The text in UTF-8, some thousands of whole lines at once, each ended by `\n` and no other.

    Only the last line may lack its newline, unless it is whole; terminal colors are left in.
    """
    rest, told = b"", b""
    for piece in _read(head):
        text = rest + (piece.replace(b"\0", b"") if b"\0" in piece else piece)
        end = text.rfind(b"\n") + 1 if len(rest) < LONGEST_LINE else len(text)
        rest = text[end:]
        if end:
            yield text[:end]
            told = text[max(end - CONTEXT, 0) : end]
    if rest:
        yield rest + b"\n" if _is_whole(rest, told) else rest


def _is_whole(last: bytes, before: bytes) -> bool:
    """Whether a last line without its newline is no shorter than those before it.

    They have its words and signs, and all as many digits at their end: a format says how many.
    """
    shape, digits = _DIGITS.sub(b"0", last), _digits_at_end(last)
    alike = [line for line in before.split(b"\n") if _DIGITS.sub(b"0", line) == shape]
    same = all(_digits_at_end(line) == digits for line in alike)
    return len(alike) >= ALIKE and same and _ENDED.search(last) is not None


def _digits_at_end(line: bytes) -> int:
    return len(line) - len(line.rstrip(b"0123456789"))


def _read(head: Head) -> Iterator[bytes]:
    with head.open() as stream:
        written_in = encoding(head)
        if written_in != UTF_8:
            with TextIOWrapper(stream, written_in, errors="replace") as text:
                while read := text.read(PIECE):
                    yield read.encode()
            return
        mark = BOM_UTF8
        while piece := stream.read(PIECE):
            if not piece.strip(b"\0"):
                _leave_hole(stream)
            if b"\r" in piece:
                piece += stream.read(1) if piece.endswith(b"\r") else b""
                while b"\r\r" in piece:  # a bar that is drawn again without a word
                    piece = piece.replace(b"\r\r", b"\r")
                piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            yield piece.removeprefix(mark)
            mark = b""


def _leave_hole(stream: BinaryIO) -> None:
    """Go on where a sparse file has data again: one rotated while it is written has gigabytes."""
    with suppress(OSError, AttributeError):  # in memory, or a system that does not know holes
        try:
            stream.seek(os.lseek(stream.fileno(), stream.tell(), os.SEEK_DATA))
        except OSError as error:
            if error.errno == errno.ENXIO:  # up to its end
                stream.seek(0, os.SEEK_END)


def lines_of(piece: bytes) -> list[str]:
    """The lines of a piece as text, without terminal colors."""
    text = piece.decode(errors="replace")
    text = _ANSI.sub("", text) if "\x1b" in text else text
    return StringIO(text, newline="\n").readlines()


def pairs(text: str) -> dict[str, str]:
    """The `name: number` and `name=number` pairs of a line, names of up to six words."""
    return _pairs(text)


_pairs: Final = Shapes(
    lambda text: (Part(m[1], m.start(), *m.span(2)) for m in PAIR.finditer(text))
)
