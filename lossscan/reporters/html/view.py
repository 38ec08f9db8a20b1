"""What the templates show of a run, in words; escaping is theirs."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from lossscan.model import ChangePoint, Evidence, Finding, RunReport
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import (
    advice_line,
    amount,
    config_of,
    excluded,
    facts_of,
    relevant,
    scored,
    short_name,
    skipped_of,
    told_of,
    used_for,
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
    sources = run.sources if run is not None else ()
    numbered = list(enumerate(one.findings, start=1))
    ids = {finding.rule: f"f{n}" for n, finding in reversed(numbered)}  # of several the first
    return RunSheet(
        report=one,
        facts=tuple(facts_of(run, page)),
        settings=tuple(config_of(run)) if run is not None else (),
        sources=tuple(f"{s.path}: {used_for(s, page)}" for s in sources),
        verdicts=tuple(verdict(relevant(finding, run), n, page) for n, finding in numbered),
        changes=tuple(
            _change(number, point, ids, page)
            for number, point in enumerate(one.change_points[:MOST_MARKS])
        ),
        unlisted=max(len(one.change_points) - MOST_MARKS, 0),
        ruled_out=tuple(excluded(one, page)),
        remarks=tuple(page.say(remark) for remark in one.remarks),
        skipped=tuple(skipped_of(run, page)),
    )


def verdict(finding: Finding, number: int, page: Page) -> Verdict:
    """The words of a finding."""
    return Verdict(
        id=f"f{number}",
        number=number,
        severity=page.say(finding.severity),
        finding=finding,
        facts=tuple(map(_arrow, told_of(finding, page))),
        evidence=tuple(_sourced(each, page) for each in finding.evidence),
        causes=tuple(_causes(finding, page)),
        remedies=tuple(page.say(remedy) for remedy in finding.remedies),
        next=(page.say(finding.next),) if finding.next else (),
        shown=bool(finding.places),
    )


def _arrow(text: str) -> str:
    """A browser breaks a line between the two signs."""
    return text.replace(" -> ", " → ")


def _causes(finding: Finding, page: Page) -> Iterator[str]:
    for cause in finding.causes:
        advice = (f"[{_arrow(advice_line(each, page))}]" for each in cause.config)
        yield " ".join([scored(cause, page), *advice])


def _sourced(evidence: Evidence, page: Page) -> str:
    said = page.say(evidence.text)
    return f"{said} [{short_name(evidence.source)}]" if evidence.source else said


def _change(number: int, point: ChangePoint, ids: dict[str, str], page: Page) -> ToldChange:
    kind = page.say(f"change_{point.kind}")
    why = point.accounted_for
    said = page.say(why.text)
    named = f"{why.rule}: {said}" if why.rule else said
    return ToldChange(
        number=number,
        step=point.step,
        text=f"{point.series} · {kind} · {amount(float(point.delta))}",
        why=named,
        verdict=ids.get(why.rule) if why.by == "finding" and why.rule else None,
    )
