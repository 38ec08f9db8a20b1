"""Runs as they come in: held against the gate, counted, printed; little of them is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from msgspec import structs

from lossscan import __version__, api, words
from lossscan.associations import Collected, as_findings
from lossscan.commands.kit.output import in_utf_8, page_for, spared, summarize, write
from lossscan.commands.kit.progress import INTERRUPTED, followed, interrupts, tell
from lossscan.gate import accepted, exit_status, judged, policy_of
from lossscan.gate.suppressions import GatePolicy, remarks
from lossscan.model import FAILED, PASSED, Finding, Message, Report, RunReport
from lossscan.reporters import ReportStream, markdown, stream
from lossscan.reporters.kit.lines import unread
from lossscan.reporters.kit.rows import Row, row_of, tally
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.batching import Batch

AT_THE_END = ("rich", "markdown")  # printed when the bar is gone; others would tear it apart


def write_batch(
    work: Batch,
    name: str,
    output: Path | None,
    settings: Settings,
    *,
    baseline: Path | None = None,
    write_baseline: Path | None = None,
) -> int:
    """Judge the runs of a batch, write each as it comes, and give the exit status.

    After an interrupt the report holds what was done, and the status says so.
    """
    gated = GatedRuns(
        settings,
        policy_of(settings, baseline),
        total=len(work.tasks),
        accept=write_baseline is not None,
        nothing_new=bool(work.unchanged or work.older),
    )
    page = replace(page_for(settings, output), single=False)
    rows: list[Row] = []
    with interrupts() as stop:
        bar = sys.stderr.isatty() and (name in AT_THE_END or not page.color)
        reports = followed(work.reports(stop), len(work.tasks), settings.lang, bar=bar)
        runs = gated.through(spared(reports, output, write_baseline))
        runs = runs if output is None else _unless_stopped(runs, stop, gated)
        runs = _noted(runs, rows, settings.lang) if name == "github" else runs
        report = ReportStream(__version__, runs, gated.findings, gated.remarks, gated.exit_status)
        write(in_utf_8(name, stream(name, report, page)), output)
    if name == "github":
        text = markdown.overview(rows, gated.findings(), page, gated.exit_status())
        summarize(text, settings.lang)
    if write_baseline is not None:
        write(api.baseline_of(gated.kept(), update=write_baseline), write_baseline)
    work.remember()
    return _closed(work, gated)


def _unless_stopped(
    runs: Iterable[RunReport], stop: Event, gated: GatedRuns
) -> Iterator[RunReport]:
    """The runs; raises KeyboardInterrupt where Ctrl-C came before the first.

    So an earlier report is not replaced by an empty one.
    """
    begun = False
    for one in runs:
        begun = True
        yield one
    if stop.is_set() and not begun:
        tell(words.say(gated.settings.lang, "interrupted", done=0, total=gated.total))
        raise KeyboardInterrupt


def _closed(work: Batch, gated: GatedRuns) -> int:
    """Say what the report does not, and give the exit status."""
    lang, done, total = gated.settings.lang, gated.count, gated.total
    for remark in gated.remarks():
        tell(words.say(lang, remark))
    if gated.unread:
        bad = len(gated.unread)
        tell(words.say(lang, "unread", count=bad, total=done, first=gated.unread[0]))
    if work.older:
        tell(words.say(lang, "older", count=work.older))
    if work.unchanged:
        count = sum(work.unchanged.values())
        tell(words.say(lang, "unchanged", count=count, tally=tally(work.unchanged, lang)))
    if done < total:
        tell(words.say(lang, "interrupted", done=done, total=total))
    return gated.exit_status()


def _noted(runs: Iterable[RunReport], rows: list[Row], lang: str) -> Iterator[RunReport]:
    for one in runs:
        rows.append(row_of(one, lang))
        yield one


@dataclass(slots=True)
class GatedRuns:
    """What is known of the runs that went by."""

    settings: Settings
    policy: GatePolicy
    total: int  # runs that there are; fewer go by after an interrupt
    accept: bool = False  # all that is found goes to a baseline and does not count
    nothing_new: bool = False  # no run is no failure: there are some, and none has changed
    status: int = PASSED
    count: int = 0
    unread: list[str] = field(default_factory=list)  # what is said of each run not read whole
    _collected: Collected = field(default_factory=Collected)
    _kept: list[RunReport] = field(default_factory=list)
    _findings: tuple[Finding, ...] | None = None

    def through(self, reports: Iterable[RunReport]) -> Iterator[RunReport]:
        """The reports as they are shown: what does not count at the gate is marked."""
        for report in reports:
            self._collected.add(report)
            one = self._held(Report(__version__, (report,))).runs[0]
            if self.accept or self.policy.known or self.policy.suppressions:
                self._kept.append(_bare(one))
            self.count += 1
            if told := unread(one, self.settings.lang):
                self.unread.append(words.say(self.settings.lang, "between").join(told))
            yield one

    def findings(self) -> tuple[Finding, ...]:
        """What only all of them together show; to be asked after the last."""
        if self._findings is None:
            found = as_findings(self._collected.associations())
            self._findings = self._held(Report(__version__, (), found)).findings
        return self._findings

    def remarks(self) -> tuple[Message, ...]:
        """What of the baseline and the suppressions no longer meets anything."""
        return remarks(self.kept(), self.policy, self.settings, single=False)

    def exit_status(self) -> int:
        """The worst of the runs and of what they show together; FAILED where there is no run.

        To be asked after the last; where an interrupt came before it, INTERRUPTED.
        """
        self.findings()
        if self.count < self.total:
            return INTERRUPTED
        return self.status if self.count or self.nothing_new else FAILED

    def kept(self) -> Report:
        """The runs and findings by name, as far as a baseline has to know them."""
        return Report(__version__, tuple(self._kept), self.findings())

    def _held(self, report: Report) -> Report:
        """A part of the report, held against the gate."""
        marked = judged(report, self.policy)
        marked = accepted(marked) if self.accept else marked
        self.status = max(self.status, exit_status(marked, self.settings.fail_on))
        return marked


def _bare(one: RunReport) -> RunReport:
    """The run without all that a baseline does not ask for."""
    findings = (
        structs.replace(f, evidence=(), causes=(), remedies=(), episodes=()) for f in one.findings
    )
    return RunReport(one.path, one.name, one.status, findings=tuple(findings), error=one.error)
