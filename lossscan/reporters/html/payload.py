"""The numbers behind the charts, as the script of the page takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from lossscan import words
from lossscan.model import Finding, Report, Run, RunReport, Series
from lossscan.model.comparison import LETTERS
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.numeric.drawing import thinned
from lossscan.numeric.medians import running_median
from lossscan.reporters import Page
from lossscan.reporters.kit.compared import labeled
from lossscan.reporters.kit.panels import BELOW, MOST_MARKS, UPPER, panels_of
from lossscan.words.messages import catalogue

MOST_POINTS = 4_000  # of a series: more than a screen has columns, and some 60 kB
SMOOTHED = 50  # windows of the running median in a run: what is left is the course by eye
LEAST_WINDOW = 5  # points; fewer than that do not take a lone spike out
SENTENCES = (  # that the script says by itself
    "html_cut_above",
    "html_cut_below",
    "html_not_positive",
    "html_chart_of",
    "html_step",
    "html_explained",
    "html_smoothed",
    "html_finding",
    "html_parting",
    "change_point",
    "epoch_boundary",
)
# What ends a script element or begins a comment in it, and what old scripts take for a line's end.
ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


class DrawnSeries(Struct, frozen=True):
    """A series of a run under the name that the legend shows."""

    label: str
    series: Series
    run: int = 0  # its place among the runs compared; it decides the color


def dumped(value: Any) -> str:
    """JSON that may be inside a script element."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).translate(ESCAPES)


def of_run(one: RunReport, page: Page) -> dict[str, Any]:
    """The panels of a run and what is marked along them."""
    run = one.run
    if run is None:
        return _payload((), page)
    names = panels_of(run.series, one.findings)
    panels = [
        (group[0], [DrawnSeries(name, run.series[name]) for name in group]) for group in names
    ]
    boundaries = [mark.step for mark in run.schedule.of("epoch_boundary")]
    return _payload(panels, page) | {
        "marks": list(_marks(one.findings)),
        "changes": [
            [point.step, n, point.accounted_for.by != "finding"]
            for n, point in enumerate(one.change_points[:MOST_MARKS])
        ],
        "epochs": boundaries[:: -(-len(boundaries) // MOST_MARKS) or 1],
    }


def of_runs(report: Report, page: Page) -> dict[str, Any]:
    """The panels of runs compared, each series of all of them over each other."""
    comparison = report.comparison
    runs = [(label, one.run) for label, one in labeled(report)]
    panels = []
    for group in (UPPER, *((name,) for name in BELOW)):
        curves = list(_curves_of(runs, group))
        panels += [(curves[0].series.name, curves)] if curves else []
    partings = comparison.partings if comparison else ()
    marks = [
        {"at": [[p.step, p.until]], "id": None, "label": "-".join(p.between), "severity": "info"}
        for p in partings[: len(LETTERS)]
        if p.step is not None
    ]
    return _payload(panels, page) | {"marks": [*_marks(report.findings), *marks]}


def thinning(one: RunReport, page: Page) -> str:
    """Which series are drawn from some of their points; nothing where all are drawn whole."""
    if one.run is None:
        return ""
    names = (name for group in panels_of(one.run.series, one.findings) for name in group)
    drawn = [one.run.series[name] for name in names if len(one.run.series[name]) > MOST_POINTS]
    if not drawn:
        return ""
    return page.say(
        "html_thinned",
        series=words.printable(", ".join(series.name for series in drawn)),
        drawn=max(len(thinned(series.values, MOST_POINTS)) for series in drawn),
        points=max(map(len, drawn)),
    )


def _curves_of(
    runs: Iterable[tuple[str, Run | None]], group: Sequence[str]
) -> Iterator[DrawnSeries]:
    for number, (label, run) in enumerate(runs):
        for name in group:
            if run is not None and name in run.series:
                yield DrawnSeries(f"{label} {name}", run.series[name], number)


def _payload(panels: Iterable[tuple[str, Sequence[DrawnSeries]]], page: Page) -> dict[str, Any]:
    said = {key: catalogue()[key][page.lang] for key in SENTENCES}  # the script fills them in
    drawn = [
        {
            "name": words.printable(name),
            "whole": name == "learning_rate",  # a warm-up is no outlier
            "curves": [_curve(curve) for curve in curves],
        }
        for name, curves in panels
    ]
    return {"panels": drawn, "marks": [], "changes": [], "epochs": [], "words": said}


def _curve(curve: DrawnSeries) -> dict[str, Any]:
    series = curve.series
    places = thinned(series.values, MOST_POINTS)
    dots = series.name.startswith("eval_")
    return {
        "label": words.printable(curve.label),
        "run": curve.run,
        "dots": dots,
        "x": series.steps[places].tolist(),
        "y": _finite(series.values[places].tolist()),
        "smooth": None if dots else _smooth(series.values, places),
    }


def _smooth(values: FloatArray, places: IntArray) -> list[float | None] | None:
    """The running median of all values at the places drawn; none of a short or a flat series."""
    finite = np.flatnonzero(np.isfinite(values))
    window = max(len(finite) // SMOOTHED, LEAST_WINDOW) | 1
    if len(finite) < window * 3 or np.all(values[finite] == values[finite[0]]):
        return None
    full = np.full(len(values), np.nan)
    full[finite] = running_median(values[finite], window)
    return _finite(full[places].tolist())


def _finite(values: Iterable[float]) -> list[float | None]:
    return [float(f"{value:.7g}") if np.isfinite(value) else None for value in values]


def _marks(findings: Iterable[Finding]) -> Iterator[dict[str, Any]]:
    for number, finding in enumerate(findings, start=1):
        at = list(map(list, finding.places[:MOST_MARKS]))
        severity = str(finding.severity)
        yield {"at": at, "id": f"f{number}", "label": str(number), "severity": severity}
