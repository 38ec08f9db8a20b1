"""The report as JUnit XML, in the dialect of Jenkins' schema, which GitLab and others read too.

A run is a test suite and a finding a test case. Critical findings and warnings are failures,
those that do not count at the gate are skipped, and a run that could not be read is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lossscan import words
from lossscan.expressions import expression
from lossscan.model import Finding, RunReport, Severity
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.lines import unread, waiver_of
from lossscan.reporters.kit.places import run_path, summary_text

# What XML 1.0 forbids, and what could control the program that shows it.
ILLEGAL = expression(f"[{words.UNPRINTED}\ufffe\uffff]")
SUMMED = ("tests", "failures", "errors")  # over all suites; the schema knows no `skipped` there
COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """A `testsuites` element with a suite for each run; their sums come first in it."""
    sums = Counter(dict.fromkeys(SUMMED, 0))
    suites = [_text(suite, sums) for suite in _suites(report, page)]
    root = Element("testsuites", {"name": "lossscan", **{key: str(sums[key]) for key in SUMMED}})
    opened = tostring(root, encoding="unicode").removesuffix(" />")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{opened}'
    yield from (">\n", *suites, "</testsuites>\n") if suites else (" />\n",)


def _suites(report: ReportStream, page: Page) -> Iterator[Element]:
    for one in report.runs:
        yield _suite(one, page)
    if found := report.findings():
        yield _counted("lossscan", _cases(found, "lossscan", page))


def _text(suite: Element, sums: Counter[str]) -> str:
    """A suite as it is in the report; a tenth of what its elements take in memory."""
    for key in SUMMED:
        sums[key] += int(suite.get(key, "0"))
    indent(suite, level=1)
    return f"  {tostring(suite, encoding='unicode').rstrip()}\n"


def _suite(one: RunReport, page: Page) -> Element:
    path = run_path(one, page)
    name = f"lossscan.{path.replace('.', '_')}"  # Jenkins takes dots for packages
    cases = _cases(one.findings, name, page)
    told = unread(one, page.lang)
    if told or not cases:  # a suite without a case is taken for one that did not run
        cases.append(Element("testcase", name="lossscan", classname=_clean(name)))
    if told:
        kind = one.error.type if one.error is not None else "UnreadableLog"
        _outcome(cases[-1], "error", kind, told[0], "\n".join(told))
    return _counted(path, cases)


def _counted(name: str, cases: Iterable[Element]) -> Element:
    cases = list(cases)
    kinds = Counter(child.tag for case in cases for child in case)
    suite = Element("testsuite", name=_clean(name), tests=str(len(cases)))
    for key, tag in COUNTED.items():
        suite.set(key, str(kinds[tag]))
    suite.extend(cases)
    return suite


def _cases(findings: Iterable[Finding], classname: str, page: Page) -> list[Element]:
    """A case for each finding; the name stays the same over time, so that it has a history."""
    names: Counter[str] = Counter()
    cases = []
    for finding in findings:
        name = _name(finding)
        names[name] += 1
        number = f" {names[name]}" if names[name] > 1 else ""
        case = Element("testcase", name=_clean(name + number), classname=_clean(classname))
        _judge(case, finding, page)
        cases.append(case)
    return cases


def _name(finding: Finding) -> str:
    return finding.rule if finding.series == "loss" else f"{finding.rule} ({finding.series})"


def _judge(case: Element, finding: Finding, page: Page) -> None:
    text = summary_text(finding, page)
    if finding.waiver is not None:
        _outcome(case, "skipped", finding.severity, " ".join(waiver_of(finding, page)), text)
    elif finding.severity is Severity.INFO:
        SubElement(case, "system-out").text = _clean(text)
    else:
        _outcome(case, "failure", finding.severity, page.say(finding.title), text)


def _outcome(case: Element, tag: str, kind: str, message: str, text: str) -> None:
    element = SubElement(case, tag, type=kind, message=_clean(words.printable(message)))
    element.text = _clean(text)


def _clean(text: str) -> str:
    """Text without what no XML may hold, not even escaped, and without commands of a runner."""
    return ILLEGAL.sub("\ufffd", words.inert(text))


REPORTER = Reporter(name="junit", stream=stream)
