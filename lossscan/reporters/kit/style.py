"""Colors by severity, and text of unknown origin made safe for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
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


def safe(text: str, style: str = "") -> Text:
    """Text on one line: no markup is read in it and no control character is left."""
    return Text(words.printable(text), style=style)


def bulleted(rows: Iterable[tuple[str, Text]]) -> Table:
    """Lines that hang beside their bullets."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for bullet, text in rows:
        grid.add_row(bullet, Prose(text))
    return grid
