"""Prose for a terminal, wrapped where its script allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from lossscan.words.wrapping import breaks

NARROW = 12  # cells; a column of prose never asks for less


@dataclass(frozen=True, slots=True)
class Prose:
    """A text that takes the width it is given; its lines hang next to a bullet, if it has one."""

    text: Text
    bullet: str = ""

    def lines(self, width: int) -> Iterator[Text]:
        """Its lines, of so many cells at most."""
        hang = cell_len(self.bullet)
        lead = self.bullet
        for line in self.text.divide(breaks(self.text.plain, width - hang)):
            line.rstrip()
            yield Text(lead).append_text(line) if hang else line
            lead = " " * hang

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines."""
        yield from self.lines(options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """The least and the greatest width it can use."""
        whole = min(cell_len(self.text.plain), options.max_width)
        return Measurement(min(NARROW, whole), whole)
