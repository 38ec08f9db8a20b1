"""The curves of runs as a picture: the marks of the HTML page, in colors for all eyes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from lossscan import words
from lossscan.errors import InputError, MissingExtra, UsageError
from lossscan.model import RunReport, Series
from lossscan.model.comparison import LETTERS
from lossscan.numeric.drawing import robust_range
from lossscan.reporters import Page
from lossscan.reporters.kit.panels import MOST_MARKS, of_no_finding, panels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = ("png", "svg", "pdf")
# Okabe and Ito, "Color Universal Design" (2008): distinct with every kind of color blindness.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
SEVERITIES = {"critical": ("#D55E00", "-"), "warning": ("#E69F00", "--"), "info": ("#56B4E9", ":")}
WIDTH, FIRST, OTHER = 8.0, 3.2, 1.6  # inches: a column of a paper, the first panel, those beneath
MARGIN = 0.05  # of the height, above and below the curves
ROW, ROWS = 0.07, 5  # of the height, for the number of a finding; how many are below each other
LARGEST = 1e300  # beyond it the margins of an axis overflow
DECADES = (-300, 300)  # the same on a logarithmic scale
DPI = 150  # of a PNG
NAMED = 3  # runs whose paths a line of this width holds; the legend names all
LATIN = "DejaVu Sans"  # comes with matplotlib
CHINESE = (  # of Linux, macOS and Windows; matplotlib sees but the first of a collection
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    *("WenQuanYi Zen Hei", "PingFang SC", "PingFang HK", "Hiragino Sans GB", "Heiti TC"),
    *("Arial Unicode MS", "Microsoft YaHei", "SimHei", "SimSun"),
)


class View(Struct, frozen=True):
    """What of the runs is drawn, and how."""

    series: tuple[str, ...] = ()  # one panel each; empty: those that the page shows
    log: bool = False
    first: float | None = None  # steps
    last: float | None = None

    def holds(self, steps: Any) -> Any:
        """Whether steps, one or an array of them, are in the picture."""
        after = -np.inf if self.first is None else self.first
        return (steps >= after) & (steps <= (np.inf if self.last is None else self.last))


def check_picture(runs: int, view: View) -> None:
    """Raise UsageError or MissingExtra for what cannot be drawn, before a run is read."""
    if not runs:
        raise UsageError("nothing_to_draw")
    if runs > len(LETTERS):
        raise UsageError("too_many_to_draw", runs=runs, most=len(LETTERS))
    if view.first is not None and view.last is not None and not view.first < view.last:
        raise UsageError("empty_range", first=f"{view.first:g}", last=f"{view.last:g}")
    if find_spec("matplotlib") is None:
        raise MissingExtra("plot_extra")


def check_kind(suffix: str) -> str:
    """The kind of picture that a suffix asks for, with its dot or without; else UsageError."""
    kind = suffix.lower().lstrip(".")
    if kind not in KINDS:
        raise UsageError("unknown_picture", kind=kind, hint=words.nearest(kind, KINDS))
    return kind


def picture(runs: Sequence[RunReport], kind: str, view: View, page: Page) -> bytes:
    """The bytes of a PNG, SVG or PDF; raises InputError for nothing to draw.

    An SVG holds text for the fonts of the viewer, and is the same on any machine. Where
    no font here has Chinese characters, the words of the others are English, and say why.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    panels = _panels(runs, view)
    heights = [FIRST, *(OTHER for _ in panels[1:])]
    chinese = [] if kind == "svg" else _chinese_fonts()
    lost = page.lang == "zh" and kind != "svg" and not chinese
    page = replace(page, lang="en") if lost else page
    with mpl.rc_context(_settings(chinese)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box, or for the viewer's fonts
        figure = Figure(figsize=(WIDTH, sum(heights) + 0.8), layout="constrained")
        grid = figure.subplots(len(panels), sharex=True, squeeze=False, height_ratios=heights)
        for axes, names in zip(grid[:, 0], panels, strict=True):
            _draw(axes, runs, names, view)
            _scale(axes, view, page)
            _annotate(axes, runs, view, first=axes is grid[0, 0])
        grid[0, 0].set_title(_title(runs, page), size=9)
        grid[-1, 0].set_xlabel(page.say("html_step"))
        said = [*_legend(runs, view, page), *([words.say("en", "picture_fonts")] if lost else [])]
        if said:
            figure.supxlabel("\n".join(said), size=8, x=0.02, ha="left")
        out = BytesIO()
        dated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
        figure.savefig(out, format=kind, dpi=DPI, metadata=dated)
    return out.getvalue()


def _title(runs: Sequence[RunReport], page: Page) -> str:
    """The paths of the first runs, and how many more there are."""
    named = [words.printable(one.path) for one in runs[:NAMED]]
    more = [page.say("more", count=len(runs) - NAMED)] if len(runs) > NAMED else []
    return "  ·  ".join([*named, *more])


def _chinese_fonts() -> list[str]:
    from matplotlib import font_manager

    known = set(font_manager.get_font_names())
    return [name for name in CHINESE if name in known]


def _settings(chinese: Sequence[str]) -> dict[Any, Any]:
    """Text is text, whatever a log says in dollar signs; the same bytes from the same run."""
    return {
        "font.family": ["sans-serif", *chinese],  # a glyph is looked for in the first font of each
        "font.sans-serif": [LATIN],
        "font.size": 9,
        "text.parse_math": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "lossscan",
        "pdf.fonttype": 42,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.formatter.useoffset": False,  # a rate that hardly moves is not drawn around 0
    }


def _panels(runs: Sequence[RunReport], view: View) -> list[list[str]]:
    """The series of each panel."""
    known = dict.fromkeys(name for one in runs if one.run for name in one.run.series)
    lost = [name for name in view.series if name not in known]
    if lost:
        raise UsageError("no_such_series", name=lost[0], hint=words.nearest(lost[0], known))
    if view.series:
        return [[name] for name in view.series]
    panels = panels_of(known, (finding for one in runs for finding in one.findings))
    if not panels:
        raise InputError("no_curve", at=runs[0].path)
    return panels


# --- a panel -----------------------------------------------------------------------------------


def _draw(axes: Axes, runs: Sequence[RunReport], names: Sequence[str], view: View) -> None:
    several = len(runs) > 1
    for number, series in _curves(runs, names):
        seen = view.holds(series.steps)
        color = COLORS[(number if several else names.index(series.name)) % len(COLORS)]
        label = f"{runs[number].name}  {series.name}" if several else series.name
        dots = series.name.startswith("eval_")
        axes.plot(
            series.steps[seen],
            np.clip(series.values[seen], -LARGEST, LARGEST),
            color=color,
            linewidth=1.0,
            linestyle="--" if dots and several else "-",
            marker="o" if dots or seen.sum() == 1 else "",
            markersize=3,
            label=words.printable(label),
        )
    if several or len(names) > 1:
        axes.legend(loc="best", frameon=False, fontsize=8)
    if several or len(names) == 1:
        axes.set_ylabel(words.printable(names[0]))


def _annotate(axes: Axes, runs: Sequence[RunReport], view: View, *, first: bool) -> None:
    for number, one in enumerate(runs):
        color = COLORS[number % len(COLORS)] if len(runs) > 1 else None
        _mark(axes, one, view, color)
        if first:
            _number(axes, one, view, color)
    axes.set_xlim(left=view.first, right=view.last)


def _curves(runs: Sequence[RunReport], names: Sequence[str]) -> Iterator[tuple[int, Series]]:
    for number, one in enumerate(runs):
        series = one.run.series if one.run else {}
        yield from ((number, series[name]) for name in names if name in series)


def _scale(axes: Axes, view: View, page: Page) -> None:
    """The range that most values need; what it cuts off is said above."""
    curves = [np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.get_lines()]
    values = np.concatenate([each for each in curves if len(each)] or [np.zeros(0)])
    usable = values[np.isfinite(values) & ((values > 0) | (not view.log))]
    if not len(usable):
        return
    if view.log:
        _logarithmic(axes)
    low, high = robust_range(usable, log=view.log)
    shown = np.log10([low, high]) if view.log else np.array([low, high])
    pad = (shown[1] - shown[0]) * MARGIN or abs(shown[1]) * MARGIN or 0.5
    ends = np.clip([shown[0] - pad, shown[1] + pad], *(DECADES if view.log else (-np.inf, np.inf)))
    low, high = 10**ends if view.log else ends
    axes.set_ylim(low, high)
    cut = [("picture_above", usable.max())] if usable.max() > high else []
    cut += [("picture_below", usable.min())] if usable.min() < low else []
    said = [page.say(key, value=f"{value:.4g}") for key, value in cut]
    if said:
        axes.text(1, 1, "  ".join(said), transform=axes.transAxes, ha="right", va="bottom", size=7)


def _logarithmic(axes: Axes) -> None:
    """Ticks as plain numbers: powers would be set as formulas, which text of a log may not be."""
    from matplotlib.ticker import FuncFormatter, LogFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.4)))


# --- marks -------------------------------------------------------------------------------------


def _mark(axes: Axes, one: RunReport, view: View, color: str | None) -> None:
    """Spans and numbers of findings, epoch boundaries, changes with a benign reason."""
    if one.run is None:
        return
    for mark in one.run.schedule.of("epoch_boundary")[:MOST_MARKS]:
        axes.axvline(mark.step, color="#999999", linewidth=0.6, linestyle=(0, (1, 3)), zorder=0)
    for change in of_no_finding(one.change_points[:MOST_MARKS]):
        axes.axvline(change.step, color="#777777", linewidth=0.8, linestyle=(0, (6, 6)))
    for finding in one.findings:
        shade, line = SEVERITIES[str(finding.severity)]
        for first, last in finding.places[:MOST_MARKS]:
            axes.axvspan(first, last, color=color or shade, alpha=0.1, linewidth=0)
            axes.axvline(first, color=color or shade, linewidth=1.0, linestyle=line)


def _number(axes: Axes, one: RunReport, view: View, color: str | None) -> None:
    """The number of each finding where it begins; those beneath the picture are the same."""
    for number, finding in enumerate(one.findings, start=1):
        for first, _ in finding.places[:MOST_MARKS]:
            if view.holds(first):
                place = (first, 1.0 - ROW * ((number - 1) % ROWS))
                axes.annotate(
                    str(number),
                    place,
                    xycoords=("data", "axes fraction"),
                    xytext=(2, -1),
                    textcoords="offset points",
                    va="top",
                    size=8,
                    weight="bold",
                    color=color or "#222222",
                    bbox={"color": "white", "alpha": 0.7, "pad": 0.8},
                )


def _legend(runs: Sequence[RunReport], view: View, page: Page) -> Iterable[str]:
    """A line for each finding whose number is in the picture."""
    for one in runs:
        named = f"{words.printable(one.name)}  " if len(runs) > 1 else ""
        for number, finding in enumerate(one.findings, start=1):
            if any(view.holds(first) for first, _ in finding.places[:MOST_MARKS]):
                severity = page.say(str(finding.severity))
                title = words.printable(page.say(finding.title))
                yield f"{named}{number}  {severity}  {finding.rule}: {title}"
