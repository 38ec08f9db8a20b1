"""Many tables become the series of one run: each from its fullest source, never from two."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lossscan import formats
from lossscan.expressions import expression
from lossscan.model import Column, Message, Note, Numbers, Resume, Series, Skipped, Source, Table
from lossscan.numeric.arrays import FloatArray, IntArray, distinct
from lossscan.numeric.medians import spacing
from lossscan.runs.continued import chained
from lossscan.runs.interleave import split_writers
from lossscan.runs.launches import REFERENCE, Course, course_of
from lossscan.sources.files import relative

SHARED_POINTS = 3  # two logs that agree at fewer steps may do so by chance
FULLER = 1.1  # a source with a point more (a summary row) is not worth a lower precision
AGREEING = 0.5  # share of common steps; copies agree at all but a few rounded ones
RELATIVE, ABSOLUTE = 1e-3, 1e-4  # consoles print four digits or four decimals
EVALUATED: Final = 3  # numbers: fewer have no two distances that could differ
_First: TypeAlias = tuple[str, int, bytes]  # quantity, step, value
_LAUNCHED: Final = expression(r"(?:tfevents\.|vdlrecords\.|run-)(\d{8,}(?:_\d{6})?)")


class Merged(Struct, frozen=True):
    """All tables of one run, merged."""

    series: Mapping[str, Series]
    tables: tuple[Table, ...]  # those that belong to the run, oldest first
    sources: tuple[Source, ...]
    resumes: tuple[Resume, ...] = ()
    averaging: Literal["window", "instant"] = "window"
    notes: tuple[Note, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def merge(tables: Iterable[Table], root: Path, training: str | None = None) -> Merged:
    """Choose the sources of one run; tables of another training are left out and named.

    `training` is the number that is asked for, where a log holds several one after the other.
    """
    read = (course_of(group, training) for group in _groups(tables))
    courses = sorted(read, key=_fullness, reverse=True)
    if not courses:
        return Merged({}, (), ())
    main = courses[0]
    foreign = [course for course in courses if _contradicts(course, main)]
    own = _without(courses, foreign)
    shifted = [course for course in foreign if _is_shifted(course, main)]
    chosen = _chosen(own)
    used = sorted(chain.from_iterable(course.tables for course in own), key=_launched)
    series = {name: course.series[name] for name, course in sorted(chosen.items())}
    rows = series["loss"].steps if "loss" in series else np.zeros(0, np.int64)
    return Merged(
        series={name: _unfilled(each, rows) for name, each in series.items()},
        tables=tuple(used),
        sources=tuple(_sources([*own, *shifted], chosen, root)),
        resumes=_resumes(own, root),
        averaging=main.tables[0].averaging,
        notes=tuple(_notes(own, asked=training is not None)),
        skipped=tuple(_foreign(_without(foreign, shifted), main, root)),
    )


def _unfilled(series: Series, rows: IntArray) -> Series:
    """The series; of an evaluation without the NaN of `rows` in which none was made.

    Who fills a row for each step so has a number at even distances.
    """
    evaluated = series.name.startswith(("eval_", "test_")) and np.array_equal(series.steps, rows)
    sound = np.flatnonzero(evaluated & ~np.isnan(series.values))
    even = distinct(np.diff(sound))
    if len(sound) < EVALUATED or len(even) > 1 or sound[0] > even[0]:
        return series
    if len(series) - 1 - sound[-1] >= even[0]:  # one that was due is lost
        return series
    return Series(series.name, series.steps[sound], series.values[sound])


# --- which tables make one course ----------------------------------------------------------------


def _groups(tables: Iterable[Table]) -> list[list[Table]]:
    """Tables to be read one after the other; a copy of a table is read once."""
    groups: dict[str, list[Table]] = defaultdict(list)
    for table in sorted(map(split_writers, tables), key=_launched):
        groups[table.format].append(table)
    together = (
        [group] if formats.named(form).joined else chained(group) for form, group in groups.items()
    )
    return [_without_copies(group) for group in chain.from_iterable(together)]


def _launched(table: Table) -> tuple[float, str]:
    """When the file was begun, as far as it or its name tells, then its path."""
    stated = table.config.get("wall_time_start")
    if isinstance(stated, float | int):
        return (float(stated), str(table.path))
    match = _LAUNCHED.search(str(table.path))
    return (float(match[1].replace("_", "")) if match else 0.0, str(table.path))


def _without_copies(tables: Sequence[Table]) -> list[Table]:
    kept: dict[int, Table] = {}  # by number, in order
    alike: dict[_First, dict[int, Table]] = defaultdict(dict)  # only these can hold each other
    for number, table in enumerate(tables):
        firsts = _firsts(table)
        others = {n: other for first in firsts for n, other in alike[first].items() if n in kept}
        if any(_is_part(table, other) for other in (others if firsts else kept).values()):
            continue
        for old in [n for n, other in others.items() if _is_part(other, table)]:
            del kept[old]
        kept[number] = table
        for first in firsts:
            alike[first][number] = table
    return list(kept.values())


def _firsts(table: Table) -> list[_First]:
    """The first point of each quantity: what is part of a table begins as it does."""
    held = ((name, column) for name, column in table.columns.items() if len(column.steps))
    return [(name, int(c.steps[0]), np.float64(c.values[0]).tobytes()) for name, c in held]


def _is_part(part: Table, whole: Table) -> bool:
    """Whether every point of one table is in the other as well; one of settings alone is none."""
    return bool(part.columns or not part.config) and all(
        name in whole.columns and _contains(whole.columns[name], column)
        for name, column in part.columns.items()
    )


def _contains(whole: Column, part: Column) -> bool:
    size = len(part.steps)
    return (
        size <= len(whole.steps)
        and np.array_equal(whole.steps[:size], part.steps)
        and np.array_equal(whole.values[:size], part.values, equal_nan=True)
    )


# --- which courses make one run -------------------------------------------------------------------


def _fullness(course: Course) -> tuple[int, int, int]:
    """The most losses first, then the most precise format, then the most points."""
    precision = formats.named(course.tables[0].format).precision
    longest = max((len(series) for series in course.series.values()), default=0)
    return (len(course.series.get("loss", ())), precision, longest)


def _contradicts(course: Course, main: Course) -> bool:
    """Whether the first quantity that both hold differs at the steps that both hold."""
    if course is main or course.tables[0].averaging != main.tables[0].averaging:
        return False
    for name in REFERENCE:
        if name in course.series and name in main.series:
            agreement = _agreement(course.series[name], main.series[name])
            if agreement is not None:
                return agreement < AGREEING
    return False


def _agreement(one: Series, two: Series) -> float | None:
    """The share of common steps with the same value up to rounding; None with too few of them."""
    if len(one) >= SHARED_POINTS and np.array_equal(one.steps, two.steps):
        return _alike(one.values, two.values)
    _, mine, other = np.intersect1d(one.steps, two.steps, assume_unique=True, return_indices=True)
    if len(mine) < SHARED_POINTS:
        return None
    return _alike(one.values[mine], two.values[other])


def _alike(one: FloatArray, two: FloatArray) -> float:
    close = np.isclose(one, two, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    return float(np.mean(close))


def _is_shifted(course: Course, main: Course) -> bool:
    """Whether the losses are those of `main` in the same order, at steps that were only guessed.

    The console of transformers prints no steps. Such a copy belongs to the run and adds nothing.
    """
    one, two = (found.series.get("loss") for found in (course, main))
    if one is None or two is None:
        return False
    size = min(len(one), len(two))
    ends = (slice(None, size), slice(-size, None))
    return any(_alike(one.values[end], two.values[end]) >= AGREEING for end in ends)


def _without(courses: Iterable[Course], left_out: Iterable[Course]) -> list[Course]:
    numbers = {*map(id, left_out)}
    return [course for course in courses if id(course) not in numbers]


def _chosen(courses: Sequence[Course]) -> dict[str, Course]:
    """For each series the course that holds most of it; `courses` come best first."""
    chosen: dict[str, Course] = {}
    for course in courses:
        for name, series in course.series.items():
            if name not in chosen or len(series) > FULLER * len(chosen[name].series[name]):
                chosen[name] = course
    return chosen


def _sources(courses: Sequence[Course], chosen: Mapping[str, Course], root: Path) -> list[Source]:
    return [
        Source(
            path=relative(table.path, root),
            format=table.format,
            points=max((len(column.steps) for column in table.columns.values()), default=0),
            used_for=tuple(sorted(n for n in table.columns if chosen.get(n) is course)),
        )
        for course in courses
        for table in course.tables
    ]


def _foreign(courses: Iterable[Course], main: Course, root: Path) -> Iterator[Skipped]:
    path = relative(main.tables[0].path, root)
    reason = Message("other_run", path=path)
    for course in courses:
        for table in course.tables:
            yield Skipped(relative(table.path, root), reason)


def are_apart(tables: Iterable[Table]) -> bool:
    """Whether each of several tables is of another run: at the same steps their values differ."""
    read = (course_of([table]) for table in map(split_writers, tables) if table.columns)
    courses = sorted(read, key=_fullness, reverse=True)
    return len(courses) > 1 and all(
        _contradicts(each, courses[0]) and not _is_shifted(each, courses[0]) for each in courses[1:]
    )


# --- what the launches left -----------------------------------------------------------------------


def _resumes(courses: Sequence[Course], root: Path) -> tuple[Resume, ...]:
    """Every resume once, from the source that kept most of what it overtook.

    Two of one course are two, however near; each source sees them at points of its own.
    """
    every = sorted(
        ((number, resume) for number, course in enumerate(courses) for resume in course.resumes),
        key=lambda each: sum(map(len, each[1].dead.values())),
        reverse=True,
    )
    if not every:
        return ()
    longer = (each for each in courses[0].series.values() if len(each) > 1)
    gap = max((spacing(each.steps) for each in longer), default=1.0)
    seen: list[Resume] = []
    places: dict[tuple[int, bool], list[int]] = defaultdict(list)  # in order, by course and kind
    for number, resume in every:
        others = (
            at for (of, fresh), at in places.items() if of != number and fresh is resume.fresh
        )
        if any(resume.fresh or _is_near(resume.step, at, gap) for at in others):
            continue
        insort(places[number, resume.fresh], resume.step)
        source = relative(Path(resume.source), root) if resume.source else None
        seen.append(replace(resume, source=source))
    return tuple(sorted(seen, key=lambda resume: (not resume.fresh, resume.step)))


def _is_near(step: int, places: Sequence[int], gap: float) -> bool:
    at = bisect_left(places, step - gap)
    return at < len(places) and places[at] <= step + gap


def _notes(courses: Sequence[Course], *, asked: bool) -> Iterator[Note]:
    for course in courses:
        for table in course.tables:
            yield from table.notes
        if course.of > 1 and len(course.tables) == 1 and not asked:
            held: Numbers = {"trainings": course.of, "number": course.number}
            yield Note("trainings_apart", course.tables[0].path, held)
            continue
        for resume in course.resumes:
            if resume.fresh:
                path = Path(resume.source or "")
                dead = resume.dead.values()
                points = max(map(len, dead), default=0)
                last = max((int(series.steps[-1]) for series in dead), default=0)
                yield Note("fresh_start", path, {"points": points, "step": last})
