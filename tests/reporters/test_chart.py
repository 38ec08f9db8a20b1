"""The chart in the terminal: what is seen of a curve at a given width."""

import numpy as np
import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from lossscan.model import Landmark, Run, RunReport, Schedule, Series
from lossscan.reporters import Page, render
from lossscan.reporters.kit import ascii_art
from lossscan.reporters.kit.braille import draw
from lossscan.reporters.kit.chart import ABOVE, BELOW, BOUNDARY, CHANGE, EVAL, LOST, chart
from lossscan.reporters.kit.terminal import printed
from tests.curves import make_run
from tests.reports import jumped, report


def _report(values, *, boundaries=(), **series) -> RunReport:
    columns = {"loss": values} | series
    run = Run(
        path="x",
        name="x",
        series={
            name: Series(name, np.arange(1, len(v) + 1), np.asarray(v, dtype=np.float64))
            for name, v in columns.items()
        },
        sources=(),
        schedule=Schedule(landmarks=tuple(Landmark("epoch_boundary", b) for b in boundaries)),
    )
    return RunReport("x", "x", "ok", run)


def _drawn(report: RunReport, width: int = 100) -> str:
    page = Page(width=width)
    return printed(chart(report, page), page)


def test_draw_keeps_a_spike_of_one_point_among_a_million():
    """Downsampling never hides an extreme."""
    y = np.zeros(1_000_000)
    y[123_456] = 1.0
    rows = draw(np.linspace(0, 1, len(y)), y, 60, 8)
    assert rows[0].strip()


def test_draw_joins_distant_points():
    """Two points make a line from corner to corner."""
    rows = draw(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 10, 5)
    assert rows[0][-1] != " "
    assert rows[-1][0] != " "
    assert all(row.strip() for row in rows)


def test_chart_has_every_mark_and_its_key():
    """Epochs, evaluation, NaN and findings are drawn and explained."""
    text = _drawn(jumped())
    legend = text.splitlines()[-1]
    assert all(mark in legend for mark in (BOUNDARY, EVAL, LOST, "1, 2 = finding number"))


def test_chart_marks_change_points_that_no_finding_names():
    """A change without a verdict is still shown."""
    assert f"{CHANGE} change point" in _drawn(jumped()).splitlines()[-1]


@pytest.mark.parametrize(("low", "logarithmic"), [(0.05, True), (2.0, False), (-1.0, False)])
def test_chart_is_logarithmic_over_a_decade_of_positive_values(low, logarithmic):
    """A tenfold fall is drawn on a log scale; values at or below zero never are."""
    text = _drawn(_report(np.linspace(3.0, low, 50)))
    assert ("log scale" in text) is logarithmic


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 5])
def test_chart_of_fewer_than_two_points_is_left_out(values):
    """Nothing to draw is no chart, and no error."""
    assert _drawn(_report(values)) == ""


@pytest.mark.parametrize("values", [[2.0] * 9, [0.0] * 9, [1e28, 1.0, np.inf], [1e-300, 1e300]])
def test_chart_of_extreme_values_is_drawn(values):
    """Constant, zero, infinite and huge losses all have a chart."""
    assert "┤" in _drawn(_report(values), width=60)


def test_chart_thins_dense_epoch_boundaries():
    """Two hundred epochs do not fill the chart with lines."""
    text = _drawn(_report(np.linspace(3, 2, 1000), boundaries=range(5, 1000, 5)))
    assert "every 14th epoch boundary" in text


def test_chart_draws_another_series_where_there_is_no_loss():
    """A reward-only run is drawn by its reward."""
    report = _report([1.0, 2.0, 3.0])
    assert report.run is not None
    reward = replace(report.run.series["loss"], name="reward")
    only = replace(report.run, series={"reward": reward})
    assert _drawn(replace(report, run=only)).startswith(" " * 9 + "reward")


def test_the_chart_of_a_policy_shows_its_reward():
    """Its loss is not what training improves."""
    series = {"loss": [[0, 300, 0.0, 0.1]], "reward": [[0, 300, 0.2, 0.8]]}
    for objective, shown in (("grpo", "reward"), ("cross-entropy", "loss")):
        run = make_run(objective=objective, **series)
        one = RunReport(path=run.path, name=run.name, status="ok", run=run)
        assert _drawn(one).split()[0] == shown


def test_the_first_descent_does_not_press_the_rest_flat():
    """The range is that of nearly all values; an arrow and the title say what lies outside."""
    text = _drawn(_report([2000.0, 400.0, *np.linspace(3, 2, 98)]))
    title, top = text.splitlines()[:2]
    assert "up to 2000 above" in title
    assert ABOVE in top
    assert float(top.split()[0]) < 10


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_constant_is_drawn_at_its_value(width):
    """The number beside the line is that of the curve."""
    (line,) = (row for row in _drawn(_report([0.1] * 30), width).splitlines() if "⠒⠒" in row)
    assert line.split()[0] == "0.1"


@pytest.mark.parametrize(
    ("values", "ticks"), [([6.9, 6.91], ["6.91", "6.905", "6.9"]), ([1.0, 2.0], ["2", "1.46", "1"])]
)
def test_the_values_of_a_narrow_range_are_told_apart(values, ticks):
    """A flat curve near ln(1000) has no axis that says 6.91 three times."""
    rows = _drawn(_report(values)).splitlines()
    assert [row.split("┤")[0].strip() for row in rows if "┤" in row] == ticks


def test_a_chart_without_outliers_is_whole():
    """Nothing is cut and nothing is said of it."""
    text = _drawn(_report(np.linspace(3, 2, 50)))
    assert ABOVE not in text
    assert BELOW not in text


def test_where_there_is_no_braille_the_chart_is_ascii():
    """Every dot and line has a character; words stay."""
    page = Page(width=80, ascii=True)
    text = render("rich", report(jumped()), page)
    assert not set("┤│└─┬┊↑↓·") & set(text)
    assert not any("\u2800" <= each <= "\u28ff" for each in text)
    assert "epoch boundary" in text
    assert "|" in text


@pytest.mark.parametrize(
    ("encoding", "drawable"), [("utf-8", True), ("cp936", False), ("cp1252", False), (None, False)]
)
def test_an_encoding_holds_the_chart_or_not(encoding, drawable):
    """What an old console cannot show is known before."""
    assert ascii_art.is_drawable(encoding) is drawable


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_findings_come_first_and_are_named_at_the_end(width, lang):
    """Above the chart and on the last screen of 24 rows; no line is too wide."""
    lines = render("rich", report(jumped()), Page(width=width, lang=lang)).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert "loss-jump" in "".join(lines[:8])
    assert "loss-jump" in "".join(lines[-24:])


def test_the_key_of_a_narrow_chart_hangs_below_it():
    """A line that no terminal holds would break at its first column."""
    *_, last = _drawn(jumped(), 40).splitlines()
    assert last.startswith(" " * 9)
    assert cell_len(last) <= 40
