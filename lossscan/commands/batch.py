"""lossscan batch: every run below some folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lossscan import api, reporters
from lossscan.commands._options import (
    Config,
    FailOn,
    Format,
    Ignore,
    Lang,
    Output,
    Select,
    settings_from,
)
from lossscan.commands._output import emit, waiting


def batch(
    roots: Annotated[
        list[Path], typer.Argument(metavar="ROOT...", help="Folders below which runs lie.")
    ],
    format: Format = reporters.DEFAULT,  # noqa: A002 - the option's name
    output: Output = None,
    fail_on: FailOn = None,
    config: Config = None,
    select: Select = None,
    ignore: Ignore = None,
    lang: Lang = None,
) -> int:
    """Judge every run below the roots; one that cannot be read does not stop the others."""
    reporters.check(format)
    settings = settings_from(config, fail_on=fail_on, select=select, ignore=ignore, lang=lang)
    with waiting(", ".join(map(str, roots))):
        report = api.batch(roots, settings=settings)
    return emit(report, format, output, settings, single=False)
