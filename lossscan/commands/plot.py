"""lossscan plot: the curves of runs as a picture."""

from __future__ import annotations

from io import BytesIO
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
from lossscan.commands.kit.output import waiting, write


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
    image = BytesIO()
    with waiting(", ".join(runs)):
        api.plot(
            runs,
            image,
            kind=output.suffix,
            settings=settings_from(config, select=select, ignore=ignore, lang=lang),
            training_config=training_config,
            series=tuple(filter(None, map(str.strip, (series or "").split(",")))),
            log=log,
            first=from_,
            last=to,
        )
    write([image.getvalue()], output)
    return 0
