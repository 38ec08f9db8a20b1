"""lossscan batch: every run below some folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lossscan import reporters
from lossscan.commands.kit.coming import emit_coming
from lossscan.commands.kit.options import (
    Baseline,
    Config,
    FailOn,
    Format,
    Ignore,
    Lang,
    Output,
    Select,
    WriteBaseline,
    settings_from,
)
from lossscan.commands.kit.output import waiting


def batch(
    roots: Annotated[
        list[str],
        typer.Argument(
            metavar="ROOT...", help="Folders below which runs lie, patterns of them, or URLs."
        ),
    ],
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only runs whose path matches; may be repeated."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="No runs whose path matches; may be repeated."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only runs written to since a date, or an age as 12h."),
    ] = None,
    changed_only: Annotated[
        Path | None,
        typer.Option(
            metavar="STATE",
            help="Only runs that changed since they were last reported; STATE remembers them.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", help="Processes; as many as there are cores unless given."),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Let a dask cluster do the work, as tcp://host:8786."),
    ] = None,
    format: Format = reporters.DEFAULT,  # noqa: A002 - the option's name
    output: Output = None,
    fail_on: FailOn = None,
    config: Config = None,
    select: Select = None,
    ignore: Ignore = None,
    baseline: Baseline = None,
    write_baseline: WriteBaseline = None,
    lang: Lang = None,
) -> int:
    """Judge every run below the roots; one that cannot be read does not stop the others."""
    from lossscan.batching import Options, plan

    reporters.check(format, terminal=output is None)
    settings = settings_from(config, fail_on=fail_on, select=select, ignore=ignore, lang=lang)
    options = Options(tuple(include or ()), tuple(exclude or ()), since, changed_only, jobs, dask)
    with waiting(", ".join(roots)):
        work = plan(roots, settings, options)
    return emit_coming(
        work, format, output, settings, baseline=baseline, write_baseline=write_baseline
    )
