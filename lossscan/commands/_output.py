"""Where results go: standard output as it is, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lossscan.errors import OutputError
from lossscan.gate import exit_status
from lossscan.model import Report
from lossscan.reporters import Page, render
from lossscan.settings import Settings

if TYPE_CHECKING:
    from rich.status import Status

WIDTH = 100  # cells, where nothing tells the width of a terminal
NARROWEST, WIDEST = 40, 400  # a page is laid out within these
PATIENCE = 1.0  # seconds of silence before a spinner says what goes on


def emit(
    report: Report, name: str, output: Path | None, settings: Settings, *, single: bool
) -> int:
    """Render a report, write it, and give the exit status."""
    status = exit_status(report, settings.fail_on)
    page = replace(page_for(settings, output), single=single, exit_status=status)
    write(render(name, report, page), output)
    return status


def page_for(settings: Settings, output: Path | None = None) -> Page:
    """The page that standard output or a file is; COLUMNS goes before the terminal's width."""
    width = WIDTH if output is not None else shutil.get_terminal_size((WIDTH, 24)).columns
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Page(
        width=min(max(width, NARROWEST), WIDEST),
        colour=wanted and output is None and sys.stdout.isatty(),  # https://no-color.org
        lang=settings.lang,
    )


def write(text: str, output: Path | None) -> None:
    """Write to standard output, or to a file; raises OutputError."""
    if output is None:
        _print(text)
        return
    try:
        _replace(output.resolve(), text)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{output}: {reason}", hint="choose another --output") from error


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _replace(target: Path, text: str) -> None:
    """Write beside the target and move it there; a device or a pipe is written to directly."""
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8", errors="backslashreplace")
        return
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", errors="backslashreplace")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """A spinner on standard error while work goes on, if it lasts and somebody watches."""
    shown: list[Status] = []
    timer = threading.Timer(PATIENCE, lambda: shown.append(_spinner(text)))
    timer.daemon = True
    if sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        for spinner in shown:
            spinner.stop()


def _spinner(text: str) -> Status:
    from rich.console import Console
    from rich.markup import escape

    spinner = Console(stderr=True).status(escape(text))
    spinner.start()
    return spinner
