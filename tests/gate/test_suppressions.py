"""Suppressions: what they cover, until when, and what is said of those that cover nothing."""

import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from lossscan.gate import exit_status, judged
from lossscan.gate.baseline import Known, fingerprint
from lossscan.gate.suppressions import GatePolicy, remarks
from lossscan.model import Severity, Waiver
from lossscan.settings import Settings, Suppression
from tests.reports import clean, jumped, report, unreadable

TODAY = date(2026, 11, 21)
JUMP = Suppression("loss-jump", "bad shard", place="lossscan.yaml: suppress[0]")
ENGLISH = Settings(lang="en")


def _terms(*suppressions, known=()):
    names = {each.fingerprint: each for each in known}
    return GatePolicy(names, suppressions, TODAY, Path(__file__).parents[2])


def _remarks(whole, policy, settings=ENGLISH, *, single=False):
    return remarks(judged(whole, policy), policy, settings, single=single)


def _known(finding, run="runs/jumped"):
    return Known(
        fingerprint(finding, run), run, finding.rule, finding.series, finding.start_step, "critical"
    )


def test_suppression_lets_its_rule_pass_with_the_reason():
    """The finding stays in the report, says why it does not count, and others still count."""
    whole = judged(report(jumped()), _terms(JUMP))
    jump, stairs = whole.runs[0].findings
    assert jump.waiver == Waiver("suppression", "bad shard")
    assert stairs.waiver is None
    assert exit_status(whole, Severity.CRITICAL) == 0
    assert exit_status(whole, Severity.INFO) == 1


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("**", "runs/jumped", True),
        ("runs/*", "runs/jumped", True),
        ("runs/*", "runs/a/b", False),
        ("runs/**", "runs/a/b", True),
        ("sweep-*/**", "data/sweep-3/a", True),
        ("sweep-*/**", "my-sweep-3/a", False),
        ("jumped", "runs/jumped", True),
        ("run-?", "run-7", True),
        ("run-?", "run-77", False),
        ("**/a/**/z", "x/a/z", True),
        ("/data/*", "/data/a", True),
        ("/data/*", "/mnt/data/a", False),
        ("a.b", "aXb", False),
        ("s3://bucket/**", "s3://bucket/x/y", True),
        ("**a*b", "a/ab", True),
        ("a**b", "a/x/b", True),
        ("**/b", "ab", False),
        ("run?", "run/", False),
        ("*" + "*a" * 30 + "b", "a" * 4000, False),
    ],
)
def test_suppression_covers_the_runs_of_its_pattern(pattern, path, covered):
    """`*` stays within a folder, `**` crosses them, and the first folders may be left out."""
    whole = judged(report(jumped(path)), _terms(replace(JUMP, runs=pattern)))
    assert (whole.runs[0].findings[0].waiver is not None) is covered


@pytest.mark.parametrize(("expires", "counts"), [(TODAY, True), (date(2026, 11, 20), False)])
def test_suppression_counts_through_its_last_day(expires, counts):
    """On the date itself it still holds, on the day after the gate fails again."""
    whole = judged(report(jumped()), _terms(replace(JUMP, expires=expires)))
    assert (exit_status(whole, Severity.CRITICAL) == 0) is counts


def test_a_day_is_known_in_a_time_zone_that_is_none(monkeypatch):
    """A wrong TZ of a container is more than a day away."""
    with monkeypatch.context() as surroundings:
        surroundings.setenv("TZ", "UTC+9999999999")
        time.tzset()
        assert GatePolicy().today > TODAY - timedelta(days=99_999)
    time.tzset()


def test_remarks_name_an_expired_suppression():
    """It is said with its place, date and reason, so that somebody decides."""
    (said,) = _remarks(report(jumped()), _terms(replace(JUMP, expires=date(2026, 1, 31))))
    assert str(said).startswith("lossscan.yaml: suppress[0]: suppression expired on 2026-01-31")
    assert "bad shard" in said


def test_remarks_name_an_unused_suppression():
    """One that meets no finding may go."""
    (said,) = _remarks(report(clean()), _terms(JUMP))
    assert "unused suppression" in said


def test_remarks_say_nothing_of_a_used_suppression():
    """All is well."""
    assert _remarks(report(clean(), jumped()), _terms(JUMP)) == ()


def test_remarks_on_one_run_leave_out_suppressions_of_others():
    """A single job cannot know what the rest of a sweep needs."""
    other = replace(JUMP, runs="elsewhere/**")
    assert _remarks(report(clean()), _terms(other), single=True) == ()
    assert _remarks(report(clean()), _terms(other), single=False)


@pytest.mark.parametrize("asked", [{"ignore": ("loss-jump",)}, {"select": ("plateau",)}])
def test_remarks_leave_out_rules_that_were_not_asked(asked):
    """With --select and --ignore nothing is known of the others."""
    policy = _terms(JUMP, known=[_known(jumped().findings[0])])
    assert _remarks(report(clean("runs/jumped")), policy, Settings(**asked)) == ()


def test_remarks_name_what_is_gone_from_the_baseline():
    """A mended run is said to be so."""
    policy = _terms(known=[_known(jumped().findings[0])])
    (said,) = _remarks(report(clean("runs/jumped")), policy)
    assert "loss-jump (runs/jumped)" in said


@pytest.mark.parametrize("other", [clean("runs/other"), unreadable("runs/jumped")])
def test_remarks_call_nothing_gone_that_was_not_seen(other):
    """Another run, or one that cannot be read, says nothing of the known findings."""
    assert _remarks(report(other), _terms(known=[_known(jumped().findings[0])])) == ()


def test_remarks_speak_chinese():
    """They are prose like any other."""
    (said,) = _remarks(report(clean()), _terms(JUMP), Settings(lang="zh"))
    assert "未使用" in said.say("zh")
