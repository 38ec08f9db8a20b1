"""Two runs become Partings: where each series parts, how, and how far apart they end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lossscan.comparing.aligning import Courses, aligned
from lossscan.comparing.bands import pair_margin
from lossscan.comparing.fields import rates_differ
from lossscan.comparing.levels import last_points
from lossscan.comparing.parting import (
    SEED_DRIFT,
    Stretch,
    ends_of,
    noise_of,
    noise_shared,
    stretch_apart,
    unit_of,
)
from lossscan.comparing.texts import MANY_TIMES, joined, said, share
from lossscan.model import LandmarkKind, Message, Run
from lossscan.model.comparison import Band, Between, Ends, Parting, Shape
from lossscan.numeric.arrays import FloatArray
from lossscan.signals.clean import from_scale

SERIES = ("loss", "eval_loss", "reward")
LATE = ("eval_loss",)  # its first point comes long after the first step
LEAST_SCALE = math.log(1.5)  # a smaller factor may be a course that differs from the start
CONSTANT = 0.1  # by how much a factor may vary along the run, relative to itself
BLOCKS = 8  # of the run, over which a factor is compared with itself
FIRST = 2  # points that count as the beginning
NEAR = 2  # logged points around a landmark
WARMUP_REACH = 1.5  # warm-ups: what a rising rate does shows with a delay

UNSAID = Message("")  # until all that goes into the sentence is known


class Own(Struct, frozen=True):
    """A finding that only one of two runs has."""

    label: str  # of the run
    series: str
    step: int
    title: Message


def partings_of(
    runs: Sequence[Run], between: Between, bands: Sequence[Band], own: Sequence[Own] = ()
) -> Iterator[Parting]:
    """A Parting for every series that both runs hold; bands of seeds tell what is chance.

    `own`: what was found in one of the two, which may be why they part.
    """
    shared = 1.0  # with no training loss to tell, as if nothing were
    for series in SERIES:
        pair = aligned(runs, series)
        if pair is None:
            continue
        if series == "loss":
            shared = noise_shared(pair)
        known = [band for band in bands if _tells(band, series, between, log=pair.log)]
        chance = max(map(pair_margin, known), default=SEED_DRIFT * unit_of(pair))
        parting = _parting(pair, runs, series, between, chance * shared)
        there = _there(pair, parting, own)
        if there is not None:
            parting = replace(parting, shape="finding")
        yield replace(parting, text=_text(parting, runs, there))


def _there(pair: Courses, parting: Parting, own: Sequence[Own]) -> Own | None:
    """What was found in one of the runs where they part."""
    if parting.step is None or parting.shape in ("scale", "start"):
        return None
    index = int(np.searchsorted(pair.steps, parting.step))
    found = (each for each in own if each.series == parting.series)
    return next((each for each in found if _is_at(pair, index, each.step)), None)


def _tells(band: Band, series: str, between: Between, *, log: bool) -> bool:
    return band.series == series and band.log == log and bool(set(band.members) & set(between))


def _parting(
    pair: Courses, runs: Sequence[Run], series: str, between: Between, margin: float
) -> Parting:
    noise = noise_of(pair)
    found = stretch_apart(pair.gap, noise, margin)
    step, until = ends_of(pair, found)
    return Parting(
        series=series,
        between=between,
        points=len(pair.steps),
        step=step,
        until=until,
        shape=None if found is None else _shape(pair, found, runs, series),
        noise=float(np.median(noise)),
        margin=margin,
        log=pair.log,
        ends=_ends(pair, noise),
        text=UNSAID,
    )


def _ends(pair: Courses, noise: FloatArray) -> Ends:
    count = last_points(len(pair.steps))
    first, second = (
        from_scale(float(np.median(row[-count:])), log=pair.log) for row in pair.scaled
    )
    error = float(np.sqrt(np.mean(noise[-count:] ** 2) / count))
    return Ends(
        step=int(pair.steps[-1]),
        first=first,
        second=second,
        delta=second - first,
        ratio=second / first if pair.log else None,
        sigma=float(pair.gap[-count:].mean()) / error,
    )


# --- how they part -----------------------------------------------------------------------------


def _shape(pair: Courses, found: Stretch, runs: Sequence[Run], series: str) -> Shape:
    if found.start < FIRST and series not in LATE:
        return "scale" if _is_constant(pair.gap, log=pair.log) else "start"
    near: list[tuple[Shape, LandmarkKind]] = [("resume", "resume"), ("epoch", "epoch_boundary")]
    for shape, kind in near:
        if any(_is_at(pair, found.start, mark) for mark in _marks(runs, kind)):
            return shape
    warm = max(_marks(runs, "warmup_end"), default=0.0)
    return "warmup" if pair.steps[found.start] <= warm * WARMUP_REACH else "course"


def _is_constant(gap: FloatArray, *, log: bool) -> bool:
    """Whether one curve is the other times a factor from the first point to the last."""
    middle = abs(float(np.median(gap)))
    blocks = [float(np.median(part)) for part in np.array_split(gap, min(BLOCKS, len(gap)))]
    varies = max(blocks) - min(blocks)
    return log and middle >= LEAST_SCALE and varies <= 2 * CONSTANT * middle


def _marks(runs: Sequence[Run], kind: LandmarkKind) -> list[float]:
    return [mark.step for run in runs for mark in run.schedule.of(kind)]


def _is_at(pair: Courses, index: int, mark: float) -> bool:
    """Whether the runs part at a landmark: at most two points before it shows, or after."""
    return abs(int(np.searchsorted(pair.steps, mark, side="right")) - index) <= NEAR


# --- words -------------------------------------------------------------------------------------


def _text(parting: Parting, runs: Sequence[Run], there: Own | None) -> Message:
    first, second = parting.between
    known = {"series": parting.series, "first": first, "second": second}
    if parting.step is None or parting.shape is None:
        noise, margin = (share(x, log=parting.log) for x in (parting.noise, parting.margin))
        return said("alike", points=parting.points, noise=noise, margin=margin, **known)
    found = {} if there is None else {"label": there.label, "title": there.title}
    shape = said(f"shape/{parting.shape}", ratio=parting.ends.ratio, **found)
    rates = rates_differ(runs)
    if rates is not None and parting.shape != "scale":
        shape = joined(shape, said("rates-differ", step=rates))
    return said("apart", step=parting.step, shape=shape, end=_end(parting), **known)


def _end(parting: Parting) -> Message:
    ends = parting.ends
    if parting.until is not None:
        return said("together-again", until=parting.until)
    gap = math.log(ends.ratio) if ends.ratio else ends.delta
    far = parting.log and abs(gap) > MANY_TIMES
    return said(
        "times" if far else "to-the-end",
        last=ends.step,
        first=parting.between[0],
        second=parting.between[1],
        ratio=ends.ratio,
        gap=share(gap, log=parting.log),
        way=said("above" if gap > 0 else "below"),
        one=ends.first,
        other=ends.second,
    )
