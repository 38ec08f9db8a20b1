"""Renderables become text of a fixed width; without color it holds no escape codes at all."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

from rich.console import Console, RenderableType

from lossscan import words
from lossscan.reporters import Page
from lossscan.reporters.kit.ascii_art import plain


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
