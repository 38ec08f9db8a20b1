"""What a finding claims around its edges: the engine sees one event there more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lossscan.ledger.events import Departure
from lossscan.model import Alignment, Hit, Signals

NEAR_POINTS = 3  # logged points: an edge inside a window shows in two, and the fall behind it
GAINED: Final = 0.5  # of a slope's rise: with less before a spike, most of it is the spike's


def with_near_events(
    signals: Signals, events: Sequence[Departure], hits: Sequence[Hit]
) -> list[Hit]:
    """The hits with the events around their edges claimed too: they are the same event.

    An overshoot behind a jump, and the fall behind a spike, are seen by the engine as well.
    """
    return [
        replace(
            hit,
            claims=hit.claims
            | {
                event.step
                for event in events
                if event.series == hit.series
                and (_at_an_edge(event, hit, signals) or _is_its_rise(event, hit, signals))
            },
        )
        for hit in hits
    ]


def _same(one: Alignment, two: Alignment) -> bool:
    return (one.kind, one.step) == (two.kind, two.step)


def _at_an_edge(event: Departure, hit: Hit, signals: Signals) -> bool:
    import numpy as np

    if (
        event.aligned_to is not None
        and hit.aligned_to is not None
        and _same(event.aligned_to, hit.aligned_to)
    ):
        return True  # noise moves the found edge by some points: the landmark says it is one
    edges = [e for each in hit.episodes for e in (each.start_step, each.end_step) if e is not None]
    curve = signals.curves.get(event.series)
    if curve is None or not edges:
        return False
    at = np.searchsorted(curve.steps, [event.step, *edges])
    return bool(np.abs(at[1:] - at[0]).min() <= NEAR_POINTS)


def _is_its_rise(event: Departure, hit: Hit, signals: Signals) -> bool:
    """Whether a slope rises only by a spike of the hit, before which it had gained next to nothing.

    A line through a stretch with a high spike in it, as behind a resume, is steep.
    """
    return event.kind == "slope_up" and any(
        spike.series == event.series
        and spike.start_step in hit.claims
        and event.step <= spike.start_step
        and spike.base - event.before < GAINED * (event.after - event.before)
        for spike in signals.excursions
    )
