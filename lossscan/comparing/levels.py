"""What the series of several runs show at one place: at equal step, samples or tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct

from lossscan.model import Run, Series
from lossscan.model.comparison import Metric
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.samples import samples_per_step

LAST_POINTS = 9  # of a stretch whose median is where it ends: one is noisy
LAST_SHARE = 0.2  # of its points at most: of five evaluations only the last
LIKE = 1e-4  # relative: counts of the same place, rounded on their way
AxisName: TypeAlias = Literal["step", "samples", "tokens"]
AXES: tuple[AxisName, ...] = ("step", "samples", "tokens")
COUNTERS = {"samples": "consumed_samples", "tokens": "num_input_tokens_seen"}


class Axis(Struct, frozen=True):
    """How far a run is, at each of its steps: counted by a series, or so much a step."""

    basis: str  # the series or settings it comes from
    per_step: float = 1.0
    counter: Series | None = None

    def at(self, steps: IntArray) -> FloatArray:
        """The position at each step."""
        if self.counter is None:
            return np.asarray(steps * self.per_step, dtype=np.float64)
        return np.interp(steps, self.counter.steps, self.counter.values)


def axes_of(runs: Mapping[str, Run], name: AxisName) -> dict[str, Axis] | None:
    """The axis of each run, by letter; None where one of them does not tell."""
    known = {label: axis for label, run in runs.items() if (axis := _axis(run, name)) is not None}
    devices = {run.setting("num_devices") is None for run in runs.values()}
    guessed = any("*" in axis.basis for axis in known.values()) and len(devices) > 1
    return known if len(known) == len(runs) and not guessed else None


def _axis(run: Run, name: AxisName) -> Axis | None:
    if name == "step":
        return Axis("step")
    counter = run.series.get(COUNTERS[name])
    if counter is not None and len(counter) > 1 and np.isfinite(counter.values).all():
        return Axis(counter.name, counter=counter)
    batch, length = samples_per_step(run.config, run.framework), run.setting("seq_length")
    stated = run.setting("total_train_batch_size") is not None
    basis = "total_train_batch_size" if stated else "batch size * accumulation steps"
    if batch and name == "samples":
        return Axis(basis, batch)
    return Axis(f"{basis} * seq_length", batch * length) if batch and length else None


def metrics_of(runs: Mapping[str, Run]) -> Iterator[Metric]:
    """The losses and evaluations of all runs where the shortest of them ends."""
    names = [name for name in _names(runs) if all(name in run.series for run in runs.values())]
    for axis in AXES:
        axes = axes_of(runs, axis)
        for name in names if axes else ():
            metric = _metric(runs, axes or {}, axis, name)
            if metric is not None:
                yield metric


def _names(runs: Mapping[str, Run]) -> list[str]:
    """Losses, rewards and what evaluation measures, but not how long it took."""
    first = next(iter(runs.values()))
    judged = [name for name in ("loss", "reward") if name in first.series]
    evaluated = sorted(name for name in first.series if name.startswith("eval_"))
    return [*judged, *(name for name in evaluated if not name.endswith(("runtime", "_per_second")))]


def _metric(
    runs: Mapping[str, Run], axes: Mapping[str, Axis], axis: AxisName, name: str
) -> Metric | None:
    places = {label: axes[label].at(run.series[name].steps) for label, run in runs.items()}
    if not all(map(len, places.values())):
        return None
    at = min(float(place[-1]) for place in places.values())
    values = {label: _value(run.series[name], places[label], at) for label, run in runs.items()}
    return Metric(name, axis, at, values, {label: axes[label].basis for label in runs})


def _value(series: Series, places: FloatArray, at: float) -> float | None:
    """The series at a place: a training loss averaged over the last points, else interpolated."""
    upto = int(np.searchsorted(places, at * (1 + LIKE), side="right"))
    if upto == 0:
        return None
    if series.name.startswith("eval_"):
        return float(np.interp(at, places, series.values))
    return float(np.median(series.values[upto - last_points(upto) : upto]))


def last_points(points: int) -> int:
    """How many of so many points are its end; odd, so that their median is one of them."""
    return (max(1, min(LAST_POINTS, int(LAST_SHARE * points))) - 1) | 1
