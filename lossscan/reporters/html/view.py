"""What the templates show of a run, in words; escaping is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lossscan.model import ChangePoint, Evidence, Finding, RunReport
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import (
    advice_line,
    amount,
    asides,
    config_of,
    facts_of,
    relevant,
    scored,
    short_name,
    told_of,
    used_for,
)
from lossscan.reporters.kit.panels import MOST_MARKS


def sheet(one: RunReport, page: Page) -> dict[str, Any]:
    """The words of one run, by their names in the templates."""
    run, colon = one.run, page.say("colon")
    sources = run.sources if run is not None else ()
    numbered = list(enumerate(one.findings, start=1))
    ids = {finding.rule: f"f{n}" for n, finding in reversed(numbered)}  # of several the first
    listed = enumerate(one.change_points[:MOST_MARKS])
    return {
        "report": one,
        "facts": facts_of(run, page),
        "settings": config_of(run) if run is not None else [],
        "sources": [f"{s.path}{colon}{used_for(s, page)}" for s in sources],
        "verdicts": [verdict(relevant(finding, run), n, page) for n, finding in numbered],
        "changes": [_change(number, point, ids, page) for number, point in listed],
        "unlisted": max(len(one.change_points) - MOST_MARKS, 0),
        **{key: [colon.join(filter(None, n)) for n in notes] for key, notes in asides(one, page)},
    }


def verdict(finding: Finding, number: int, page: Page) -> dict[str, Any]:
    """The words of a finding."""
    return {
        "id": f"f{number}",
        "number": number,
        "severity": page.say(finding.severity),
        "finding": finding,
        "facts": [_arrow(fact) for fact in told_of(finding, page)],
        "evidence": [_sourced(each, page) for each in finding.evidence],
        "causes": list(_causes(finding, page)),
        "remedies": [page.say(remedy) for remedy in finding.remedies],
        "next": [page.say(finding.next)] if finding.next else [],
        "shown": bool(finding.places),  # in the chart
    }


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


def _change(number: int, point: ChangePoint, ids: dict[str, str], page: Page) -> dict[str, Any]:
    kind = page.say(f"change_{point.kind}")
    why = point.accounted_for
    said = page.say(why.text)
    return {
        "number": number,
        "step": point.step,
        "text": f"{point.series} · {kind} · {amount(float(point.delta))}",
        "why": f"{why.rule}: {said}" if why.rule else said,
        "verdict": ids.get(why.rule) if why.by == "finding" and why.rule else None,  # its id
    }
