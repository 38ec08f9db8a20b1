"""Events: the departures of a run that the engine is sure of, in one list."""

from __future__ import annotations

from msgspec import Struct

from lossscan.model import Alignment, Change, Excursion, Signals

SURE_LEVEL = 7.0  # standard errors away from landmarks: one more than a break needs, as for a drop
SURE_SPIKE = 8.0  # noise units: of 342 clean runs of the labeled sets one has a spike beyond it


class Departure(Struct, frozen=True, kw_only=True):
    """A change or an excursion, in the terms of the report."""

    series: str
    kind: str  # level_up, level_down, slope_up, slope_down or spike
    step: int
    before: float
    after: float
    sigma: float
    aligned_to: Alignment | None
    end_step: int | None = None  # of a spike
    change: Change | None = None  # where it is one

    @property
    def size(self) -> float:
        """The relative size; infinite from a level of 0."""
        return abs(self.after / self.before - 1) if self.before else float("inf")


def events_of(signals: Signals) -> tuple[Departure, ...]:
    """The departures that the engine is sure of, in order of step."""
    found = [*map(_of_change, signals.changes), *map(_of_excursion, signals.excursions)]
    return tuple(sorted(filter(_is_sure, found), key=lambda event: (event.step, event.kind)))


def _of_change(c: Change) -> Departure:
    return Departure(
        series=c.series,
        kind=c.kind,
        step=c.step,
        before=c.before,
        after=c.after,
        sigma=c.sigma,
        aligned_to=c.aligned_to,
        change=c,
    )


def _of_excursion(e: Excursion) -> Departure:
    return Departure(
        series=e.series,
        kind="spike",
        step=e.start_step,
        end_step=e.end_step,
        before=e.base,
        after=e.peak,
        sigma=e.sigma,
        aligned_to=e.aligned_to,
    )


def _is_sure(event: Departure) -> bool:
    """Whether noise makes no such event; one whose levels move the other way is bent by a line."""
    rises = event.after - event.before
    if event.kind.startswith("level_") and rises * (event.kind == "level_up" or -1) < 0:
        return False
    if event.kind == "spike":
        return abs(event.sigma) >= SURE_SPIKE
    return event.aligned_to is not None or abs(event.sigma) >= SURE_LEVEL
