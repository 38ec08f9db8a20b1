"""Events: the departures of a run that the engine is sure of, and the findings they are part of."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from msgspec.structs import replace

from lossscan.model import Departure, Finding, Signals
from lossscan.numeric.levels import TAKEN_BACK

SURE_LEVEL = 7.0  # standard errors away from landmarks: one more than a break needs, as for a drop
SURE_SPIKE = 8.0  # noise units: of 342 clean runs of the labeled sets one has a spike beyond it
NEAR_POINTS = 3  # logged points: an edge inside a window shows in two, and the fall behind it
GAINED = 0.5  # of a slope's rise: with less before a spike, most of it is the spike's


def events_of(signals: Signals) -> tuple[Departure, ...]:
    """The departures that the engine is sure of, in order of step."""
    found: tuple[Departure, ...] = (*signals.changes, *signals.excursions)
    return tuple(sorted(filter(_is_sure, found), key=lambda event: (event.step, event.kind)))


def _is_sure(event: Departure) -> bool:
    """Whether noise makes no such event; one whose levels move the other way is bent by a line."""
    rises = event.after - event.before
    if event.kind.startswith("level_") and rises * (event.kind == "level_up" or -1) < 0:
        return False
    if event.kind == "spike":
        return abs(event.sigma) >= SURE_SPIKE
    return event.aligned_to is not None or abs(event.sigma) >= SURE_LEVEL


def with_near_events(
    signals: Signals, events: Sequence[Departure], findings: Sequence[Finding]
) -> list[Finding]:
    """The findings with the events around their edges claimed too: they are the same event.

    An overshoot behind a jump, and the fall behind a spike, are seen by the engine as well.
    """
    return [replace(one, claims=one.claims | _near(one, signals, events)) for one in findings]


def _near(finding: Finding, signals: Signals, events: Sequence[Departure]) -> set[int]:
    own = [event for event in events if event.series == finding.series]
    rises = {event.step for event in own if _is_its_rise(event, finding, signals)}
    at_landmark = {event.step for event in own if _at_its_landmark(event, finding)}
    of_its_size = [event for event in own if _is_of_its_size(event, finding)]
    return _at_edges(of_its_size, finding, signals) | at_landmark | rises


def _at_edges(events: Sequence[Departure], finding: Finding, signals: Signals) -> set[int]:
    """The steps of the events that are near where an episode of the finding begins or ends."""
    import numpy as np

    trace = signals.trace_of(finding.series)
    if trace is None:
        return set()
    edges = [
        e
        for each in finding.episodes
        for e in (each.start_step, each.end_step)
        if e is not None and (e != trace.steps[-1] or e == each.start_step)
    ]
    if not edges:
        return set()
    steps = [event.step for event in events]
    ends = sorted(np.searchsorted(trace.steps, edges).tolist())
    places = np.searchsorted(trace.steps, steps).tolist()
    return {step for step, place in zip(steps, places, strict=True) if _is_at(place, ends)}


def _is_of_its_size(event: Departure, finding: Finding) -> bool:
    """Whether a change of level is no larger than what the finding is about: else it is another."""
    effect = finding.effect
    if effect is None or effect.delta is None or not event.kind.startswith("level_"):
        return True
    return abs(event.after - event.before) <= abs(effect.delta) / TAKEN_BACK


def _is_at(place: int, edges: Sequence[int]) -> bool:
    first = bisect_left(edges, place - NEAR_POINTS)
    return first < len(edges) and edges[first] <= place + NEAR_POINTS


def _at_its_landmark(event: Departure, finding: Finding) -> bool:
    """Whether both are at one landmark: noise moves the found edge by some points."""
    one, two = event.aligned_to, finding.aligned_to
    return one is not None and two is not None and (one.kind, one.step) == (two.kind, two.step)


def _is_its_rise(event: Departure, finding: Finding, signals: Signals) -> bool:
    """Whether a slope rises only by its spike, before which it had gained next to nothing.

    A line through a stretch with a high spike in it, as behind a resume, is steep.
    """
    return event.kind == "slope_up" and any(
        spike.series == event.series
        and spike.start_step in finding.claims
        and event.step <= spike.start_step
        and spike.base - event.before < GAINED * (event.after - event.before)
        for spike in signals.excursions
    )
