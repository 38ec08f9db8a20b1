"""The sample runs say exactly what their `expected.yaml` says."""

from pathlib import Path

import pytest
import yaml

import lossscan

SAMPLES = Path(__file__).parents[2] / "sample_logs"
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/expected.yaml"))


@pytest.fixture(scope="module", params=NAMES)
def sample(request):
    """A sample's report and what is expected of it."""
    folder = SAMPLES / request.param
    expected = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    return lossscan.analyze(folder), expected


def by_rule(report):
    """Findings by the name of their rule."""
    return {finding.rule: finding for finding in report.findings}


def test_sample_has_its_status(sample):
    """The worst severity is the expected one."""
    report, expected = sample
    assert report.status == expected["status"], sorted(by_rule(report))


def test_sample_has_its_findings_at_their_places(sample):
    """Each expected finding is made, at its severity, once in each range of steps."""
    report, expected = sample
    found = by_rule(report)
    for wanted in expected["findings"]:
        assert wanted["rule"] in found, sorted(found)
        finding = found[wanted["rule"]]
        assert finding.severity == wanted["severity"]
        starts = [episode.start_step for episode in finding.episodes]
        for first, last in wanted.get("steps", []):
            assert any(s is not None and first <= s <= last for s in starts), (first, last, starts)


def test_sample_names_its_true_cause_first(sample):
    """Where the cause is known by construction, it leads the list."""
    report, expected = sample
    found = by_rule(report)
    for wanted in expected["findings"]:
        if "first_cause" in wanted:
            assert found[wanted["rule"]].causes[0].id == wanted["first_cause"]


def test_sample_is_silent_on_look_alikes(sample):
    """Neither the named look-alikes fire, nor any alarm that is not expected."""
    report, expected = sample
    wanted = {finding["rule"] for finding in expected["findings"]}
    allowed = wanted | set(expected.get("allowed", []))
    assert not set(by_rule(report)) & set(expected.get("absent", []))
    alarms = {f.rule for f in report.findings if f.severity != "info"}
    assert alarms <= allowed
