"""What several runs show side by side: the values of a comparison, all frozen.

Runs have one letter each, in the order in which they were named; `between` holds two letters, and
every gap is the second run's value less the first one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_letters
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from lossscan.model import Field, Message, Severity

LETTERS: Final = ascii_letters  # a run each: one character marks its points in a chart
Between: TypeAlias = tuple[str, str]
Shape: TypeAlias = Literal["scale", "start", "warmup", "epoch", "resume", "finding", "course"]


class Member(Struct, frozen=True):
    """A run of the comparison."""

    label: str  # its letter
    path: str


class Ends(Struct, frozen=True):
    """How two runs are at the last steps they share, in the units of the series."""

    step: int
    first: float
    second: float
    delta: float  # second - first
    ratio: float | None  # second / first where both are positive
    sigma: float  # the gap in standard errors


class Parting(Struct, frozen=True):
    """Where one series of two runs parts, or that it does not."""

    series: str
    between: Between
    points: int  # places at which both are known
    step: int | None  # the first step that shows it; None where they stay within noise
    until: int | None  # the last step apart, where they come together again
    shape: Shape | None
    noise: float  # of one point of the gap: relative where `log`, else in units of the series
    margin: float  # a gap below it is what another seed brings
    log: bool
    ends: Ends
    text: Message


class FieldDifference(Struct, frozen=True):
    """A setting on which the runs differ."""

    field: str
    values: Mapping[str, Field | None]  # by letter; None where no file states it
    family: str  # what kind of setting it is
    score: float  # how well it explains where the runs part, 0..1
    reason: Message


class Metric(Struct, frozen=True):
    """A series of all runs at one place."""

    series: str
    axis: Literal["step", "samples", "tokens"]
    at: float
    values: Mapping[str, float | None]  # by letter
    basis: Mapping[str, str]  # by letter: what the axis was counted from


class Contrast(Struct, frozen=True):
    """A finding of some of the runs that the others do not have."""

    rule: str
    severity: Severity  # the worst of them
    title: Message
    present: tuple[str, ...]  # letters
    absent: tuple[str, ...]


class Band(Struct, frozen=True):
    """What runs that differ in nothing but the seed say of chance."""

    series: str
    members: tuple[str, ...]
    steps: tuple[int, ...]
    mean: tuple[float, ...]  # at each step, in the units of the series
    spread: tuple[float, ...]  # standard deviation between the seeds there
    margin: float  # how far the course of a further seed may be from the mean; relative where `log`
    log: bool
    text: Message


class Outsider(Struct, frozen=True):
    """A further run, held against a band of seeds."""

    label: str
    series: str
    members: tuple[str, ...]  # of the band
    step: int | None  # from which on it is outside; None where it stays inside
    until: int | None
    gap: float  # at the end, from the mean of the seeds; relative where the band is
    text: Message


class Comparison(Struct, frozen=True):
    """All that is said of several runs together; findings are in the report."""

    members: tuple[Member, ...]
    partings: tuple[Parting, ...] = ()
    differences: tuple[FieldDifference, ...] = ()  # best explanation first
    metrics: tuple[Metric, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    bands: tuple[Band, ...] = ()
    outsiders: tuple[Outsider, ...] = ()
