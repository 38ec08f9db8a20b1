"""The gate: from a report to the exit status."""

import pytest
from msgspec.structs import replace

from lossscan.gate import exit_status
from lossscan.model import Severity
from tests.reports import clean, jumped, report, unreadable


@pytest.mark.parametrize(
    ("worst", "gate", "status"),
    [
        (Severity.CRITICAL, Severity.CRITICAL, 1),
        (Severity.CRITICAL, Severity.INFO, 1),
        (Severity.WARNING, Severity.CRITICAL, 0),
        (Severity.WARNING, Severity.WARNING, 1),
        (Severity.INFO, Severity.WARNING, 0),
        (Severity.CRITICAL, None, 0),
    ],
)
def test_exit_status_compares_the_worst_finding_with_the_gate(worst, gate, status):
    """A finding at or above the gate fails; `never` lets all pass."""
    finding = replace(jumped().findings[0], stated_severity=worst)
    assert exit_status(report(clean(), replace(jumped(), findings=(finding,))), gate) == status


def test_exit_status_of_an_unreadable_run_goes_before_findings():
    """Where a run could not be read the status is 2, whatever else was found."""
    assert exit_status(report(jumped(), unreadable()), None) == 2
    assert exit_status(report(jumped(), unreadable()), Severity.INFO) == 2


def test_exit_status_counts_what_only_several_runs_show():
    """A finding between runs passes the gate like any other."""
    both = replace(report(clean()), findings=jumped().findings)
    assert exit_status(both, Severity.CRITICAL) == 1
