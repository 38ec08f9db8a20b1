"""Where results go: standard output as it is, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from lossscan import words
from lossscan.commands.kit.progress import tell
from lossscan.commands.kit.shape import hushed
from lossscan.errors import OutputError, reason_of
from lossscan.reporters import Page, pieces, render

if TYPE_CHECKING:
    from rich.status import Status

    from lossscan.model import Report, RunReport
    from lossscan.settings import Settings


FOR_PEOPLE = "rich"  # the report that is read at a terminal, in its encoding
WIDTH = 100  # cells, where nothing tells the width of a terminal
NARROWEST, WIDEST = 40, 400  # a page is laid out within these
SPINNER = 2  # cells of a spinner and the blank behind it
PATIENCE = 1.0  # seconds of silence before a spinner says what goes on
SUMMARY = "GITHUB_STEP_SUMMARY"  # names the file whose Markdown GitHub shows below a job
SUMMARY_BYTES = 1 << 20  # of one step; GitHub shows nothing of a longer one


def emit(
    report: Report,
    name: str,
    output: Path | None,
    settings: Settings,
    *,
    single: bool,
    baseline: Path | None = None,
    write_baseline: Path | None = None,
    ascii_only: bool = False,
) -> int:
    """Hold a report against the gate, render it, write it, and give the exit status.

    What a baseline or a suppression no longer meets is said on standard error.
    """
    from lossscan import api
    from lossscan.gate import accepted, exit_status
    from lossscan.reporters.kit.lines import unread

    report = api.judge(report, settings=settings, baseline=baseline, single=single)
    for remark in () if hushed() else report.remarks:
        tell(words.say(settings.lang, remark))
    known = None
    if write_baseline is not None:
        report, known = accepted(report), api.baseline_of(report, update=write_baseline)
    status = exit_status(report, settings.fail_on)
    tuple(spared(report.runs, output, write_baseline))
    page = page_for(settings, output)
    page = replace(page, single=single, exit_status=status, ascii=page.ascii or ascii_only)
    write(in_utf_8(name, pieces(name, report, page)), output)
    for said in (said for one in report.runs for said in unread(one, settings.lang)):
        tell(said)
    if name == "github":
        summarize(render("markdown", report, replace(page, color=False)), settings.lang)
    if known is not None:
        write(known, write_baseline)
    return status


def spared(runs: Iterable[RunReport], *outputs: Path | None) -> Iterator[RunReport]:
    """The reports; raises OutputError where an output is a log that one of them was read from."""
    there = [(path, known) for path in outputs if path is not None and (known := _known(path))]
    for one in runs:
        for source in one.run.sources if there and one.run is not None else ():
            for output, known in there:
                with suppress(OSError):
                    if os.path.samestat(known, _place(one.path, source.path).stat()):
                        raise OutputError("output_is_log", at=output)
        yield one


def _known(output: Path) -> os.stat_result | None:
    """What is there already, if anything is; raises OutputError where that may not be known."""
    with _writing(output), suppress(FileNotFoundError):
        return output.stat()
    return None


def _place(run: str, source: str) -> Path:
    """Where a log is; a run may be one log, behind whose name may be a `#` and a part of it."""
    root = Path(run)
    return root / source if root.is_dir() else root.parent / source


def page_for(settings: Settings, output: Path | None = None) -> Page:
    """The page that standard output or a file is; COLUMNS goes before the terminal's width."""
    from lossscan.reporters.kit.ascii_art import is_drawable

    width = WIDTH if output is not None else _columns()
    return Page(
        width=min(max(width, NARROWEST), WIDEST),
        color=_colored(output),
        ascii=output is None and not is_drawable(getattr(sys.stdout, "encoding", None)),
        lang=settings.lang,
        folder=str(Path.cwd()),
    )


def _colored(output: Path | None) -> bool:
    """Whether colors are wanted: https://no-color.org and https://force-color.org."""
    if output is not None or sys.stdout is None or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def _columns() -> int:
    """COLUMNS, else the width of the terminal, which a pipe into a pager still has around it."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated):
        return int(stated)
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        with suppress(OSError, ValueError, AttributeError):  # no terminal, closed, or none at all
            return os.get_terminal_size(stream.fileno()).columns or WIDTH  # type: ignore[union-attr]
    return WIDTH


def write(text: str | Iterable[str | bytes], output: Path | None) -> None:
    """Write a text, or pieces as they come, to standard output or to a file; raises OutputError."""
    pieces = (text,) if isinstance(text, str) else text
    if output is None:
        if sys.stdout is None:
            raise OutputError("stdout_closed")
        for piece in pieces:
            _print(piece)
        return
    known = _known(output)
    with _writing(output):
        target = Path(os.path.realpath(output))
    if known is not None and not S_ISREG(known.st_mode):  # a device or a pipe, as /dev/stdout
        _pour(pieces, output, output)
        return
    draft = target.with_name(f".lossscan.{os.getpid()}")  # short: a name may have 255 bytes already
    try:
        _pour(pieces, draft, output)
        with _writing(output):
            draft.replace(target)
    finally:
        with suppress(OSError):  # where it could not be made it need not go
            draft.unlink()


def in_utf_8(name: str, pieces: Iterable[str | bytes]) -> Iterable[str | bytes]:
    """The pieces of a report; those that programs read are in UTF-8 whatever the locale."""
    return pieces if name == FOR_PEOPLE else map(_encoded, pieces)


def _print(piece: str | bytes) -> None:
    try:
        if isinstance(piece, str):
            sys.stdout.write(piece)
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # the reader, `head` say, has seen enough
            raise OutputError("stdout_refused", reason=reason_of(error)) from error


def _pour(pieces: Iterable[str | bytes], target: Path, output: Path) -> None:
    """Write pieces to a file, on the disk and not only on the way to it."""
    with _writing(output):
        stream = target.open("wb")
    try:
        for piece in pieces:
            with _writing(output):
                stream.write(_encoded(piece))
        with _writing(output):
            stream.flush()
            if target.is_file():
                os.fsync(stream.fileno())  # some disks say only now that they are full
    finally:
        with suppress(OSError):  # said before, by the write that failed
            stream.close()


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    """What the disk refuses within is said of the output; what making the report raises is not."""
    try:
        yield
    except OSError as error:
        raise OutputError("output_refused", at=output, reason=reason_of(error)) from error


def _encoded(piece: str | bytes) -> bytes:
    return piece.encode("utf-8", "backslashreplace") if isinstance(piece, str) else piece


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """A spinner on standard error while work goes on, if it lasts and somebody watches."""
    shown: list[Status] = []
    timer = threading.Timer(PATIENCE, lambda: shown.append(_spinner(text)))
    timer.daemon = True
    if sys.stderr.isatty() and not hushed():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        for spinner in shown:
            spinner.stop()


def _spinner(text: str) -> Status:
    from rich.console import Console
    from rich.text import Text

    from lossscan.reporters.kit.terminal import shortened

    console = Console(stderr=True)
    spinner = console.status(Text(shortened(words.printable(text), console.width - SPINNER)))
    spinner.start()
    return spinner


def summarize(text: str, lang: str) -> None:
    """Append Markdown to the summary of GitHub's step, where there is one; raises OutputError."""
    name = os.environ.get(SUMMARY)
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(_within(text, SUMMARY_BYTES - stream.tell(), lang))
    except OSError as error:
        reason = reason_of(error)
        raise OutputError("summary_refused", at=name, reason=reason, variable=SUMMARY) from error


def _within(text: str, room: int, lang: str) -> str:
    """As many lines as fit in so many bytes, ending where no fold is open, and a word on it."""
    if _size(text) <= room:
        return text
    note = f"\n{words.say(lang, 'cut_here')}\n"
    kept, used, folds, whole = "", _size(note), 0, 0
    for line in text.splitlines(keepends=True):
        used += _size(line)
        if used > room:
            break
        kept += line
        folds += line.count("<details>") - line.count("</details>")
        whole = whole if folds else len(kept)
    return kept[:whole] + note if _size(note) <= room else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))
