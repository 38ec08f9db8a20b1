"""lossscan plot: the annotated curve as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lossscan import api
from lossscan.commands.kit.options import Config, Ignore, Lang, Select, settings_from
from lossscan.commands.kit.output import waiting, write


def plot(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Run directories, log files or URLs.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The picture: .svg, .png or .pdf."),
    ],
    series: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Comma-separated series. Default: losses and causes."),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Losses on a logarithmic axis.")] = False,
    first: Annotated[
        int | None, typer.Option("--from", metavar="STEP", help="First step to draw.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="STEP", help="Last step to draw.")
    ] = None,
    config: Config = None,
    select: Select = None,
    ignore: Ignore = None,
    lang: Lang = None,
) -> int:
    """Draw the loss with its findings as SVG, PNG or PDF."""
    settings = settings_from(config, select=select, ignore=ignore, lang=lang)
    names = tuple(name.strip() for name in (series or "").split(",") if name.strip())
    kind = output.suffix.lower().lstrip(".")
    with waiting(", ".join(runs)):
        drawn = api.plot(
            runs, kind=kind, series=names, log=log, steps=(first, last), settings=settings
        )
    write([drawn], output)
    return 0
