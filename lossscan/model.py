"""Every value that travels through lossscan, all frozen; nothing here computes or reads.

    path -> ingest -> Run -> signals -> Signals -> rules -> Hits -> diagnosis -> RunReport -> Report

Steps are optimizer steps unless a format counts otherwise (MiniMind counts micro-batches).
Intervals of steps are `(after, by]`; intervals of array indices are half-open `[start, stop)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from lossscan.arrays import FloatArray, IntArray
    from lossscan.comparison import Comparison

Number: TypeAlias = float | int
Numbers: TypeAlias = Mapping[str, "Number | str | None"]


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


# --- ingest: files to a Run --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """One quantity as one file holds it: in file order, steps may repeat or go back."""

    steps: IntArray  # (n,)
    values: FloatArray  # (n,), NaN and infinities kept


@dataclass(frozen=True, slots=True)
class Table:
    """What one log file holds."""

    path: Path
    format: str  # name of the format module that read it
    columns: Mapping[str, Column]  # canonical names, see ingest.names
    framework: str | None = None
    config: Mapping[str, Any] = field(
        default_factory=dict
    )  # canonical fields the file states: settings, banner counts
    averaging: Literal["window", "instant"] = "window"  # what one logged loss is
    launches: tuple[int, ...] = ()  # steps at which a further launch says it begins
    complete: bool | None = None  # True where the file says that training ended
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader saw and survived; `kind` names the sentence in the words table."""

    kind: str  # broken_lines, truncated_tail, bad_checksum, ...
    path: Path
    numbers: Numbers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of the training run and the file that states it."""

    value: Any
    source: str  # path relative to the run


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of the run on its surviving course."""

    name: str
    steps: IntArray  # (n,), strictly increasing
    values: FloatArray  # (n,), NaN and infinities kept
    points: int | None = None  # n, where no more than the first and the last are kept

    def __len__(self) -> int:
        return len(self.steps) if self.points is None else self.points


LandmarkKind: TypeAlias = Literal[
    "epoch_boundary",
    "last_data_epoch",
    "warmup_end",
    "lr_change",
    "resume",
    "evaluation",
    "checkpoint",
    "accumulation",
]


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place where something is known to happen: steps up to `step` lie before it."""

    kind: LandmarkKind
    step: float
    slack: float = 0.0  # how far off `step` may be, in steps, either way
    epoch: int | None = None  # the epoch that ends here, counted from 1
    source: str | None = None  # the file or field that tells it


@dataclass(frozen=True, slots=True)
class Resume:
    """A launch that continued an earlier one."""

    step: int  # last step kept from the launch before
    dead: Mapping[str, Series] = field(
        default_factory=dict
    )  # points of the launch before that the resume overtook
    fresh: bool = False  # nothing of the launch before was kept: a new run in the same folder
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The landmarks of a run and what they were computed from."""

    landmarks: tuple[Landmark, ...] = ()
    steps_per_epoch: float | None = None
    epochs: float | None = None  # epochs done at the last logged step
    max_steps: int | None = None  # planned updates
    resumes: tuple[Resume, ...] = ()

    def of(self, kind: LandmarkKind) -> tuple[Landmark, ...]:
        """The landmarks of one kind, in order of step."""
        return tuple(mark for mark in self.landmarks if mark.kind == kind)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that the run was read from."""

    path: str  # relative to the run
    format: str
    points: int  # of its fullest column
    used_for: tuple[str, ...]  # names of the series taken from it


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that looks like a log and could not be used."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """One training run, read from all its files."""

    path: str
    name: str
    series: Mapping[str, Series]
    sources: tuple[Source, ...]
    framework: str | None = None
    objective: str = "cross-entropy"  # or dpo, kto, grpo, ppo, reward, ... : see ingest.objective
    averaging: Literal["window", "instant"] = "window"
    config: Mapping[str, Field] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    complete: bool | None = None
    notes: tuple[Note, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def setting(self, name: str) -> Any:
        """The value of a config field, or None where no file states it."""
        stated = self.config.get(name)
        return None if stated is None else stated.value

    def source_of(self, series: str) -> str | None:
        """The file that a series was taken from."""
        return next((s.path for s in self.sources if series in s.used_for), None)


# --- signals: a Run to Signals -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alignment:
    """The landmark that a change belongs to, and how surprising that is by chance."""

    kind: LandmarkKind
    step: float  # of the landmark
    distance_steps: float  # from the landmark to the first step that shows the change
    p_value: float | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """The finite points of one series on the scale where its noise is even."""

    name: str
    steps: IntArray  # (n,)
    values: FloatArray  # (n,), as logged
    scaled: FloatArray  # (n,), log of the values, or the values themselves
    log: bool  # whether `scaled` is a logarithm
    noise: float  # typical standard deviation of one point of `scaled` about its course, robust
    local_noise: FloatArray  # (n,), the same around each point: noise grows as a loss shrinks
    settled: int  # index of the first point after the initial descent
    positions: IntArray  # (n,), index of each point in the run's series, before clean-up


@dataclass(frozen=True, slots=True)
class Change:
    """A place from which on the curve runs on another level or slope."""

    series: str
    kind: Literal["level_up", "level_down", "slope_up", "slope_down"]
    index: int  # first point that shows it, in the curve
    step: int  # of that point
    before: float  # local level as logged, just before
    after: float  # just after
    delta: float  # after - before on the scale of the values
    ratio: float | None  # after / before where both are positive
    sigma: float  # size in its own standard errors; negative is down
    stays: float  # share of the change still there a tenth of the run later, 0..1
    aligned_to: Alignment | None = None


@dataclass(frozen=True, slots=True)
class Excursion:
    """Points that leave the course and come back to it."""

    series: str
    start: int  # index in the curve, half-open [start, stop)
    stop: int
    start_step: int
    end_step: int
    peak_step: int
    base: float  # the course at the peak, as logged
    peak: float  # the most distant value
    sigma: float  # distance of the peak in noise units; positive is up
    aligned_to: Alignment | None = None


@dataclass(frozen=True, slots=True)
class BoundaryTest:
    """The step of the curve at one known landmark, against the same statistic at placebo places."""

    landmark: Landmark
    index: int  # first point wholly after the landmark
    step: int
    before: float  # level as logged, just before the landmark
    after: float
    gap: float  # after - before on the curve's scale (log where it is one), trend removed
    sigma: float  # gap in units of its own standard error
    p_value: float  # share of placebo places at least as extreme (one-sided in the gap's sign)
    points: int  # logged points on the shorter side


@dataclass(frozen=True, slots=True)
class Signals:
    """All that the engine found in one run; knows no files and no rules."""

    curves: Mapping[str, Curve] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()  # of all scanned series, in order of step
    excursions: tuple[Excursion, ...] = ()
    boundaries: tuple[BoundaryTest, ...] = ()  # of `loss` at epoch and data-epoch boundaries
    epoch_correlation: float | None = None  # of the detrended loss at equal places of epochs
    period: float | None = None  # steps, where the loss repeats
    period_strength: float = 0.0  # autocorrelation at that period

    def changes_of(self, series: str) -> tuple[Change, ...]:
        """The changes of one series."""
        return tuple(c for c in self.changes if c.series == series)

    def excursions_of(self, series: str) -> tuple[Excursion, ...]:
        """The excursions of one series."""
        return tuple(e for e in self.excursions if e.series == series)


# --- rules: Signals to Hits --------------------------------------------------------------------


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
    """A config field behind a cause, its value, and a value that would mend it."""

    field: str
    suggest: Any = None


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


# --- diagnosis: the report ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """A clue in words."""

    text: str
    source: str | None = None
    step: int | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class ConfigAdvice:
    """A config field that a cause names."""

    field: str
    value: Any
    source: str | None
    suggest: Any


@dataclass(frozen=True, slots=True)
class Cause:
    """A suspect in words."""

    id: str
    score: float
    text: str
    config: tuple[ConfigAdvice, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file: of the point that shows a finding, or of a setting behind it."""

    path: str  # relative to the run
    line: int | None = None  # from 1; None where the file has no lines or none could be found
    field: str | None = None  # the setting that stands there; None for a point of the log


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a finding does not fail the gate."""

    by: Literal["baseline", "suppression"]
    reason: str | None = None  # as the settings give it
    expires: date | None = None  # the last day on which it counts


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, ready to be shown."""

    rule: str
    severity: Severity
    confidence: float
    title: str
    message: str
    series: str
    start_step: int | None
    end_step: int | None
    epoch: float | None
    episodes: tuple[Episode, ...] = ()
    effect: Effect | None = None
    aligned_to: Alignment | None = None
    evidence: tuple[Evidence, ...] = ()
    causes: tuple[Cause, ...] = ()
    remedies: tuple[str, ...] = ()
    next: str | None = None
    locations: tuple[Location, ...] = ()  # the most telling first
    fingerprint: str | None = None  # the same in every report of the run, see lossscan.baseline
    waiver: Waiver | None = None  # None: it counts at the gate


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A look-alike that was considered and excluded, and why."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run could not be examined."""

    type: str  # class name of the error
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """All that lossscan says of one run."""

    path: str
    name: str
    status: str  # a severity, "ok" or "error"
    run: Run | None = None  # None where it could not be read
    findings: tuple[Finding, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    change_points: tuple[Change, ...] = ()
    remarks: tuple[str, ...] = ()  # notes in words: what was survived, what could not be judged
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One or many run reports, and what only several runs together show."""

    version: str
    runs: tuple[RunReport, ...]
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()  # of the gate: what the baseline or a suppression no longer meets
    comparison: Comparison | None = None  # of what `compare` says beyond the runs themselves
