"""The report formats: a module of its name each with a `REPORTER`; packages add by entry points.

What a report format states of itself are the fields of `Reporter`. It sees reports and nothing
else. An entry point of the group `lossscan.reporters` bears the name that `--format` takes and
leads to its `Reporter`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING

from lossscan import plugins, words
from lossscan.errors import ORDERS, LossscanError, OutputError, UsageError

if TYPE_CHECKING:
    from lossscan.model import Finding, Message, Report, RunReport

DEFAULT = "rich"


@dataclass(frozen=True, slots=True)
class Page:
    """What a report is shown on."""

    width: int = 100  # terminal cells
    color: bool = False
    ascii: bool = False  # curves and lines are drawn in ASCII
    lang: str = "en"
    single: bool = True  # one run was asked for, rather than however many there are
    exit_status: int = 0  # what the command will return
    folder: str = ""  # the current one: files below it are named from there

    def say(self, said: Message | str, **values: object) -> str:
        """A message, or the sentence of a key with its values, in the language of the page."""
        return words.say(self.lang, said, **values)


@dataclass(frozen=True, slots=True)
class ReportStream:
    """A report whose runs are still being judged; the rest is asked for after the last of them."""

    version: str
    runs: Iterable[RunReport]
    findings: Callable[[], tuple[Finding, ...]] = tuple
    remarks: Callable[[], tuple[Message, ...]] = tuple
    exit_status: Callable[[], int] = int


@dataclass(frozen=True, slots=True)
class Reporter:
    """One report format: `stream` yields the pieces of its text as the runs come in.

    It keeps of each run no more than its lines: ten thousand runs need no more memory than ten.
    """

    name: str
    stream: Callable[[ReportStream, Page], Iterator[str | bytes]]
    compared: Callable[[Report, Page], str] | None = None  # several runs compared
    binary: bool = False  # no text for a terminal


def formats() -> tuple[str, ...]:
    """The names of all formats, sorted; raises PluginError."""
    return plugins.names(plugins.REPORTERS, _own())


def check_known(name: str, known: Collection[str]) -> None:
    """Raise UsageError for a format that is none of those a verb knows."""
    if name not in known:
        raise UsageError("unknown_format", name=name, hint=words.nearest(name, known))


def check(name: str, *, terminal: bool = False) -> None:
    """Raise UsageError for a format that does not exist, OutputError for one no terminal shows."""
    check_known(name, formats())
    binary = _reporter(name).binary  # one that cannot be loaded is told before a run is read
    if terminal and binary:
        raise OutputError("binary_format", name=name)


def render(name: str, report: Report, page: Page) -> str:
    """The report in a format of text; it ends with a line break."""
    return "".join(piece for piece in pieces(name, report, page) if isinstance(piece, str))


def pieces(name: str, report: Report, page: Page) -> Iterator[str | bytes]:
    """The pieces of a report that is there, which are bytes in a binary format."""
    check(name)
    compared = _reporter(name).compared
    if report.comparison is not None and compared is not None:
        yield from _guarded(name, map(compared, (report,), (page,)))
    else:
        yield from stream(name, finished(report, page), page)


def finished(report: Report, page: Page) -> ReportStream:
    """A report that is there, as one that comes in."""
    return ReportStream(
        version=report.version,
        runs=report.runs,
        findings=lambda: report.findings,
        remarks=lambda: report.remarks,
        exit_status=lambda: page.exit_status,
    )


def stream(name: str, report: ReportStream, page: Page) -> Iterator[str | bytes]:
    """The pieces of a report in a format, each as soon as the runs it needs are there."""
    check(name)
    streams = map(_reporter(name).stream, (report,), (page,))  # called within the guard
    yield from _guarded(name, chain.from_iterable(streams))


def _guarded(name: str, made: Iterator[str | bytes]) -> Iterator[str | bytes]:
    """The pieces of a format; raises PluginError where the code of another package fails."""
    while True:
        try:
            piece = next(made)
            if not isinstance(piece, str | bytes):
                raise TypeError(repr(piece))
        except StopIteration:
            return
        except (LossscanError, OSError, MemoryError, *ORDERS):  # of the runs, or of the system
            raise
        except BaseException as error:
            if name in _own():
                raise
            raise plugins.broken(plugins.REPORTERS, name, error) from error
        yield piece


def _reporter(name: str) -> Reporter:
    if name not in _own():
        return plugins.load(plugins.REPORTERS, name, Reporter)
    found: Reporter = import_module(f"{__name__}.{name}").REPORTER
    return found


@cache
def _own() -> frozenset[str]:
    """The names of those of this folder; a module is loaded when its format is asked for."""
    return frozenset(module.name for module in pkgutil.iter_modules(__path__)) - {"kit"}
