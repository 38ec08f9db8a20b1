"""A report as a piece of HTML for a notebook: the verdicts and the curve, no script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from lossscan.model import Report, RunReport, Series
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.drawing import robust_range, thinned
from lossscan.reporters import Page
from lossscan.reporters.html import pages, sketch
from lossscan.reporters.html.view import sheet
from lossscan.reporters.kit.lines import amount
from lossscan.reporters.kit.panels import MOST_MARKS, panels_of
from lossscan.reporters.kit.rows import row_of, worst_first

WIDTH, HEIGHT = 720, 180  # units of the viewBox: a cell of a notebook is about as wide
MOST_POINTS = 1_500  # of a curve: two for each unit, some 20 kB
NEAR = 24  # units: numbers that are closer share a place, or they would be printed over each other
MOST_RUNS = 50  # in the table of many; the rest is counted


class Mark(Struct, frozen=True):
    """Where a finding shows."""

    left: float
    wide: float
    severity: str
    number: int


def card(one: RunReport) -> str:
    """One run."""
    page = Page(lang=one.lang)
    return pages.filled("card", page, sheet=sheet(one, page), drawing=_drawing(one))


def cards(report: Report) -> str:
    """Many runs, worst first, a line each."""
    lang = next((one.lang for one in report.runs if one.run is not None), "en")
    curves = {one.path: sketch.lines(one.sketch) for one in report.runs}
    rows = worst_first(row_of(one, lang) for one in report.runs)
    left = len(rows) - MOST_RUNS
    return pages.filled(
        "cards", Page(lang=lang), rows=rows[:MOST_RUNS], curves=curves, left=max(left, 0)
    )


def _drawing(one: RunReport) -> dict[str, Any] | None:
    """The losses, or what is judged in their place; None where there is no curve.

    Lines with their pieces, marks, where which findings begin, and the ends of the axes.
    """
    run = one.run
    panels = panels_of(run.series, one.findings) if run is not None else []
    drawn = [run.series[name] for name in panels[0]] if run is not None and panels else []
    values = np.concatenate([series.values for series in drawn] or [np.zeros(0)])
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = ends = robust_range(finite)
    first = min(int(series.steps[0]) for series in drawn)
    last = max(int(series.steps[-1]) for series in drawn)
    span = (first, max(last, first + 1))
    marks = tuple(_marks(one, span))
    return {
        "strokes": [(each.name, _pieces(each, span, ends)) for each in drawn],
        "marks": marks,
        "labels": list(_labels(marks)),
        "high": amount(high),
        "low": amount(low),
        "first": first,
        "last": last,
    }


def _pieces(series: Series, span: tuple[int, int], ends: tuple[float, float]) -> list[str]:
    places = thinned(series.values, MOST_POINTS)
    across = _across(series.steps[places].astype(np.float64), span)
    return sketch.pieces(across, HEIGHT * sketch.below_top(series.values[places], ends))


def _across(steps: FloatArray, span: tuple[int, int]) -> FloatArray:
    return np.clip((steps - span[0]) / (span[1] - span[0]), 0, 1) * WIDTH


def _marks(one: RunReport, span: tuple[int, int]) -> Iterator[Mark]:
    for number, finding in enumerate(one.findings, start=1):
        for first, last in finding.places[:MOST_MARKS]:
            left, right = _across(np.array([first, last], dtype=np.float64), span)
            yield Mark(float(left), float(max(right - left, 1.5)), str(finding.severity), number)


def _labels(marks: tuple[Mark, ...]) -> Iterator[tuple[float, str]]:
    places: list[tuple[float, set[int]]] = []
    for mark in sorted(marks, key=lambda each: each.left):
        if places and mark.left - places[-1][0] < NEAR:
            places[-1][1].add(mark.number)
        else:
            places.append((mark.left, {mark.number}))
    return ((left, ", ".join(map(str, sorted(numbers)))) for left, numbers in places)
