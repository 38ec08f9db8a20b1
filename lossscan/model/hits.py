"""What a rule yields: Hits and Acquittals, numbers and names of sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lossscan.model.base import Numbers, Severity
from lossscan.model.signals import Alignment


@dataclass(frozen=True, slots=True)
class Episode:
    """One place where a finding happens."""

    start_step: int | None
    end_step: int | None = None
    sigma: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """The size of a finding, in the units of the series."""

    before: float | None = None
    after: float | None = None
    delta: float | None = None
    ratio: float | None = None
    sigma: float | None = None


@dataclass(frozen=True, slots=True)
class Clue:
    """One piece of evidence: `id` names its sentence in the rule's catalogue page."""

    id: str
    numbers: Numbers = field(default_factory=dict)
    source: str | None = None
    step: int | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """A training setting behind a cause; value and source are filled in from the run."""

    field: str
    value: Any = None
    source: str | None = None
    suggest: Any = None  # a value that would fix it


@dataclass(frozen=True, slots=True)
class Suspect:
    """A possible cause: `id` names its sentence in the catalogue; `score` 0..1 ranks it."""

    id: str
    score: float
    numbers: Numbers = field(default_factory=dict)
    config: tuple[Advice, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule yields: numbers and names of sentences, never sentences."""

    rule: str
    confidence: float  # probability that the finding is right
    series: str = "loss"
    severity: Severity | None = None  # None: the one of the rule's catalogue page
    message: str = "default"  # which of the page's messages
    numbers: Numbers = field(default_factory=dict)  # what the page's templates may name
    episodes: tuple[Episode, ...] = ()
    effect: Effect | None = None
    aligned_to: Alignment | None = None
    clues: tuple[Clue, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    remedies: tuple[str, ...] = ()  # ids
    next: str | None = None  # id
    claims: frozenset[int] = frozenset()  # steps of the changes and excursions it explains


@dataclass(frozen=True, slots=True)
class Acquittal:
    """A rule that was considered and excluded: `id` names the sentence under `ruled_out`."""

    rule: str
    id: str
    numbers: Numbers = field(default_factory=dict)
