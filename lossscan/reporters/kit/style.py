"""Colors by severity, and text of unknown origin made safe for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from lossscan import words
from lossscan.reporters.kit.prose import Prose

STYLES = {
    "critical": "bold red",
    "error": "bold red",
    "warning": "bold magenta",  # yellow cannot be read on white
    "info": "cyan",  # bold makes cyan and green bright, which white swallows too
    "ok": "green",
}


DOTS = "..."  # for what a shortened text has lost


def safe(text: str, style: str = "") -> Text:
    """Text on one line: no markup is read in it and no control character is left."""
    return Text(words.printable(text), style=style)


def bulleted(rows: Iterable[tuple[str, Text]]) -> Group:
    """Texts that hang next to their bullets, which are equally wide."""
    listed = list(rows)
    width = max((cell_len(bullet) for bullet, _ in listed), default=0)
    return Group(*(Prose(text, f"{bullet:<{width}} ") for bullet, text in listed))


def shortened(text: str, room: int) -> str:
    """The text within so many cells; a longer one loses its middle."""
    if cell_len(text) <= room:
        return text
    head, tail = "", ""
    for place in range(len(text)):
        piece = head + text[place] + DOTS + tail
        if cell_len(piece) > room:
            break
        head += text[place]
        longer = text[len(text) - len(tail) - 1] + tail
        tail = longer if cell_len(head + DOTS + longer) <= room else tail
    return head + DOTS + tail
