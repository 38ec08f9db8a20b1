"""The formats that CI systems read: JUnit, SARIF, GitHub's commands, GitLab's code quality."""

import dataclasses
import json
import re
from datetime import date
from operator import attrgetter
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import xmlschema
from msgspec.structs import replace
from sarif_kit.validate import validation_errors

from lossscan import __homepage__
from lossscan.model import Location, Message, Severity, Waiver
from lossscan.reporters import Page, render
from tests.reports import HOSTILE, clean, halved, jumped, report, unreadable

SCHEMAS = Path(__file__).parents[1] / "fixtures" / "schemas"
GOLDEN = Path(__file__).parents[1] / "golden"
NASTY = f"{HOSTILE} & \"q\" 'a' ::error::x ##[error]y %0A\r\nz, 训练\x00\ufffe\udcff"
MANY = Page(single=False, exit_status=2, folder="/srv")


def _nasty():
    """A run whose every text is hostile."""
    one = jumped(f"runs/{NASTY}")
    finding = replace(
        one.findings[0],
        title=Message(NASTY),
        message=Message(NASTY),
        remedies=(Message(NASTY),),
        locations=(Location(f"{NASTY}.json", 7), Location("c.yaml", 2, NASTY)),
        waiver=Waiver("suppression", NASTY, date(2026, 12, 31)),
        fingerprint="f1",
    )
    failed = unreadable(f"x/{NASTY}")
    return report(replace(one, findings=(finding, replace(finding, waiver=None))), failed)


ALL = {
    "ordinary": report(jumped(), clean(), unreadable()),
    "hostile": _nasty(),
    "empty": report(),
    "halved": report(halved(), clean()),
    "together": replace(
        report(clean()), findings=jumped().findings, remarks=(Message("one is out of date"),)
    ),
}


def _placed(line, path="trainer_state.json"):
    """A report of one finding, seen at a line."""
    finding = replace(jumped().findings[0], locations=(Location(path, line),), fingerprint="f1")
    return report(replace(jumped("/srv/runs/a"), findings=(finding,)))


def _known():
    """A report in which nothing counts."""
    waived = (replace(f, waiver=Waiver("baseline")) for f in jumped().findings)
    return report(replace(jumped(), findings=tuple(waived)))


@pytest.mark.parametrize("name", ["github", "gitlab", "junit", "markdown", "rich", "sarif"])
def test_half_a_document_is_said_in_every_format(name):
    """Where the gate fails because of what is missing, the report says so beside the run."""
    text = render(name, ALL["halved"], dataclasses.replace(MANY, width=200))
    assert "truncated JSON; read 30 entries" in text


# --- JUnit -------------------------------------------------------------------------------------


def _junit(whole):
    return ElementTree.fromstring(render("junit", whole, MANY))  # noqa: S314 - our own text


@pytest.mark.parametrize("name", ALL)
def test_junit_satisfies_the_schema_of_jenkins(name):
    """Every report, hostile text included, is XML that Jenkins takes."""
    schema = xmlschema.XMLSchema(str(SCHEMAS / "junit.xsd"))
    schema.validate(render("junit", ALL[name], MANY).partition("\n")[2])


def test_junit_tells_failures_errors_and_passes_apart():
    """Critical is a failure, info is not, an unreadable run is an error, a clean run passes."""
    suites = _junit(ALL["ordinary"]).findall("testsuite")
    children = [[[c.tag for c in case] for case in suite] for suite in suites]
    assert children == [[["failure"], ["system-out"]], [[]], [["error"]]]
    assert [s.get("failures") + s.get("errors") for s in suites] == ["10", "00", "01"]


@pytest.mark.parametrize("name", ALL)
def test_junit_case_has_one_outcome(name):
    """No test case is both failed and in error, and every suite has a case."""
    for suite in _junit(ALL[name]).iter("testsuite"):
        assert suite.findall("testcase")
        assert all(len(case) <= 1 for case in suite)


def test_junit_skips_what_is_known():
    """A finding of the baseline fails no build and is still shown."""
    root = _junit(_known())
    assert root.get("failures") == "0"
    assert [e.get("message") for e in root.iter("skipped")] == ["known (in the baseline)"] * 2


def test_junit_names_of_cases_differ_within_a_run():
    """Two findings of one rule keep a history each."""
    one = jumped()
    twice = report(replace(one, findings=(one.findings[0],) * 2))
    assert [case.get("name") for case in _junit(twice).iter("testcase")] == [
        "loss-jump",
        "loss-jump 2",
    ]


# --- SARIF -------------------------------------------------------------------------------------


def _sarif(whole):
    return json.loads(render("sarif", whole, MANY))["runs"][0]


@pytest.mark.parametrize("name", ALL)
def test_sarif_satisfies_the_schema(name):
    """Every report, hostile text included, satisfies the schema that OASIS publishes."""
    assert validation_errors(json.loads(render("sarif", ALL[name], MANY))) == []


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.sarif.*")), ids=attrgetter("name"))
def test_sarif_as_approved_satisfies_the_schema(file):
    """What was last approved is what code scanning takes, in both languages."""
    assert validation_errors(json.loads(file.read_text(encoding="utf-8"))) == []


def test_sarif_points_at_the_line_of_the_log():
    """The location is the line, and the path begins at the current folder."""
    (result,) = _sarif(_placed(42))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "runs/a/trainer_state.json"
    assert place["region"] == {"startLine": 42}
    assert result["partialFingerprints"] == {"lossscan/v1": "f1"}


def test_sarif_path_elsewhere_is_a_file_address():
    """A run outside the current folder has a whole address."""
    (result,) = json.loads(render("sarif", _placed(1), Page()))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "file:///srv/runs/a/trainer_state.json"


def test_sarif_rules_carry_the_catalogue():
    """A reader of the alert finds what the rule means and how to learn more."""
    run = _sarif(report(jumped()))
    rules = run["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == ["loss-jump", "epoch-step-drop"]
    assert all("lossscan explain" in rule["help"]["markdown"] for rule in rules)
    assert [r["level"] for r in run["results"]] == ["error", "note"]


@pytest.mark.parametrize(("lang", "folder"), [("en", "docs/rules"), ("zh", "docs/zh/rules")])
def test_sarif_leads_to_the_pages_of_the_site(lang, folder):
    """Each rule to its own page in the language of the report, and the tool to the home page."""
    pages = Path(__file__).parents[2]
    shown = json.loads(render("sarif", report(jumped()), dataclasses.replace(MANY, lang=lang)))
    driver = shown["runs"][0]["tool"]["driver"]
    assert driver["informationUri"] == __homepage__
    for rule in driver["rules"]:
        assert rule["helpUri"] == f"{__homepage__}{folder}/{rule['id']}/"
        assert (pages / folder / f"{rule['id']}.md").is_file()


def test_sarif_suppresses_what_is_known():
    """Code scanning closes the alert and keeps the reason."""
    assert all(r["suppressions"][0]["kind"] == "external" for r in _sarif(_known())["results"])


def test_sarif_says_when_a_run_could_not_be_read():
    """The invocation is not a success and names the run."""
    invocation = _sarif(ALL["ordinary"])["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "runs/broken" in invocation["toolExecutionNotifications"][0]["message"]["text"]


# --- GitHub ------------------------------------------------------------------------------------

COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:]*,?)+)::(.*)")


def _commands(whole):
    return [m for line in render("github", whole, MANY).split("\n") if (m := COMMAND.match(line))]


@pytest.mark.parametrize("name", ALL)
def test_github_lines_are_whole_commands_or_none(name):
    """Hostile text neither ends a command nor begins another one."""
    for line in render("github", ALL[name], MANY).splitlines():
        assert COMMAND.fullmatch(line) or not re.search(r"^\s*::|##\w*\[", line)


def test_github_escapes_what_has_a_meaning():
    """Percent signs, commas and colons come back as they were; no control character is left."""
    _, command, _ = _commands(ALL["hostile"])
    title = next(p for p in command[2].split(",") if p.startswith("title="))
    assert "%250A" in title
    assert "z, 训练" in unquote(title)
    assert not re.search("[\x00\x1b\u202e]", command[0])


def test_github_names_file_and_line():
    """The annotation stands beside the point in the log."""
    (command,) = _commands(_placed(42))
    assert command[2].startswith(
        "file=runs/a/trainer_state.json,line=42,title=lossscan%3A loss-jump"
    )


def test_github_levels_follow_severities():
    """Critical is an error, a warning one, info and what is known are notices."""
    one = jumped()
    found = [replace(one.findings[0], stated_severity=s) for s in Severity]
    found.append(replace(one.findings[0], waiver=Waiver("baseline")))
    commands = _commands(report(replace(one, findings=tuple(found))))
    assert [c[1] for c in commands] == ["error", "warning", "notice", "notice"]


def test_github_stays_within_ten_of_a_kind():
    """The eleventh is a line of the log, for GitHub would drop it."""
    one = jumped()
    many = report(replace(one, findings=(one.findings[0],) * 13))
    text = render("github", many, MANY)
    assert len(_commands(many)) == 10
    assert text.count("\nerror: runs/jumped:1: loss-jump") == 3


# --- GitLab ------------------------------------------------------------------------------------


def _gitlab(whole):
    return json.loads(render("gitlab", whole, MANY))


@pytest.mark.parametrize("name", ALL)
def test_gitlab_issues_have_what_gitlab_asks_for(name):
    """Every issue has its five fields, a known severity, a line, and a fingerprint of its own."""
    issues = _gitlab(ALL[name])
    for issue in issues:
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert not re.search("[\x00-\x1f\u202e]", issue["description"])
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_gitlab_names_path_and_line():
    """The path begins at the root of the project."""
    (issue,) = _gitlab(_placed(42))
    assert issue["location"] == {"path": "runs/a/trainer_state.json", "lines": {"begin": 42}}
    assert (issue["fingerprint"], issue["severity"]) == ("f1", "critical")


def test_gitlab_shows_a_run_that_cannot_be_read_as_a_blocker():
    """Nothing is known of it, which is worse than any finding."""
    (issue,) = _gitlab(report(unreadable()))
    assert (issue["check_name"], issue["severity"]) == ("unreadable-run", "blocker")


def test_gitlab_shows_what_is_known_as_info():
    """A finding of the baseline does not degrade the quality."""
    assert {issue["severity"] for issue in _gitlab(_known())} == {"info"}


# --- Markdown ----------------------------------------------------------------------------------


def test_markdown_folds_evidence_and_says_what_is_known():
    """A comment shows verdicts, and details to whoever opens them."""
    text = render("markdown", _known(), Page())
    assert text.count("<details>") == text.count("</details>") > 2
    assert "known (in the baseline)" in text
