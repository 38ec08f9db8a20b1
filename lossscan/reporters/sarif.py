"""The report as SARIF 2.1.0, which GitHub's code scanning and many editors show.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from lossscan import __homepage__, words
from lossscan.model import Finding, Location, RunReport, Severity
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.lines import unread
from lossscan.reporters.kit.places import file_path, run_path, summary_text
from lossscan.reporters.kit.plain import dumped, listed

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "lossscan/v1"  # the version rises with the way a fingerprint is made
LEVELS = dict(zip(Severity, ("error", "warning", "note"), strict=True))


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """A log of one run of the tool, with a result for each finding.

    What is known only after the last of them, which rules there are and how it went, comes behind.
    """
    rules: list[str] = []
    failed: list[dict[str, Any]] = []
    yield f'{{\n  "$schema": {dumped(SCHEMA)},\n  "version": "2.1.0",\n  "runs": [\n    {{\n'
    yield '      "results": '
    yield from listed(_results(report, rules, failed, page), inside=6)
    behind = {
        "columnKind": "unicodeCodePoints",
        "tool": {"driver": _driver(rules, report.version, page)},
        "invocations": [_invocation(report, failed, page)],
    }
    for key, value in behind.items():
        yield f",\n      {dumped(key)}: {dumped(value, inside=6)}"
    yield "\n    }\n  ]\n}\n"


def _results(
    report: ReportStream, rules: list[str], failed: list[dict[str, Any]], page: Page
) -> Iterator[dict[str, Any]]:
    """A result for each finding; notes the rules and the runs that could not be read."""
    for one in report.runs:
        yield from (_result(finding, one, rules, page) for finding in one.findings)
        failed += [_unread(one, page)] if unread(one, page.lang) else []
    yield from (_result(finding, None, rules, page) for finding in report.findings())


# --- the tool and its rules --------------------------------------------------------------------


def _driver(rules: Iterable[str], version: str, page: Page) -> dict[str, Any]:
    return {
        "name": "lossscan",
        "version": version,
        "informationUri": __homepage__,
        "rules": [_rule(rule, page.lang) for rule in rules],
    }


def _rule(rule: str, lang: str) -> dict[str, Any]:
    """What the catalogue says of a rule; what several runs together show may be in none."""
    from lossscan.words.pages import load_page, page_names, worded

    if rule not in page_names():
        return {"id": rule}
    entry = load_page(rule)
    why, tells = worded(entry.why, lang), entry.telltales.get(lang, ())
    text = "\n".join([why, *(f"- {tell}" for tell in tells), f"lossscan explain {rule}"])
    folder = "docs/rules" if lang == words.LANGUAGES[0] else f"docs/{lang}/rules"
    return {
        "id": rule,
        "name": "".join(map(str.capitalize, rule.split("-"))),
        "shortDescription": {"text": worded(entry.title, lang)},
        "fullDescription": {"text": worded(entry.summary, lang)},
        "helpUri": f"{__homepage__}{folder}/{rule}/",
        "help": {"text": text, "markdown": _help(why, tells, rule)},
        "defaultConfiguration": {"level": LEVELS[entry.severity]},
    }


def _help(why: str, tells: Iterable[str], rule: str) -> str:
    listed = "".join(f"- {tell}\n" for tell in tells)
    return f"{why}\n\n{listed}\n`lossscan explain {rule}`\n"


def _invocation(report: ReportStream, failed: list[dict[str, Any]], page: Page) -> dict[str, Any]:
    """How it went: a run that could not be read and a remark of the gate are notifications."""
    return {
        "executionSuccessful": not failed,
        "exitCode": report.exit_status(),
        "toolExecutionNotifications": failed,
        "toolConfigurationNotifications": [
            {"level": "note", "message": {"text": words.printable(page.say(remark))}}
            for remark in report.remarks()
        ],
    }


def _unread(one: RunReport, page: Page) -> dict[str, Any]:
    said = "; ".join(unread(one, page.lang))
    places = [_location(run_path(one, page))]
    return {"level": "error", "message": {"text": words.printable(said)}, "locations": places}


# --- findings ----------------------------------------------------------------------------------


def _result(
    finding: Finding, run: RunReport | None, rules: list[str], page: Page
) -> dict[str, Any]:
    rules += [] if finding.rule in rules else [finding.rule]
    first, *others = _locations(finding, run, page)
    optional = {
        "relatedLocations": others,
        "partialFingerprints": {FINGERPRINT: finding.fingerprint} if finding.fingerprint else None,
        "suppressions": [_suppression(finding)] if finding.waiver is not None else None,
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": LEVELS[finding.severity],
        "rank": round(finding.confidence * 100, 1),
        "message": {"text": summary_text(finding, page)},
        "locations": [first],
        **{key: value for key, value in optional.items() if value},
    }


def _suppression(finding: Finding) -> dict[str, Any]:
    """A finding that a list outside the log lets pass."""
    reason = finding.waiver.reason if finding.waiver is not None else None
    why = words.printable(reason or "baseline")
    return {"kind": "external", "status": "accepted", "justification": why}


def _locations(finding: Finding, run: RunReport | None, page: Page) -> list[dict[str, Any]]:
    """Where the finding is seen, at least its run; a setting says which it is."""
    if run is None:
        return [_location(".")]
    found = [_at(run, location, page) for location in finding.locations]
    return found or [_location(run_path(run, page))]


def _at(one: RunReport, location: Location, page: Page) -> dict[str, Any]:
    place = _location(file_path(one, location, page), location.line)
    return place if location.field is None else place | {"message": {"text": location.field}}


def _location(path: str, line: int | None = None) -> dict[str, Any]:
    region = {} if line is None else {"region": {"startLine": line}}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(path)}, **region}}


def _uri(path: str) -> str:
    """A URI: relative to the root of the sources, as code scanning asks, or of a whole path."""
    if "://" in path:
        return path
    quoted = quote(path, errors="surrogateescape")
    return f"file://{quoted}" if path.startswith("/") else quoted


REPORTER = Reporter(name="sarif", stream=stream)
