"""Events: the departures of a run that the engine is sure of, in one list."""

from __future__ import annotations

from lossscan.model import Departure, Signals

SURE_LEVEL = 7.0  # standard errors away from landmarks: one more than a break needs, as for a drop
SURE_SPIKE = 8.0  # noise units: of 342 clean runs of the labeled sets one has a spike beyond it


def events_of(signals: Signals) -> tuple[Departure, ...]:
    """The departures that the engine is sure of, in order of step."""
    found: tuple[Departure, ...] = (*signals.changes, *signals.excursions)
    return tuple(sorted(filter(_is_sure, found), key=lambda event: (event.step, event.kind)))


def size_of(event: Departure) -> float:
    """The relative size; infinite from a level of 0."""
    return abs(event.after / event.before - 1) if event.before else float("inf")


def _is_sure(event: Departure) -> bool:
    """Whether noise makes no such event; one whose levels move the other way is bent by a line."""
    rises = event.after - event.before
    if event.kind.startswith("level_") and rises * (event.kind == "level_up" or -1) < 0:
        return False
    if event.kind == "spike":
        return abs(event.sigma) >= SURE_SPIKE
    return event.aligned_to is not None or abs(event.sigma) >= SURE_LEVEL
