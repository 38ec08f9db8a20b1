"""What was read, as tables to check it by: the points of a run, and the formats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lossscan import words

if TYPE_CHECKING:
    from lossscan.model import Run, Series

FIRST = ("epoch", "loss", "eval_loss")  # the columns behind the step, where there are any
NONE = "-"  # for a series without a point there


def points_read(run: Run, lang: str) -> Iterator[str]:
    """A line on each series, with the file it came from; then the points, a line for each step."""
    ordered = [name for name in FIRST if name in run.series]
    series = [run.series[name] for name in dict.fromkeys([*ordered, *sorted(run.series)])]
    formats = {source.path: source.format for source in run.sources}
    for each in series:
        path = run.source_of(each.name)
        source = f"{path} ({formats[path]})" if path in formats else NONE
        yield words.printable(_described(each, source, lang)) + "\n"
    yield "\n"
    yield from _aligned(["step", *(words.printable(each.name) for each in series)], _rows(series))


def formats_listed(samples: Mapping[str, str], lang: str) -> Iterator[str]:
    """A line on each format, then how other keys are read."""
    from lossscan.formats.kit.unlike import how_to_map

    width = max(map(len, samples))
    for name, sample in samples.items():
        yield f"{name:<{width}}  {sample}\n"
    yield "\n" + "\n".join(each.say(lang) for each in how_to_map()) + "\n"


def _described(series: Series, source: str, lang: str) -> str:
    first, last = (int(series.steps[i]) if len(series) else None for i in (0, -1))
    steps = words.steps(lang, first, last)
    name, count = series.name, len(series)
    return words.say(lang, "series_read", name=name, count=count, steps=steps, source=source)


def _rows(series: Sequence[Series]) -> list[list[str]]:
    points = [dict(zip(s.steps.tolist(), s.values.tolist(), strict=True)) for s in series]
    steps = sorted(set().union(*points))
    return [[str(step), *(_cell(held.get(step)) for held in points)] for step in steps]


def _cell(value: float | None) -> str:
    return NONE if value is None else f"{value:.6g}" if math.isfinite(value) else str(value)


def _aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns that a person reads and `awk` splits."""
    lines = [header, *rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        cells = (f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells) + "\n"
