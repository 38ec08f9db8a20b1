"""The loss drawn for a terminal: the curve in dots, with what happens along it marked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from lossscan import words
from lossscan.model import Run, RunReport, Series
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.numeric.drawing import extremes, is_wide, robust_range
from lossscan.points import POLICY
from lossscan.reporters import Page
from lossscan.reporters.kit.braille import draw, starts_of
from lossscan.reporters.kit.panels import UPPER
from lossscan.reporters.kit.terminal import Prose
from lossscan.words.numerals import shown

GUTTER = 9  # cells left of the canvas: a number of up to seven, a space, the axis
RATIO, LEAST, MOST = 7, 8, 18  # a chart seven times as wide as high, within these rows
BOUNDARY_GAP = 6  # cells between two boundaries; where epochs are denser, only some are drawn
TINY = 5e-324  # has a logarithm, which zero has not
SLIVER = 1e-12  # of a value: less than this apart, heights would be but rounding
TICK_GAP = 11  # cells between two step numbers
BOUNDARY, EVAL, CHANGE, LOST = "┊", "o", "^", "x"
ABOVE, BELOW = "↑", "↓"  # where values are outside the canvas
STYLES = {BOUNDARY: "dim", EVAL: "green", LOST: "red"}
STYLES |= dict.fromkeys((ABOVE, BELOW, CHANGE), "yellow")


class ChartFrame(Struct, frozen=True):
    """How steps and values become places on the canvas."""

    width: int  # cells of the canvas
    height: int
    first: float  # step at the left edge
    last: float
    low: float  # on the drawn scale
    high: float
    log: bool

    def across(self, step: float) -> int:
        """The column of a step."""
        return round((step - self.first) / (self.last - self.first) * (self.width - 1))

    def along(self, steps: IntArray) -> FloatArray:
        """Steps as distances from the left edge, 0..1."""
        return np.asarray((steps - self.first) / (self.last - self.first), dtype=np.float64)

    def up(self, values: FloatArray) -> FloatArray:
        """Values as heights, 0..1; what is outside goes to the edge."""
        drawn = np.log(np.maximum(values, TINY)) if self.log else values
        drawn = np.clip(drawn, self.low, self.high)
        height: FloatArray = (drawn / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return height

    def cut(self, series: Series) -> Iterator[tuple[str, float, list[float]]]:
        """Per edge that cuts something off: its mark, the extreme, and the steps."""
        steps, values = finite_of(series)
        low, high = self.value(0.0), self.value(1.0)
        slack = SLIVER * max(abs(low), abs(high))
        for mark, cut in ((ABOVE, values > high + slack), (BELOW, values < low - slack)):
            if cut.any():
                extreme = float(values[cut].max() if mark == ABOVE else values[cut].min())
                yield mark, extreme, steps[cut].tolist()

    def value(self, height: float) -> float:
        """The value at a height, 0..1."""
        drawn = self.low * (1 - height) + self.high * height  # their difference may overflow
        return math.exp(drawn) if self.log else drawn

    def holds(self, step: float | None) -> bool:
        """Whether a step is on the canvas."""
        return step is not None and self.first <= step <= self.last


def chart(report: RunReport, page: Page) -> list[RenderableType]:
    """The lines of the chart; none where fewer than two points can be drawn."""
    main = _main_series(report.run) if report.run else None
    if report.run is None or main is None:
        return []
    run = report.run
    overlay = run.series.get("eval_loss") if main.name == "loss" else None
    frame = frame_of([main] if overlay is None else [main, overlay], page.width)
    steps, values = finite_of(main)
    seen = extremes(values, starts_of(steps, frame.along, frame.width))
    rows = draw(frame.along(steps[seen]), frame.up(values[seen]), frame.width, frame.height)
    canvas = [list(row) for row in rows]
    every = _boundaries(canvas, frame, run)
    _points(canvas, frame, overlay)
    cuts = list(frame.cut(main))
    _mark_cuts(canvas, frame, cuts)
    marks = _marks(report, frame, main)
    keys = [(EVAL, "eval_loss")] if overlay is not None else []
    return [
        title_line(main.name, frame, page, cuts),
        *body(canvas, frame),
        *axis(frame),
        *([indent(_colored(marks.rstrip()))] if marks.strip() else []),
        _legend(keys, marks, every, page),
    ]


def finite_of(series: Series) -> tuple[IntArray, FloatArray]:
    """Steps and values of its finite points; copies none where all are."""
    finite = np.isfinite(series.values)
    kept = slice(None) if finite.all() else finite
    return series.steps[kept], series.values[kept]


def _main_series(run: Run) -> Series | None:
    every = (series for name, series in run.series.items() if name != "epoch")
    drawable = [series for series in every if np.isfinite(series.values).sum() > 1]
    first = ("reward", *UPPER) if run.objective in POLICY else UPPER
    named = [s for name in first for s in drawable if s.name == name]
    return next(iter(named), max(drawable, key=len, default=None))


def frame_of(columns: Sequence[Series], width: int) -> ChartFrame:
    """A frame that holds every finite value of some series; `width` counts the gutter in."""
    parts = [finite_of(series)[1] for series in columns]
    values = np.concatenate(parts) if len(parts) > 1 else parts[0]
    log = is_wide(values) and is_wide(np.array(robust_range(values, log=True)))
    low, high = robust_range(values, log=log)
    low, high = (math.log(low), math.log(high)) if log else (low, high)
    # A constant curve runs through the middle row; half a unit is lost in a loss of 1e17.
    constant = high - low <= SLIVER * max(abs(low), abs(high))
    pad = max(0.5, SLIVER * abs(low)) if constant else 0.0
    height = min(max(width // RATIO, LEAST), MOST)
    return ChartFrame(
        width=width - GUTTER,
        height=height - (constant and height % 2 == 0),
        first=float(min(s.steps[0] for s in columns if len(s))),
        last=float(max(s.steps[-1] for s in columns if len(s))),
        low=low - pad,
        high=high + pad,
        log=log,
    )


# --- marks on the canvas and below it ----------------------------------------------------------


def _boundaries(canvas: list[list[str]], frame: ChartFrame, run: Run) -> int:
    """Draw every n-th epoch boundary, so that each is seen, and say n; 0 for none."""
    steps = [m.step for m in run.schedule.of("epoch_boundary") if frame.holds(m.step)]
    every = math.ceil(len(steps) * BOUNDARY_GAP / frame.width)
    for step in steps[every - 1 :: every] if steps else ():
        for row in canvas:
            column = frame.across(step)
            row[column] = BOUNDARY if row[column] == " " else row[column]
    return every


def _mark_cuts(
    canvas: list[list[str]], frame: ChartFrame, cuts: Iterable[tuple[str, float, list[float]]]
) -> None:
    """Arrows in the row at the edge that cuts values off."""
    for mark, _, steps in cuts:
        row = canvas[0 if mark == ABOVE else -1]
        for column in {frame.across(step) for step in steps}:
            row[column] = mark


def _points(canvas: list[list[str]], frame: ChartFrame, series: Series | None) -> None:
    if series is None:
        return
    steps, values = finite_of(series)
    for step, height in zip(steps, frame.up(values), strict=True):
        canvas[round((1 - float(height)) * (frame.height - 1))][frame.across(step)] = EVAL


def _marks(report: RunReport, frame: ChartFrame, main: Series) -> str:
    """One line below the axis: changes, values that are not finite, and findings by number."""
    lost = main.steps[~np.isfinite(main.values)]
    changes = [c.step for c in report.change_points if c.series == main.name]
    line = [" "] * frame.width
    for mark, steps in ((CHANGE, changes), (LOST, lost.tolist()), *_numbered(report)):
        for step in steps:
            if frame.holds(step):
                line[frame.across(step)] = mark
    return "".join(line)


def _numbered(report: RunReport) -> Iterable[tuple[str, list[int]]]:
    """The places of each finding under its number; the worst is drawn last and stays on top."""
    for number, finding in reversed(list(enumerate(report.findings[:9], start=1))):
        yield str(number), [first for first, _ in finding.places]


# --- lines of text -----------------------------------------------------------------------------


def title_line(
    name: str, frame: ChartFrame, page: Page, cuts: Iterable[tuple[str, float, list[float]]] = ()
) -> Text:
    """The name of what is drawn, of its scale, and what is outside."""
    title = Text(" " * GUTTER + words.printable(name), style="bold")
    title.append(f"  {page.say('log_scale')}" if frame.log else "", style="dim")
    for mark, extreme, _ in cuts:
        key = "picture_above" if mark == ABOVE else "picture_below"
        said = page.say(key, value=shown(extreme, ".4g"))
        title.append(f"  {mark}", STYLES[mark]).append(f" {said}", "dim")
    return title


def body(
    canvas: Sequence[Sequence[str]], frame: ChartFrame, styles: Mapping[str, str] = STYLES
) -> Iterable[Text]:
    """The rows of the canvas next to their values; `styles`: colors by mark."""
    places = (0, frame.height // 2, frame.height - 1)
    values = [frame.value(1 - number / (frame.height - 1)) for number in places]
    ticks = dict(zip(places, _ticks(values), strict=True))
    for number, row in enumerate(canvas):
        label = f"{ticks[number]:>7} ┤" if number in ticks else f"{'':>7} │"
        yield Text(label, style="dim") + _colored("".join(row), "cyan", styles)


def _ticks(values: Sequence[float]) -> list[str]:
    """Numbers that fit the gutter, with three digits or as many more as tell them apart."""
    texts = [[_tick(value, digits) for value in values] for digits in (3, 4, 5)]
    return next((each for each in texts if len(set(each)) == len(each)), texts[0])


def _tick(value: float, most: int) -> str:
    texts = [shown(value, f".{digits}g") for digits in range(most, 0, -1)]
    return next((text for text in texts if len(text) <= GUTTER - 2), texts[-1])


def axis(frame: ChartFrame) -> Iterable[Text]:
    """The axis with a tick at round steps, and their numbers below."""
    line, numbers = ["─"] * frame.width, [" "] * frame.width
    free = 0  # first column that no number covers yet
    for step in _round_steps(frame):
        column, label = frame.across(step), f"{step:g}" if step < 1e6 else f"{step:.3g}"  # noqa: PLR2004 - longer numbers in powers of ten
        start = min(max(column - len(label) // 2, 0), frame.width - len(label))
        if start >= free:
            line[column] = "┬"
            numbers[start : start + len(label)] = label
            free = start + len(label) + 1
    yield Text(" " * (GUTTER - 1) + "└" + "".join(line), style="dim")
    yield Text(" " * GUTTER + "".join(numbers).rstrip(), style="dim")


def _round_steps(frame: ChartFrame) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten that are on the canvas."""
    least = (frame.last - frame.first) * TICK_GAP / frame.width
    power = 10.0 ** math.floor(math.log10(least))
    gap = max(1.0, next(power * n for n in (1, 2, 5, 10) if power * n >= least))
    first = math.ceil(frame.first / gap)
    return [gap * n for n in range(first, math.floor(frame.last / gap) + 1)]


def _legend(keys: list[tuple[str, str]], marks: str, every: int, page: Page) -> Padding:
    if every:
        key = "epoch_boundary" if every == 1 else "some_boundaries"
        keys = [*keys, (BOUNDARY, page.say(key, every=every))]
    others = ((CHANGE, "change_point"), (LOST, "not_finite"))
    keys += [(mark, page.say(key)) for mark, key in others if mark in marks]
    numbers = sorted(mark for mark in set(marks) if mark.isdigit())
    keys += [(", ".join(numbers), page.say("finding_here"))] if numbers else []
    parts = [Text(mark, style=STYLES.get(mark, "bold")).append(f" {t}", "dim") for mark, t in keys]
    return below(Text("   ").join(parts))


def _colored(line: str, style: str = "bold", styles: Mapping[str, str] = STYLES) -> Text:
    text = Text(line, style=style)
    for mark in (each for each in styles if each in line):
        text.highlight_words([mark], style=styles[mark])
    return text


def indent(text: Text) -> Text:
    """A line of text below the canvas."""
    return Text(" " * GUTTER) + text


def below(text: Text) -> Padding:
    """Words below the canvas, in as many lines as they need."""
    return Padding(Prose(text), (0, 0, 0, GUTTER))
