"""A comparison for a terminal: the runs, each curve in the letter of its run, where they part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from lossscan.model import Report, Series
from lossscan.model.comparison import Comparison
from lossscan.numeric.arrays import distinct
from lossscan.reporters import Page
from lossscan.reporters.kit.chart import ChartFrame, axis, below, body, frame_of, indent, title_line
from lossscan.reporters.kit.columns import in_columns
from lossscan.reporters.kit.compared import Block, blocks, labeled, members
from lossscan.reporters.kit.sheet import verdict
from lossscan.reporters.kit.terminal import bulleted, safe

DRAWN = ("loss", "eval_loss", "reward")  # the first that all runs hold
SEVERAL, PARTS = "*", "^"
COLORS = ("cyan", "yellow", "green", "magenta", "blue", "red")  # the letters tell without them
MIN_POINTS = 2


def compared_sheet(report: Report, page: Page) -> Iterator[RenderableType]:
    """All parts, with a blank line after each."""
    yield from (*_table(members(report, page), page), Text())
    chart = _overlay(report, page)
    yield from (*chart, Text()) if chart else ()
    if report.findings:
        yield Text(page.say("together"), style="bold")
        for number, finding in enumerate(report.findings, start=1):
            yield from (*verdict(finding, number, page), Text())
    for block in blocks(report.comparison, page) if report.comparison else ():
        yield Text(block.heading, style="bold")
        if block.lines:
            yield bulleted(("-", safe(line)) for line in block.lines)
        yield from _table(block, page)
        yield Text()


def _table(block: Block, page: Page) -> Iterator[RenderableType]:
    rows = [[safe(cell) for cell in row] for row in block.rows]
    yield from in_columns(rows, page.width, block.head, page.say("colon"))


def _overlay(report: Report, page: Page) -> list[RenderableType]:
    """The lines of the chart; none where no series of all runs can be drawn."""
    comparison = report.comparison
    if comparison is None:
        return []
    name = next((name for name in DRAWN if len(_columns(report, name)) == len(report.runs)), None)
    if name is None:
        return []
    columns = _columns(report, name)
    frame = frame_of(list(columns.values()), page.width)
    styles = {label: COLORS[number % len(COLORS)] for number, label in enumerate(columns)} | {
        SEVERAL: "bold"
    }
    marks = _marks(comparison, name, frame)
    return [
        title_line(name, frame, page),
        *body(_canvas(columns, frame), frame, styles),
        *axis(frame),
        *([indent(Text(marks, style="yellow"))] if marks else []),
        _legend(styles, marks, page),
    ]


def _columns(report: Report, name: str) -> dict[str, Series]:
    """By letter, the series of the runs that have two finite points of it."""
    runs = ((label, one.run) for label, one in labeled(report))
    found = {k: run.series[name] for k, run in runs if run is not None and name in run.series}
    return {k: s for k, s in found.items() if np.isfinite(s.values).sum() >= MIN_POINTS}


def _canvas(columns: Mapping[str, Series], frame: ChartFrame) -> list[list[str]]:
    canvas = [[" "] * frame.width for _ in range(frame.height)]
    for label, series in columns.items():
        for column, row in _places(series, frame):
            taken = canvas[row][column]
            canvas[row][column] = label if taken in {" ", label} else SEVERAL
    return canvas


def _places(series: Series, frame: ChartFrame) -> set[tuple[int, int]]:
    """Where a curve goes: the median of what falls into each column of the canvas."""
    finite = np.isfinite(series.values)
    steps, heights = series.steps[finite], frame.up(series.values[finite])
    across = np.rint((steps - frame.first) / (frame.last - frame.first) * (frame.width - 1))
    columns = distinct(across.astype(np.int64))
    middle = [float(np.median(heights[across == column])) for column in columns]
    rows = [round((1 - height) * (frame.height - 1)) for height in middle]
    return set(zip(columns.tolist(), rows, strict=True))


def _marks(comparison: Comparison, name: str, frame: ChartFrame) -> str:
    """One line below the axis with the steps at which runs part."""
    line = [" "] * frame.width
    for parting in comparison.partings:
        if parting.series == name and parting.step is not None and frame.holds(parting.step):
            line[frame.across(parting.step)] = PARTS
    return "".join(line).rstrip()


def _legend(styles: Mapping[str, str], marks: str, page: Page) -> Padding:
    letters = [Text(label, style=style) for label, style in styles.items() if label != SEVERAL]
    keys = [(SEVERAL, "several_here"), *([(PARTS, "runs_part")] if marks else [])]
    said = [Text(f"{mark} {page.say(key)}", style="dim") for mark, key in keys]
    return below(Text("   ").join([Text(" ").join(letters), *said]))
