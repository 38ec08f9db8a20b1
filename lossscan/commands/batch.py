"""lossscan batch: every run below some folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lossscan import reporters
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
        typer.Argument(metavar="ROOT...", help="Directories, globs or URLs to search for runs."),
    ],
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only runs whose path matches. Repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Skip runs whose path matches. Repeatable."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="Only runs modified since a date or within an age (12h)."
        ),
    ] = None,
    changed_only: Annotated[
        Path | None,
        typer.Option(
            metavar="STATE",
            help="Only runs changed since the last report, as recorded in the file STATE.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", metavar="N", help="Number of worker processes. Default: one per core."
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Time limit for each run. Default: 600.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Run on a dask cluster (tcp://host:8786).")
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
    """Analyze every run under the given roots; an unreadable run does not stop the rest.

    lossscan batch runs
    lossscan batch 'sweep-*' --since 12h -f csv -o runs.csv
    lossscan batch runs -f github
    """
    from lossscan.batching import Options, plan
    from lossscan.commands.kit.write_batch import write_batch

    reporters.check(format, terminal=output is None)
    settings = settings_from(
        config, fail_on=fail_on, select=select, ignore=ignore, lang=lang, timeout=timeout
    )
    options = Options(tuple(include or ()), tuple(exclude or ()), since, changed_only, jobs, dask)
    with waiting(", ".join(roots)):
        work = plan(roots, settings, options)
    return write_batch(
        work, format, output, settings, baseline=baseline, write_baseline=write_baseline
    )
