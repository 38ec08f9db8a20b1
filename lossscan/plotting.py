"""The annotated curve as a picture for a paper or an issue; matplotlib is an extra."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

from lossscan import words
from lossscan.errors import MissingExtra, NoUsableSeries, OutputError, UsageError
from lossscan.model import Finding, Run, RunReport, Series, Severity
from lossscan.reporters.kit.panels import UPPER, panels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lossscan.numeric.arrays import FloatArray

KINDS = ("svg", "png", "pdf")
WIDTH, UPPER_HEIGHT, LOWER_HEIGHT = 8.0, 3.6, 1.5  # inches: the text width of a paper, readable
DOTS = 160  # an inch, of a PNG
MOST_POINTS = 20_000  # of a series: eight times the columns of the picture
MOST_MARKS = 300  # of a kind, as in the page
EDGE, ROOM = (
    0.04,
    0.6,
)  # of the values at either end that need not fit; height left free: the page's

# Okabe and Ito's colors (https://jfly.uni-koeln.de/color/), told apart by all kinds of sight.
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
MARKS = {Severity.CRITICAL: "#D55E00", Severity.WARNING: "#E69F00", Severity.INFO: "#56B4E9"}
CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei")
EXPLAINED, BOUNDARY = "#888888", "#BBBBBB"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What of the runs is drawn, and how."""

    series: tuple[str, ...] = ()  # their names; empty: losses, and what explains them
    log: bool = False  # the losses on a logarithmic axis
    first: int | None = None  # steps; None: from the first to the last
    last: int | None = None
    lang: str = "en"


def picture(reports: Sequence[RunReport], kind: str, drawing: Drawing) -> bytes:
    """A picture of one run with its marks, or of several over each other; `kind` is of KINDS.

    Raises UsageError for another kind, NoUsableSeries where no run has a series that was asked
    for, OutputError where no font has the language, and MissingExtra without matplotlib.
    """
    if kind not in KINDS:
        raise UsageError(f'unknown picture format "{kind}"', hint=f"choose from {', '.join(KINDS)}")
    if find_spec("matplotlib") is None:
        raise MissingExtra("plot requires matplotlib", hint="pip install 'lossscan[plot]'")
    if drawing.first is not None and drawing.last is not None and drawing.first > drawing.last:
        raise UsageError(f"no step is from {drawing.first} to {drawing.last}")
    import matplotlib as mpl

    panels = _panels(reports, drawing)
    out = BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcParams.update(_style(kind, drawing.lang))
        warnings.filterwarnings("ignore", message="Glyph")  # a run's name in any script
        undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}  # the same on any day
        figure = _drawn(reports, panels, drawing)
        figure.savefig(out, format=kind, dpi=DOTS, metadata=undated.get(kind))
    return out.getvalue()


def _style(kind: str, lang: str) -> dict[Any, Any]:
    """Fonts that have the language; raises OutputError where none is installed for it."""
    from matplotlib.font_manager import get_font_names

    chinese = [name for name in CHINESE if kind == "svg" or name in get_font_names()]
    if lang == "zh" and not chinese:  # who reads an SVG brings the fonts
        raise OutputError(
            "no Chinese font is installed",
            hint="install Noto Sans CJK, write an .svg, or use --lang en",
        )
    return {
        "font.family": ["DejaVu Sans", *chinese],
        "svg.fonttype": "none",
        "text.parse_math": False,  # a run may be named $x$
        "svg.hashsalt": "lossscan",  # else each picture has other names inside
    }


def _panels(reports: Iterable[RunReport], drawing: Drawing) -> list[list[str]]:
    runs = [(one.run, one.findings) for one in reports if one.run is not None]
    if not drawing.series:
        found = [tuple(group) for run, findings in runs for group in panels_of(run, findings)]
        merged = list(dict.fromkeys(name for group in found for name in group))
        upper = [name for name in UPPER if name in merged]
        return [group for group in [upper, *([n] for n in merged if n not in UPPER)] if group]
    held = {name for run, _ in runs for name in run.series}
    missing = [name for name in drawing.series if name not in held]
    if missing:
        raise NoUsableSeries(
            f"no series named {', '.join(missing)}", hint=f"choose from {', '.join(sorted(held))}"
        )
    return [[name] for name in drawing.series]


def _drawn(
    reports: Sequence[RunReport], panels: Sequence[Sequence[str]], drawing: Drawing
) -> Figure:
    from matplotlib.figure import Figure

    heights = [UPPER_HEIGHT, *[LOWER_HEIGHT] * (len(panels) - 1)]
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    grid = {"height_ratios": heights}
    axes = list(figure.subplots(len(panels), 1, sharex=True, squeeze=False, gridspec_kw=grid)[:, 0])
    for ax, names in zip(axes, panels, strict=True):
        _fill(ax, reports, names, drawing)
    if len(reports) == 1:
        _mark(axes, panels, reports[0])
        _name_findings(figure, reports[0], drawing.lang)
        axes[0].set_title(words.printable(reports[0].name), loc="left", fontsize=10)
    axes[-1].set_xlabel(words.say(drawing.lang, "html_step"))
    axes[-1].set_xlim(drawing.first, drawing.last)
    return figure


def _fill(ax: Axes, reports: Sequence[RunReport], names: Sequence[str], drawing: Drawing) -> None:
    """The curves of one panel, with the range that nearly all values need."""
    import numpy as np

    drawn = [
        (number, one, series)
        for number, one in enumerate(reports)
        if one.run is not None
        for name in names
        if (series := _within(one.run, name, drawing)) is not None
    ]
    for number, one, series in drawn:
        dots = series.name.startswith("eval_")
        place = number if len(reports) > 1 else names.index(series.name)
        label = f"{one.name} {series.name}" if len(reports) > 1 else series.name
        ax.plot(
            series.steps,
            series.values,
            label=words.printable(one.name if len(names) == 1 else label),
            color=SERIES[place % len(SERIES)],
            marker="o" if dots else None,
            markersize=4,
            linewidth=1.0,
            linestyle="--" if dots else "-",
        )
    every = np.concatenate([series.values for *_, series in drawn]) if drawn else np.zeros(0)
    values = every[np.isfinite(every)]
    log = drawing.log and names[0] in UPPER and len(values) > 0 and values.min() > 0
    if log:
        ax.set_yscale("log")
    elif len(values):
        _limit(ax, values, drawing.lang)
    ax.set_ylabel(words.printable(names[0]))
    ax.grid(visible=True, axis="y", linewidth=0.4, color=BOUNDARY)
    if len(drawn) > 1:
        ax.legend(fontsize=8, frameon=False)


def _within(run: Run, name: str, drawing: Drawing) -> Series | None:
    """The points of a series that are drawn; None where there are none."""
    from lossscan.numeric.thinning import thinned

    series = run.series.get(name)
    if series is None:
        return None
    first = series.steps[0] if drawing.first is None else drawing.first
    last = series.steps[-1] if drawing.last is None else drawing.last
    places = ((series.steps >= first) & (series.steps <= last)).nonzero()[0]
    places = places[thinned(series.values[places], MOST_POINTS)] if len(places) else places
    chosen = replace(series, steps=series.steps[places], values=series.values[places])
    return chosen if len(chosen) else None


def _limit(ax: Axes, values: FloatArray, lang: str) -> None:
    """A range that the first descent does not stretch; what it cuts off is said in the picture."""
    import numpy as np

    ordered = np.sort(values)
    out = int(len(ordered) * EDGE)
    low, high = ordered[out], ordered[-1 - out]
    room = (high - low) * ROOM or abs(high) * ROOM or 1.0
    bottom, top = max(ordered[0], low - room), min(ordered[-1], high + room)
    pad = (top - bottom) * EDGE or room
    ax.set_ylim(bottom - pad, top + pad)
    if ordered[-1] > top:
        said = words.say(lang, "picture_cut", value=f"{ordered[-1]:.4g}")
        ax.annotate(said, (0.995, 0.97), xycoords="axes fraction", ha="right", va="top", fontsize=7)


def _mark(axes: Sequence[Axes], panels: Sequence[Sequence[str]], one: RunReport) -> None:
    """Epoch boundaries, explained changes, and the findings by their number."""
    run = one.run
    if run is None:
        return
    _mark_findings(axes, panels, one)
    for mark in run.schedule.of("epoch_boundary")[:MOST_MARKS]:
        for ax in axes:
            ax.axvline(mark.step, color=BOUNDARY, linewidth=0.6, linestyle=":")
    for change in one.change_points[:MOST_MARKS]:
        if change.accounted_for.by == "explanation":
            axes[0].axvline(change.step, color=EXPLAINED, linewidth=0.8, linestyle="--")


def _mark_findings(axes: Sequence[Axes], panels: Sequence[Sequence[str]], one: RunReport) -> None:
    """Each finding where it is, in the panel of its series; those of one step share a mark."""
    at: dict[tuple[int, int], list[int]] = defaultdict(list)  # panel and step: the findings there
    for number, finding in enumerate(one.findings, start=1):
        panel = next((n for n, names in enumerate(panels) if finding.series in names), 0)
        for step in _places(finding)[:MOST_MARKS]:
            at[panel, step].append(number)
    for (panel, step), numbers in at.items():
        worst = min((one.findings[n - 1].severity for n in numbers), key=lambda each: each.rank)
        color = MARKS[worst]
        _mark_step(axes[panel], step, ", ".join(map(str, numbers)), color)


def _name_findings(figure: Figure, one: RunReport, lang: str) -> None:
    """A line for each finding below the axes."""
    lines = [
        f"{number}  {words.say(lang, str(finding.severity))}: {finding.title} ({finding.rule})"
        for number, finding in enumerate(one.findings, start=1)
    ]
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=8)


def _places(finding: Finding) -> list[int]:
    places = [episode.start_step for episode in finding.episodes] or [finding.start_step]
    return [step for step in places if step is not None]


def _mark_step(ax: Axes, step: int, text: str, color: str) -> None:
    ax.axvline(step, color=color, linewidth=1.2)
    ax.annotate(
        text,
        (step, 1.0),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="bottom",
        fontsize=8,
    )
