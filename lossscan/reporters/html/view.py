"""What the templates show of a run, in words; escaping is theirs."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from lossscan import words
from lossscan.model import Cause, ChangePoint, Evidence, Finding, RunReport
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import (
    advice_line,
    amount,
    change_of,
    config_of,
    place_of,
    relevant,
    skipped_of,
    span_of,
    used_for,
    waiver_of,
)
from lossscan.reporters.kit.panels import MOST_MARKS


class Verdict(Struct, frozen=True):
    """A finding, ready to be set."""

    id: str
    number: int
    severity: str
    finding: Finding
    facts: tuple[str, ...]
    evidence: tuple[str, ...]
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    next: tuple[str, ...]  # none or one
    shown: bool  # it has a place in the chart


class ToldChange(Struct, frozen=True):
    """A change point in words."""

    number: int
    step: int
    text: str
    why: str
    verdict: str | None  # the id of the finding that claims it


class RunSheet(Struct, frozen=True):
    """All that is said of one run."""

    report: RunReport
    facts: tuple[str, ...]
    settings: tuple[str, ...]
    sources: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    changes: tuple[ToldChange, ...]
    unlisted: int  # changes beyond those listed
    ruled_out: tuple[str, ...]
    remarks: tuple[str, ...]
    skipped: tuple[str, ...]


def sheet(one: RunReport, page: Page) -> RunSheet:
    """The words of one run."""
    run = one.run
    framework = [run.framework] if run is not None and run.framework else []
    sources = run.sources if run is not None else ()
    ids = {finding.rule: f"f{n}" for n, finding in _counted_down(one)}
    return RunSheet(
        report=one,
        facts=(*framework, *(span_of(run, page) if run is not None else ())),
        settings=tuple(config_of(run)) if run is not None else (),
        sources=tuple(f"{s.path}: {used_for(s, page)}" for s in sources),
        verdicts=tuple(
            verdict(relevant(f, run), n, page) for n, f in enumerate(one.findings, start=1)
        ),
        changes=tuple(
            _change(number, point, ids, page)
            for number, point in enumerate(one.change_points[:MOST_MARKS])
        ),
        unlisted=max(len(one.change_points) - MOST_MARKS, 0),
        ruled_out=tuple(f"{out.rule}: {words.say(page.lang, out.text)}" for out in one.ruled_out),
        remarks=tuple(words.say(page.lang, remark) for remark in one.remarks),
        skipped=tuple(skipped_of(run, page)),
    )


def verdict(finding: Finding, number: int, page: Page) -> Verdict:
    """The words of a finding."""
    return Verdict(
        id=f"f{number}",
        number=number,
        severity=words.say(page.lang, finding.severity),
        finding=finding,
        facts=tuple(map(_arrow, (*place_of(finding, page), *change_of(finding, page))))
        + tuple(waiver_of(finding, page)),
        evidence=tuple(_sourced(each, page) for each in finding.evidence),
        causes=tuple(_causes(finding, page)),
        remedies=tuple(words.say(page.lang, remedy) for remedy in finding.remedies),
        next=(words.say(page.lang, finding.next),) if finding.next else (),
        shown=bool(finding.places),
    )


def _arrow(text: str) -> str:
    """A browser breaks a line between the two signs."""
    return text.replace(" -> ", " → ")


def _counted_down(one: RunReport) -> Iterator[tuple[int, Finding]]:
    """The findings from the last: of several of one rule, the first stands for it."""
    yield from reversed(list(enumerate(one.findings, start=1)))


def _causes(finding: Finding, page: Page) -> Iterator[str]:
    for cause in finding.causes:
        yield " ".join(
            [_scored(cause, page), *(f"[{_arrow(advice_line(a, page))}]" for a in cause.config)]
        )


def _sourced(evidence: Evidence, page: Page) -> str:
    said = words.say(page.lang, evidence.text)
    return f"{said} [{evidence.source}]" if evidence.source else said


def _scored(cause: Cause, page: Page) -> str:
    return f"{words.say(page.lang, cause.text)} ({cause.score:.2f})"


def _change(number: int, point: ChangePoint, ids: dict[str, str], page: Page) -> ToldChange:
    kind = words.say(page.lang, f"html_{point.kind}")
    why = point.accounted_for
    said = words.say(page.lang, why.text)
    named = f"{why.rule}: {said}" if why.rule else said
    return ToldChange(
        number=number,
        step=point.step,
        text=f"{point.series} · {kind} · {amount(float(point.delta))}",
        why=named,
        verdict=ids.get(why.rule) if why.by == "finding" and why.rule else None,
    )
