"""What the engine makes of a Run: Signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from msgspec import Struct, field

from lossscan.model.run import Landmark, LandmarkKind

if TYPE_CHECKING:
    from lossscan.numeric.arrays import FloatArray, IntArray

ChangeKind: TypeAlias = Literal["level_up", "level_down", "slope_up", "slope_down"]


class Alignment(Struct, frozen=True):
    """The landmark that a change belongs to, and how surprising that is by chance."""

    kind: LandmarkKind
    step: float  # of the landmark
    distance_steps: float  # from the landmark to the first step that shows the change
    p_value: float | None = None
    epoch: int | None = None


class Trace(Struct, frozen=True):
    """The finite points of one series, and their noise on the scale where it is even."""

    name: str
    steps: IntArray  # (n,)
    values: FloatArray  # (n,), as logged
    noise: float  # typical standard deviation of one point about its course, robust


class Curve(Trace, frozen=True):
    """A trace on the scale where its noise is even, with what its search takes."""

    scaled: FloatArray  # (n,), log of the values, or the values themselves
    clipped: FloatArray  # (n,), `scaled` with lone outliers drawn in, so that no spike makes a step
    log: bool  # whether `scaled` is a logarithm
    local_noise: FloatArray  # (n,), the same around each point: noise grows as a loss shrinks
    descent_end: int  # index of the first point after the initial descent
    moving: int  # points before it stops at one number, which tells nothing of noise


class Aligned:
    """What may belong to a landmark."""

    __slots__ = ()
    aligned_to: Alignment | None

    def is_at(self, *kinds: LandmarkKind) -> bool:
        """Whether it belongs to a landmark of one of these kinds."""
        return self.aligned_to is not None and self.aligned_to.kind in kinds


class Change(Aligned, Struct, frozen=True):
    """A place from which on the curve runs on another level or slope."""

    end_step: ClassVar[None] = None  # it lasts, as far as the engine tells
    series: str
    kind: ChangeKind
    index: int  # first point that shows it, in the curve
    step: int  # of that point
    before: float  # local level as logged, just before
    after: float  # just after
    delta: float  # after - before on the scale of the values
    ratio: float | None  # after / before where both are positive
    sigma: float  # size in its own standard errors; negative is down
    stays: float  # share of the change still there a tenth of the run later, 0..1
    aligned_to: Alignment | None = None


class Excursion(Aligned, Struct, frozen=True):
    """Points that leave the course and come back to it."""

    series: str
    start: int  # index in the curve, half-open [start, stop)
    stop: int
    start_step: int
    end_step: int
    base: float  # the course at the peak, as logged
    peak: float  # the most distant value
    sigma: float  # distance of the peak in noise units; positive is up
    aligned_to: Alignment | None = None
    kind: ClassVar[Literal["spike"]] = "spike"

    @property
    def step(self) -> int:
        """The first that shows it, as of a change."""
        return self.start_step

    @property
    def before(self) -> float:
        """The course, as the level before a change."""
        return self.base

    @property
    def after(self) -> float:
        """The peak, as the level after a change."""
        return self.peak


Departure: TypeAlias = Change | Excursion


class BoundaryTest(Struct, frozen=True):
    """The step of the curve at one known landmark, against the same statistic at placebo places."""

    landmark: Landmark
    index: int  # first point wholly after the landmark
    step: int
    before: float  # level at the edge of the landmark, in units of the series
    after: float
    gap: float  # the step on the curve's scale (log where it is one), trend removed, at its surest
    shift: float  # between the levels a few points away on that scale, trend and all
    sigma: float  # gap in units of its own standard error
    p_value: float  # share of placebo places at least as extreme (one-sided in the gap's sign)
    points: int  # logged points on the shorter side

    @property
    def aligned_to(self) -> Alignment:
        """The landmark, as what is found there is aligned to it."""
        mark = self.landmark
        return Alignment(mark.kind, mark.step, self.step - mark.step, self.p_value, mark.epoch)


class Signals(Struct, frozen=True):
    """All that the engine found in one run; knows no files and no rules."""

    loss: Curve | None = None
    others: Mapping[str, Trace] = field(default_factory=dict)  # by name; their curves are not kept
    changes: tuple[Change, ...] = ()  # of all scanned series, in order of step
    excursions: tuple[Excursion, ...] = ()  # of `loss`: no rule asks for those of another
    boundaries: tuple[BoundaryTest, ...] = ()  # of `loss` at epoch and data-epoch boundaries
    epoch_correlation: float | None = None  # of the detrended loss at equal places of epochs
    # Twice the log of the Bayes factor of a step that all epochs of a short loss share, with the
    # sign of the step; None of a longer one, and where it changes its level elsewhere.
    epoch_step: float | None = None
    period: float | None = None  # steps, where the loss repeats
    period_strength: float = 0.0  # autocorrelation at that period
    # The smallest change of level and the smallest spike of the loss beyond its noise, on the scale
    # of its curve; None where it was not searched: too short, or on the floor of its printing.
    least_step: float | None = None
    least_peak: float | None = None

    def trace_of(self, series: str | None) -> Trace | None:
        """What was searched of a series; None where it was not."""
        return self.loss if series == "loss" else self.others.get(series or "")

    def changes_of(self, series: str, *kinds: ChangeKind) -> tuple[Change, ...]:
        """The changes of one series; with kinds, only those."""
        own = (c for c in self.changes if c.series == series)
        return tuple(c for c in own if not kinds or c.kind in kinds)
