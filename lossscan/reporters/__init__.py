"""The report formats, one file each, found by listing; names with `_` are what formats share.

A format is a module with `NAME` and `stream(coming, page)`, which yields the pieces of its text as
the runs come in and keeps of each no more than its lines: ten thousand runs need no more memory
than ten. It sees reports and nothing else; `BINARY = True` says that it is no text for a terminal.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from lossscan import words
from lossscan.errors import OutputError, UsageError
from lossscan.model import Finding, Report, RunReport

if TYPE_CHECKING:
    from lossscan.model.comparison import Comparison

DEFAULT = "rich"


@dataclass(frozen=True, slots=True)
class Page:
    """What a report is shown on."""

    width: int = 100  # terminal cells
    color: bool = False
    lang: str = "en"
    single: bool = True  # one run was asked for, rather than however many there are
    exit_status: int = 0  # what the command will return
    folder: str = ""  # the current one: files below it are named from there


@dataclass(frozen=True, slots=True)
class Coming:
    """A report whose runs are still being judged; the rest is asked for after the last of them."""

    version: str
    runs: Iterable[RunReport]
    findings: Callable[[], tuple[Finding, ...]] = tuple
    remarks: Callable[[], tuple[str, ...]] = tuple
    exit_status: Callable[[], int] = int
    comparison: Comparison | None = None


def formats() -> tuple[str, ...]:
    """The names of all formats, sorted."""
    return tuple(sorted(_modules()))


def check(name: str, *, terminal: bool = False) -> None:
    """Raise UsageError for a format that does not exist, OutputError for one no terminal shows."""
    if name not in _modules():
        raise UsageError(f'unknown format "{name}"', hint=words.nearest(name, _modules()))
    if terminal and getattr(_modules()[name], "BINARY", False):
        raise OutputError(f"--format {name} is binary", hint="write it to a file with --output")


def render(name: str, report: Report, page: Page) -> str:
    """The report in a format of text; it ends with a line break.

    A format that shows runs beside each other has `compared(report, page)` for that.
    """
    check(name)
    if report.comparison is not None and hasattr(_modules()[name], "compared"):
        beside: str = _modules()[name].compared(report, page)
        return beside
    pieces = stream(name, finished(report, page), page)
    return "".join(piece for piece in pieces if isinstance(piece, str))


def finished(report: Report, page: Page) -> Coming:
    """A report that is there, as one that comes in."""
    return Coming(
        version=report.version,
        runs=report.runs,
        findings=lambda: report.findings,
        remarks=lambda: report.remarks,
        exit_status=lambda: page.exit_status,
        comparison=report.comparison,
    )


def stream(name: str, coming: Coming, page: Page) -> Iterator[str | bytes]:
    """The pieces of a report in a format, each as soon as the runs it needs are there."""
    check(name)
    yield from _modules()[name].stream(coming, page)


def _modules() -> dict[str, ModuleType]:
    """The format modules by name; each is light to import and loads what it needs when used."""
    found = (m.name for m in pkgutil.iter_modules(__path__) if m.name != "kit")
    modules = (importlib.import_module(f"{__name__}.{name}") for name in found)
    return {module.NAME: module for module in modules}
