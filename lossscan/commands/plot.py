"""lossscan plot: the curves of runs as a picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lossscan import api
from lossscan.commands.kit.options import (
    Config,
    Ignore,
    Lang,
    Select,
    TrainingConfig,
    settings_from,
)
from lossscan.commands.kit.output import page_for, waiting, write
from lossscan.errors import UsageError


def plot(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Run directories, log files or URLs.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Picture: .png, .svg or .pdf.")
    ],
    series: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Comma-separated series to draw, a panel each."),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Logarithmic scale.")] = False,
    from_: Annotated[
        float | None, typer.Option("--from", metavar="STEP", help="First step to draw.")
    ] = None,
    to: Annotated[float | None, typer.Option(metavar="STEP", help="Last step to draw.")] = None,
    config: Config = None,
    training_config: TrainingConfig = None,
    select: Select = None,
    ignore: Ignore = None,
    lang: Lang = None,
) -> int:
    """Draw the annotated curves of runs to a file.

    lossscan plot outputs/run1 -o curve.svg
    lossscan plot outputs/run1 outputs/run2 -o both.png --series loss --log
    """
    from lossscan.model.comparison import LETTERS
    from lossscan.reporters.kit.figure import View, check_kind, picture

    kind = check_kind(output)
    if from_ is not None and to is not None and from_ >= to:
        raise UsageError("empty_range", first=f"{from_:g}", last=f"{to:g}")
    if len(runs) > len(LETTERS):
        raise UsageError("too_many_to_draw", runs=len(runs), most=len(LETTERS))
    names = tuple(filter(None, map(str.strip, (series or "").split(","))))
    settings = settings_from(config, select=select, ignore=ignore, lang=lang)
    reports = []
    for run in runs:
        with waiting(run):
            reports.append(api.analyze(run, settings=settings, training_config=training_config))
    page = replace(page_for(settings, output), single=len(reports) == 1)
    write([picture(reports, kind, View(names, log, from_, to), page)], output)
    return 0
