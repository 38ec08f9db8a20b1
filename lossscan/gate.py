"""A report becomes an exit status: what a CI job and a script rely on."""

from __future__ import annotations

from lossscan.model import Report, Severity

PASSED, FOUND, FAILED = 0, 1, 2  # nothing to report, a finding at the gate, the tool could not work


def exit_status(report: Report, fail_on: Severity | None) -> int:
    """FAILED where a run could not be read, FOUND where a finding reaches the gate, else PASSED."""
    if any(one.status == "error" for one in report.runs):
        return FAILED
    findings = [f for one in report.runs for f in one.findings] + list(report.findings)
    if fail_on is None:
        return PASSED
    return FOUND if any(f.severity.rank <= fail_on.rank for f in findings) else PASSED
