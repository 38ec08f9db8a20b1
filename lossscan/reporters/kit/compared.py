"""What a comparison shows, as headings with lines or a table, for every format that prints text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

from msgspec import Struct

from lossscan.model import Field, Report, RunReport
from lossscan.model.comparison import Band, Comparison, FieldDifference, Metric, Outsider, Parting
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import amount, last_loss
from lossscan.words.messages import catalogue

MOST_COLUMNS = 8  # of numbers that fit 80 characters; of more runs each has a row
MOST_LINES = 12  # of pairs, and of values of a setting; the rest is in the JSON report


class Block(Struct, frozen=True):
    """A heading, and below it lines, or a table with a head."""

    heading: str
    lines: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def labeled(report: Report) -> list[tuple[str, RunReport]]:
    """The runs that are compared, each with its letter."""
    labels = [member.label for member in report.comparison.members] if report.comparison else []
    return list(zip(labels, report.runs, strict=True))


def members(report: Report, page: Page) -> Block:
    """The runs under their letters."""
    rows = [
        (
            label,
            one.path,
            last_loss(one.run) if one.run else "",
            ", ".join(finding.rule for finding in one.findings),
        )
        for label, one in labeled(report)
    ]
    return _table("compared_runs", ("", "run", "last_loss", "findings"), rows, page)


def blocks(comparison: Comparison, page: Page) -> Iterator[Block]:
    """All there is to say, in the order a reader asks."""
    found = [
        _listed("partings", comparison.partings, page),
        _listed("chance", (*comparison.bands, *comparison.outsiders), page),
        _differences(comparison.differences, page),
        _metrics(comparison, page),
        _contrasts(comparison, page),
    ]
    yield from (block for block in found if block.lines or block.rows)


def _listed(key: str, told: Iterable[Parting | Band | Outsider], page: Page) -> Block:
    lines = [page.say(each.text) for each in told]
    more = len(lines) - MOST_LINES
    if more > 0:
        lines = [*lines[:MOST_LINES], page.say("more_lines", count=more)]
    return Block(page.say(key), tuple(lines))


def _table(key: str, head: Iterable[str], rows: Iterable[tuple[str, ...]], page: Page) -> Block:
    said = tuple(page.say(name) if name in catalogue() else name for name in head)
    return Block(page.say(key), head=said, rows=tuple(rows))


def _differences(differences: Iterable[FieldDifference], page: Page) -> Block:
    rows = [
        (
            each.field,
            _grouped(each.field, each.values, page),
            f"{each.score:.2f}",
            _with_source(page.say(each.reason), each.values),
        )
        for each in differences
    ]
    return _table("differences", ("setting", "values", "explains", "because"), rows, page)


def _grouped(field: str, values: Mapping[str, Field | None], page: Page) -> str:
    """Each value with the letters of the runs that have it."""
    letters: dict[str, list[str]] = {}
    for label, stated in values.items():
        value = page.say("unset") if stated is None else amount(stated.value, field)
        letters.setdefault(value, []).append(label)
    if len(letters) > MOST_LINES:
        return page.say("many_values", count=len(letters))
    return ", ".join(f"{' '.join(group)}: {value}" for value, group in letters.items())


def _with_source(reason: str, values: Mapping[str, Field | None]) -> str:
    names = {PurePath(stated.source).name for stated in values.values() if stated is not None}
    named = [name for name in names if len(names) == 1 and not name.startswith("events.out")]
    return " ".join([reason, *(f"[{name}]" for name in named)])


def _metrics(comparison: Comparison, page: Page) -> Block:
    labels = [member.label for member in comparison.members]
    metrics = list(_telling(comparison.metrics))
    places = [_place(metric, page) for metric in metrics]
    values = [[metric.values[label] for label in labels] for metric in metrics]
    cells = [["" if each is None else amount(each) for each in row] for row in values]
    if len(labels) <= MOST_COLUMNS or len(labels) <= len(metrics):
        rows = [(place, *row) for place, row in zip(places, cells, strict=True)]
        return _table("at_equal", ("place", *labels), rows, page)
    turned = [(label, *row) for label, row in zip(labels, zip(*cells, strict=True), strict=True)]
    return _table("at_equal", ("run", *places), turned, page)


def _telling(metrics: Iterable[Metric]) -> Iterator[Metric]:
    """Those at equal step, and of the others those that say another thing."""
    seen: dict[str, Mapping[str, float | None]] = {}
    for metric in metrics:
        if metric.axis == "step" or metric.values != seen.get(metric.series):
            yield metric
        seen.setdefault(metric.series, metric.values)


def _place(metric: Metric, page: Page) -> str:
    at = f"{metric.at:.0f}"
    averaged = metric.axis == "step" and not metric.series.startswith("eval_")
    key = "axis_last" if averaged else f"axis_{metric.axis}"
    return page.say(key, series=metric.series, place=at)


def _contrasts(comparison: Comparison, page: Page) -> Block:
    rows = [
        (
            page.say(each.severity),
            each.rule,
            " ".join(each.present),
            " ".join(each.absent),
            page.say(each.title),
        )
        for each in comparison.contrasts
    ]
    return _table("found_in_some", ("severity", "rule", "present", "absent", ""), rows, page)
