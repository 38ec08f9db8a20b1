"""What a terminal shows: prose wrapped where its script allows, colors, text of unknown origin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.text import Text

from lossscan import words
from lossscan.reporters import Page
from lossscan.reporters.kit.ascii_art import plain
from lossscan.words.wrapping import breaks

STYLES = {
    "critical": "bold red",
    "error": "bold red",
    "warning": "bold magenta",  # yellow cannot be read on white
    "info": "cyan",  # bold makes cyan and green bright, which white swallows too
    "ok": "green",
}
DOTS = "..."  # for what a shortened text has lost
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


def printed(parts: Iterable[RenderableType], page: Page) -> str:
    """The parts one below the other, without spaces at the ends of lines."""
    console = Console(
        file=StringIO(),
        width=page.width,
        force_terminal=page.color,
        color_system="standard" if page.color else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    text = plain(capture.get()) if page.ascii else capture.get()
    return "".join(line.rstrip() + "\n" for line in words.inert(text).splitlines())
