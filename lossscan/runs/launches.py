"""Logs written one after the other become one course, and what each resume overtook.

A launch is one start of the trainer. Where a log goes back in step, a later launch took up an
earlier checkpoint, and the points it overtook are dead. Where it goes
back to the first step, a new course begins and nothing of the one before is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lossscan.errors import UnreadableLog
from lossscan.formats.kit.several import COURSE_POINTS
from lossscan.model import Resume, Series, Table
from lossscan.numeric.arrays import BoolArray, IntArray, Once, differences
from lossscan.numeric.medians import median, spacing
from lossscan.runs.overtaken import Rows, overtaken

REFERENCE = ("loss", "reward", "learning_rate", "grad_norm", "epoch", "eval_loss")
NEWEST_FIRST = 3  # points, each before the last one: two may be of two launches
LOG_GAPS = 1.5  # a launch logs first within one gap of where it continues, or a little more


class Course(Struct, frozen=True):
    """The surviving points of some tables of one kind, and the resumes between their launches."""

    tables: tuple[Table, ...]
    series: Mapping[str, Series]
    resumes: tuple[Resume, ...] = ()
    of: int = 1  # trainings in the tables
    number: int = 1  # of the one that this is, from 1


class _Launch(Struct, frozen=True):
    start: int  # first step logged
    stop: int  # last step logged
    path: Path
    declared: int | None = None  # the step that the log says it continues from
    gap: float = 0.0  # between two of its points

    @property
    def from_zero(self) -> bool:
        """Whether it counts from the first step: its first point is a gap behind that."""
        return self.declared is None and self.start <= self.gap * LOG_GAPS


def course_of(tables: Sequence[Table], training: str | None = None) -> Course:
    """Join tables given in the order of time; one table may itself hold several launches.

    `training` is the number of the one that is asked for; raises UnreadableLog where it is none.
    """
    reference = _reference_of(tables)
    launches: list[_Launch] = []
    parts: dict[str, list[Rows]] = defaultdict(list)
    for table in tables:
        own = _launches_in(table, reference)
        launches += own
        # A file without the reference (evaluations) belongs to the launch before it.
        first = max(len(launches) - max(len(own), 1), 0)
        for name, column in table.columns.items():
            launch = _assigned(column.steps, own, first)
            parts[name].append(Rows(column.steps, column.values, launch))
    rows = {name: _joined(part) for name, part in parts.items()}
    return _surviving(tuple(tables), rows, launches, reference, training)


def trainings_in(table: Table) -> tuple[int, ...]:
    """The numbers of the trainings in one table that are long enough to be judged."""
    reference = _reference_of([table])
    launches = _launches_in(table, reference)
    column = table.columns.get(reference)
    courses = _courses(launches)
    if column is None or len(courses) == 1:
        return ()
    written = np.bincount(_assigned(column.steps, launches, 0), minlength=len(launches))
    long = [written[course.start : course.stop].sum() >= COURSE_POINTS for course in courses]
    return tuple(number for number, enough in enumerate(long, start=1) if enough)


def _reference_of(tables: Sequence[Table]) -> str:
    """The series that tells launches apart: the loss, else the next best, else the longest."""
    lengths: dict[str, int] = defaultdict(int)
    for table in tables:
        for name, column in table.columns.items():
            lengths[name] += len(column.steps)
    best = max(lengths, key=lambda name: lengths[name], default="loss")
    return next((name for name in REFERENCE if name in lengths), best)


def _launches_in(table: Table, reference: str) -> list[_Launch]:
    column = table.columns.get(reference)
    if column is None or not len(column.steps):
        return []
    steps = column.steps
    cuts = _cuts(steps, table.launches)
    edges = [0, *sorted(cuts), len(steps)]
    return [
        _Launch(
            start=int(steps[a]),
            stop=int(steps[a:b].max()),
            path=table.path,
            declared=cuts.get(a),
            gap=spacing(steps[a:b]) if b - a > 1 else 0.0,
        )
        for a, b in pairwise(edges)
    ]


def _falls(steps: IntArray) -> IntArray:
    """Indices at which the step goes back."""
    return np.flatnonzero(steps[1:] < steps[:-1]) + 1


def _cuts(steps: IntArray, announced: Sequence[int]) -> dict[int, int | None]:
    """Where launches begin, with the step that each was announced to go on from.

    An announced one begins at the falls to just beyond its step, else where that is crossed last.
    """
    falls = _falls(steps)
    if NEWEST_FIRST <= len(steps) == len(falls) + 1:  # as a log viewer lists it: one launch
        return {}
    cuts: dict[int, int | None] = dict.fromkeys(falls.tolist())
    gap = median(np.abs(differences(steps))) if announced and len(steps) > 1 else 1.0
    for step in announced:
        begins = steps[falls]
        at = falls[(step < begins) & (begins <= step + LOG_GAPS * gap)]
        if not len(at) and step > steps[0]:
            at = np.flatnonzero((steps[:-1] <= step) & (steps[1:] > step))[-1:] + 1
            falls = np.append(falls, at)
        cuts |= dict.fromkeys(at.tolist(), step)
    return cuts


def _assigned(steps: IntArray, launches: Sequence[_Launch], first: int) -> IntArray:
    """The launch of each point of one column, counted from `first`, matched from the last one back.

    A sparse column falls less often than the reference: each stretch belongs to the latest launch
    that came as far as its last step.
    """
    if len(launches) <= 1:  # nearly always, and then one number takes the memory of one
        return np.broadcast_to(np.int64(first), len(steps))
    number = np.empty(len(steps), dtype=np.int64)
    edges = [0, *_falls(steps).tolist(), len(steps)]
    farthest = list(accumulate((launch.stop for launch in launches), max))  # so far
    candidate = len(launches) - 1
    for start, stop in reversed(list(pairwise(edges))):
        last = int(steps[start:stop].max(initial=0))
        fits = candidate >= 0 and last <= farthest[candidate]
        fitting = (n for n in range(candidate, -1, -1) if last <= launches[n].stop)
        chosen = next(fitting) if fits else max(candidate, 0)
        number[start:stop] = first + chosen
        candidate = chosen - 1
    return number


def _joined(parts: Sequence[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    return Rows(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.launch for part in parts]),
    )


def _surviving(
    tables: tuple[Table, ...],
    rows: Mapping[str, Rows],
    launches: Sequence[_Launch],
    reference: str,
    training: str | None,
) -> Course:
    courses = _courses(launches)
    chosen = _asked(courses, training, tables)
    if chosen is None:
        lost = _lost(rows.get(reference), launches, courses) if len(tables) == 1 else ()
        chosen = _chosen(courses, rows.get(reference), lost)
    series = _series_of(rows, {n: _alive(row, launches, chosen) for n, row in rows.items()})
    resumes = _resumes(rows, launches, chosen, reference)
    before = courses.index(chosen) - 1
    if before >= 0 and training is None:
        alive = {n: _alive(row, launches, courses[before]) for n, row in rows.items()}
        dead, source = _series_of(rows, alive), str(launches[chosen[0]].path)
        resumes.insert(0, Resume(step=0, dead=dead, fresh=True, source=source))
    once = Once()  # evaluations repeat epochs: without these, their steps are those of the loss
    kept = {name: replace(each, steps=once.of(each.steps)) for name, each in series.items()}
    return Course(tables, kept, tuple(resumes), of=len(courses), number=before + 2)


def _asked(courses: Sequence[range], training: str | None, tables: Sequence[Table]) -> range | None:
    """The one that is asked for by its number; None where the reader has chosen by it before."""
    if training is None or (len(courses) == 1 and tables[0].part is not None):
        return None
    numbered = {str(number): course for number, course in enumerate(courses, start=1)}
    if training not in numbered:
        key = "no_such_run" if len(courses) > 1 else "only_training"
        raise UnreadableLog(key, at=tables[0].path, run=training, runs=", ".join(numbered))
    return numbered[training]


def _courses(launches: Sequence[_Launch]) -> list[range]:
    """Runs of launches; one that begins no later than the course it follows begins another.

    So does one that counts from the first step, at whatever distance its points are.
    """
    starts = [0]
    for number in range(1, len(launches)):
        launch = launches[number]
        if launch.start <= launches[starts[-1]].start or launch.from_zero:
            starts.append(number)
    edges = [*starts, max(len(launches), 1)]
    return [range(a, b) for a, b in pairwise(edges)]


def _lost(
    rows: Rows | None, launches: Sequence[_Launch], courses: Sequence[range]
) -> Sequence[range]:
    """The courses of one log whose loss, at a point that no resume overtook, is no number."""
    if rows is None or np.isfinite(rows.values).all():
        return ()
    lost = ~np.isfinite(rows.values)
    return [course for course in courses if lost[_alive(rows, launches, course)].any()]


def _chosen(courses: Sequence[range], rows: Rows | None, lost: Sequence[range]) -> range:
    """The latest course that is long enough to be judged, else the longest; `rows` of the loss.

    Of these one that was `lost` counts first: a log is not good because its last training is.
    A launch that was announced where no step goes back may have no point of its own.
    """
    written = np.bincount(rows.launch if rows else [], minlength=courses[-1].stop)
    points = {course: int(written[course.start : course.stop].sum()) for course in courses}
    long = [course for course in courses if points[course] >= COURSE_POINTS]
    if long:
        return next((course for course in reversed(long) if course in lost), long[-1])
    return max(courses, key=lambda course: (course in lost, points[course]))


def _alive(rows: Rows, launches: Sequence[_Launch], course: range) -> BoolArray | slice:
    """Points of the course that no later launch of it overtook."""
    if len(launches) <= 1:
        return slice(None)  # copies none
    limit = np.full(len(launches), np.iinfo(np.int64).max)
    for number in reversed(course[:-1]):
        limit[number] = min(limit[number + 1], launches[number + 1].start)
    inside = (rows.launch >= course.start) & (rows.launch < course.stop)
    return np.asarray(inside & (rows.steps < limit[rows.launch]))


def _series_of(
    rows: Mapping[str, Rows], keep: Mapping[str, BoolArray | IntArray | slice]
) -> dict[str, Series]:
    """The kept points of each quantity that has some."""
    series = (_series(name, rows[name], which) for name, which in keep.items())
    return {each.name: each for each in series if len(each)}


def _series(name: str, rows: Rows, keep: BoolArray | IntArray | slice) -> Series:
    """The kept points in order of step; of a step written twice the later value holds."""
    steps, values = rows.steps[keep], rows.values[keep]
    if (steps[1:] > steps[:-1]).all():  # nearly always, and then three times faster
        return Series(name, steps, values)
    order = np.argsort(steps, kind="stable")
    steps, values = steps[order], values[order]
    last = np.append(steps[1:] != steps[:-1], True)[: len(steps)]
    return Series(name, steps[last], values[last])


def _resumes(
    rows: Mapping[str, Rows], launches: Sequence[_Launch], course: range, reference: str
) -> list[Resume]:
    """What each launch except the first continued, and the points that it overtook."""
    if len(course) == 1:
        return []
    starts = [launch.start for launch in launches]
    taken = {name: list(overtaken(row, starts, course)) for name, row in rows.items()}
    resumes = []
    for place, number in enumerate(course[1:]):
        launch = launches[number]
        kept = taken[reference][place].last
        step = launch.start - 1 if kept is None else kept
        step = step if launch.declared is None else launch.declared
        dead = _series_of(rows, {name: each[place].points for name, each in taken.items()})
        resumes.append(Resume(step=step, dead=dead, source=str(launch.path)))
    return resumes
