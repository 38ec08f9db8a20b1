"""What is drawn at a terminal in ASCII, where its encoding has no dots and lines."""

from __future__ import annotations

DRAWN = "\u2801\u28ff┤│└─┬┊↑↓·"  # what an encoding must hold to be spared
LINES = {"┤": "+", "│": "|", "└": "+", "─": "-", "┬": "+", "┊": ":", "↑": "^", "↓": "v", "·": "-"}
ROWS = (0x09, 0x12, 0x24, 0xC0)  # the dots of a braille character, from its top row
TALL = 3  # rows of dots that a stroke upwards crosses


def _stroke(dots: int) -> str:
    rows = [number for number, row in enumerate(ROWS) if dots & row]
    if not rows or len(rows) >= TALL or rows[-1] - rows[0] > 1:
        return "|" if rows else " "
    return ("'", "-", ".")[(rows[0] + rows[-1]) // 2] if rows[-1] < TALL else "."


TABLE = {0x2800 + dots: _stroke(dots) for dots in range(256)} | {
    ord(drawn): plain for drawn, plain in LINES.items()
}


def plain(text: str) -> str:
    """The text with curves and lines in ASCII; words are left as they are."""
    return text.translate(TABLE)


def is_drawable(encoding: str | None) -> bool:
    """Whether an encoding holds dots and lines."""
    try:
        return bool(DRAWN.encode(encoding or "ascii"))
    except (UnicodeEncodeError, LookupError):
        return False
