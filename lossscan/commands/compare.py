"""lossscan compare: several runs compared."""

from __future__ import annotations

from typing import Annotated

import typer

from lossscan import api, reporters
from lossscan.commands.kit.options import (
    Ascii,
    Config,
    FailOn,
    Format,
    Ignore,
    Lang,
    Output,
    Select,
    settings_from,
)
from lossscan.commands.kit.output import emit, waiting


def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN RUN...", help="Run directories, log files or URLs.")
    ],
    format: Format = reporters.DEFAULT,  # noqa: A002 - the option's name
    output: Output = None,
    fail_on: FailOn = None,
    config: Config = None,
    select: Select = None,
    ignore: Ignore = None,
    ascii: Ascii = False,  # noqa: A002 - the option's name
    lang: Lang = None,
) -> int:
    """Show where runs diverge, by how much, and which setting explains it.

    lossscan compare runs/before runs/after
    lossscan compare seeds/* -f html -o compared.html
    """
    reporters.check(format, terminal=output is None)
    settings = settings_from(config, fail_on=fail_on, select=select, ignore=ignore, lang=lang)
    with waiting(", ".join(runs)):
        report = api.compare(runs, settings=settings)
    return emit(report, format, output, settings, single=False, ascii_only=ascii)
