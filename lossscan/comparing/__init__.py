"""Reports of several runs become a Comparison, and the findings that only several runs show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from msgspec.structs import replace

from lossscan.comparing.bands import band_of, outsiders_of, seeds_of
from lossscan.comparing.fields import differences
from lossscan.comparing.levels import metrics_of
from lossscan.comparing.scaling import scaled_groups
from lossscan.comparing.shapes import SERIES, Own, partings_of
from lossscan.errors import InputError, UsageError
from lossscan.ledger.completed import finding_of
from lossscan.model import Finding, Message, Run, RunReport, Severity
from lossscan.model.comparison import LETTERS, Band, Comparison, Contrast, Member, Parting
from lossscan.numeric.arrays import ignore_float_errors
from lossscan.rules import chosen_rules
from lossscan.settings import Settings

__all__ = ["FEWEST", "MOST", "check_count", "compared"]

FEWEST, MOST = 2, len(LETTERS)  # runs: each has a letter


def check_count(runs: int) -> None:
    """Raise UsageError where there are not enough runs to compare, or more than letters."""
    if runs < FEWEST:
        raise UsageError("too_few_to_compare", fewest=FEWEST, runs=runs)
    if runs > MOST:
        raise UsageError("too_many_to_compare", most=MOST, runs=runs)


def compared(
    reports: Sequence[RunReport], settings: Settings
) -> tuple[Comparison, tuple[Finding, ...]]:
    """The comparison of 2 to 52 runs; raises InputError if no two of them share steps."""
    with ignore_float_errors():
        return _compared(reports, settings)


def _compared(
    reports: Sequence[RunReport], settings: Settings
) -> tuple[Comparison, tuple[Finding, ...]]:
    labeled = dict(zip(LETTERS, reports, strict=False))
    runs = {label: one.run for label, one in labeled.items() if one.run is not None}
    found = (band_of(group, series) for group in seeds_of(runs) for series in SERIES)
    bands = tuple(band for band in found if band is not None)
    partings = tuple(_partings(labeled, runs, bands))
    if not partings:
        raise InputError("nothing_shared", runs=tuple(map(_extent, runs.values())))
    comparison = Comparison(
        members=tuple(Member(label, one.path) for label, one in labeled.items()),
        partings=partings,
        differences=differences(runs, partings),
        metrics=tuple(metrics_of(runs)),
        contrasts=tuple(_contrasts(labeled)),
        bands=bands,
        outsiders=tuple(outsider for band in bands for outsider in outsiders_of(runs, band)),
    )
    return comparison, tuple(_across(runs, settings))


def _partings(
    reports: Mapping[str, RunReport], runs: Mapping[str, Run], bands: Sequence[Band]
) -> Iterator[Parting]:
    for first, second in combinations(runs, 2):
        own = [*_own(reports, first, second), *_own(reports, second, first)]
        yield from partings_of([runs[first], runs[second]], (first, second), bands, own)


def _own(reports: Mapping[str, RunReport], label: str, other: str) -> Iterator[Own]:
    """The findings of one run that another run lacks, worst first."""
    there = {finding.rule for finding in reports[other].findings}
    for finding in reports[label].findings:
        wrong = finding.severity is not Severity.INFO and finding.rule not in there
        if wrong and finding.start_step is not None:
            yield Own(label, finding.series, finding.start_step, finding.title)


def _contrasts(labeled: Mapping[str, RunReport]) -> Iterator[Contrast]:
    """The findings that some runs have and others have not, worst first."""
    found: dict[str, dict[str, Finding]] = {}
    for label, one in labeled.items():
        for finding in one.findings:
            found.setdefault(finding.rule, {}).setdefault(label, finding)
    some = ((rule, present) for rule, present in found.items() if len(present) < len(labeled))
    contrasts = [_contrast(rule, present, labeled) for rule, present in some]
    yield from sorted(contrasts, key=lambda contrast: (contrast.severity.rank, contrast.rule))


def _contrast(
    rule: str, present: Mapping[str, Finding], labeled: Mapping[str, RunReport]
) -> Contrast:
    worst = min(present.values(), key=lambda finding: finding.severity.rank)
    absent = tuple(label for label in labeled if label not in present)
    return Contrast(rule, worst.severity, worst.title, tuple(present), absent)


def _across(runs: Mapping[str, Run], settings: Settings) -> Iterator[Finding]:
    """The findings that only several runs together show, as far as their rules are chosen."""
    chosen = chosen_rules(settings.select, settings.ignore)
    for run, found in scaled_groups(runs):
        if found.rule in chosen:
            finding = finding_of(found, run)
            severity = settings.severities.get(found.rule, finding.severity)
            yield replace(finding, stated_severity=severity)


def _extent(run: Run) -> Message:
    known = [run.series[name] for name in SERIES if len(run.series.get(name, ()))]
    spans = (Message("span", name=s.name, first=s.steps[0], last=s.steps[-1]) for s in known)
    if not known:
        return Message("logged_no_loss", at=run.path)
    return Message("logged", at=run.path, spans=tuple(spans))
