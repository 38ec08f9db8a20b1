"""What lossscan says of a labelled run, held against the truth; one rule of scoring for all runs.

A finding is right where its rule is expected anywhere in the run; a truth is found where such a
finding has an episode within its tolerance. Findings that may be there (`allow`) are neither right
nor wrong. An alarm is a false finding at warning or above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, field

from lossscan.model import Finding, Run
from tests.accuracy.truth import Case, Truth

LARGE = 8.0  # noise units from which an effect is to be found
COUNTED_AT_INFO = ("epoch-step-drop",)  # of real runs: a wrong one misleads although it is no alarm


class Said(Struct, frozen=True):
    """A finding, light enough to travel between processes."""

    rule: str
    severity: str
    confidence: float
    strength: float | None  # size in the rule's own units, as reported
    starts: tuple[int, ...]
    causes: tuple[str, ...]


class Result(Struct, frozen=True):
    """A run's truth and what was said of it."""

    name: str
    points: int
    spacing: float  # steps between logged points
    expect: tuple[Truth, ...]
    allow: frozenset[str]
    said: tuple[Said, ...]
    recipe: Mapping[str, Any] = field(default_factory=dict)
    alarms: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # peers: points alarmed at
    clean: bool = False
    real: bool = False
    crash: str | None = None  # what the engine or a rule raised; warnings are errors here

    @property
    def what(self) -> str:
        """The phenomenon or look-alike."""
        return self.name.split("/")[2]

    def found(self, truth: Truth) -> list[Said]:
        """The findings that are right about a truth, place included."""
        return [said for said in self.said if said.rule in truth.rules and self._near(said, truth)]

    def _near(self, said: Said, truth: Truth) -> bool:
        away = self.distance(said, truth)
        return away is None or away <= truth.tolerance

    def distance(self, said: Said, truth: Truth) -> float | None:
        """Logged points between a truth and the nearest episode; None where either has no place."""
        if truth.step is None or not said.starts:
            return None
        return min(abs(start - truth.step) for start in said.starts) / self.spacing

    def is_right(self, said: Said) -> bool:
        """Whether the run holds what the finding says."""
        return any(said.rule in truth.rules for truth in self.expect)

    def false(self) -> list[Said]:
        """The findings that are wrong."""
        return [
            said
            for said in self.said
            if not self.is_right(said) and said.rule not in self.allow and self._counts(said)
        ]

    def _counts(self, said: Said) -> bool:
        return not self.real or said.severity != "info" or said.rule in COUNTED_AT_INFO

    def false_alarms(self) -> list[Said]:
        """The wrong findings that somebody would act on."""
        return [said for said in self.false() if said.severity != "info"]


def said_of(findings: Iterable[Finding]) -> tuple[Said, ...]:
    """Findings without their words."""
    return tuple(
        Said(
            rule=f.rule,
            severity=str(f.severity),
            confidence=f.confidence,
            strength=None if f.effect is None or f.effect.sigma is None else abs(f.effect.sigma),
            starts=tuple(e.start_step for e in f.episodes if e.start_step is not None),
            causes=tuple(cause.id for cause in f.causes),
        )
        for f in findings
    )


def examine(case: Case) -> Result:
    """The result of a simulated case."""
    loss = case.run.series["loss"]
    said, crash = judged(case.run)
    return Result(
        name=case.name,
        points=len(loss),
        spacing=spacing(loss.steps),
        expect=case.expect,
        allow=case.allow,
        said=said,
        crash=crash,
        recipe=case.recipe,
        clean=not case.expect,
    )


def judged(run: Run) -> tuple[tuple[Said, ...], str | None]:
    """What is said of a run, and what went wrong on the way: one crash must not stop the rest."""
    try:
        return said_of(findings_of(run)), None
    except Exception as error:  # the report names it, and the run counts as silent
        return (), repr(error)


def findings_of(run: Run) -> tuple[Finding, ...]:
    """The findings of a run that is in memory; raises RuntimeError where a rule crashed."""
    from lossscan.ledger import diagnose
    from lossscan.settings import Settings
    from lossscan.signals import scan

    found = diagnose(run, scan(run), Settings(lang="en"))
    if any("rule" in remark for remark in found.remarks):
        raise RuntimeError(f"{run.name}: {found.remarks}")
    return found.findings


def spacing(steps: np.ndarray) -> float:
    """Mean steps between points; at least 1."""
    return max(1.0, float(steps[-1] - steps[0]) / (len(steps) - 1)) if len(steps) > 1 else 1.0


# --- sums ----------------------------------------------------------------------------------------


class Score(Struct, frozen=True):
    """Of one rule: truths found and missed, findings that are wrong."""

    hit: int = 0
    missed: int = 0
    false: int = 0

    @property
    def recall(self) -> float | None:
        """Share of the truths found."""
        return self.hit / (self.hit + self.missed) if self.hit + self.missed else None

    @property
    def precision(self) -> float | None:
        """Share of what was found that is right."""
        return self.hit / (self.hit + self.false) if self.hit + self.false else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where the rule has no truth."""
        whole = 2 * self.hit + self.missed + self.false
        return 2 * self.hit / whole if self.hit + self.missed else None


def is_large(truth: Truth) -> bool:
    """Whether a truth is to be found: of 8 noise units or more, or without a size."""
    return truth.size is None or truth.size >= LARGE - 0.5


def per_rule(results: Iterable[Result], *, large: bool = True) -> dict[str, Score]:
    """Scores by rule; only over large effects, or over all."""
    counts: dict[str, list[int]] = {}
    for result in results:
        for truth in result.expect:
            if is_large(truth) or not large:
                at = 0 if result.found(truth) else 1
                counts.setdefault(truth.rules[0], [0, 0, 0])[at] += 1
        for said in result.false():
            counts.setdefault(said.rule, [0, 0, 0])[2] += 1
    return {rule: Score(*counts[rule]) for rule in sorted(counts)}


def macro_f1(scores: Mapping[str, Score]) -> float:
    """The mean over rules that have a truth."""
    values = [score.f1 for score in scores.values() if score.f1 is not None]
    return float(np.mean(values)) if values else float("nan")


def alarmed(results: Sequence[Result]) -> list[Result]:
    """The clean runs with a false alarm."""
    return [result for result in results if result.clean and result.false_alarms()]


def place_errors(results: Iterable[Result]) -> list[float]:
    """Distances in logged points of all large truths found that have a sharp place."""
    return [
        min(away)
        for result in results
        for truth in result.expect
        if is_large(truth) and truth.sharp
        if (
            away := [d for s in result.found(truth) if (d := result.distance(s, truth)) is not None]
        )
    ]


def confidences(results: Iterable[Result]) -> list[tuple[str, float, float | None, bool]]:
    """(rule, confidence, strength, right) of every finding that is right or wrong."""
    return [
        (said.rule, said.confidence, said.strength, result.is_right(said))
        for result in results
        for said in result.said
        if result.is_right(said) or said.rule not in result.allow
    ]


BINS = 10


def reliability(pairs: Iterable[tuple[float, bool]]) -> list[tuple[int, float, float]]:
    """(findings, mean confidence, share right) of each of ten bins that holds any."""
    table: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in pairs:
        table.setdefault(min(BINS - 1, int(confidence * BINS)), []).append((confidence, right))
    return [
        (len(found), float(np.mean([c for c, _ in found])), float(np.mean([r for _, r in found])))
        for _, found in sorted(table.items())
    ]


def calibration_error(pairs: Sequence[tuple[float, bool]]) -> float:
    """Mean gap between stated confidence and share right, over the bins."""
    if not pairs:
        return float("nan")
    return sum(n * abs(stated - right) for n, stated, right in reliability(pairs)) / len(pairs)


def causes(results: Iterable[Result]) -> dict[str, tuple[int, int, int]]:
    """By rule: findings whose true cause is known; named first; among the first two.

    Where a mechanism and what is behind it are both true, either may be first.
    """
    counts: dict[str, list[int]] = {}
    for result in results:
        for truth in result.expect:
            for said in result.found(truth)[:1] if truth.causes else ():
                row = counts.setdefault(truth.rules[0], [0, 0, 0])
                row[0] += 1
                row[1] += said.causes[0] in truth.causes if said.causes else 0
                right = truth.causes if truth.alike else truth.causes[:1]
                row[2] += not set(right).isdisjoint(said.causes[:2])
    return {rule: (n, first, two) for rule, (n, first, two) in sorted(counts.items())}
