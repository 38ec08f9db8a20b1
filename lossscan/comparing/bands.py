"""Runs that differ in nothing but the seed tell what chance brings; a further run is held to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from lossscan.comparing.aligning import Courses, aligned
from lossscan.comparing.fields import alike
from lossscan.comparing.parting import ends_of, noise_of, stretch_apart, unit_of
from lossscan.comparing.texts import relative, said, share
from lossscan.model import Run
from lossscan.model.comparison import Band, Outsider
from lossscan.signals.clean import from_scale, running_mean

SEEDS = ("seed", "data_seed")
SPREADS = 3.0  # standard deviations between seeds: a further seed leaves that in 1 of 370 runs
LEAST = 0.002  # of the loss: seeds closer than that are alike by luck
MOST = 0.1  # of the loss: seeds that are further apart ended otherwise, as when one diverged
HALF = 7  # points a side over which noise is averaged out of a course
SHOWN = 200  # steps of a band that the report keeps
MIN_SEEDS = 2  # one alone has no band


def seeds_of(runs: Mapping[str, Run]) -> list[dict[str, Run]]:
    """The groups of runs that differ in nothing but their seeds, each seed once; by letter."""
    seeded = {k: run for k, run in runs.items() if any(name in run.config for name in SEEDS)}
    groups = [_each_once(group) for group in alike(seeded, set(SEEDS))]
    return [group for group in groups if len(group) >= MIN_SEEDS]


def _each_once(group: Mapping[str, Run]) -> dict[str, Run]:
    first: dict[tuple[object, ...], str] = {}
    for label, run in group.items():
        first.setdefault(_seed(run), label)
    return {label: group[label] for label in first.values()}


def _seed(run: Run) -> tuple[object, ...]:
    return tuple(run.setting(name) for name in SEEDS)


def _margin(courses: Courses) -> float:
    """How far the course of a further seed may be from the mean of these, on their scale."""
    m, n = courses.scaled.shape
    half = min(HALF, n // 8)
    off = courses.scaled - courses.scaled.mean(axis=0)
    smooth = np.stack([running_mean(row, half) for row in off])
    drift = float(np.sqrt(np.mean(smooth**2) * m / (m - 1)))
    unit = unit_of(courses)
    return min(max(SPREADS * drift * math.sqrt(1 + 1 / m), LEAST * unit), MOST * unit)


def pair_margin(band: Band) -> float:
    """How far apart the courses of two seeds may be, on the scale of the band."""
    return band.margin * math.sqrt(2 / (1 + 1 / len(band.members)))


def band_of(members: Mapping[str, Run], series: str) -> Band | None:
    """The band of one series of some seeds; None where they share too few steps."""
    courses = aligned(list(members.values()), series)
    if courses is None:
        return None
    mean = courses.scaled.mean(axis=0)
    spread = courses.scaled.std(axis=0, ddof=1)
    spread = spread * np.exp(mean) if courses.log else spread
    margin = _margin(courses)
    wide = share(margin, log=courses.log)
    shown = np.linspace(0, len(mean) - 1, min(len(mean), SHOWN)).round().astype(int)
    return Band(
        series=series,
        members=tuple(members),
        steps=tuple(courses.steps[shown].tolist()),
        mean=tuple(from_scale(mean[at], log=courses.log) for at in shown),
        spread=tuple(spread[shown].tolist()),
        margin=margin,
        log=courses.log,
        text=said("band", series=series, members=" ".join(members), margin=wide),
    )


def outsiders_of(runs: Mapping[str, Run], band: Band) -> Iterator[Outsider]:
    """Every other run, held against a band."""
    members = [runs[label] for label in band.members]
    for label, run in runs.items():
        courses = None if label in band.members else aligned([*members, run], band.series)
        if courses is not None and courses.log == band.log:
            yield _held(courses, label, band)


def _held(courses: Courses, label: str, band: Band) -> Outsider:
    rows, means = courses.scaled, courses.scaled[:-1].mean(axis=0)
    errors = np.sqrt((courses.rounding[:-1] ** 2).mean(axis=0) / (len(rows) - 1))
    both, rounding = np.stack([means, rows[-1]]), np.stack([errors, courses.rounding[-1]])
    pair = Courses(courses.steps, both, courses.log, rounding)
    found = stretch_apart(pair.gap, noise_of(pair), band.margin)
    tail = pair.gap[-min(HALF, len(pair.gap)) :]
    gap = float(np.median(tail))
    start, until = ends_of(pair, found)
    key = "inside" if start is None else "outside" if until is None else "outside-for-a-while"
    text = said(
        key,
        series=band.series,
        label=label,
        members=" ".join(band.members),
        step=start,
        until=until,
        gap=share(gap, log=courses.log),
        way=said("above" if gap > 0 else "below"),
    )
    return Outsider(
        label, band.series, band.members, start, until, relative(gap) if band.log else gap, text
    )
