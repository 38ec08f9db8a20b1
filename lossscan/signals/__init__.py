"""A Run becomes Signals: numpy in, numpy out; knows no files and no rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from msgspec.structs import replace

from lossscan.model import (
    BoundaryTest,
    Change,
    Curve,
    Excursion,
    Landmark,
    LandmarkKind,
    Run,
    Series,
    Signals,
    Trace,
)
from lossscan.numeric.arrays import ignore_float_errors
from lossscan.points import are_epochs, points_of
from lossscan.signals.align import Aligner
from lossscan.signals.boundaries import bridged, judge_landmarks
from lossscan.signals.breaks import find_breaks, gap_ratios, least_step
from lossscan.signals.clean import curve_of, on_floor
from lossscan.signals.climbs import early_rise, late_rises
from lossscan.signals.dips import standing_out
from lossscan.signals.leaps import with_leap
from lossscan.signals.levels import rises_at, split
from lossscan.signals.lone_step import shared_step
from lossscan.signals.outbursts import off_floor, wild_end, wild_points
from lossscan.signals.periods import epoch_correlation, period
from lossscan.signals.spikes import Heights, early_spikes, find_spikes, heights_of, least_peak
from lossscan.signals.stairs import find_stairs
from lossscan.signals.turns import (
    beside_humps,
    find_turns,
    sure_stretches,
    turns_between,
    without_humps,
)
from lossscan.signals.wander import beyond_wander

OTHERS = ("grad_norm", "reward")  # searched with the loss: rules ask about them, users look at them
EPOCH_POINTS = 20  # logged points of an epoch that is longer than what is sought within it
TESTED: tuple[LandmarkKind, ...] = ("epoch_boundary", "last_data_epoch", "resume")

__all__ = ["change_points", "scan"]


def scan(run: Run) -> Signals:
    """All that the engine finds in a run."""
    with ignore_float_errors():
        return _scan(run)


def _scan(run: Run) -> Signals:
    others = {name: each for name in OTHERS if (each := _other(run, name))}
    loss = _curve(run, "loss")
    found = Signals() if loss is None else _of_loss(loss, run)
    changes = [change for _, own in others.values() for change in own]
    changes = sorted([*changes, *found.changes], key=lambda change: change.step)
    traces = {name: trace for name, (trace, _) in others.items()}
    return replace(found, loss=loss, others=traces, changes=tuple(changes))


def _other(run: Run, name: str) -> tuple[Trace, Sequence[Change]] | None:
    """The trace and the changes of a series other than the loss; its curve is not kept."""
    curve = _curve(run, name)
    if curve is None:
        return None
    return Trace(name, curve.steps, curve.values, curve.noise), _changes(curve, run)


def _curve(run: Run, name: str) -> Curve | None:
    points = points_of(run, name)
    return None if points is None else curve_of(points)


def _changes(curve: Curve, run: Run) -> Sequence[Change]:
    """The changes of level of another quantity than the loss, else those of slope."""
    if on_floor(curve):
        return ()
    landmarks = run.schedule.landmarks
    found, _ = split(curve, find_breaks(curve, gap_ratios(curve)), landmarks)
    return found or list(find_turns(curve, landmarks))


def _of_loss(loss: Curve, run: Run) -> Signals:
    if on_floor(loss):
        changes, excursions, step, peak = *off_floor(loss, run.schedule.landmarks), None, None
    else:
        changes, excursions, step, peak = _departures(loss, run)
    marks = [mark for kind in TESTED for mark in run.schedule.of(kind)]
    repeats, strength = period(loss)
    walls = [c.index for c in changes if _is_wall(c)]
    tests = judge_landmarks(
        loss,
        marks,
        averaged=run.averaging == "window",
        walls=walls,
        excursions=[e for e in excursions if not e.is_at(*TESTED)],
    )
    return Signals(
        changes=(*changes, *rises_at(loss, tests, run.schedule.landmarks, (*changes, *excursions))),
        excursions=tuple(sorted(excursions, key=lambda episode: episode.start_step)),
        boundaries=tests,
        epoch_correlation=epoch_correlation(loss, run.schedule.of("epoch_boundary")),
        epoch_step=None if walls else _epoch_step(loss, tests),  # no smooth course holds one
        period=repeats,
        period_strength=strength,
        least_step=step,
        least_peak=peak,
    )


def _epoch_step(loss: Curve, tests: Iterable[BoundaryTest]) -> float | None:
    """The evidence of a step that all epochs share, behind the initial descent."""
    first = loss.descent_end
    ends = [test for test in tests if test.landmark.kind == "epoch_boundary"]
    mixed = [t.index - 1 - first for t in ends if loss.steps[t.index - 1] > t.landmark.step]
    edges = [test.index - first for test in ends]
    return shared_step(loss.clipped[first:], edges, mixed) if ends else None


Departures: TypeAlias = tuple[list[Change], list[Excursion], float | None, float | None]


def _departures(curve: Curve, run: Run) -> Departures:
    """Its changes, those of slope where no level rises; blocks, spikes, humps; least step, peak."""
    landmarks = run.schedule.landmarks
    changes, blocks, step = _levels(curve, landmarks)
    heights = heights_of(curve, blocks, [change.index for change in changes])
    if heights is not None:  # a short block is surer by its peak than by the gap of its front
        peaks = zip(blocks, heights.blocks, strict=True)
        blocks = [replace(block, sigma=max(block.sigma, peak)) for block, peak in peaks]
    found_at = [*(change.index for change in changes), *(block.start for block in blocks)]
    early = early_rise(curve, landmarks, before=min(found_at, default=len(curve.steps)))
    if isinstance(early, Change):
        changes.insert(0, early)
    elif early is not None:
        blocks.append(early)
    lone = [
        spike
        for spike in _spikes(curve, heights, run, descent=not isinstance(early, Change))
        if not any(block.start <= spike.start <= block.stop for block in blocks)  # or its end
    ]
    peak = least_peak(curve, heights)
    del heights  # before others take memory
    last = wild_end(curve, landmarks)
    if last is not None and all(change.index < last.index for change in changes):
        changes.append(last)
    known = [*(change.index for change in changes), *(each.start for each in (*blocks, *lone))]
    ends = [mark.step for mark in run.schedule.of("epoch_boundary")]
    if len(ends) * EPOCH_POINTS < len(curve.steps):  # a mean since then starts again there
        known += np.searchsorted(curve.steps, ends).tolist()
    found = [*blocks, *lone, *late_rises(curve, known, blocks)]
    found = [each for each in found if each.peak > each.base]  # else a piece between two peaks
    if not are_epochs(curve.steps, run.schedule):  # a mean of an epoch holds nothing of the last
        changes, found = beyond_wander(curve, changes), beyond_wander(curve, found)
    changes, humps = _with_turns(curve, changes, found, landmarks)
    aligner = Aligner(curve.steps, landmarks)
    aligned = [replace(each, aligned_to=aligner.at(each.start)) for each in (*found, *humps)]
    return changes, aligned, step, peak


def _spikes(
    curve: Curve, heights: Heights | None, run: Run, *, descent: bool
) -> Iterator[Excursion]:
    """Lone points that stand out; with `descent`, those within it too."""
    epoch = run.schedule.steps_per_epoch
    spikes = list(find_spikes(curve, heights, epoch=epoch))
    yield from spikes
    if descent:
        tail = heights.tail if heights else 0.0
        yield from early_spikes(curve, spikes, tail=tail, epoch=epoch)
    yield from wild_points(curve)


def _levels(
    curve: Curve, landmarks: tuple[Landmark, ...]
) -> tuple[list[Change], list[Excursion], float | None]:
    """Its changes of level, its blocks, and the least step; the gaps at all places are not kept."""
    ratios = gap_ratios(curve)
    changes, blocks = split(curve, with_leap(curve, find_breaks(curve, ratios)), landmarks)
    return changes, standing_out(curve, blocks), least_step(curve, ratios)


def _with_turns(
    curve: Curve, changes: list[Change], found: list[Excursion], landmarks: tuple[Landmark, ...]
) -> tuple[list[Change], list[Excursion]]:
    """The changes of level with those of slope, and slow humps, whose way back may be a fall.

    Where a level rises or falls twice there are none: lines through steps and saw teeth climb.
    """
    if len(changes) > 1 or any(change.kind != "level_down" for change in changes):
        return changes, []
    flat = replace(curve, clipped=bridged(curve, found))  # a spike that decays is no turn
    straight = sure_stretches(flat)
    turns = beside_humps(list(turns_between(flat, straight, landmarks)), found)
    turns, humps = without_humps(curve, turns, straight[:1], found)
    falls = (f for f in changes if not any(hump.start < f.index <= hump.stop for hump in humps))
    return sorted([*falls, *turns], key=lambda change: change.step), humps


def _is_wall(change: Change) -> bool:
    """Whether a change of level of the loss has a cause of its own: at no landmark, or the rate."""
    own = change.aligned_to is None or change.is_at("lr_change")
    return own and change.kind in ("level_up", "level_down")


def change_points(values: Sequence[float], steps: Sequence[int] | None = None) -> list[int]:
    """The breaks of any one-dimensional series: indices, or steps where they are given.

    Each is the first point of a new level: of levels that explain the whole series, where there are
    such, else of a sharp step, on a trend or not. NaN and infinities are passed over.
    Raises ValueError where `values` is not one-dimensional or `steps` is of another length.
    """
    array = np.asarray(values, dtype=np.float64)
    at = np.arange(len(array)) if steps is None else np.asarray(steps, dtype=np.int64)
    if array.ndim != 1 or at.shape != array.shape:
        raise ValueError(f"values of shape {array.shape} and steps of shape {at.shape} do not fit")
    with ignore_float_errors():
        curve = curve_of(Series("values", at, array))
        if curve is None:
            return []
        found = find_stairs(curve) or [b.index for b in find_breaks(curve, gap_ratios(curve))]
    return [int(curve.steps[index]) for index in found]
