"""A report becomes an exit status: what a CI job and a script rely on.

Findings that the baseline knows or the settings suppress are marked, stay in the report, and do
not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from lossscan.gate.baseline import Known, dumps, entries, fingerprint, load, run_key
from lossscan.gate.suppressions import GatePolicy, waiver
from lossscan.model import FAILED, FOUND, PASSED, Finding, Report, RunReport, Severity, Waiver
from lossscan.settings import Settings

TOGETHER = ""  # stands for the run where several runs together show a finding


def exit_status(report: Report, fail_on: Severity | None) -> int:
    """FAILED where a run could not be read whole, FOUND where a finding counts at the gate."""
    if any(one.status == "error" or one.damages for one in report.runs):
        return FAILED
    findings = (*(f for one in report.runs for f in one.findings), *report.findings)
    counting = (f for f in findings if f.waiver is None)
    return FOUND if any(f.severity.reaches(fail_on) for f in counting) else PASSED


def policy_of(settings: Settings, baseline: Path | None = None) -> GatePolicy:
    """The policy of the settings and a baseline file, as of today; raises SettingsError."""
    return GatePolicy({} if baseline is None else load(baseline), settings.suppress)


def stamped(one: RunReport) -> RunReport:
    """The report of a run with the fingerprints of its findings."""
    return judged_run(one, GatePolicy())


def judged(report: Report, policy: GatePolicy) -> Report:
    """The report with its findings stamped, and those marked that do not count."""
    runs = (judged_run(one, policy) for one in report.runs)
    return replace(report, runs=tuple(runs), findings=_marked(report.findings, TOGETHER, policy))


def judged_run(one: RunReport, policy: GatePolicy) -> RunReport:
    """The same for one run."""
    if not one.findings:  # most runs of a batch: their place need not be known
        return one
    return replace(one, findings=_marked(one.findings, run_key(one.path, policy.folder), policy))


def _marked(findings: Iterable[Finding], run: str, policy: GatePolicy) -> tuple[Finding, ...]:
    return tuple(
        replace(f, fingerprint=fingerprint(f, run), waiver=waiver(f, run, policy)) for f in findings
    )


def accepted(report: Report) -> Report:
    """The report as it is once all that counts in it is in a baseline."""
    runs = (replace(one, findings=_known(one.findings)) for one in report.runs)
    return replace(report, runs=tuple(runs), findings=_known(report.findings))


def _known(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(f, waiver=f.waiver or Waiver("baseline")) for f in findings)


def baseline_of(report: Report, old: Iterable[Known], folder: Path) -> str:
    """The text of a baseline that knows the report's findings.

    Old entries of runs that the report does not hold, or could not read, are kept.
    """
    readable = [one for one in report.runs if one.status != "error"]
    runs = {run_key(one.path, folder): one.findings for one in readable}
    runs[TOGETHER] = report.findings
    kept = (known for known in old if known.run not in runs)
    new = (known for run, findings in runs.items() for known in entries(findings, run))
    return dumps((*kept, *new))
