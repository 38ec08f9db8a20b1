"""What `watch` shows on a terminal: findings and the curve, redrawn as the run grows."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from msgspec import structs

from lossscan import words
from lossscan.commands.kit.output import NARROWEST, page_for, write
from lossscan.commands.kit.progress import tell
from lossscan.commands.kit.shape import hushed

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

    from lossscan.model import Finding, Run, RunReport
    from lossscan.reporters import Page
    from lossscan.settings import Settings
    from lossscan.watching import Look

REFRESHED = 1.0  # times per second: the age of the last point is shown in seconds
RATED_LOOKS = 20  # back to which the steps per second are measured: at ten seconds, three minutes
WIDEST = 100  # cells: a wider chart is higher than 24 lines leave room for
SERIES = ("loss", "eval_loss", "reward", "kl", "entropy", "grad_norm", "learning_rate")

Tell: TypeAlias = Callable[["Look"], None]  # draws a look
Say: TypeAlias = Callable[[str], None]  # prints a line that stays


@dataclass(slots=True)
class LivePicture:
    """The last look at a run, in the lines that a terminal shows."""

    page: Page
    name: str
    _drawn: str = ""
    _report: RunReport | None = None  # what is drawn of it
    _now: Run | None = None
    _waiting: str = ""
    _found: dict[tuple[str, str], Finding] = field(default_factory=dict)  # by rule and series
    _grown: float | None = None  # when the last point was seen
    _steps: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=RATED_LOOKS))

    def take(self, look: Look) -> None:
        """What a look says; of one at the last lines only its values."""
        lang = self.page.lang
        self._waiting = look.waiting.said(lang).message if look.waiting is not None else ""
        run = look.report.run if look.report is not None else look.tail
        if run is None:
            return
        self._now, step = run, run.last_step
        if not self._steps or step != self._steps[-1][1]:
            self._grown = monotonic()
            if self._steps and step < self._steps[-1][1]:  # the training was started again
                self._steps.clear()
            self._steps.append((self._grown, step))
        if look.report is not None:
            self._draw(look.report, look.new)

    def _draw(self, report: RunReport, new: tuple[Finding, ...]) -> None:
        now = {(finding.rule, finding.series): finding for finding in report.findings}
        self._found |= {(finding.rule, finding.series): finding for finding in new}
        self._found |= {key: now[key] for key in self._found.keys() & now.keys()}
        self._report = structs.replace(
            report, findings=tuple(self._found.values()), change_points=()
        )
        self._redraw()

    def _redraw(self) -> None:
        from lossscan.reporters.kit.chart import chart
        from lossscan.reporters.kit.sheet import brief
        from lossscan.reporters.kit.terminal import printed

        if self._report is not None:
            parts = [*brief(self._report, self.page), *chart(self._report, self.page)]
            self._drawn = printed(parts, self.page).rstrip("\n")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The picture now: the age of the last point goes on between looks."""
        from rich.text import Text

        from lossscan.reporters.kit.terminal import Prose, printed

        width = min(max(options.max_width, NARROWEST), WIDEST)
        if width != self.page.width:  # the window has another size now
            self.page = replace(self.page, width=width)
            self._redraw()
        values = [Prose(Text(line)) for line in self._said()]
        text = printed([Text(self.name, "bold"), *values], self.page) + self._drawn
        yield Text.from_ansi(text, no_wrap=True)

    def _said(self) -> Iterator[str]:
        lang = self.page.lang
        if self._now is not None:
            yield "  ".join(_values(self._now, self._rate(), lang))
        if self._waiting:
            yield words.printable(words.say(lang, "watch_waiting", reason=self._waiting))
        elif self._grown is not None:
            age = round(monotonic() - self._grown)
            yield words.say(lang, "watch_age", seconds=age)

    def _rate(self) -> float | None:
        """Steps per second between the looks; None before the second of them."""
        if len(self._steps) < 2:  # noqa: PLR2004 - a rate needs two points
            return None
        (began, first), (ended, last) = self._steps[0], self._steps[-1]
        return (last - first) / max(ended - began, 1e-3)


def _values(run: Run, rate: float | None, lang: str) -> Iterator[str]:
    from lossscan.reporters.kit.lines import amount

    planned = run.schedule.max_steps
    key = "watch_step" if planned is None else "watch_step_of"
    yield words.say(lang, key, step=run.last_step, of=planned)
    if rate is not None:
        yield words.say(lang, "watch_rate", rate=f"{rate:.3g}")
    for name in SERIES:
        series = run.series.get(name)
        if series is not None and len(series):
            yield f"{name} {amount(float(series.values[-1]))}"


@contextmanager
def shown(name: str, settings: Settings) -> Iterator[tuple[Tell, Say]]:
    """Where looks and findings go: to a picture on a terminal, else findings alone, as lines."""
    if not _is_live():
        yield _plain(settings.lang), lambda line: write(f"{line}\n", None)
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    page = page_for(settings)
    picture = LivePicture(page, words.printable(name))
    console = Console(highlight=False, markup=False, emoji=False)
    with Live(picture, console=console, refresh_per_second=REFRESHED, transient=True) as live:

        def draw(look: Look) -> None:
            picture.take(look)
            live.refresh()

        yield draw, lambda line: console.print(Text(line))


def _is_live() -> bool:
    streams = (sys.stdout, sys.stderr)
    there = all(stream is not None and stream.isatty() for stream in streams)
    return there and not hushed() and os.environ.get("TERM") != "dumb"


def _plain(lang: str) -> Tell:
    """Says on standard error what a run is waited for, once as long as it is the same."""
    said = ""

    def told(look: Look) -> None:
        nonlocal said
        if look.waiting is not None and look.waiting.said(lang).message != said:
            said = look.waiting.said(lang).message
            tell(words.say(lang, "watch_waiting", reason=said))

    return told
